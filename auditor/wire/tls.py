"""What a TLS handshake shows before any login: version, cipher suite and certificates, as keepable evidence.

Source: RFC 5246 section 7.4 for the records up to TLS 1.2; RFC 7468 for the text form of certificates.
"""

import base64
import binascii
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass

MAX_CERTIFICATES = 8
"""Certificates kept of one chain."""

_BEGIN = b"-----BEGIN CERTIFICATE-----"
_END = b"-----END CERTIFICATE-----"
_VERSIONS = {0x0300: "SSLv3", 0x0301: "TLSv1", 0x0302: "TLSv1.1", 0x0303: "TLSv1.2", 0x0304: "TLSv1.3"}
_HANDSHAKE_RECORD = 22
_SERVER_HELLO = 2
_CERTIFICATE = 11
_SUPPORTED_VERSIONS = 43


@dataclass(frozen=True, slots=True)
class Handshake:
    """What both sides agreed on, and the certificates in DER, the device's own first. Unknown parts are empty."""

    version: str
    cipher: str
    chain: tuple[bytes, ...]


def record(version: str, cipher: str, chain_der: Sequence[bytes]) -> bytes:
    """Return a handshake as text a person can read and `parse` understands: two lines, then PEM blocks."""
    blocks = (_pem(der) for der in chain_der[:MAX_CERTIFICATES])
    return f"version: {version}\ncipher: {cipher}\n\n".encode() + b"".join(blocks)


def _pem(der: bytes) -> bytes:
    text = base64.b64encode(der)
    lines = (text[at : at + 64] for at in range(0, len(text), 64))
    return b"\n".join((_BEGIN, *lines, _END, b""))


def parse(reply: bytes) -> Handshake | None:
    """Read our own record, PEM text, one certificate in DER or raw TLS records; None when it is none of them."""
    if reply[:1] == b"\x30":
        return Handshake("", "", (reply,))
    if reply[:2] == b"\x16\x03":
        return _from_records(reply)
    head, _, _ = reply[:4096].partition(_BEGIN)
    said = dict(_lines(head))
    chain = tuple(_certificates(reply))
    if not chain and "version" not in said:
        return None
    return Handshake(said.get("version", ""), said.get("cipher", ""), chain)


def _lines(head: bytes) -> Iterator[tuple[str, str]]:
    for line in head.decode("utf-8", "replace").splitlines():
        name, colon, value = line.partition(":")
        if colon and name in {"version", "cipher"}:
            yield name, value.strip()


def _certificates(reply: bytes) -> Iterator[bytes]:
    at = 0
    for _ in range(MAX_CERTIFICATES):
        start = reply.find(_BEGIN, at)
        if start < 0:
            return
        end = reply.find(_END, start)
        at = len(reply) if end < 0 else end + len(_END)
        yield from _decoded(reply[start + len(_BEGIN) : None if end < 0 else end])


def _decoded(text: bytes) -> Iterator[bytes]:
    """Yield what a block holds; of one that is cut, what its whole groups of four letters hold."""
    letters = b"".join(text.split()).rstrip(b"=")
    with suppress(binascii.Error, ValueError):
        yield base64.b64decode(letters[: len(letters) // 4 * 4] + _rest(letters))


def _rest(letters: bytes) -> bytes:
    """Return the last letters as a whole group; one letter alone says nothing."""
    rest = letters[len(letters) // 4 * 4 :]
    return rest.ljust(4, b"=") if len(rest) > 1 else b""


def _from_records(reply: bytes) -> Handshake | None:
    version, cipher = "", ""
    chain: tuple[bytes, ...] = ()
    for kind, body in _messages(_joined(reply)):
        if kind == _SERVER_HELLO and len(body) >= 38:
            behind_session = 35 + body[34]
            number = _chosen(body, behind_session + 3) or int.from_bytes(body[:2], "big")
            version = _VERSIONS.get(number, f"0x{number:04x}")
            cipher = f"0x{body[behind_session : behind_session + 2].hex()}"
        elif kind == _CERTIFICATE:
            chain = tuple(_listed(body[3:]))
    return Handshake(version, cipher, chain) if version or chain else None


def _chosen(hello: bytes, at: int) -> int:
    """Return the version a ServerHello states in its extensions, 0 without one. Source: RFC 8446 section 4.2.1."""
    extensions = hello[at + 2 : at + 2 + int.from_bytes(hello[at : at + 2], "big")]
    place = 0
    while place + 4 <= len(extensions):
        kind = int.from_bytes(extensions[place : place + 2], "big")
        length = int.from_bytes(extensions[place + 2 : place + 4], "big")
        if kind == _SUPPORTED_VERSIONS:
            return int.from_bytes(extensions[place + 4 : place + 6], "big")
        place += 4 + length
    return 0


def _joined(reply: bytes) -> bytes:
    """Return the handshake bytes of all handshake records, which a message may span."""
    parts, at = [], 0
    while reply[at : at + 1] == b"\x16" and at + 5 <= len(reply):
        length = int.from_bytes(reply[at + 3 : at + 5], "big")
        parts.append(reply[at + 5 : at + 5 + length])
        at += 5 + length
    return b"".join(parts)


def _messages(data: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at + 4 <= len(data):
        length = int.from_bytes(data[at + 1 : at + 4], "big")
        yield data[at], data[at + 4 : at + 4 + length]
        at += 4 + length


def _listed(data: bytes) -> Iterator[bytes]:
    at = 0
    for _ in range(MAX_CERTIFICATES):
        length = int.from_bytes(data[at : at + 3], "big")
        if not length or at + 3 >= len(data):
            return
        yield data[at + 3 : at + 3 + length]
        at += 3 + length
