"""The greeting of an FTP server. Nothing is sent."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from auditor.model import Exchange, Method, Observation, Protocol
from auditor.probes._showing import show
from auditor.wire import banner

if TYPE_CHECKING:  # reading recorded replies needs no network room
    from auditor.net import Line
FIELDS = ("ftp.banner",)
PROTOCOLS = (Protocol.FTP,)
PORTS = (21,)
METHOD = Method.BANNERS
ROUND = 1


async def probe(line: "Line") -> None:
    """Connect, read the greeting, close."""
    await line.exchange(
        b"", probe="ftp", protocol=Protocol.FTP, done=banner.is_line, limit=4096, deadline=3.0
    )


def read(exchange: Exchange) -> Iterator[Observation]:
    """Yield the first lines of the greeting."""
    yield from show(exchange, (("ftp.banner", banner.first_lines(exchange.reply) or None),))
