"""Multicast DNS: which services a device announces. Source: RFC 1035 section 4, RFC 6762, RFC 6763."""

import ipaddress
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from auditor.wire import charset

MAX_RECORDS = 128
"""Records read of one datagram."""

_TYPES = {1: "A", 12: "PTR", 16: "TXT", 28: "AAAA", 33: "SRV"}
_PTR = 12
_INTERNET = 1
_UNICAST_WANTED = 0x8000  # the answer may come to us alone: RFC 6762 section 5.4
_HEAD = struct.Struct("!6H")
_RECORD = struct.Struct("!HHIH")
_MAX_JUMPS = 16
_MAX_NAME = 255


@dataclass(frozen=True, slots=True)
class Record:
    """One resource record: its type by name, its value as text; a TXT record has several."""

    name: str
    type: str
    values: tuple[str, ...]


def query(services: Sequence[str]) -> bytes:
    """Return one question for each service type, as in `_http._tcp.local`, asking for a direct answer."""
    asked = tuple(services)
    head = _HEAD.pack(0, 0, len(asked), 0, 0, 0)
    questions = (_encoded(name) + struct.pack("!HH", _PTR, _INTERNET | _UNICAST_WANTED) for name in asked)
    return head + b"".join(questions)


def _encoded(name: str) -> bytes:
    labels = (label.encode()[:63] for label in name.strip(".").split("."))
    return b"".join(bytes((len(label),)) + label for label in labels) + b"\x00"


def parse(reply: bytes) -> tuple[Record, ...]:
    """Read the records of an answer until the form ends; a question or other bytes give none."""
    if len(reply) < _HEAD.size:
        return ()
    _, flags, questions, *counts = _HEAD.unpack_from(reply)
    if not flags & 0x8000:
        return ()
    return tuple(_records(reply, min(questions, MAX_RECORDS), min(sum(counts), MAX_RECORDS)))


def _records(reply: bytes, questions: int, records: int) -> Iterator[Record]:
    at = _HEAD.size
    for _ in range(questions):
        at = _name(reply, at)[1] + 4
    for _ in range(records):
        name, at = _name(reply, at)
        if at + _RECORD.size > len(reply):
            return
        kind, _, _, length = _RECORD.unpack_from(reply, at)
        at += _RECORD.size
        values = tuple(_values(reply, kind, at, min(at + length, len(reply))))
        if kind in _TYPES and values:
            yield Record(name, _TYPES[kind], values)
        at += length


def _values(reply: bytes, kind: int, start: int, end: int) -> Iterator[str]:
    data = reply[start:end]
    match _TYPES.get(kind):
        case "A" if len(data) == 4:
            yield str(ipaddress.IPv4Address(data))
        case "AAAA" if len(data) == 16:
            yield str(ipaddress.IPv6Address(data))
        case "PTR":
            yield _name(reply, start)[0]
        case "SRV" if len(data) > 6:
            yield f"{_name(reply, start + 6)[0]}:{int.from_bytes(data[4:6], 'big')}"
        case "TXT":
            yield from _texts(data)


def _texts(data: bytes) -> Iterator[str]:
    at = 0
    while at < len(data):
        text = data[at + 1 : at + 1 + data[at]]
        if text:
            yield charset.decode(text)
        at += 1 + data[at]


@lru_cache(maxsize=1024)
def _label(text: bytes) -> str:
    """Read a label; pointers lead to the same ones over and over."""
    return charset.decode(text)


def _name(reply: bytes, start: int) -> tuple[str, int]:
    """Return a name and where the bytes behind it begin; pointers are followed a bounded number of times."""
    labels: list[str] = []
    at, behind, jumps, size = start, -1, 0, 0
    while at < len(reply) and size <= _MAX_NAME:
        length = reply[at]
        if length == 0:
            at += 1
            break
        if length & 0xC0:
            behind = behind if behind >= 0 else at + 2
            jumps += 1
            if length & 0xC0 != 0xC0 or jumps > _MAX_JUMPS or at + 1 >= len(reply):
                break
            at = (length & 0x3F) << 8 | reply[at + 1]
            continue
        labels.append(_label(reply[at + 1 : at + 1 + length]))
        size += length + 1
        at += length + 1
    return ".".join(labels), behind if behind >= 0 else at
