"""The front page, asked once: who serves it, in which form, and what the page says. Also reads any other page."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from auditor.model import Exchange, Method, Observation, Protocol
from auditor.probes import _replies
from auditor.probes._showing import MAX_TEXT, show
from auditor.wire import html, http

if TYPE_CHECKING:  # reading recorded replies needs no network room
    from auditor.net import Line

FIELDS = (
    "http.answer",
    "http.bare",
    "http.body",
    "http.date",
    "http.etag",
    "http.header.*",
    "http.header_order",
    "http.length",
    "http.location",
    "http.reason",
    "http.script",
    "http.server",
    "http.status",
    "http.title",
)
PROTOCOLS = (Protocol.HTTP,)
# Not 8443: on many recorders and cameras that is the private protocol inside TLS, where a request may count as a login.
PORTS = (80, 81, 88, 443, 8080, 8899)
METHOD = Method.HTTP
ROUND = 1

_OWN_FIELD = {
    "content-length": "http.length",
    "date": "http.date",
    "etag": "http.etag",
    "location": "http.location",
    "server": "http.server",
}
_ELSEWHERE = frozenset({"www-authenticate"})
_SUCCESS = range(200, 300)
_MAX_SCRIPTS = 32


async def probe(line: "Line") -> None:
    """Ask for the front page; where it redirects to is read, never followed."""
    request = http.request("GET", "/", line.host, user_agent=line.plan.user_agent)
    await line.exchange(request, probe="http_root", protocol=Protocol.HTTP, done=http.is_complete)


def read(exchange: Exchange) -> Iterator[Observation]:
    """Yield the head of an HTTP reply and, unless it is an interface's answer, the page."""
    reply = _replies.reply_of(exchange)
    if reply is None:
        return
    yield from show(exchange, _head(reply))
    may_tell_settings = reply.is_interface and reply.status in _SUCCESS
    if reply.response.body and not may_tell_settings:
        yield from show(exchange, _page(reply.text), limit=MAX_TEXT)


def _head(reply: _replies.Reply) -> Iterator[tuple[str, str | None]]:
    response = reply.response
    if response.bare:
        yield "http.bare", "yes"
    if response.status is not None:
        yield "http.status", str(response.status)
        yield "http.reason", response.reason or None
        asked = f"{reply.method} {reply.path}" if reply.path else None
        yield "http.answer", f"{asked} {response.status}" if asked else None
    if response.headers:
        yield "http.header_order", ",".join(name for name, _ in response.headers)
    for name, value in response.headers:
        yield from _header(name.lower(), value)


def _header(name: str, value: str) -> Iterator[tuple[str, str | None]]:
    if name in _OWN_FIELD:
        yield _OWN_FIELD[name], value
    elif name == "set-cookie":
        yield "http.header.set-cookie", value.partition("=")[0].strip()
    elif name not in _ELSEWHERE:
        yield f"http.header.{name}", value


def _page(text: str) -> Iterator[tuple[str, str | None]]:
    yield "http.title", html.title(text)
    for address in html.scripts(text)[:_MAX_SCRIPTS]:
        yield "http.script", address[:1024]
    yield "http.body", text
