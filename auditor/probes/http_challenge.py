"""One documented address that wants a login everywhere, asked without one: the refusal's form tells the server."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from auditor.model import Exchange, Method, Observation, Protocol
from auditor.probes import _challenges, _replies
from auditor.probes._showing import show
from auditor.wire import http

if TYPE_CHECKING:  # reading recorded replies needs no network room
    from auditor.net import Line

FIELDS = ("http.challenge", "http.challenge_form", "http.nonce", "http.nonce_text", "http.realm")
PROTOCOLS = (Protocol.HTTP, Protocol.ONVIF)
PORTS = (80, 81, 88, 443, 8080)
METHOD = Method.HTTP
ROUND = 1


async def probe(line: "Line") -> None:
    """Ask the address that the plan holds for everybody, if it holds one."""
    for page in line.plan.pages:
        if page.challenge and not page.suspected:
            request = http.request(
                page.method, page.path, line.host, user_agent=line.plan.user_agent, body=page.body.encode()
            )
            await line.exchange(
                request, probe="http_challenge", protocol=Protocol.HTTP, done=http.is_complete
            )
            return


def read(exchange: Exchange) -> Iterator[Observation]:
    """Yield the challenges of any HTTP reply."""
    reply = _replies.reply_of(exchange)
    if reply is not None:
        yield from show(exchange, _challenges.pairs("http", reply.response))
