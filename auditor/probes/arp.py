"""ARP packets: the hardware address behind an IPv4 address of the own segment. The sweep belongs to discovery."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from auditor.model import Exchange, Method, Observation, Protocol
from auditor.probes._showing import show
from auditor.wire import arp, neighbour

if TYPE_CHECKING:  # reading recorded replies needs no network room
    from auditor.net import Line
FIELDS = ("mac",)
PROTOCOLS = (Protocol.ARP,)
PORTS = ()
METHOD = Method.ARP
ROUND = 1


async def probe(_line: "Line") -> None:
    """Ask nothing: discovery has asked, or the device spoke unasked."""


def read(exchange: Exchange) -> Iterator[Observation]:
    """Yield the hardware address of who sent an ARP packet or advertised itself as a neighbour."""
    packet = arp.parse(exchange.reply) or neighbour.parse(exchange.reply)
    if packet is not None:
        yield from show(exchange, (("mac", packet.mac),))
