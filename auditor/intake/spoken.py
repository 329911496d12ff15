"""What a scanner heard at a port, as the bytes they are: to the reader of the protocol they plainly are.

masscan, zgrab2 and nmap's banner script keep the device's own words beside the name they give its protocol; the words
decide, the name only where they do not. Source: masscan, src/masscan-app.c and src/proto-*.c; the protocols' first octets.
"""

import base64
import binascii
from collections.abc import Iterator
from dataclasses import replace

from auditor.intake.nmap_scripts import unescaped
from auditor.model import Endpoint, Exchange, Protocol, Transport

_ASKED = {Protocol.HTTP: b"GET / HTTP/1.0\r\n\r\n"}
"""What such tools send before they hear this."""
_FIRST = (
    (b"HTTP/", Protocol.HTTP),
    (b"RTSP/", Protocol.RTSP),
    (b"SSH-", Protocol.SSH),
    (b"SIP/2.0", Protocol.SIP),
    (b"\xff\xfb", Protocol.TELNET),
    (b"\xff\xfd", Protocol.TELNET),
)
_NAMED = {"ftp": Protocol.FTP, "telnet": Protocol.TELNET, "ssh": Protocol.SSH}
_FIELDS = {"http.server": "http.server", "title": "http.title", "http.title": "http.title"}
"""Names under which masscan keeps one part of a reply, and the field each is."""
_CERTIFICATES = frozenset({"x509", "cert"})
MAX_SPOKEN = 65_536


def heard(name: str, words: str, here: Exchange) -> Iterator[Exchange]:
    """Yield what words at a port show; nothing for protocols that no reader of ours knows. `name` is the tool's."""
    name = name.lower()
    if field := _FIELDS.get(name):
        yield replace(here, observed=((field, words.strip()),), reply=words.encode("utf-8", "replace"), id="")
        return
    if name in _CERTIFICATES:
        yield from certificate(words, here)
        return
    yield from spoken(unescaped(words[:MAX_SPOKEN]), here, _NAMED.get(name))


def spoken(reply: bytes, here: Exchange, otherwise: Protocol | None = None) -> Iterator[Exchange]:
    """Yield the exchange of bytes that plainly are of a protocol, else of the one the tool names."""
    protocol = next((known for start, known in _FIRST if reply.startswith(start)), otherwise)
    if protocol is not None and reply:
        asked = _ASKED.get(protocol, b"")
        yield replace(here, probe="banner", protocol=protocol, request=asked, reply=reply, observed=(), id="")


def certificate(encoded: str, here: Exchange) -> Iterator[Exchange]:
    """Yield a certificate in base64 for its reader; nothing where it is none."""
    try:
        reply = base64.b64decode(encoded.encode("ascii", "replace"), validate=True)
    except (binascii.Error, ValueError):
        return
    if reply.startswith(b"\x30"):
        endpoint = Endpoint(here.endpoint.address, here.endpoint.port, Transport.TLS)
        yield replace(
            here, probe="tls", protocol=Protocol.TLS, endpoint=endpoint, reply=reply, observed=(), id=""
        )
