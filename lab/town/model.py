"""The nouns of a town: who lives on which network, as one YAML file states it."""

from dataclasses import dataclass
from pathlib import Path


class PlanError(Exception):
    """A town file says something that cannot be; the message names file, place and remedy."""


@dataclass(frozen=True, slots=True)
class Resident:
    """One device of a town. `behind` names the residents a recorder has taken in."""

    name: str
    persona: str
    address: str
    mac: str = ""
    """Stated where the persona has none of its own."""
    behind: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Network:
    """One segment of a town, with its residents. Addresses are IPv4 text."""

    name: str
    owner: str
    cidr: str
    gateway: str
    """The router's address that everybody on the network knows."""
    router: str
    """The router's further address, for stages that keep the gateway's to themselves."""
    station: str
    residents: tuple[Resident, ...]


@dataclass(frozen=True, slots=True)
class TownPlan:
    """A town: its networks, the router between them and the address nobody has."""

    id: str
    path: Path
    about: str
    elsewhere: str
    router: str
    """The persona of the router."""
    networks: tuple[Network, ...]

    @property
    def residents(self) -> tuple[Resident, ...]:
        """Every resident of every network."""
        return tuple(one for network in self.networks for one in network.residents)

    def resident(self, name: str) -> Resident:
        """Return the resident of that name; PlanError when nobody is called so."""
        for one in self.residents:
            if one.name == name:
                return one
        raise PlanError(f"{self.path}: nobody is called {name}; see `residents:`")
