"""The TCP connections of a capture, in bounded memory: which are followed, which side asks, which are known enough.

A connection of which enough is known is marked, so that the packets of its video cost one look-up each; one that was
given up is forgotten, and joined again at the next message. Source: RFC 9293.
"""

from collections.abc import Callable

from auditor.intake import sides
from auditor.intake.messages import BODY
from auditor.intake.talks import HEAD, Conversation, Pair, Side, Talk, turned
from auditor.intake.tally import Tally

MOST_OPEN = 4_096
MOST_KNOWN = 262_144
MOST_BYTES = 48 * 1024 * 1024
LARGEST_TALK = 4 * (HEAD + BODY) + 2 * 1024 * 1024
"""Bytes one connection may hold, waiting segments included."""
_IDLE = 5.0
"""Seconds of silence after which a connection that goes on counts as one of the newest again."""

FIN, SYN, RST, ACK = 0x01, 0x02, 0x04, 0x10


class Streams:
    """The connections of one capture. `known` maps a direction's key to its side, or None when enough is known."""

    def __init__(self, tally: Callable[[], Tally] | None = None) -> None:
        unheard = Tally("")
        self._tally = tally or (lambda: unheard)
        self.known: dict[bytes, Side | None] = {}
        self.ready: list[Pair | Conversation] = []
        """Answers, and conversations of which enough is known, for the caller to take away."""
        self._open: dict[bytes, Talk] = {}
        self._bytes = 0

    def segment(self, key: bytes, flags: int, number: int, ack: int, part: bytes, at: float) -> None:
        """Take a segment that has data or one of SYN, FIN and RST."""
        if flags & SYN:
            self._opened(key, flags, number, ack, at)
            return
        side = self.known.get(key)
        if side is None:
            side = self._joined(key, part, at) if part and key not in self.known else None
        if side is None:
            return
        talk = side.talk
        talk.tally_then = self._tally()
        if part:
            side.take(
                number, part, ack if flags & ACK and ack else None, at
            )  # 0 is what a program writes that does not know it
        if flags & FIN:
            side.fin = side.place(number) + len(part)
        if part or flags & FIN:
            talk.go_on()
        self._count(talk, at)
        if self._is_over(side, flags):
            self._close(talk, is_closed=not flags & RST)
        elif talk.held > LARGEST_TALK:
            self._give_up(talk)
        while self._bytes > MOST_BYTES and self._open:
            self._give_up(next(iter(self._open.values())))

    def finish(self, before: float | None = None) -> None:
        """Make what is known of open connections ready: of all, or of those silent since a moment."""
        for talk in list(self._open.values()):
            if before is None:
                self._close(talk, is_closed=False)
            elif talk.last < before:
                self._close(talk, is_closed=False)
                self._forget(talk)

    def _opened(self, key: bytes, flags: int, number: int, ack: int, at: float) -> None:
        side = self.known.get(key)
        following = (number + 1) & 0xFFFFFFFF
        is_late = side is not None and side.at is not None and 0 <= side.at - side.place(following) < HEAD
        if side is not None and side.at is not None and not is_late and not flags & ACK:
            self._close(side.talk, is_closed=False)  # the same ports again: another connection
            side = None
        if side is None:
            side = self._begin(key, at, is_client=not flags & ACK, from_start=True)
        if side.at is None:
            side.begin(following)
        if flags & ACK and ack and side.peer.at is None:
            side.peer.begin(ack)
        side.talk.go_on()

    def _joined(self, key: bytes, part: bytes, at: float) -> Side | None:
        """Join a conversation midway, where what is said tells who says it."""
        speaker = sides.speaker(part, key)
        if speaker is None:
            return None
        return self._begin(key, at, is_client=speaker is sides.Speaker.CLIENT, from_start=False)

    def _begin(self, key: bytes, at: float, *, is_client: bool, from_start: bool) -> Side:
        talk = Talk(
            key if is_client else turned(key),
            at,
            self._tally(),
            self._heard,
            seen_from_start=from_start,
        )
        self.known[talk.client.key], self.known[talk.server.key] = talk.client, talk.server
        self._open[talk.key] = talk
        if len(self._open) > MOST_OPEN:
            self._give_up(next(iter(self._open.values())))
        if len(self.known) > MOST_KNOWN:
            for old in [name for name, one in self.known.items() if one is None][: MOST_KNOWN // 4]:
                del self.known[old]
        return talk.client if is_client else talk.server

    def _heard(self, pair: Pair) -> None:
        self.ready.append(pair)

    def _count(self, talk: Talk, at: float) -> None:
        held = talk.held
        self._bytes += held - talk.counted
        talk.counted = held
        if at - talk.last > _IDLE:
            self._open[talk.key] = self._open.pop(talk.key)
        talk.last = max(at, talk.last)

    def _is_over(self, side: Side, flags: int) -> bool:
        server = side.talk.server
        return (
            bool(flags & RST)
            or (server.fin is not None and server.at == server.fin)
            or server.has_enough
            or side.has_enough
        )

    def _close(self, talk: Talk, *, is_closed: bool) -> None:
        """Make a connection's conversation ready and keep nothing of it but that it is known."""
        self._open.pop(talk.key, None)
        self.known[talk.client.key] = self.known[talk.server.key] = None
        self._bytes -= talk.counted
        said = talk.end(is_closed=is_closed)
        if said is not None:
            told = sides.told(said)
            if told is None:
                talk.tally().sideless += 1
            else:
                self.ready.append(told)

    def _give_up(self, talk: Talk) -> None:
        if any(side.reader is not None and side.reader.held for side in (talk.client, talk.server)):
            talk.tally().given_up += 1
        self._close(talk, is_closed=False)
        self._forget(talk)

    def _forget(self, talk: Talk) -> None:
        self.known.pop(talk.client.key, None)
        self.known.pop(talk.server.key, None)
