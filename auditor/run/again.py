"""Identify from evidence at hand, without sending anything: recorded exchanges, or a stored run."""

from collections.abc import Iterable
from dataclasses import dataclass

from auditor import fingerprint, probes
from auditor.model import Exchange, Identity, Observation
from auditor.store import Store


@dataclass(frozen=True, slots=True)
class Known:
    """What was concluded, and from what."""

    identity: Identity
    observations: tuple[Observation, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """A claim that newer rules see differently; None where nothing is held."""

    device: str
    name: str
    before: str | None
    after: str | None


def known_from(device: str, exchanges: Iterable[Exchange]) -> Known:
    """Read exchanges and identify the device that had them; the order of exchanges does not matter."""
    ordered = sorted(exchanges, key=lambda one: (one.endpoint, one.probe, one.id))
    observations = tuple(seen for one in ordered for seen in probes.read(one))
    return Known(fingerprint.identify(device, observations), observations)


def identify_stored(
    store: Store, run: str | None = None, keys: frozenset[str] | None = None
) -> tuple[Change, ...]:
    """Identify stored devices with the rules at hand, keep the result, and return what changed."""
    changes: list[Change] = []
    for device in store.devices(run):
        if (keys is not None and device.key not in keys) or not device.exchanges:
            continue
        again = known_from(device.key, device.exchanges)
        store.identify_again(
            run or store.last_run(device.key), device.key, again.identity, again.observations
        )
        changes += _changes(device.key, device.identity, again.identity)
    return tuple(changes)


def _changes(device: str, before: Identity, after: Identity) -> list[Change]:
    names = sorted({claim.name for claim in (*before.claims, *after.claims)})
    return [
        Change(device, name, before.value(name), after.value(name))
        for name in names
        if before.value(name) != after.value(name)
    ]
