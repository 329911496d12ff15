"""SIP messages that others recorded, as cameras send them to a video platform: who speaks, and to which realm."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from auditor.model import Exchange, Method, Observation, Protocol
from auditor.probes import _challenges
from auditor.probes._showing import show
from auditor.wire import http

if TYPE_CHECKING:  # reading recorded replies needs no network room
    from auditor.net import Line

FIELDS = (
    "sip.challenge",
    "sip.challenge_form",
    "sip.nonce",
    "sip.nonce_text",
    "sip.realm",
    "sip.server",
    "sip.status",
    "sip.user_agent",
)
PROTOCOLS = (Protocol.SIP,)
PORTS = ()
METHOD = Method.CREDENTIALS
ROUND = 1

_VERSION = b"SIP/2.0"


async def probe(_line: "Line") -> None:
    """Ask nothing: a question to a SIP port is a call or a registration."""


def read(exchange: Exchange) -> Iterator[Observation]:
    """Yield what the head of a request or an answer says; addresses and logins are left out."""
    first, _, rest = exchange.reply.partition(b"\n")
    is_request = first.rstrip().endswith(_VERSION)
    response = http.parse(b"HTTP/1.1 200 \r\n" + rest if is_request else exchange.reply)
    if response is None:
        return
    told = (
        ("sip.status", None if is_request or response.status is None else str(response.status)),
        ("sip.user_agent", response.header("user-agent")),
        ("sip.server", response.header("server")),
    )
    yield from show(exchange, told)
    yield from show(exchange, _challenges.pairs("sip", response))
