"""An answer that stops coming has come to its end; one that keeps coming has not."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from auditor.model import Exchange, Status
from auditor.net.lateness import Lateness
from auditor.net.listening import listen
from auditor.net.talk import QUIET, Talk
from auditor.wire import http

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n"
PAGE = b"<html></html>"
LONG = 3 * QUIET


@dataclass
class Script:
    """Stands where a connection is expected: says its pieces, waits its numbers, then stays open."""

    pieces: list[bytes | float]

    async def read(self) -> bytes:
        while self.pieces:
            piece = self.pieces.pop(0)
            if isinstance(piece, bytes):
                return piece
            await asyncio.sleep(piece)
        await asyncio.Event().wait()
        return b""

    async def write(self, data: bytes) -> None:
        raise AssertionError("listening sends nothing")

    def close(self) -> None:
        raise AssertionError("listening closes nothing")


@pytest.fixture
def heard(in_virtual_time: Callable[[Any], float]) -> Callable[..., tuple[Talk, float]]:
    def run(*pieces: bytes | float, deadline: float = LONG) -> tuple[Talk, float]:
        talk = Talk(65_536, connected=True)

        async def work() -> None:
            loop = asyncio.get_running_loop()
            try:
                async with asyncio.timeout(deadline):
                    stream = Script(list(pieces))
                    await listen(stream, talk, http.is_complete, monotonic=loop.time, lateness=Lateness())
            except TimeoutError:
                talk.late(deadline, loop.time())

        return talk, in_virtual_time(work)

    return run


@pytest.mark.parametrize("head", [HEAD % 22, HEAD.replace(b"Content-Length: %d\r\n", b"")])
def test_a_length_too_large_or_a_connection_left_open_costs_a_moment(heard: Any, head: bytes) -> None:
    talk, seconds = heard(head, PAGE)
    assert (talk.outcome, bytes(talk.heard)) == (Status.ANSWERED, head + PAGE)
    assert talk.detail == f"nothing more came for {QUIET:.0f} s"
    assert seconds == pytest.approx(QUIET, abs=0.1)


def test_a_body_that_pauses_for_less_is_read_to_its_end(heard: Any) -> None:
    talk, _ = heard(HEAD % 13, PAGE[:7], QUIET - 0.1, PAGE[7:])
    assert (bytes(talk.heard), talk.detail) == (HEAD % 13 + PAGE, "")


def test_a_page_that_is_made_slowly_is_waited_for_after_its_head(heard: Any) -> None:
    talk, _ = heard(HEAD % 13, LONG - 0.1, PAGE)
    assert (bytes(talk.heard), talk.detail) == (HEAD % 13 + PAGE, "")


def test_a_head_alone_is_not_still_coming_when_the_deadline_passes(heard: Any) -> None:
    talk, seconds = heard(HEAD % 13)
    assert (talk.outcome, talk.detail) == (Status.ANSWERED, f"nothing more came for {LONG:.0f} s")
    assert seconds == pytest.approx(LONG, abs=0.1)


def test_what_drips_is_still_coming_when_the_deadline_passes(heard: Any) -> None:
    talk, _ = heard(*[part for _ in range(20) for part in (b"\0", 1.0)])
    assert talk.detail == f"deadline of {LONG:g} s"


def test_silence_has_no_answer_that_could_stop(heard: Any) -> None:
    talk, _ = heard()
    assert (talk.outcome, talk.detail) == (Status.SILENT, f"no word within {LONG:g} s")


def test_a_server_that_announces_nine_bytes_too_many_is_left_early(bench: Any, serve: Any, ask: Any) -> None:
    said = HEAD % (len(PAGE) + 9) + PAGE

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1000)
        writer.write(said)
        await writer.drain()
        await asyncio.sleep(10)

    async def main() -> Exchange:
        async with serve(handler) as port:
            made: Exchange = await ask(bench().line(port), done=http.is_complete, deadline=8)
            return made

    began = time.monotonic()
    made = asyncio.run(main())
    assert (made.status, made.reply) == (Status.ANSWERED, said)
    assert time.monotonic() - began < 6
