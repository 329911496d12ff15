"""Which side of a connection is the device that answers, where its beginning was not caught: what is said tells it.

Source: RFC 5246 section 7.4 and RFC 8446 section 4 (handshake types), RFC 4253 section 8, RFC 5656 section 4 and RFC 4419
section 5 (key exchange of SSH), RFC 854; ports as IANA lists them.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from enum import Enum, auto

from auditor.intake.messages import is_start
from auditor.intake.talks import Conversation, turned

CLIENT_STARTS = frozenset(
    [
        b"GET ",
        b"POST",
        b"HEAD",
        b"OPTI",
        b"DESC",
        b"REGI",
        b"MESS",
        b"NOTI",
        b"SUBS",
        b"SETU",
        b"INVI",
        b"PUT ",
        b"DELE",
    ]
)
STARTS = CLIENT_STARTS | {b"HTTP", b"RTSP", b"SSH-", b"SIP/", b"220 ", b"220-"}
"""First four bytes of what we read."""
SHORT_STARTS = frozenset({b"\x16\x03", b"\x15\x03", b"\xff\xfd", b"\xff\xfb"})
"""First two bytes: a TLS handshake or a warning before it, telnet negotiation."""

_FROM_CLIENT = frozenset({1, 16})
_FROM_SERVER = frozenset({2, 12, 13, 14})
_CERTIFICATE, _HELLOS, _LONGEST = 11, frozenset({1, 2}), 65_536
_WARNINGS = frozenset(b"\x15\x03" + bytes((minor, 0, 2)) for minor in range(5))
_SSH_FROM_CLIENT = frozenset({30, 32, 34})
_SSH_FROM_SERVER = frozenset({31, 33})
_NEWKEYS = 21
_FIRST_UNPRIVILEGED = 1024
_PROMPT = re.compile(rb"(?:login|username|user name|account|password)[ \t]*:", re.IGNORECASE)


class Speaker(Enum):
    """Who says something."""

    CLIENT = auto()
    SERVER = auto()


def speaker(part: bytes, key: bytes) -> Speaker | None:
    """Return who begins a segment like this; None where it is nothing we join. For SSH and telnet it is a first guess."""
    start = part[:4]
    if start[:2] in {b"\x16\x03", b"\x15\x03"}:
        return _of_handshake(part, key)
    if start in CLIENT_STARTS:
        return Speaker.CLIENT if is_start(part) or b"\n" not in part else None
    if start == b"SSH-" or start[:2] in SHORT_STARTS:
        return Speaker.SERVER if _has_service_port(key) else Speaker.CLIENT
    return Speaker.SERVER if start in STARTS else None


def told(talk: Conversation) -> Conversation | None:
    """Return a conversation with its sides as they are; None where nothing tells them apart."""
    if talk.sure or not (talk.asked[:4] == b"SSH-" or talk.said[:4] == b"SSH-" or _is_telnet(talk)):
        return talk
    other = replace(talk, key=turned(talk.key), asked=talk.said, said=talk.asked)
    if b"SSH-" in {talk.asked[:4], talk.said[:4]}:
        found = _key_exchange(talk.said), _key_exchange(talk.asked)
        if Speaker.SERVER is found[0] or Speaker.CLIENT is found[1]:
            return talk
        if Speaker.CLIENT is found[0] or Speaker.SERVER is found[1]:
            return other
    elif _PROMPT.search(talk.said[:2048]):
        return talk
    elif _PROMPT.search(talk.asked[:2048]):
        return other
    return talk if _has_service_port(turned(talk.key)) else None


def _of_handshake(part: bytes, key: bytes) -> Speaker | None:
    """Tell by the messages of TLS records; a warning before a hello is a server's, a certificate may be either's."""
    at = 0
    while part[at : at + 5] in _WARNINGS:
        at += 7
    warned, has_certificate = at > 0, False
    for kind in _handshakes(part, at):
        if kind in _FROM_SERVER:
            return Speaker.SERVER
        if kind in _FROM_CLIENT:
            return None if warned else Speaker.CLIENT
        has_certificate = kind == _CERTIFICATE
    return Speaker.SERVER if has_certificate and _has_service_port(key) else None


def _handshakes(part: bytes, at: int) -> Iterator[int]:
    """Yield the kinds of the handshake messages in the clear, as far as they are here."""
    for _ in range(8):
        if part[at : at + 2] != b"\x16\x03" or at + 11 > len(part):
            return
        end = at + 5 + int.from_bytes(part[at + 3 : at + 5], "big")
        at += 5
        while at + 4 <= min(end, len(part)):
            kind, size = part[at], int.from_bytes(part[at + 1 : at + 4], "big")
            is_clear = part[at + 4 : at + 5] == b"\x03" if kind in _HELLOS else size < _LONGEST
            if not is_clear:
                return
            yield kind
            at += 4 + size
        at = end


def _key_exchange(said: bytes) -> Speaker | None:
    """Tell by the messages with which SSH exchanges keys, which are in the clear."""
    at = said.find(b"\n") + 1
    for _ in range(8):
        size = int.from_bytes(said[at : at + 4], "big")
        if not at or at + 6 > len(said) or not 1 < size < 262_144:
            return None
        kind = said[at + 5]
        if kind in _SSH_FROM_CLIENT | _SSH_FROM_SERVER:
            return Speaker.CLIENT if kind in _SSH_FROM_CLIENT else Speaker.SERVER
        if kind == _NEWKEYS:
            return None
        at += 4 + size
    return None


def _is_telnet(talk: Conversation) -> bool:
    return talk.asked[:1] == b"\xff" or talk.said[:1] == b"\xff"


def _has_service_port(key: bytes) -> bool:
    """Tell whether who sends with this key does so from the port of a service, and its peer does not."""
    source, target = int.from_bytes(key[-4:-2], "big"), int.from_bytes(key[-2:], "big")
    return source < _FIRST_UNPRIVILEGED <= target
