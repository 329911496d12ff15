"""The favicon, asked once and compared by its hashes."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from auditor.model import Exchange, Method, Observation, Protocol
from auditor.probes import _replies
from auditor.probes._showing import show
from auditor.wire import favicon, http

if TYPE_CHECKING:  # reading recorded replies needs no network room
    from auditor.net import Line

FIELDS = ("http.favicon.md5", "http.favicon.mmh3")
PROTOCOLS = (Protocol.HTTP,)
PORTS = (80, 81, 88, 443, 8080)
METHOD = Method.HTTP
ROUND = 1

_PATH = "/favicon.ico"
_SERVED = 200
_NO_PICTURE = (b"<!doctype", b"<html", b"{")


async def probe(line: "Line") -> None:
    """Ask for the favicon."""
    request = http.request("GET", _PATH, line.host, user_agent=line.plan.user_agent)
    await line.exchange(request, probe="favicon", protocol=Protocol.HTTP, done=http.is_complete)


def read(exchange: Exchange) -> Iterator[Observation]:
    """Yield the hashes of a whole favicon; a page in its place has none."""
    reply = _replies.reply_of(exchange)
    if exchange.cut or reply is None or reply.status != _SERVED:
        return
    body = reply.response.body
    if not body or reply.last_part.lower() != _PATH.strip("/"):
        return
    if body[:64].lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith(_NO_PICTURE):
        return
    pairs = (
        ("http.favicon.md5", favicon.md5(body)),
        ("http.favicon.mmh3", str(favicon.mmh3(body))),
    )
    yield from show(exchange, pairs)
