"""Asking by the program apart: what it says, what it does not say, and what is owed when it ends."""

import asyncio
import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest

from auditor.net.door import NotSentError, Passage
from auditor.net.frames import VARIABLE, command
from auditor.net.interfaces import Interface
from auditor.net.neighbours import AT_ONCE, Neighbours, NeighboursError

HERE = Interface("nix0", 1, "192.0.2.1", loopback=False, broadcast=True)
READY = "print('ready 02:00:00:00:00:01 192.0.2.1', flush=True)\n"
SENT = "print('sent', line.split()[1], '00' * 28, flush=True)\n"
REPLY = "0001080006040002" + "5850ed00000a" + "c0000203" + "020000000001" + "c0000201"


def passage(address: str = "192.0.2.3") -> Passage:
    return Passage((address, 0), cast("Any", None), lambda: None)


@pytest.fixture
def speaking(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Let a text of Python stand in for the program."""

    def stands_in(text: str) -> None:
        path = tmp_path / "stand in.py"
        path.write_text(f"import sys, time\n{text}", encoding="utf-8")
        monkeypatch.setenv(VARIABLE, shlex.join((sys.executable, "-S", str(path))))

    return stands_in


@pytest.mark.parametrize(
    ("text", "words", "is_owed"),
    [
        ("print('failed permission CAP_NET_RAW is needed')", "AUDITOR_FRAMES", False),
        ("print('failed unfit nix0: is no Ethernet, and has no neighbours to ask')", "is no Ethernet", False),
        ("print('failed interface there is no interface')", "there is no interface", True),
        ("print('failed program scapy cannot be loaded: x')", "scapy cannot be loaded", True),
        ("sys.exit('sudo: a password is required')", "a password is required", True),
        ("print('what is this'); print('\\xff' * 300_000)", "auditor-frames", True),
        ("pass", "auditor-frames ended", True),
    ],
)  # fmt: skip
def test_where_it_cannot_begin_it_is_said_why_and_whether_it_is_owed(
    speaking: Callable[[str], None], text: str, words: str, *, is_owed: bool
) -> None:
    speaking(text)

    async def scene() -> None:
        async with Neighbours(HERE):
            pytest.fail("it began")

    with pytest.raises(NeighboursError, match=words) as told:
        asyncio.run(scene())
    assert told.value.is_owed is is_owed
    assert "nix0" in str(told.value)


@pytest.mark.parametrize("given", ["/nonexistent/auditor-frames", "'never closed"])
def test_a_way_to_start_it_that_does_not_work_is_owed(given: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, given)

    async def scene() -> None:
        async with Neighbours(HERE):
            pytest.fail("it began")

    with pytest.raises(NeighboursError) as told:
        asyncio.run(scene())
    assert told.value.is_owed


def test_an_answer_comes_with_its_question(speaking: Callable[[str], None]) -> None:
    heard = f"print('heard arp {REPLY}', flush=True)\nprint('heard arp zz', flush=True)\nprint('heard ndp 00', flush=True)\n"
    speaking(f"{READY}print('heard arp {REPLY}')\nline = sys.stdin.readline()\n{SENT}{heard}sys.stdin.read()")

    async def scene() -> None:
        async with Neighbours(HERE) as neighbours:
            await neighbours.ask(passage())
            answer = await neighbours.next(5)
            assert answer is not None
            assert (answer.address, answer.mac, answer.question) == (
                "192.0.2.3",
                "58:50:ed:00:00:0a",
                bytes(28),
            )
            assert answer.answer.hex() == REPLY
            assert await neighbours.next(0.1) is None, "what answered before it was asked is not our business"
            assert (neighbours.ended, neighbours.unsent) == ("", {})

    asyncio.run(scene())


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("unsent 192.0.2.3 100", "not sent by this machine: network is down"),
        ("unsent 192.0.2.3 late", "not sent by this machine: auditor-frames came to it too late"),
        ("error ask: not understood", "not sent by this machine: auditor-frames: ask: not understood"),
    ],
)
def test_what_was_not_sent_is_known_until_it_is(
    speaking: Callable[[str], None], said: str, reason: str
) -> None:
    again = f"line = sys.stdin.readline()\n{SENT}"
    speaking(f"{READY}sys.stdin.readline()\nprint({said!r}, flush=True)\n{again}sys.stdin.read()")

    async def scene() -> None:
        async with Neighbours(HERE) as neighbours:
            await neighbours.ask(passage())
            await neighbours.next(0.5)
            assert neighbours.unsent == {"192.0.2.3": reason}
            await neighbours.ask(passage())
            await neighbours.next(0.5)
            assert neighbours.unsent == {}

    asyncio.run(scene())


@pytest.mark.parametrize(
    ("text", "ended"),
    [
        (f"{READY}sys.stdin.readline()", "auditor-frames ended"),
        (f"{READY}time.sleep(60)", "auditor-frames does not answer"),
    ],
)
def test_when_it_ends_or_stands_still_nothing_more_is_taken_for_asked(
    speaking: Callable[[str], None], monkeypatch: pytest.MonkeyPatch, text: str, ended: str
) -> None:
    monkeypatch.setattr("auditor.net.neighbours._ANSWERING", 1.0)
    speaking(text)

    async def scene() -> None:
        async with Neighbours(HERE) as neighbours:

            async def ask_all() -> None:
                for number in range(AT_ONCE + 1):
                    await neighbours.ask(passage(f"192.0.2.{number + 2}"))
                    await neighbours.next(0.05 if "readline" in text else 0)

            with pytest.raises(NotSentError, match=f"not sent by this machine: {ended}"):
                await ask_all()
            assert ended in neighbours.ended

    asyncio.run(scene())


def test_permission_is_asked_for_before_each_line(speaking: Callable[[str], None], tmp_path: Path) -> None:
    told = tmp_path / "told"
    speaking(f"{READY}open({str(told)!r}, 'w').write(sys.stdin.read())")

    async def scene() -> None:
        over = Passage(("192.0.2.3", 0), cast("Any", None), lambda: "permission ended")
        async with Neighbours(HERE) as neighbours:
            with pytest.raises(NotSentError, match="permission ended"):
                await neighbours.ask(over)

    asyncio.run(scene())
    assert told.read_text(encoding="utf-8") == ""


def test_a_stop_ends_waiting_for_it_to_begin(speaking: Callable[[str], None]) -> None:
    speaking("sys.stdin.read()")

    async def scene() -> None:
        async with Neighbours(HERE, stopped=lambda: True):
            pass

    asyncio.run(asyncio.wait_for(scene(), 10))


def test_the_program_is_a_file_of_ours_unless_the_environment_names_another_way() -> None:
    own = command("ask", "eth0", environment={})
    assert own[-2:] == ("ask", "eth0")
    assert Path(own[-3]).is_file()
    given = command("ask", "eth0", environment={VARIABLE: "sudo -n '/opt/an auditor/bin/auditor-frames'"})
    assert given == ("sudo", "-n", "/opt/an auditor/bin/auditor-frames", "ask", "eth0")
