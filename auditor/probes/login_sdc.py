"""SDCAPI after a login: what the system says of itself. The answers have a reader of their own (sdc_api)."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from auditor.model import Exchange, Method, Observation, Protocol

if TYPE_CHECKING:  # reading recorded replies needs no network room
    from auditor.net import LoggedLine
FIELDS = ("sdc.*",)
PROTOCOLS = (Protocol.HTTP,)
PORTS = ()
METHOD = Method.CREDENTIALS
ROUND = 3


async def probe(line: "LoggedLine") -> None:
    """Ask the calls of the plan in order, until there are no more or the device refuses the account."""
    for call in line.calls():
        if await line.get(call) is None:
            return


def read(_exchange: Exchange) -> Iterator[Observation]:
    """Yield nothing: the reader of the interface does."""
    yield from ()
