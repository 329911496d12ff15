"""Frames of a capture, as the judge needs them: when, from whom, to whom, and what kind of packet. Plain struct.

The program's own reader of captures is not used: it is not to judge itself.
Source: draft-gharris-opsawg-pcap (classic pcap), RFC 791, 826, 4861, 8200, 9293.
"""

import ipaddress
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

_MAGIC = {
    b"\xd4\xc3\xb2\xa1": ("<", 1e-6),
    b"\xa1\xb2\xc3\xd4": (">", 1e-6),
    b"\x4d\x3c\xb2\xa1": ("<", 1e-9),
    b"\xa1\xb2\x3c\x4d": (">", 1e-9),
}
_ETHERNET = 1
_TAGS = frozenset({0x8100, 0x88A8})
_FIN, _SYN, _RST, _ACK = 0x01, 0x02, 0x04, 0x10
_SOLICITATION, _ADVERTISEMENT = 135, 136
_EXTENSIONS = frozenset({0, 43, 60})


class Kind(StrEnum):
    """What a packet is for."""

    SYN = "syn"
    DATA = "data"
    DATAGRAM = "datagram"
    ARP = "arp"
    """A question who has an address: ARP, or IPv6 neighbour solicitation."""
    SYN_AGAIN = "syn again"
    DATA_AGAIN = "data again"
    ACK = "ack"
    CLOSE = "close"
    """FIN or RST."""
    ARP_ANSWER = "arp answer"
    ICMP = "icmp"
    HOST = "host"
    """What a host says of itself: group memberships, router solicitations."""


QUESTIONS = frozenset({Kind.SYN, Kind.DATA, Kind.DATAGRAM})
"""What the program itself has sent."""


@dataclass(frozen=True, slots=True)
class Packet:
    """One frame. `at` is seconds since 1970; `to` is the address asked about where the frame is a question by ARP."""

    at: float
    kind: Kind
    from_mac: str
    to_mac: str
    source: str
    to: str
    source_port: int = 0
    port: int = 0
    payload: bytes = b""


def read(path: Path, own_mac: str) -> Iterator[Packet]:
    """Yield what the host with a hardware address sent, in the order of the capture; ValueError when it is none."""
    seen: set[tuple[object, ...]] = set()
    for at, frame in _frames(path.read_bytes(), str(path)):
        if len(frame) >= 14 and frame[6:12].hex(":") == own_mac.lower():
            yield _packet(at, frame, seen)


def _frames(capture: bytes, name: str) -> Iterator[tuple[float, bytes]]:
    if capture[:4] not in _MAGIC:
        raise ValueError(f"{name} is no pcap file")
    order, unit = _MAGIC[capture[:4]]
    (link,) = struct.unpack_from(f"{order}I", capture, 20)
    if link & 0xFFFF != _ETHERNET:
        raise ValueError(f"{name} has link type {link}; the judge reads Ethernet")
    place = 24
    while place + 16 <= len(capture):
        seconds, fraction, size, _ = struct.unpack_from(f"{order}4I", capture, place)
        yield seconds + fraction * unit, capture[place + 16 : place + 16 + size]
        place += 16 + size


def _packet(at: float, frame: bytes, seen: set[tuple[object, ...]]) -> Packet:
    macs = frame[6:12].hex(":"), frame[:6].hex(":")
    kind, body = int.from_bytes(frame[12:14], "big"), frame[14:]
    while kind in _TAGS:
        kind, body = int.from_bytes(body[2:4], "big"), body[4:]
    if kind == 0x0806:
        is_question = body[6:8] == b"\x00\x01"
        source, to = (str(ipaddress.IPv4Address(body[start : start + 4])) for start in (14, 24))
        return Packet(at, Kind.ARP if is_question else Kind.ARP_ANSWER, *macs, source, to)
    if kind == 0x0800:
        source, to = (str(ipaddress.IPv4Address(body[start : start + 4])) for start in (12, 16))
        inner = body[(body[0] & 15) * 4 : int.from_bytes(body[2:4], "big")]
        return _carried(at, macs, source, to, body[9], inner, seen)
    if kind == 0x86DD:
        source, to = (str(ipaddress.IPv6Address(body[start : start + 16])) for start in (8, 24))
        following, inner = body[6], body[40:]
        while following in _EXTENSIONS:
            following, inner = inner[0], inner[8 + 8 * inner[1] :]
        return _carried(at, macs, source, to, following, inner, seen)
    return Packet(at, Kind.HOST, *macs, "", "")


def _carried(
    at: float,
    macs: tuple[str, str],
    source: str,
    to: str,
    protocol: int,
    inner: bytes,
    seen: set[tuple[object, ...]],
) -> Packet:
    if protocol == 6:
        return _segment(at, macs, source, to, inner, seen)
    if protocol == 17:
        own, port = struct.unpack_from(">HH", inner)
        return Packet(at, Kind.DATAGRAM, *macs, source, to, own, port, inner[8:])
    if protocol == 58 and inner[0] in {_SOLICITATION, _ADVERTISEMENT}:
        about = str(ipaddress.IPv6Address(inner[8:24]))
        asks = (
            inner[0] == _SOLICITATION and source != "::"
        )  # from :: a host asks whether its own address is free
        return Packet(at, Kind.ARP if asks else Kind.ARP_ANSWER, *macs, source, about if asks else to)
    is_unreachable = (protocol == 1 and inner[0] == 3) or (protocol == 58 and inner[0] < 128)
    return Packet(at, Kind.ICMP if is_unreachable or protocol == 1 else Kind.HOST, *macs, source, to)


def _segment(
    at: float, macs: tuple[str, str], source: str, to: str, inner: bytes, seen: set[tuple[object, ...]]
) -> Packet:
    own, port, sequence = struct.unpack_from(">HHI", inner)
    flags, payload = inner[13], inner[(inner[12] >> 4) * 4 :]
    key = (source, own, to, port, sequence, bool(flags & _SYN))
    if flags & _RST:
        kind = Kind.CLOSE
    elif flags & _SYN:
        kind = Kind.SYN_AGAIN if key in seen else Kind.SYN
    elif payload:
        kind = Kind.DATA_AGAIN if key in seen else Kind.DATA
    else:
        kind = Kind.CLOSE if flags & _FIN else Kind.ACK
    if kind in {Kind.SYN, Kind.DATA}:
        seen.add(key)
    return Packet(at, kind, *macs, source, to, own, port, payload)
