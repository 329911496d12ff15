"""Silence while our own loop was late is not the device's: the question is put once more, and once only."""

import asyncio
import time
from typing import Any, TypeAlias

from auditor.model import Exchange, Status
from auditor.net import Line
from auditor.net.lateness import TOO_LATE, Lateness
from auditor.wire import http

Reader: TypeAlias = asyncio.StreamReader
Writer: TypeAlias = asyncio.StreamWriter
REPLY = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def asked(
    bench: Any, serve: Any, ask: Any, *, answers_from: int, blocked: float, **options: Any
) -> tuple[Exchange, tuple[Exchange, ...], int]:
    """Ask a server that answers from the so-manieth question on, while our loop stands still for some seconds."""
    asked = 0

    async def handler(reader: Reader, writer: Writer) -> None:
        nonlocal asked
        await reader.read(1000)
        asked += 1
        if asked >= answers_from:
            writer.write(REPLY)
            await writer.drain()
        await asyncio.sleep(2)

    async def main() -> tuple[Exchange, tuple[Exchange, ...], int]:
        async with serve(handler) as port:
            line: Line = bench().line(port)
            if blocked:
                asyncio.get_running_loop().call_later(0.2, time.sleep, blocked)
            made: Exchange = await ask(line, done=http.is_complete, deadline=0.6, **options)
            return made, line.trace, asked

    return asyncio.run(main())


def test_silence_while_we_were_late_is_asked_once_more(bench: Any, serve: Any, ask: Any) -> None:
    made, trace, _ = asked(bench, serve, ask, answers_from=2, blocked=1.2)
    assert (made.status, made.reply) == (Status.ANSWERED, REPLY)
    assert [one.status for one in trace] == [Status.SILENT, Status.ANSWERED]
    assert trace[0].detail.startswith("no word within 0.6 s, ")
    assert trace[0].detail.endswith("late ourselves: asked once more")


def test_it_is_asked_once_more_only(bench: Any, serve: Any, ask: Any) -> None:
    made, trace, count = asked(bench, serve, ask, answers_from=9, blocked=1.2)
    assert (made.status, made.detail) == (Status.SILENT, "no word within 0.6 s")
    assert (len(trace), count) == (2, 2)


def test_silence_while_we_listened_is_the_devices(bench: Any, serve: Any, ask: Any) -> None:
    made, trace, count = asked(bench, serve, ask, answers_from=2, blocked=0)
    assert (made.status, made.detail) == (Status.SILENT, "no word within 0.6 s")
    assert (len(trace), count) == (1, 1)


def test_the_repeated_question_counts_against_the_devices_budget(bench: Any, serve: Any, ask: Any) -> None:
    async def handler(reader: Reader, writer: Writer) -> None:
        await asyncio.sleep(3)

    async def main() -> int:
        async with serve(handler) as port:
            place = bench()
            asyncio.get_running_loop().call_later(0.2, time.sleep, 1.2)
            before = int(place.budget.requests)
            await ask(place.line(port), done=http.is_complete, deadline=0.6)
            return before - int(place.budget.requests)

    assert asyncio.run(main()) == 2


def test_delays_are_ours_only_while_somebody_waits() -> None:
    async def main() -> tuple[float, float]:
        lateness = Lateness()
        first = lateness.begin()
        await asyncio.sleep(0.05)
        time.sleep(TOO_LATE + 0.4)  # noqa: ASYNC251 - this is what is to be noticed
        await asyncio.sleep(0)
        second = lateness.begin()
        await asyncio.sleep(0.6)
        found = lateness.late_since(first), lateness.late_since(second)
        lateness.end()
        lateness.end()
        return found

    before, after = asyncio.run(main())
    assert before >= TOO_LATE
    assert after < TOO_LATE
