"""Private ports of video devices: connect, read what comes by itself, close. Nothing is sent."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from auditor.model import Exchange, Method, Observation, Protocol
from auditor.probes._showing import show
from auditor.wire import sdk

if TYPE_CHECKING:  # reading recorded replies needs no network room
    from auditor.net import Line
FIELDS = ("sdk.first_bytes", "sdk.realm")
PROTOCOLS = (Protocol.SDK,)
PORTS = (6060, 8000, 9010, 9020, 34567, 37777)
METHOD = Method.SDK
ROUND = 1

_ENOUGH = 16
_PATIENCE = 1.5
"""Seconds. Most of these ports say nothing until they are spoken to, which we do not do."""


async def probe(line: "Line") -> None:
    """Connect, wait for first bytes, close."""
    await line.exchange(
        b"", probe="sdk", protocol=Protocol.SDK, done=_is_enough, limit=1024, deadline=_PATIENCE
    )


def _is_enough(reply: bytes) -> bool:
    return len(reply) >= _ENOUGH


def read(exchange: Exchange) -> Iterator[Observation]:
    """Yield the first bytes, and the realm of a challenge that somebody else asked for."""
    told = (("sdk.first_bytes", sdk.shape(exchange.reply) or None), ("sdk.realm", sdk.realm(exchange.reply)))
    yield from show(exchange, told)
