"""Static pages of the suspected maker's web interface, which any browser loads before login."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from auditor.model import Exchange, Method, Observation, Page, Plan, Protocol
from auditor.probes import _replies
from auditor.probes._showing import MAX_TEXT, show
from auditor.wire import http

if TYPE_CHECKING:  # reading recorded replies needs no network room
    from auditor.net import Line

FIELDS = ("page.*",)
PROTOCOLS = (Protocol.HTTP,)
PORTS = (80, 81, 88, 443, 8080)
METHOD = Method.HTTP
ROUND = 2

_SERVED = 200
_PAGE_ENDINGS = ("", "htm", "html", "asp", "php", "jsp", "shtml")


async def probe(line: "Line") -> None:
    """Ask for each page the plan holds for the makers suspected, one after the other."""
    for page in line.plan.pages:
        if _is_asked(page, line.plan):
            await line.exchange(
                _request(page, line.plan, line.host),
                probe="http_pages",
                protocol=Protocol.HTTP,
                done=http.is_complete,
            )


def _is_asked(page: Page, plan: Plan) -> bool:
    """Tell whether a page belongs to this round: of a suspected maker, or of everybody and not asked before."""
    return page.suspected in plan.suspected if page.suspected else not page.challenge


def _request(page: Page, plan: Plan, host: str) -> bytes:
    headers = (("Content-Type", "application/json"),) if page.body else ()
    return http.request(
        page.method, page.path, host, user_agent=plan.user_agent, headers=headers, body=page.body.encode()
    )


def read(exchange: Exchange) -> Iterator[Observation]:
    """Yield the text of a page that was served, under the last part of its path."""
    reply = _replies.reply_of(exchange)
    if reply is None or reply.status != _SERVED or not reply.response.body:
        return
    name = reply.last_part[:128]
    if name and not reply.is_interface and not _is_stand_in(name, reply.text):
        yield from show(exchange, ((f"page.{name}", reply.text),), limit=MAX_TEXT)


def _is_stand_in(name: str, text: str) -> bool:
    """Tell whether a server handed out its front page in place of a file it does not have."""
    ending = name.rpartition(".")[2].lower() if "." in name else ""
    begins = text[:256].lstrip("\ufeff \t\r\n").lower()
    return ending not in _PAGE_ENDINGS and begins.startswith(("<!doctype html", "<html"))
