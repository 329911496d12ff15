"""What reads captures, as targets for the fuzzer: files, packets within packets, segments of a connection, messages."""

import io
import itertools
from collections.abc import Callable, Iterator
from contextlib import suppress

from auditor.intake import EvidenceError
from auditor.intake.capture import Dissector
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
    feeds: dict[str, Callable[[bytes], None]] = {"capture_file": _file, "wrapping": _frames, "streams": _segments, "messages": _messages}
    yield from (Target(f"auditor.intake.{name}", feed) for name, feed in feeds.items())


def _file(data: bytes) -> None:
    """Read bytes as a file, and as what follows the head of one."""
    for head in (b"", b"\xd4\xc3\xb2\xa1\x02\x00\x04\x00" + bytes(12) + b"\x01\x00\x00\x00"):
        with suppress(EvidenceError):
            for record in records_of(io.BytesIO(head + data), "x", lambda _: None):
                if not 0 <= record[3] <= record[4] <= len(record[2]):
                    raise AssertionError(record[3:])


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
