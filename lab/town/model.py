"""The nouns of a town: who lives on which network, as one YAML file states it."""

from dataclasses import dataclass, replace
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
    copy: int = 0
    """Which copy of the persona it is; copies differ in serial number and MAC."""


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
    off: tuple[Resident, ...] = ()
    """Who lives here and is switched off."""


@dataclass(frozen=True, slots=True)
class Month:
    """What became of a town from one month to the next."""

    about: str
    networks: tuple[Network, ...]
    """All of them, as they are then."""


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
    later: tuple[Month, ...] = ()
    """The second month, the third, and so on."""
    month: int = 1
    """Which month `networks` are of."""

    @property
    def months(self) -> int:
        """How many months are described; 1 where nothing ever changes."""
        return 1 + len(self.later)

    def in_month(self, number: int) -> "TownPlan":
        """Return the town as it is in that month, the first being 1; PlanError where none is described."""
        if not 1 <= number <= self.months:
            raise PlanError(f"{self.path}: describes months 1 to {self.months}; there is no month {number}")
        networks = self.networks if number == 1 else self.later[number - 2].networks
        return replace(self, networks=networks, later=(), month=number)

    @property
    def residents(self) -> tuple[Resident, ...]:
        """Every resident of every network who is switched on."""
        return tuple(one for network in self.networks for one in network.residents)

    def resident(self, name: str) -> Resident:
        """Return the resident of that name, switched off or not; PlanError when nobody is called so."""
        for one in (*self.residents, *(each for network in self.networks for each in network.off)):
            if one.name == name:
                return one
        raise PlanError(f"{self.path}: nobody is called {name}; see `residents:`")
