"""What a telnet server shows on connection: its text up to the prompt, and the options it opens with. Nothing is sent."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from auditor.model import Exchange, Method, Observation, Protocol
from auditor.probes._showing import show
from auditor.wire import telnet

if TYPE_CHECKING:  # reading recorded replies needs no network room
    from auditor.net import Line
FIELDS = ("telnet.banner", "telnet.negotiation")
PROTOCOLS = (Protocol.TELNET,)
PORTS = (23,)
METHOD = Method.BANNERS
ROUND = 1


async def probe(line: "Line") -> None:
    """Connect, read up to the prompt, close."""
    await line.exchange(
        b"", probe="telnet", protocol=Protocol.TELNET, done=_is_prompt, limit=8192, deadline=3.0
    )


def _is_prompt(reply: bytes) -> bool:
    """Tell whether the server waits for an answer."""
    return telnet.text(reply).endswith((":", ">", "#", "$"))


def read(exchange: Exchange) -> Iterator[Observation]:
    """Yield the text and the options."""
    pairs = (
        ("telnet.banner", telnet.text(exchange.reply) or None),
        ("telnet.negotiation", telnet.negotiation(exchange.reply) or None),
    )
    yield from show(exchange, pairs)
