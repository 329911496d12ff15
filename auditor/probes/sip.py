"""SIP messages that others recorded, as cameras send them to a video platform: who speaks, and to which realm.

Source: RFC 3261; GB/T 28181 annex A.2.6 for the answer to DeviceInfo.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from auditor.model import Exchange, Method, Observation, Protocol
from auditor.probes import _challenges
from auditor.probes._showing import show
from auditor.wire import charset, http, xml

if TYPE_CHECKING:  # reading recorded replies needs no network room
    from auditor.net import Line

FIELDS = (
    "sip.challenge",
    "sip.challenge_form",
    "sip.firmware",
    "sip.manufacturer",
    "sip.model",
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
_MAX_BODY = 16_384


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
    if is_request and b"DeviceInfo" in response.body[:_MAX_BODY]:
        declared = charset.named_in(response.header("content-type") or "")
        yield from show(exchange, _of_itself(charset.document(response.body[:_MAX_BODY], declared)))


def _of_itself(text: str) -> Iterator[tuple[str, str | None]]:
    """Yield what a device answers when its platform asks who it is; a list of other devices is not taken."""
    root = next((each.name for each in xml.elements(text)), "")
    if root == "Response" and (xml.first(text, "CmdType") or "").strip() == "DeviceInfo":
        for name in ("Manufacturer", "Model", "Firmware"):
            yield f"sip.{name.lower()}", xml.first(text, name) or None
