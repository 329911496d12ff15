"""SSDP answers and announcements: server and place of the description. The search itself belongs to discovery."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from auditor.model import Exchange, Method, Observation, Protocol
from auditor.probes._naming import snake
from auditor.probes._showing import show
from auditor.wire import ssdp

if TYPE_CHECKING:  # reading recorded replies needs no network room
    from auditor.net import Line
FIELDS = ("ssdp.*",)
PROTOCOLS = (Protocol.SSDP,)
PORTS = ()
METHOD = Method.SSDP
ROUND = 1

_SENT_TO_ALL = frozenset({"host", "man", "mx"})


async def probe(_line: "Line") -> None:
    """Ask nothing: discovery has asked."""


def read(exchange: Exchange) -> Iterator[Observation]:
    """Yield the headers of an answer; a search that came by is nobody's answer."""
    response = ssdp.parse(exchange.reply)
    if response is None or response.reason == "M-SEARCH":
        return
    pairs = (
        (f"ssdp.{snake(name)}", value) for name, value in response.headers if name.lower() not in _SENT_TO_ALL
    )
    yield from show(exchange, pairs)
