"""DHCP messages that a device sends to everybody when it wants an address: its class, name and habits. Heard only."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from auditor.model import Exchange, Method, Observation, Protocol
from auditor.probes._showing import show
from auditor.wire import dhcp

if TYPE_CHECKING:  # reading recorded replies needs no network room
    from auditor.net import Line
FIELDS = ("dhcp.host_name", "dhcp.parameters", "dhcp.vendor_class", "mac")
PROTOCOLS = (Protocol.DHCP,)
PORTS = ()
METHOD = Method.MULTICAST
ROUND = 1


async def probe(_line: "Line") -> None:
    """Ask nothing: devices speak unasked."""


def read(exchange: Exchange) -> Iterator[Observation]:
    """Yield what a client's message says of the client; what a server hands out is not the client's word."""
    message = dhcp.parse(exchange.reply)
    if message is None or not message.from_client:
        return
    parameters = ",".join(str(number) for number in message.parameters)
    told = (
        ("dhcp.vendor_class", message.vendor_class or None),
        ("dhcp.host_name", message.host_name or None),
        ("dhcp.parameters", parameters or None),
        ("mac", message.mac or None),
    )
    yield from show(exchange, told)
