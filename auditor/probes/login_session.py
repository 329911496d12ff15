"""Recorders whose interface opens a session at login: what the system says of itself. The reader is json_reply."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from auditor.model import Exchange, Method, Observation, Protocol

if TYPE_CHECKING:  # reading recorded replies needs no network room
    from auditor.net import LoggedLine
FIELDS = ("json.*",)
PROTOCOLS = (Protocol.HTTP,)
PORTS = ()
METHOD = Method.CREDENTIALS
ROUND = 3

_BODY = b'{"version":"1.0","data":{}}'
_KIND = "application/json"


async def probe(line: "LoggedLine") -> None:
    """Log in once by the first call of the plan; where that opened a session, ask the others in order."""
    calls = line.calls()
    first = next(calls, None)
    if first is None:
        return
    await line.open(first.path, _BODY, _KIND, first)
    for call in calls if line.is_in else ():
        if await line.post(call.path, _BODY, _KIND, call, Protocol.HTTP) is None:
            return


def read(_exchange: Exchange) -> Iterator[Observation]:
    """Yield nothing: the reader of JSON answers does."""
    yield from ()
