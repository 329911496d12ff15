"""One address, several devices: what of its ports and moments is whose."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from auditor.fingerprint import Part
from auditor.model import Exchange
from auditor.run.again import Known

Ports = tuple[tuple[str, int], ...]
"""(transport, port) pairs that answered."""


def parted(known: Known, ports: Ports) -> Iterator[tuple[Part, Ports]]:
    """Yield each device behind an address with the ports that are its own.

    A port of which nobody can say whose it is goes with what has no suffix, else with the first part.
    """
    parts = known.parts or (Part(known.identity, known.observations, frozenset()),)
    rest = next((part for part in parts if not part.suffix), parts[0])
    owned = frozenset[tuple[str, int]]().union(*(part.ports for part in parts))
    for part in parts:
        yield part, tuple(one for one in ports if one in part.ports or (one not in owned and part is rest))


def heard_last(part: Part, exchanges: Iterable[Exchange], otherwise: datetime) -> datetime:
    """Return when a part was last heard of."""
    moments = [one.at for one in exchanges if one.at and (not part.exchanges or one.id in part.exchanges)]
    return max(moments, default=otherwise)


def own_exchanges(known: Known, part: Part) -> frozenset[str] | None:
    """Return the names of the exchanges that are a part's; None where it is the only one, and has them all."""
    return part.exchanges if len(known.parts) > 1 else None
