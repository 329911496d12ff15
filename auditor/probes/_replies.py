"""Recorded HTTP exchanges as the readers of interfaces want them: request path and body text of a success."""

from dataclasses import dataclass

from auditor.model import Exchange
from auditor.wire import http

_MAX_BODY = 131_072


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer of an interface: where it was asked, with which query, and its status and text."""

    path: str
    query: str
    status: int | None
    text: str


def reply_of(exchange: Exchange) -> Reply | None:
    """Return the answer of an HTTP exchange, or None where there is none."""
    response = http.parse(exchange.reply)
    if response is None:
        return None
    path, _, query = http.request_path(exchange.request).partition("?")
    return Reply(path, query, response.status, response.text()[:_MAX_BODY])
