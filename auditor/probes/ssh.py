"""The line an SSH server sends first. Nothing is sent."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from auditor.model import Exchange, Method, Observation, Protocol
from auditor.probes._showing import show
from auditor.wire import banner

if TYPE_CHECKING:  # reading recorded replies needs no network room
    from auditor.net import Line
FIELDS = ("ssh.banner",)
PROTOCOLS = (Protocol.SSH,)
PORTS = (22,)
METHOD = Method.BANNERS
ROUND = 1


async def probe(line: "Line") -> None:
    """Connect, read the greeting, close."""
    await line.exchange(
        b"", probe="ssh", protocol=Protocol.SSH, done=banner.is_line, limit=4096, deadline=3.0
    )


def read(exchange: Exchange) -> Iterator[Observation]:
    """Yield the protocol line, or the first line where there is none."""
    lines = banner.first_lines(exchange.reply).split("\n")
    greeting = next((line for line in lines if line.startswith("SSH-")), lines[0])
    yield from show(exchange, (("ssh.banner", greeting or None),))
