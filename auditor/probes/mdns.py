"""Multicast DNS answers: names and services a device announces. The query itself belongs to discovery."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from auditor.model import Exchange, Method, Observation, Protocol
from auditor.probes._showing import show
from auditor.wire import mdns

if TYPE_CHECKING:  # reading recorded replies needs no network room
    from auditor.net import Line
FIELDS = ("mdns.address", "mdns.host", "mdns.instance", "mdns.service", "mdns.txt")
PROTOCOLS = (Protocol.MDNS,)
PORTS = ()
METHOD = Method.MDNS
ROUND = 1


async def probe(_line: "Line") -> None:
    """Ask nothing: discovery has asked."""


def read(exchange: Exchange) -> Iterator[Observation]:
    """Yield names, services and texts of an answer."""
    for record in mdns.parse(exchange.reply):
        yield from show(exchange, _told(record))


def _told(record: mdns.Record) -> Iterator[tuple[str, str | None]]:
    first = record.values[0]
    match record.type:
        case "PTR":
            yield "mdns.service", record.name
            yield "mdns.instance", first
        case "SRV":
            yield "mdns.instance", record.name
            yield "mdns.host", first
        case "TXT":
            for text in record.values:
                yield "mdns.txt", text
        case _:
            yield "mdns.host", record.name
            yield "mdns.address", first
