"""Identify from evidence at hand, without sending anything: recorded exchanges, or a stored run."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from auditor import probes
from auditor.fingerprint import Part, parts
from auditor.fingerprint.identify import study
from auditor.model import Endpoint, Exchange, Identity, Observation
from auditor.run.newer import outdated, without


@dataclass(frozen=True, slots=True)
class Known:
    """What was concluded, and from what."""

    identity: Identity
    observations: tuple[Observation, ...]
    suspected: frozenset[str] = frozenset()
    """Makers that anything points to, however weakly."""
    parts: tuple[Part, ...] = ()
    """The devices behind the address: one without a suffix, or several by port. Empty where nothing was identified."""


@dataclass(slots=True)
class Reader:
    """Reads the exchanges of one device as they come, each once, and identifies it when there is news."""

    _read: dict[str, tuple[Observation, ...]] = field(default_factory=dict)
    _known: Known | None = None

    def known(self, device: str, exchanges: Iterable[Exchange]) -> Known:
        """Return what follows from these exchanges; the same as `known_from`."""
        ordered = sorted(exchanges, key=_place)
        news = [one for one in ordered if one.id not in self._read]
        if self._known is None or news:
            self._read.update((one.id, tuple(probes.read(one))) for one in news)
            observations = tuple(seen for one in ordered for seen in self._read[one.id])
            found = study(device, observations)
            self._known = Known(
                found.identity,
                observations,
                found.suspected,
                parts(device, observations, ordered, whole=found),
            )
        return self._known


def _place(exchange: Exchange) -> tuple[Endpoint, str, bytes, str, str]:
    """Return where an exchange stands among others: not by its name, which says only when it was made."""
    at = exchange.at.isoformat() if exchange.at else ""
    return exchange.endpoint, exchange.probe, exchange.request, at, exchange.id


@dataclass(frozen=True, slots=True)
class Change:
    """A claim that newer rules see differently; None where nothing is held."""

    device: str
    name: str
    before: str | None
    after: str | None


def known_from(device: str, exchanges: Iterable[Exchange]) -> Known:
    """Read exchanges and identify the device that had them; the order of exchanges does not matter."""
    return Reader().known(device, exchanges)


def concluded_from(
    device: str, exchanges: Iterable[Exchange], runs: Mapping[str, int]
) -> tuple[Identity, tuple[Observation, ...]]:
    """Say who a device is; where several runs speak, what changes is taken from the newest that tells it.

    `runs` gives for each exchange the place of its run, oldest first.
    """
    known = known_from(device, exchanges)
    old = outdated(known.identity, runs) if len(set(runs.values())) > 1 else frozenset()
    if not old:
        return known.identity, known.observations
    observations = without(known.observations, old)
    return study(device, observations).identity, observations


def changed(device: str, before: Identity, after: Identity) -> list[Change]:
    """Return the claims of which something else is held now."""
    names = sorted({claim.name for claim in (*before.claims, *after.claims)})
    return [
        Change(device, name, before.value(name), after.value(name))
        for name in names
        if before.value(name) != after.value(name)
    ]
