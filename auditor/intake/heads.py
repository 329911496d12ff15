"""From the first bytes of a TCP conversation to sayings: heads and pages, never media, never a login.

What a viewer sent to log in is dropped before anything is kept. An answer given to somebody logged in may hold
settings; it is marked, so that only what our readers show of it is kept.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from auditor.intake.messages import Message
from auditor.intake.talks import Conversation, Pair
from auditor.model import Protocol, Transport
from auditor.wire import http, logins, tls

_LOGIN_MARKS = (b"usernametoken", b'"session"', b"password", b"passwd")
"""What in a question's body says that it logs somebody in, or that somebody is."""
_TEXTUAL = ("text/", "xml", "json", "javascript", "html", "sdp")
_FIRST_ANSWER = 4096
_ICON = "favicon.ico"
_RTSP_KEPT = (b"OPTIONS ", b"DESCRIBE ", b"")
_SIP_SPOKEN = re.compile(rb"[A-Z]{3,12} [^\r\n]{1,1024} SIP/2\.0", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Saying:
    """One answer worth reading, and the request it answers where that is known."""

    protocol: Protocol
    transport: Transport
    request: bytes
    reply: bytes
    by_client: bool = False
    """Said by who opened the connection, as cameras do that register at a platform."""
    logged_in: bool = False
    cut: bool = False


def sayings(talk: Conversation) -> Iterator[Saying]:
    """Yield what is worth reading of a conversation that is not made of messages."""
    port = int.from_bytes(talk.key[-2:], "big")
    said = talk.said
    if said[:2] in {b"\x16\x03", b"\x15\x03"}:
        yield from _tls(said)
    elif said[4:8] == b"DHIP":
        yield from _dhip(said)
    elif said[:4] == b"SSH-":
        yield Saying(Protocol.SSH, Transport.TCP, b"", said.split(b"\n", 1)[0][:255] + b"\n")
    elif said[:3] == b"220" and (port == 21 or b"ftp" in said[:512].lower()):
        yield Saying(Protocol.FTP, Transport.TCP, b"", said.split(b"\n", 1)[0][:1024] + b"\n")
    elif port == 23 or said[:2] in {b"\xff\xfb", b"\xff\xfd"}:
        yield from _telnet(talk)


def answered(pair: Pair) -> Iterator[Saying]:
    """Yield what is worth reading of an answer, and of whatever is said in SIP."""
    if pair.standing.is_tunnel:
        return  # what follows is said by somebody else
    start = pair.answer.head[:5].upper()
    if pair.answer.is_sip:
        said = logins.without_login(pair.answer.bytes)
        yield Saying(Protocol.SIP, Transport.TCP, b"", said, by_client=pair.by_client, cut=pair.answer.cut)
    elif start == b"HTTP/":
        yield from _http(pair)
    elif start == b"RTSP/":
        yield from _rtsp(pair)


def _tls(said: bytes) -> Iterator[Saying]:
    while said[:2] == b"\x15\x03":  # a warning before the hello: that name is not mine
        said = said[5 + int.from_bytes(said[3:5], "big") :]
    handshake = tls.parse(said) if said[:2] == b"\x16\x03" else None
    if handshake is not None and (handshake.chain or handshake.version):
        record = tls.record(handshake.version, handshake.cipher, handshake.chain)
        yield Saying(Protocol.TLS, Transport.TLS, b"", record)


def _dhip(said: bytes) -> Iterator[Saying]:
    """Yield the first answer of a conversation: the challenge of a login, or what somebody logged in was told."""
    end = int.from_bytes(said[:4], "little") + int.from_bytes(said[16:20], "little")
    first = said[:end][:_FIRST_ANSWER]
    yield Saying(Protocol.DHIP, Transport.TCP, b"", first, logged_in=b'"random"' not in first)


def _telnet(talk: Conversation) -> Iterator[Saying]:
    """Yield what a telnet server says before anybody types."""
    first = talk.said[:2048]
    if first and not first.startswith((b"HTTP", b"RTSP")):
        prompt = re.search(rb"(?:login|username|user name|account)[ \t]*:", first, re.IGNORECASE)
        yield Saying(Protocol.TELNET, Transport.TCP, b"", first[: prompt.end()] if prompt else first[:512])


def _http(pair: Pair) -> Iterator[Saying]:
    request, standing = pair.request, pair.standing
    standing.is_tunnel = pair.answer.opens_tunnel
    standing.is_in = standing.is_in or (request is not None and logins.shows_login(request.head))
    yield _answer(request, pair.answer, is_in=standing.is_in)


def _answer(request: Message | None, answer: Message, *, is_in: bool) -> Saying:
    """Make a saying of an answer; `is_in` says that somebody showed a login on this connection before it."""
    is_onvif = request is not None and (
        b"/onvif/" in request.first_line.lower() or b"envelope" in request.body[:512].lower()
    )
    body = bytes(answer.body) if _is_text(request, answer) and _may_keep(request, answer) else b""
    return Saying(
        Protocol.ONVIF if is_onvif else Protocol.HTTP,
        Transport.TCP,
        request.bytes if request else b"",
        logins.without_login(answer.head) + body
        if _is_icon(request)
        else logins.without_login(answer.head + body),
        logged_in=is_in or (request is not None and _is_logged_in(request, is_soap=is_onvif)),
        cut=answer.cut or len(body) < len(answer.body),
    )


def _may_keep(request: Message | None, answer: Message) -> bool:
    """Tell whether a body may be kept: of a question nobody heard, it is not known whether somebody was logged in.

    Who is turned away was not, and what a device says to that tells no settings.
    """
    return request is not None or answer.status == 401


def _is_icon(request: Message | None) -> bool:
    return request is not None and http.request_path(request.head).partition("?")[0].lower().endswith(_ICON)


def _is_text(request: Message | None, answer: Message) -> bool:
    """Tell whether a body is a page or an answer; pictures and streams are media, but for the small icon of a site."""
    kind = answer.header("content-type").lower()
    if _is_icon(request):
        return True
    if any(mark in kind for mark in _TEXTUAL):
        return "multipart" not in kind
    start = bytes(answer.body[:64]).lstrip(b"\xef\xbb\xbf \t\r\n")
    return not kind and start[:1] in {b"<", b"{", b"["}


def _is_logged_in(request: Message, *, is_soap: bool) -> bool:
    """Tell whether a request bears a login, or may: then its body and its answer's are not kept as they are."""
    body = bytes(request.body).lower()
    return (
        logins.shows_login(request.bytes)
        or any(mark in body for mark in _LOGIN_MARKS)
        or (bool(body) and not is_soap)
    )


def _rtsp(pair: Pair) -> Iterator[Saying]:
    request, answer, standing = pair.request, pair.answer, pair.standing
    verb = request.verb + b" " if request else b""
    standing.is_in = standing.is_in or (request is not None and _is_logged_in(request, is_soap=False))
    if verb not in _RTSP_KEPT and answer.status != 401:
        return
    body = bytes(answer.body) if _may_keep(request, answer) else b""
    yield Saying(
        Protocol.RTSP,
        Transport.TCP,
        request.bytes if request else b"",
        logins.without_login(answer.head + body),
        logged_in=standing.is_in,
        cut=answer.cut or len(body) < len(answer.body),
    )
