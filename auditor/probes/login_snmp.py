"""SNMP with the owner's community: the system group and the makers' trees. The answers are read by the probe `snmp`."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from auditor.model import Exchange, Method, Observation, Protocol, Status

if TYPE_CHECKING:  # reading recorded replies needs no network room
    from auditor.net import ManagedLine
FIELDS = ("snmp.*",)
PROTOCOLS = (Protocol.SNMP,)
PORTS = ()
METHOD = Method.CREDENTIALS
ROUND = 3

AT_ONCE = 10
"""Objects in one question; small agents refuse long ones."""


async def probe(line: "ManagedLine") -> None:
    """Ask for the objects of the plan, some at a time, until one question stays unanswered; then for the tables' rows."""
    oids = [call.path for call in line.plan.calls if not call.column]
    for start in range(0, len(oids), AT_ONCE):
        made = await line.get(oids[start : start + AT_ONCE])
        if made is None or made.status is not Status.ANSWERED:
            return
    if columns := [call.path for call in line.plan.calls if call.column]:
        await line.walk(columns)


def read(_exchange: Exchange) -> Iterator[Observation]:
    """Yield nothing: the reader of the protocol does."""
    yield from ()
