"""Talks made at random, then joined midway, thinned out, disordered and doubled: no answer under another's question."""

import random

import pytest

from auditor.intake.streams import ACK, FIN, SYN, Streams
from auditor.intake.talks import Pair
from tests.intake.dialogue import get, reply

VIEWER = b"\xc0\x00\x02\x63\xc0\x00\x02\x0a\x9c\x40\x00\x50"
CAMERA = b"\xc0\x00\x02\x0a\xc0\x00\x02\x63\x00\x50\x9c\x40"
Caught = tuple[bytes, int, int, int, bytes]
"""Key, flags, number, acknowledged, content."""


class Talk:
    """A connection with some questions, in segments of odd sizes; each answer names its question in its Server line."""

    def __init__(self, chance: random.Random, *, ahead: bool) -> None:
        self.chance = chance
        self.at = {VIEWER: chance.randrange(2**32), CAMERA: chance.randrange(2**32)}
        self.caught: list[Caught] = []
        self.questions = 0
        self._say(VIEWER, SYN)
        self._say(CAMERA, SYN | ACK)
        for _ in range(chance.randrange(1, 9)):
            group = [self._ask() for _ in range(chance.choice((1, 2, 3)) if ahead else 1)]
            for number, verb in group:
                self._answer(number, verb)
        self._say(CAMERA, FIN | ACK)

    def _say(self, side: bytes, flags: int, part: bytes = b"") -> None:
        other = CAMERA if side is VIEWER else VIEWER
        self.caught.append((side, flags, self.at[side], self.at[other] if flags & ACK else 0, part))
        self.at[side] = (self.at[side] + len(part) + bool(flags & SYN)) % 2**32

    def _all(self, side: bytes, said: bytes) -> None:
        size = (
            self.chance.choice((1, 7, 100, 1400, 1400, 1400))
            if len(said) < 300
            else self.chance.choice((500, 1400))
        )
        for at in range(0, len(said), size):
            self._say(side, ACK, said[at : at + size])

    def _ask(self) -> tuple[int, str]:
        number, verb = self.questions, self.chance.choice(("GET", "GET", "HEAD", "POST"))
        self.questions += 1
        body = b"k" * self.chance.choice((3, 2000)) if verb == "POST" else b""
        self._all(VIEWER, get(f"/{number}", verb, f"Content-Length: {len(body)}\r\n" if body else "") + body)
        return number, verb

    def _answer(self, number: int, verb: str) -> None:
        kind, body = self.chance.random(), b"<p>" + bytes(self.chance.choices(b"ab\n <>", k=self.chance.choice((0, 10, 3000))))  # fmt: skip
        name = f"/{number}"
        if kind < 0.1:
            self._all(CAMERA, b"HTTP/1.1 100 Continue\r\n\r\n")
        if verb == "HEAD":
            self._all(CAMERA, reply(b"x" * 300, server=name)[:-300])
        elif kind < 0.2:
            self._all(CAMERA, reply(b"x" * 300, "304 Not Modified", server=name)[:-300])
        elif kind < 0.4:
            head = f"HTTP/1.1 200 OK\r\nServer: {name}\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
            chunks = (body[at : at + 700] for at in range(0, len(body), 700))
            self._all(
                CAMERA, head + b"".join(b"%x\r\n%b\r\n" % (len(one), one) for one in chunks) + b"0\r\n\r\n"
            )
        else:
            self._all(CAMERA, reply(body, server=name))


def spoilt(caught: list[Caught], chance: random.Random) -> list[Caught]:
    """Return what a bad recording has of a talk."""
    if chance.random() < 0.4:
        caught = caught[chance.randrange(len(caught)) :]
    share = chance.choice((0, 0.01, 0.05, 0.2))
    caught = [one for one in caught if chance.random() > share]
    reach = chance.choice((0, 0, 1, 3, 8))
    order = sorted(range(len(caught)), key=lambda at: at + chance.uniform(0, reach))
    caught = [caught[at] for at in order]
    for _ in range(3 if caught and chance.random() < 0.4 else 0):
        at = chance.randrange(len(caught))
        caught.insert(min(len(caught), at + chance.randrange(12)), caught[at])
    return caught


def read(caught: list[Caught]) -> tuple[list[tuple[str, str]], int]:
    """Return for each answer with a question the names of both, and how many answers have none."""
    streams = Streams()
    for number, one in enumerate(caught):
        key, flags, at, ack, part = one
        streams.segment(key, flags, at, ack, part, float(number))
    streams.finish()
    pairs = [one for one in streams.ready if isinstance(one, Pair)]
    named = [
        (one.request.first_line.split()[1].decode(), one.answer.header("server"))
        for one in pairs
        if one.request is not None and one.answer.header("server")
    ]
    return named, sum(one.request is None for one in pairs)


@pytest.mark.parametrize("ahead", [False, True])
def test_of_a_whole_recording_every_answer_is_paired(ahead: bool) -> None:
    for seed in range(60):
        talk = Talk(random.Random(seed), ahead=ahead)
        named, without = read(talk.caught)
        assert named == [(f"/{number}", f"/{number}") for number in range(talk.questions)], seed
        assert without == 0


def test_no_answer_is_ever_paired_with_another_question() -> None:
    asked = found = 0
    for seed in range(500):
        chance = random.Random(seed)
        talk = Talk(chance, ahead=False)
        named, _ = read(spoilt(talk.caught, chance))
        assert all(question == answer for question, answer in named), (seed, named)
        asked, found = asked + talk.questions, found + len(named)
    assert found > asked * 0.5


def test_disorder_alone_loses_nothing() -> None:
    for seed in range(100):
        chance = random.Random(seed)
        talk = Talk(chance, ahead=False)
        order = sorted(range(2, len(talk.caught)), key=lambda at: at + chance.uniform(0, 6))
        named, _ = read([talk.caught[at] for at in (0, 1, *order)])
        assert sorted(named) == sorted((f"/{number}", f"/{number}") for number in range(talk.questions)), seed
