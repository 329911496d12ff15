"""Packets of pcap and pcapng files, plain or packed, read in pieces of a few megabytes whatever the file's size.

scapy's readers make several objects for each packet, which is an order of magnitude too slow for a gigabyte of video;
`tests/benchmarks/capture.py` measures both. Source: draft-ietf-opsawg-pcap, draft-ietf-opsawg-pcapng.
"""

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from io import SEEK_END
from pathlib import Path
from typing import BinaryIO, cast

from auditor.intake.evidence import EvidenceError, Problem, Tell
from auditor.intake.packed import BROKEN, Pieces, opened

Record = tuple[float, int, bytes, int, int, bool]
"""Seconds since 1970, link type, a buffer, where the packet begins and ends in it, and whether it was cut."""

_Unpack = Callable[[bytes, int], tuple[int, int, int, int]]

PIECE = 2 * 1024 * 1024
LARGEST = 1024 * 1024
"""Bytes of one packet or block that are believed; more means that the file is damaged."""

_CLASSIC = {
    b"\xd4\xc3\xb2\xa1": ("<", 1e-6, 16),
    b"\xa1\xb2\xc3\xd4": (">", 1e-6, 16),
    b"\x4d\x3c\xb2\xa1": ("<", 1e-9, 16),
    b"\xa1\xb2\x3c\x4d": (">", 1e-9, 16),
    b"\x34\xcd\xb2\xa1": ("<", 1e-6, 24),
    b"\xa1\xb2\xcd\x34": (">", 1e-6, 24),
}
"""First bytes of a pcap file: byte order, unit of the fraction in seconds, length of a packet's own head."""
_SECTION = b"\x0a\x0d\x0d\x0a"
_ORDER = {b"\x4d\x3c\x2b\x1a": "<", b"\x1a\x2b\x3c\x4d": ">"}
_INTERFACE, _OLD_PACKET, _SIMPLE_PACKET, _PACKET = 1, 2, 3, 6


@dataclass(slots=True)
class _Source:
    """The bytes of a file, piece by piece; what breaks in reading ends them and is said."""

    file: Pieces
    name: str
    tell: Tell
    buffer: bytes = b""
    at: int = 0
    before: int = 0
    """Bytes of the file before the buffer."""
    ended: bool = False
    size: int | None = None
    """Bytes of the file, where they are the capture's own."""

    def more(self) -> bool:
        """Read on, dropping what is behind `at`; False at the end."""
        if self.ended:
            return False
        try:
            piece = self.file.read1(PIECE)  # what there is: of a packed file cut short, all of it
        except BROKEN as error:
            if not self.before and not self.buffer:
                raise EvidenceError(f"{self.name}: byte 0: cannot be unpacked or read ({error})") from error
            self.problem(f"cannot be unpacked or read any further ({error})", self.before + len(self.buffer))
            piece = b""
        self.ended = not piece
        self.before += self.at
        self.buffer = self.buffer[self.at :] + piece
        self.at = 0
        return not self.ended

    def need(self, size: int) -> bool:
        """Make `size` bytes available behind `at`; False where the file ends before."""
        while len(self.buffer) - self.at < size:
            if not self.more():
                return False
        return True

    def problem(self, what: str, place: int | None = None) -> None:
        """Say what is wrong, and where; the place is counted in unpacked bytes."""
        here = self.before + self.at if place is None else place
        self.tell(Problem(self.name, f"byte {here}", f"{what}; everything before it is kept"))

    def damaged(self, what: str) -> None:
        """Say that nothing from here on can be read, and how much that is where the file is not packed."""
        left = self.size - self.before - self.at if self.size is not None else 0
        self.problem(f"{what}, and {left} bytes from here on are left out" if left > 0 else what)


def records(path: Path, tell: Tell) -> Iterator[Record]:
    """Yield the packets of a capture in file order. EvidenceError when it is no capture; OSError as from open."""
    with path.open("rb") as file:
        yield from records_of(file, path.name, tell)


def records_of(file: BinaryIO, name: str, tell: Tell) -> Iterator[Record]:
    """Yield the packets of a capture that is open already."""
    size = file.seek(0, SEEK_END)
    file.seek(0)
    content = opened(file, name)
    yield from _records(_Source(content, name, tell, size=size if content is cast("Pieces", file) else None))


def _records(source: _Source) -> Iterator[Record]:
    source.need(28)
    magic = source.buffer[:4]
    if magic in _CLASSIC:
        if len(source.buffer) < 24:
            source.problem("the file ends within its own head", 0)
            return
        yield from _classic(source, *_CLASSIC[magic])
    elif magic == _SECTION:
        yield from _Blocks(source).records()
    else:
        raise EvidenceError(
            f"{source.name}: byte 0: begins with {magic.hex() or 'nothing'}, which no capture does; "
            "give a pcap or pcapng file as tcpdump or Wireshark write it, plain or packed (gzip, zstd, xz, bzip2); "
            "editcap -F pcap makes one of other kinds"
        )


def _classic(source: _Source, order: str, unit: float, head: int) -> Iterator[Record]:
    """Yield the packets of a pcap file, and of others that somebody put behind it (`cat *.pcap`)."""
    start = source.buffer[:8]
    while True:
        link = int(struct.unpack_from(f"{order}I", source.buffer, source.at + 20)[0]) & 0xFFFF
        source.at += 24
        yield from _packets(source, link, struct.Struct(f"{order}IIII").unpack_from, unit, head, start)
        if not source.need(24) or not source.buffer.startswith(start, source.at):
            return


def _packets(
    source: _Source, link: int, unpack: _Unpack, unit: float, head: int, start: bytes
) -> Iterator[Record]:
    """Yield packets until the file ends, is damaged or begins anew; `start` is how it began."""
    (anew, version, _, _) = unpack(start + bytes(8), 0)
    while True:
        buffer, at, size = source.buffer, source.at, len(source.buffer)
        while at + head <= size:
            seconds, fraction, kept, length = unpack(buffer, at)
            begin = at + head
            if seconds == anew and fraction == version:
                source.at = at
                return
            if kept > LARGEST:
                source.at = at
                source.damaged(f"a packet of {kept} bytes is announced: the file is damaged here")
                source.at = len(source.buffer)
                source.ended = True
                return
            if begin + kept > size:
                break
            at = begin + kept
            yield seconds + fraction * unit, link, buffer, begin, at, kept < length
        source.at = at
        if not source.more():
            break
    if len(source.buffer) > source.at:
        source.problem("the file ends in the middle of a packet")
        source.at = len(source.buffer)


@dataclass(slots=True)
class _Blocks:
    """A pcapng file: blocks in sections, each section with its byte order and interfaces."""

    source: _Source
    order: str = "<"
    interfaces: list[tuple[int, float]] = field(default_factory=list)
    """Link type, and seconds in one unit of its clock."""

    def records(self) -> Iterator[Record]:
        """Yield the packets of all blocks until the form ends."""
        source = self.source
        while source.need(12):
            if source.buffer[source.at : source.at + 4] == _SECTION and not self._section():
                return
            kind, length = struct.unpack_from(f"{self.order}II", source.buffer, source.at)
            if length < 12 or length % 4 or length > 16 * LARGEST:
                source.damaged(f"a block of {length} bytes is announced: the file is damaged here")
                return
            if not source.need(length):
                break
            begin, end = source.at + 8, source.at + length - 4
            if kind == _INTERFACE and end - begin >= 8:
                self.interfaces.append(self._interface(source.buffer[begin:end]))
            elif (found := self._packet(kind, begin, end)) is not None:
                yield found
            source.at = end + 4
        if len(source.buffer) > source.at:
            source.problem("the file ends in the middle of a block")

    def _section(self) -> bool:
        at = self.source.at
        order = _ORDER.get(self.source.buffer[at + 8 : at + 12])
        if order is None:
            self.source.damaged("a section begins without its byte-order mark: the file is damaged here")
            return False
        self.order, self.interfaces = order, []
        return True

    def _interface(self, body: bytes) -> tuple[int, float]:
        link = struct.unpack_from(f"{self.order}H", body)[0]
        at, unit = 8, 1e-6
        while at + 4 <= len(body):
            code, size = struct.unpack_from(f"{self.order}HH", body, at)
            if code == 9 and size >= 1 and at + 4 < len(body):  # if_tsresol
                exponent = body[at + 4]
                unit = 2.0 ** -(exponent & 0x7F) if exponent & 0x80 else 10.0**-exponent
            if code == 0:
                break
            at += 4 + size + (-size % 4)
        return int(link), unit

    def _packet(self, kind: int, begin: int, end: int) -> Record | None:
        buffer = self.source.buffer
        if kind == _PACKET and end - begin >= 20:
            number, high, low, kept, length = struct.unpack_from(f"{self.order}IIIII", buffer, begin)
            begin += 20
        elif kind == _OLD_PACKET and end - begin >= 20:
            number, _, high, low, kept, length = struct.unpack_from(f"{self.order}HHIIII", buffer, begin)
            begin += 20
        elif kind == _SIMPLE_PACKET and end - begin >= 4:
            (length,) = struct.unpack_from(f"{self.order}I", buffer, begin)
            number, high, low, begin = 0, 0, 0, begin + 4
            kept = min(length, end - begin)
        else:
            return None
        if number >= len(self.interfaces) or begin + kept > end:
            self.source.problem("a packet block contradicts itself or names no interface; it is left out")
            return None
        link, unit = self.interfaces[number]
        return ((high << 32) + low) * unit, link, buffer, begin, begin + kept, kept < length
