"""One TCP connection: what both sides say, in the order in which it must have been said, whatever order it was caught in.

Each segment tells what its sender had heard by then. A segment waits until that is there, and until everything its
sender said before is; what never comes is given up as a gap. Waiting costs nothing, since nobody answers a file.
Source: RFC 9293 sections 3.4 and 3.10.7.4.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from auditor.intake.answers import Answers
from auditor.intake.messages import Message, Reader, is_start, may_be_start
from auditor.intake.tally import Tally

HEAD = 65_536
"""Bytes kept of the beginning of what one side says, where it is not made of messages."""
MOST_WAITING = 48
"""Segments of one side that wait for something missing before it is given up."""
_FARTHEST = 0x40000000
"""No window is larger. Source: RFC 7323 section 2.3."""
_HALF, _ALL = 0x80000000, 0x100000000
_BLANK = b"\r\n\x00 "


class Segment(NamedTuple):
    """Bytes of one side: their place in its stream, and how far it had heard the other, where it says so."""

    at: int
    part: bytes
    ack: int | None
    when: float

    @property
    def end(self) -> int:
        """The place behind the last byte."""
        return self.at + len(self.part)


@dataclass(slots=True, eq=False)
class Standing:
    """What readers must remember of a connection from one answer to the next."""

    is_in: bool = False
    """Somebody has shown a login."""
    is_tunnel: bool = False
    """A proxy was asked to pass everything on: what is said from then on is another's."""


@dataclass(frozen=True, slots=True)
class Pair:
    """An answer and the question it surely answers; or a message of SIP, where either side asks."""

    key: bytes
    """Client address, server address, client port, server port, as in the packets."""
    answer: Message
    request: Message | None
    standing: Standing
    by_client: bool = False


@dataclass(frozen=True, slots=True)
class Conversation:
    """The beginnings of a connection that is not made of messages: who asked whom, and what each said first."""

    key: bytes
    began: float
    asked: bytes
    said: bytes
    sure: bool
    """Who asked is known, from the connection's beginning or from what was said."""


@dataclass(slots=True, eq=False)
class Side:
    """One end of a connection."""

    key: bytes
    talk: "Talk"
    is_client: bool
    at: int | None = None
    """The place of the next byte: sequence numbers that go on counting."""
    waiting: dict[int, Segment] = field(default_factory=dict)
    waits: int = 0
    """Bytes that wait."""
    fin: int | None = None
    first: bytearray = field(default_factory=bytearray)
    """What it said first, unless it says messages."""
    whole: bool = True
    """Nothing of `first` is missing."""
    says_messages: bool | None = None
    reader: Reader | None = None
    _may_have_ended: bool = False
    """One byte is missing, which may be an end that was not caught."""
    _passed: int = 0
    """Bytes that went by without a message."""

    @property
    def peer(self) -> "Side":
        """The other end."""
        return self.talk.server if self.is_client else self.talk.client

    @property
    def held(self) -> int:
        """How many bytes are held."""
        return self.waits + len(self.first) + (self.reader.held if self.reader else 0)

    def place(self, number: int) -> int:
        """Return the place a sequence number means: the one nearest to where this side is."""
        if self.at is None:
            return number
        ahead = (number - self.at) & 0xFFFFFFFF
        return self.at + (ahead if ahead < _HALF else ahead - _ALL)

    def take(self, number: int, part: bytes, ack: int | None, when: float) -> None:
        """Take a segment as it was caught."""
        if self.at is None and not self.talk.from_start:
            self.begin(number)
        segment = Segment(self.place(number), part, ack, when)
        if ack is not None and self.peer.at is None and (segment.at == self.at or not self.talk.from_start):
            self.peer.begin(ack)
        if self.at is not None and not self.at - len(part) < segment.at <= self.at + _FARTHEST:
            return
        if not self.waiting and segment.at == self.at and self._is_due(segment):
            self._deliver(segment)
            return
        known = self.waiting.get(segment.at)
        if known is None or len(known.part) < len(part):
            self.waiting[segment.at] = segment
            self.waits += len(part) - (len(known.part) if known else 0)

    def begin(self, at: int) -> None:
        """Begin at a place, now that it is known."""
        self.at = at
        waiting, self.waiting = self.waiting, {}
        for segment in waiting.values():
            place = self.place(segment.at)
            self.waiting[place] = segment._replace(at=place)

    def heard(self, segment: Segment) -> int | None:
        """Return the place of the other side that a segment's sender had heard everything before."""
        peer = self.peer
        if segment.ack is None or peer.at is None:
            return None
        place = peer.place(segment.ack)
        return place if place <= peer.at + _FARTHEST else None

    def lowest(self) -> Segment | None:
        """Return the first of the segments that wait."""
        return self.waiting[min(self.waiting)] if self.waiting else None

    def go_on(self) -> bool:
        """Deliver what is due of what waits; tell whether anything was."""
        moved = False
        while self.at is not None and (segment := self.lowest()) is not None:
            if segment.end > self.at and (segment.at > self.at or not self._is_due(segment)):
                break
            del self.waiting[segment.at]
            self.waits -= len(segment.part)
            if segment.end > self.at:
                part = segment.part[self.at - segment.at :]
                self._deliver(segment._replace(at=self.at, part=part))
            moved = True
        return moved

    def lose(self, to: int) -> bool:
        """Give up what is missing before a place; tell whether anything was."""
        assert self.at is not None
        size = to - self.at
        if size <= 0:
            return False
        self.at = to
        if size > 1:
            self._count(size)
        else:
            self._may_have_ended = True
        self.whole = False
        if self.reader is not None:
            self.reader.lost(size)
        else:
            self.doubt()
        return True

    def doubt(self) -> None:
        """Take note that a question or an answer may be missing here."""
        self.talk.answers.unsure(self.peer.at if self.is_client else None)

    def _count(self, size: int) -> None:
        tally = self.talk.tally()
        tally.gaps += 1
        tally.missing += size

    def end(self, *, is_closed: bool) -> None:
        """Take note that nothing more comes."""
        if self.fin is not None and self.at is not None and self.at < self.fin <= self.at + _FARTHEST:
            self.lose(self.fin)
        if self.reader is not None:
            self.reader.end(is_closed=is_closed and self.at == self.fin)

    @property
    def has_enough(self) -> bool:
        """Nothing more of this side is worth reading."""
        return self.reader.enough if self.reader is not None else self._passed >= HEAD

    def _is_due(self, segment: Segment) -> bool:
        """Tell whether everything its sender had heard by then is there; an end counts as one byte more."""
        place, peer = self.heard(segment), self.peer
        return place is None or peer.at is None or place <= peer.at + (peer.fin == peer.at)

    def _deliver(self, segment: Segment) -> None:
        self.at = segment.end
        if self._may_have_ended:
            self._may_have_ended = False
            self._count(1)
        if self.reader is not None:
            self.reader.feed(segment.at, segment.part, self.heard(segment), segment.when)
            return
        self._passed += len(segment.part)
        if self.says_messages is None:
            self._decide(segment)
        elif self.whole:
            self.first += segment.part[: HEAD - len(self.first)]

    def _decide(self, segment: Segment) -> None:
        """Tell by the first bytes whether this side says messages; behind a gap by those of each segment."""
        self.first = self.first + segment.part if self.whole else bytearray(segment.part)
        text = self.first.lstrip(_BLANK)
        if is_start(text):
            first, self.first, self.says_messages = bytes(self.first), bytearray(), True
            self.reader = self.talk.reader(self)
            self.reader.feed(segment.end - len(first), first, self.heard(segment), segment.when)
        elif not self.whole:
            self.first.clear()
        elif text and not may_be_start(text):
            self.says_messages = False


class Talk:
    """Both sides of a connection. Pairs are handed to `heard` as they become known."""

    def __init__(
        self,
        key: bytes,
        began: float,
        tally: Tally,
        heard: Callable[[Pair], None],
        *,
        seen_from_start: bool,
    ) -> None:
        self.key, self.began, self.last = key, began, began
        self.tally_then = tally
        """The counts of the file with the newest packet of this connection."""
        self.from_start = seen_from_start
        self.answers = Answers(sure=seen_from_start)
        self.standing = Standing()
        self.client = Side(key, self, is_client=True)
        self.server = Side(turned(key), self, is_client=False)
        self.counted = 0
        self._doubted: Message | None = None
        self._heard = heard

    @property
    def held(self) -> int:
        """How many bytes are held."""
        return self.client.held + self.server.held

    def tally(self) -> Tally:
        """Return the counts of the file whose packets show what is counted."""
        return self.tally_then

    def reader(self, side: Side) -> Reader:
        """Return a reader for a side that says messages."""
        begun = self._begun_by_client if side.is_client else self._begun_by_server
        ended = self._ended_by_client if side.is_client else self._ended_by_server
        return Reader(self.tally, begun, ended, side.doubt)

    def go_on(self, *, force: bool = False) -> None:
        """Deliver what is due; where too much waits, or by force, give up what it waits for."""
        client, server = self.client, self.server
        while client.waiting or server.waiting:
            if client.go_on() or server.go_on():
                continue
            too_many = len(client.waiting) > MOST_WAITING or len(server.waiting) > MOST_WAITING
            if not (force or too_many):
                return
            self._give_up()

    def end(self, *, is_closed: bool) -> Conversation | None:
        """End both sides; return the beginnings of a connection that was not made of messages."""
        self.go_on(force=True)
        self.client.end(is_closed=is_closed)
        self.server.end(is_closed=is_closed)
        self._release()
        if not self.server.first and not self.client.first:
            return None
        return Conversation(
            self.key, self.began, bytes(self.client.first), bytes(self.server.first), sure=self.from_start
        )

    def _give_up(self) -> None:
        """Give up what the segment that was said first waits for: something of its own side, or what it had heard."""
        side = self._first_to_speak()
        segment, other = side.lowest(), side.peer.lowest()
        assert segment is not None
        if side.at is None:
            side.begin(segment.at)
            self.answers.unsure()
            return
        heard = side.heard(segment)
        moved = heard is not None and side.peer.lose(min(heard, other.at) if other else heard)
        if not (side.lose(segment.at) or moved):
            # Each had heard what the other had not said yet: damage, or somebody's joke.
            side.waiting[segment.at] = segment._replace(ack=None)

    def _first_to_speak(self) -> Side:
        """Return the side whose waiting segment was said before the other's."""
        ours, theirs = self.client.lowest(), self.server.lowest()
        if ours is None or theirs is None:
            return self.client if theirs is None else self.server
        our_heard, their_heard = self.client.heard(ours), self.server.heard(theirs)
        if our_heard is None or our_heard <= theirs.at:
            return self.client
        is_theirs = their_heard is None or their_heard <= ours.at or theirs.when < ours.when
        return self.server if is_theirs else self.client

    def _begun_by_client(self, message: Message) -> None:
        if not message.is_answer and not message.is_sip:
            self.answers.asked(message)
            self._release()

    def _begun_by_server(self, message: Message) -> None:
        if message.is_answer and not message.is_sip:
            message.request = self.answers.answered(message)
            message.is_inferred = message.request is not None and self.answers.is_inferred
            if not message.is_interim:
                self._release()

    def _ended_by_client(self, message: Message) -> None:
        if message.is_sip:
            self._heard(Pair(self.key, message, None, self.standing, by_client=True))

    def _ended_by_server(self, message: Message) -> None:
        if message.is_sip:
            self._heard(Pair(self.key, message, None, self.standing))
        elif message.is_answer and not message.is_interim:
            self._release()
            self._doubted = message
            if not message.is_inferred:
                self._release()

    def _release(self) -> None:
        """Hand over an answer that waited to see whether its question is really its own."""
        answer, self._doubted = self._doubted, None
        if answer is None:
            return
        if answer.is_inferred and self.answers.is_refuted:
            answer.request = None
        if answer.request is None:
            self.tally().unasked += 1
        self._heard(Pair(self.key, answer, answer.request, self.standing))


def turned(key: bytes) -> bytes:
    """Return the other direction's key: addresses swapped, ports swapped."""
    size = (len(key) - 4) // 2
    return key[size : 2 * size] + key[:size] + key[-2:] + key[-4:-2]
