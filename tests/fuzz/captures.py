"""What reads captures, as targets for the fuzzer: files, packets within packets, segments of a connection, messages."""

import io
import itertools
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path

from auditor.intake import EvidenceError
from auditor.intake.capture import Dissector, read_together
from auditor.intake.capture_file import records_of
from auditor.intake.frames import LINKS
from auditor.intake.messages import BODY, Message, Reader
from auditor.intake.streams import MOST_BYTES, Streams
from auditor.intake.talks import Pair
from auditor.intake.tally import Tally
from tests.fuzz.target import Target

_KEYS = (
    b"\xc0\x00\x02\x63\xc0\x00\x02\x0a\x9c\x40\x00\x50",
    b"\xc0\x00\x02\x0a\xc0\x00\x02\x63\x00\x50\x9c\x40",
)
_LINKS = (*sorted(LINKS), 105)


def targets() -> Iterator[Target]:
    """Yield the targets, each named by what it reads."""
    yield Target("auditor.intake.capture_file", _file, lambda: (_capture(), *_frames_of_a_talk()))
    yield Target(
        "auditor.intake.wrapping",
        _frames,
        lambda: (b"\0" + b"".join(map(_sized, _frames_of_a_talk())), *map(_wrapped, _ETHERTYPES)),
    )
    yield Target("auditor.intake.ring", _ring, lambda: (_capture(),))
    yield Target("auditor.intake.streams", _segments)
    yield Target("auditor.intake.messages", _messages)


def _packet(sender: bytes, ports: bytes, sequence: int, heard: int, flags: int, content: bytes) -> bytes:
    """Return an Ethernet frame with a segment between 192.0.2.10 and .99; a sender is the last byte of its address."""
    other = b"\x63" if sender == b"\x0a" else b"\x0a"
    segment = (
        ports
        + sequence.to_bytes(4, "big")
        + heard.to_bytes(4, "big")
        + bytes((0x50, flags))
        + b"\xff\xff"
        + bytes(4)
        + content
    )
    head = (
        b"\x45\0"
        + (20 + len(segment)).to_bytes(2, "big")
        + bytes(4)
        + b"\x40\x06\0\0"
        + b"\xc0\0\x02"
        + sender
        + b"\xc0\0\x02"
        + other
    )
    return b"\x02\0\0\0\0" + other + b"\x02\0\0\0\0" + sender + b"\x08\0" + head + segment


def _frames_of_a_talk() -> tuple[bytes, ...]:
    there, back = b"\x9c\x40\0\x50", b"\0\x50\x9c\x40"
    asked = b"GET / HTTP/1.1\r\nHost: 192.0.2.10\r\n\r\n"
    said = b"HTTP/1.1 200 OK\r\nServer: App-webs/\r\nContent-Length: 20\r\n\r\n<title>index</title>"
    return (
        _packet(b"\x63", there, 100, 0, 2, b""), _packet(b"\x0a", back, 500, 101, 0x12, b""),
        _packet(b"\x63", there, 101, 501, 0x18, asked), _packet(b"\x0a", back, 501, 101 + len(asked), 0x18, said),
        _packet(b"\x0a", back, 501 + len(said), 101 + len(asked), 0x11, b""),
    )  # fmt: skip


def _sized(frame: bytes) -> bytes:
    return len(frame).to_bytes(2, "big") + frame


_ETHERTYPES = (0x8100, 0x88A8, 0x8847, 0x8864, 0x86DD, 0x0806, 0x88BE, 0x6558, 0x8863)


def _wrapped(kind: int) -> bytes:
    """Return a frame of the talk behind another type of link, as what `_frames` reads."""
    inner = _frames_of_a_talk()[3]
    return b"\0" + _sized(inner[:12] + kind.to_bytes(2, "big") + b"\0\x01\x08\0" + inner[14:])


def _capture() -> bytes:
    head = b"\xd4\xc3\xb2\xa1\x02\x00\x04\x00" + bytes(8) + b"\xff\xff\0\0" + b"\x01\x00\x00\x00"
    # And an answer whose question was not recorded.
    later = _packet(
        b"\x0a", b"\0\x50\x9c\x41", 900, 77, 0x18, b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na"
    )
    return head + b"".join(
        bytes(8) + len(frame).to_bytes(4, "little") * 2 + frame for frame in (*_frames_of_a_talk(), later)
    )


def _file(data: bytes) -> None:
    """Read bytes as a file, and as what follows the head of one."""
    for head in (b"", b"\xd4\xc3\xb2\xa1\x02\x00\x04\x00" + bytes(12) + b"\x01\x00\x00\x00"):
        with suppress(EvidenceError):
            for record in records_of(io.BytesIO(head + data), "x", lambda _: None):
                if not 0 <= record[3] <= record[4] <= len(record[2]):
                    raise AssertionError(record[3:])


@cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory()


def _ring(data: bytes) -> None:
    """Read bytes as one recording, and as two files of it, cut somewhere in the middle."""
    at = 24 + data[len(data) // 2] % 200 if len(data) > 24 else len(data)
    whole, *halves = (Path(_folder().name) / name for name in ("whole.pcap", "a.pcap", "b.pcap"))
    whole.write_bytes(data)
    halves[0].write_bytes(data[:at])
    halves[1].write_bytes(data[:24] + data[at:])
    for paths in ([whole], halves):
        for exchange in read_together(paths, lambda _: None, lambda *_: None):
            if not exchange.device:
                raise AssertionError(exchange)


def _frames(data: bytes) -> None:
    """Read bytes as frames of some link, one behind the other."""
    dissector = Dissector("x", "x")
    link = _LINKS[data[0] % len(_LINKS)] if data else 1
    at = 1
    for number in range(64):
        size = int.from_bytes(data[at : at + 2], "big") % 1600
        frame = data[at + 2 : at + 2 + size]
        dissector.packet((float(number), link, frame, 0, len(frame), False))
        at += 2 + size
        if at >= len(data):
            break
    dissector.packet((99.0, 1, data, 0, len(data), False))
    for exchange in dissector.finish():
        if not exchange.device:
            raise AssertionError(exchange)
    said: list[str] = []
    dissector.tally.tell(lambda problem: said.append(str(problem)))


def _segments(data: bytes) -> None:
    """Read bytes as segments: side and flags, steps of both numbers, length, content."""
    streams = Streams()
    numbers = [1_000, 0xFFFFFFF0]
    at = 0
    for count in itertools.count():
        if at + 5 > len(data) or count > 2_000:
            break
        side, flags = data[at] & 1, (data[at] >> 1 & 0x07) | 0x10
        size = data[at + 4] * 4
        part = data[at + 5 : at + 5 + size]
        step, heard = (int.from_bytes(data[at + 1 + i : at + 2 + i], "big", signed=True) for i in (0, 1))
        number = numbers[side] + (step if data[at + 3] & 1 else 0)
        ack = numbers[1 - side] + (heard if data[at + 3] & 2 else 0)
        streams.segment(
            _KEYS[side], flags & ~(data[at + 3] & 4), number % 2**32, ack % 2**32, part, float(count)
        )
        numbers[side] = (number + len(part)) % 2**32
        at += 5 + size
    streams.finish()
    held = sum(one.held for one in streams.known.values() if one is not None)
    if held > MOST_BYTES:
        raise MemoryError(f"{held} bytes are held")
    for one in streams.ready:
        _check(one)


def _check(one: object) -> None:
    if not isinstance(one, Pair):
        return
    request, answer = one.request, one.answer
    if len(answer.body) > BODY + 1:
        raise MemoryError(f"{len(answer.body)} bytes of a body are kept")
    if request is not None and answer.ack is not None and answer.ack <= request.start:
        raise AssertionError("an answer was given to a question that was not heard yet")


def _messages(data: bytes) -> None:
    """Read bytes as what a server says, in segments, one of the last quarter lost: most is read whatever the size."""
    tally = Tally("x")
    told: list[Message] = []
    reader = Reader(lambda: tally, lambda _: None, told.append, lambda: None)
    size = 1 + (data[0] * 6 if data else 0)
    lost = len(data) // size * 3 // 4
    for number, at in enumerate(range(0, len(data), size)):
        part = data[at : at + size]
        if number == lost:
            reader.lost(len(part))
        else:
            reader.feed(at, part, None, 0.0)
    reader.end(is_closed=True)
    if sum(len(one.bytes) for one in told) > len(data):
        raise AssertionError("more was read than said")
