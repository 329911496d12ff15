"""From a captured frame to the packet in it, and fragments of IP put together again, in bounded memory.

Source: IEEE 802.1Q and 802.1ad, RFC 791, RFC 8200, tcpdump.org link-layer header types.
"""

from collections import OrderedDict
from dataclasses import dataclass, field

ETHERNET, RAW_IP, SLL, SLL2 = 1, 101, 113, 276
_PPP_LINKS = {9: 0, 50: 0, 51: 0x8864}
_HEADS = {0: 4, 12: 0, 14: 0, RAW_IP: 0, 108: 4, 109: 12, 228: 0, 229: 0}
"""Link types of IP without more, and how many bytes come before it."""
_NFLOG = 239
LINKS = {ETHERNET, SLL, SLL2, 104, 219, _NFLOG, *_PPP_LINKS, *_HEADS}
"""Link types that are read; Wi-Fi and others are counted and named."""

IPV4, IPV6, ARP = 0x0800, 0x86DD, 0x0806
ETHER, PPP = 0x10000, 0x10001
"""Kinds that have no Ethernet type: an Ethernet frame, PPP."""
TCP, UDP, AUTHENTICATION = 6, 17, 51

TAGS = frozenset({0x8100, 0x88A8, 0x9100, 0x9200})
_MAX_TAGS = 4
_EXTENSIONS = frozenset({0, 43, 60, 135, 139, 140})
_FRAGMENT = 44
_MAX_EXTENSIONS = 8
_LARGEST_PACKET = 65_535


@dataclass(frozen=True, slots=True)
class Packet:
    """What IP carries: addresses as bytes, the protocol number, and where its data lie."""

    protocol: int
    source: bytes
    target: bytes
    data: bytes
    cut: bool = False


def payload_of(link: int, buffer: bytes, begin: int, end: int) -> tuple[int, int]:
    """Return the Ethernet type of what a frame carries and where it begins; type 0 where it cannot be told."""
    if link == ETHERNET:
        return _tagged(buffer, begin + 12, end)
    if link == SLL:
        return _tagged(buffer, begin + 14, end)
    if link == SLL2:
        return int.from_bytes(buffer[begin : begin + 2], "big"), begin + 20
    if link in _PPP_LINKS:
        return _PPP_LINKS[link] or PPP, begin
    if link == 104:  # HDLC as routers speak it
        return int.from_bytes(buffer[begin + 2 : begin + 4], "big"), begin + 4
    if link == 219:
        return 0x8847, begin
    begin = _behind_nflog(buffer, begin, end) if link == _NFLOG else begin + _HEADS[link]
    version = buffer[begin] >> 4 if begin < end else 0
    return {4: IPV4, 6: IPV6}.get(version, 0), begin


def _behind_nflog(buffer: bytes, at: int, end: int) -> int:
    """Return where the packet begins among what Linux notes of it, in its own byte order; `end` without one."""
    at += 4
    for _ in range(64):
        size = buffer[at] | buffer[at + 1] << 8 if at + 4 <= end else 0
        if size < 4:
            return end
        if buffer[at + 2] | buffer[at + 3] << 8 == 9:  # NFULA_PAYLOAD
            return at + 4
        at += size + (-size % 4)
    return end


def _tagged(buffer: bytes, at: int, end: int) -> tuple[int, int]:
    """Skip VLAN tags, of which there may be several."""
    for _ in range(_MAX_TAGS):
        if at + 2 > end:
            return 0, end
        kind = buffer[at] << 8 | buffer[at + 1]
        if kind not in TAGS:
            break
        at += 4
    return (buffer[at] << 8 | buffer[at + 1], at + 2) if at + 2 <= end else (0, end)


@dataclass(slots=True)
class _Pieces:
    """The fragments of one packet so far."""

    parts: dict[int, bytes] = field(default_factory=dict)
    size: int = 0
    total: int | None = None

    def add(self, offset: int, part: bytes, *, last: bool) -> bytes | None:
        """Take a fragment; the whole when it is there."""
        if offset not in self.parts:
            self.parts[offset] = part
            self.size += len(part)
        if last:
            self.total = offset + len(part)
        if self.total is None or self.size < self.total:
            return None
        whole = bytearray()
        for start in sorted(self.parts):
            if start > len(whole):
                return None
            whole[start:] = self.parts[start]
        return bytes(whole)


class Assembler:
    """Reads IP packets; keeps the fragments of so many packets at a time, the oldest given up first."""

    def __init__(self, most: int = 256) -> None:
        self._most = most
        self._waiting: OrderedDict[tuple[bytes, bytes, int, int], _Pieces] = OrderedDict()

    def ipv4(self, buffer: bytes, at: int, end: int) -> Packet | None:
        """Read an IPv4 packet; None while fragments are missing, and for what is none."""
        if at + 20 > end or buffer[at] >> 4 != 4:
            return None
        head = (buffer[at] & 0x0F) * 4
        total = buffer[at + 2] << 8 | buffer[at + 3]
        stop = min(end, at + total) if total else end
        if head < 20 or at + head > stop:
            return None
        source, target, protocol = buffer[at + 12 : at + 16], buffer[at + 16 : at + 20], buffer[at + 9]
        flags = buffer[at + 6] << 8 | buffer[at + 7]
        data = buffer[at + head : stop]
        if not flags & 0x3FFF:
            if protocol == AUTHENTICATION and len(data) >= 12:
                protocol, data = data[0], data[(data[1] + 2) * 4 :]
            return Packet(protocol, source, target, data, cut=bool(total) and at + total > end)
        number = buffer[at + 4] << 8 | buffer[at + 5]
        name = (source, target, protocol, number)
        return self._fragment(name, (flags & 0x1FFF) * 8, data, last=not flags & 0x2000)

    def ipv6(self, buffer: bytes, at: int, end: int) -> Packet | None:
        """Read an IPv6 packet behind whatever extension headers; None while fragments are missing."""
        if at + 40 > end or buffer[at] >> 4 != 6:
            return None
        length = buffer[at + 4] << 8 | buffer[at + 5]
        stop = min(end, at + 40 + length) if length else end
        source, target = buffer[at + 8 : at + 24], buffer[at + 24 : at + 40]
        protocol, here = buffer[at + 6], at + 40
        for _ in range(_MAX_EXTENSIONS):
            if here + 8 > stop:
                break
            if protocol == _FRAGMENT:
                word = buffer[here + 2] << 8 | buffer[here + 3]
                number = int.from_bytes(buffer[here + 4 : here + 8], "big")
                name = (source, target, buffer[here], number)
                return self._fragment(name, word & 0xFFF8, buffer[here + 8 : stop], last=not word & 1)
            if protocol == AUTHENTICATION:
                protocol, here = buffer[here], here + (buffer[here + 1] + 2) * 4
            elif protocol in _EXTENSIONS:
                protocol, here = buffer[here], here + (buffer[here + 1] + 1) * 8
            else:
                break
        cut = bool(length) and at + 40 + length > end
        return Packet(protocol, source, target, buffer[here:stop], cut=cut)

    def _fragment(
        self, name: tuple[bytes, bytes, int, int], offset: int, data: bytes, *, last: bool
    ) -> Packet | None:
        if offset + len(data) > _LARGEST_PACKET:
            return None
        pieces = self._waiting.get(name)
        if pieces is None:
            pieces = self._waiting[name] = _Pieces()
            if len(self._waiting) > self._most:
                self._waiting.popitem(last=False)
        whole = pieces.add(offset, data, last=last)
        if whole is None:
            return None
        self._waiting.pop(name, None)
        return Packet(name[2], name[0], name[1], whole)
