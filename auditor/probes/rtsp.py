"""RTSP before login: what the server offers, how it refuses, and its clock. Nothing goes beyond DESCRIBE."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from auditor.model import Endpoint, Exchange, Method, Observation, Protocol, Status
from auditor.probes import _challenges
from auditor.probes._showing import show
from auditor.wire import charset, http, rtsp

if TYPE_CHECKING:  # reading recorded replies needs no network room
    from auditor.net import Line

FIELDS = (
    "rtsp.challenge",
    "rtsp.challenge_form",
    "rtsp.date",
    "rtsp.date_form",
    "rtsp.describe_status",
    "rtsp.header.*",
    "rtsp.header_order",
    "rtsp.nonce",
    "rtsp.nonce_text",
    "rtsp.open_describe",
    "rtsp.public",
    "rtsp.realm",
    "rtsp.sdp.attribute",
    "rtsp.sdp.control",
    "rtsp.sdp.email",
    "rtsp.sdp.information",
    "rtsp.sdp.origin",
    "rtsp.sdp.session",
    "rtsp.sdp.tool",
    "rtsp.server",
    "rtsp.status",
)
PROTOCOLS = (Protocol.RTSP,)
PORTS = (554, 8554, 10554)
METHOD = Method.RTSP
ROUND = 1

_OWN_FIELD = {"date": "rtsp.date", "public": "rtsp.public", "server": "rtsp.server"}
_UNTOLD = frozenset({"cseq", "www-authenticate", "session"})
_DATE = re.compile(rb"^date:([^\r\n]{1,80})", re.IGNORECASE | re.MULTILINE)
_SDP_FIELDS = {"s": "session", "i": "information", "e": "email"}
_CODING = re.compile(
    r"(?:rtpmap|fmtp|framerate|framesize|range|ptime|maxptime|length|cliprect|crypto|rtcp[\w-]*|ssrc[\w-]*"
    r"|recvonly|sendonly|sendrecv|inactive|quality|mid|setup|fingerprint|extmap|charset|type)(?::|$)",
    re.IGNORECASE,
)
_SERVED = 200
_MAX_ATTRIBUTE = 256


async def probe(line: "Line") -> None:
    """Ask what the server can do and, if it answers, what its first stream would be."""
    url, agent = _url(line.endpoint), line.plan.user_agent
    first = await line.exchange(
        rtsp.options(url, cseq=1, user_agent=agent),
        probe="rtsp",
        protocol=Protocol.RTSP,
        done=rtsp.is_complete,
    )
    if first.status is Status.ANSWERED and any(not each.bare for each in rtsp.responses(first.reply)):
        await line.exchange(
            rtsp.describe(url, cseq=2, user_agent=agent),
            probe="rtsp",
            protocol=Protocol.RTSP,
            done=rtsp.is_complete,
        )


def _url(endpoint: Endpoint) -> str:
    host = f"[{endpoint.address}]" if ":" in endpoint.address else endpoint.address
    return f"rtsp://{host}:{endpoint.port}/"


def read(exchange: Exchange) -> Iterator[Observation]:
    """Yield the head of every reply, the dates in their form, and the description where one was handed out."""
    is_describe = http.request_method(exchange.request) == "DESCRIBE"
    is_without_login = b"authorization:" not in exchange.request.lower()
    for response in rtsp.responses(exchange.reply):
        yield from show(exchange, _head(response))
        yield from show(exchange, _challenges.pairs("rtsp", response))
        if is_describe and response.status is not None:
            yield from show(exchange, (("rtsp.describe_status", str(response.status)),))
        lines = _description(response)
        if lines:
            yield from show(exchange, _session(lines))
        if lines and is_describe and is_without_login and response.status == _SERVED:
            yield from show(exchange, (("rtsp.open_describe", "yes"),))
    yield from show(exchange, _date_forms(exchange.reply))


def _head(response: http.Response) -> Iterator[tuple[str, str | None]]:
    if response.bare:
        return
    yield "rtsp.status", str(response.status) if response.status is not None else None
    if response.headers:
        yield "rtsp.header_order", ",".join(name for name, _ in response.headers)
    for name, value in response.headers:
        key = name.lower()
        if key not in _UNTOLD or (key == "cseq" and not value.strip().isdigit()):
            yield _OWN_FIELD.get(key, f"rtsp.header.{key}"), value


def _date_forms(reply: bytes) -> Iterator[tuple[str, str | None]]:
    """Yield the form of each date line: its blanks and the order of its parts tell the server apart."""
    for found in list(_DATE.finditer(reply[:65_536]))[:4]:
        text = charset.decode(found.group(1))
        yield "rtsp.date_form", re.sub(r"\d", "9", re.sub(r"[A-Za-z]", "a", text))


def _description(response: http.Response) -> tuple[tuple[str, str], ...]:
    lines = rtsp.session_lines(response) if response.body else ()
    letters = {letter for letter, _ in lines}
    return lines if "m" in letters or {"v", "s"} <= letters else ()


def _session(lines: tuple[tuple[str, str], ...]) -> Iterator[tuple[str, str | None]]:
    for letter, value in lines:
        if letter in _SDP_FIELDS:
            yield f"rtsp.sdp.{_SDP_FIELDS[letter]}", value
        elif letter == "o":
            yield "rtsp.sdp.origin", value.partition(" ")[0]
        elif letter == "a":
            yield from _attribute(value)


def _attribute(value: str) -> Iterator[tuple[str, str | None]]:
    name, _, rest = value.partition(":")
    if name.lower() in {"tool", "control"}:
        yield f"rtsp.sdp.{name.lower()}", rest
    elif not _CODING.match(value):
        yield "rtsp.sdp.attribute", value[:_MAX_ATTRIBUTE]
