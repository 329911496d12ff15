"""There is one way out of this program, and it asks for a Grant."""

import ast
import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import auditor
from auditor.model import Grant, Method, Pace
from auditor.net.door import BROADCAST, Door, NotSentError, Segment
from auditor.net.interfaces import Interface
from auditor.net.pace import PaceKeeper, Tempo
from auditor.net.stop import Stop
from auditor.scope import loopback

ROOT = Path(auditor.__file__).parent
SENDING = {
    "connect",
    "connect_ex",
    "sendto",
    "sendmsg",
    "sendall",
    "sock_sendall",
    "sock_connect",
    "sock_sendto",
}
OPENING = {"open_connection", "create_connection", "create_datagram_endpoint", "urlopen", "create_server"}


FRAMES = ROOT / "apart" / "frames" / "program.py"
"""The program that sends for us has its packet sockets; what it may send stands in tests/apart."""


def calls(path: Path) -> list[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = (node.func for node in ast.walk(tree) if isinstance(node, ast.Call))
    return [getattr(func, "attr", getattr(func, "id", "")) for func in found]


def test_only_net_knows_sockets() -> None:
    for path in ROOT.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        if path.parent.name != "net" and path != FRAMES:
            imported = [
                name.name
                for node in ast.walk(ast.parse(text))
                if isinstance(node, ast.Import | ast.ImportFrom)
                for name in node.names
            ]
            assert not {"socket", "socketserver"} & set(imported), path
            assert not OPENING & set(calls(path)), path


def test_the_program_apart_sends_in_one_place_alone() -> None:
    assert not OPENING & set(calls(FRAMES))
    assert [name for name in calls(FRAMES) if name in SENDING | {"send"}] == ["send"]


def test_every_connection_and_datagram_passes_the_door() -> None:
    for path in (ROOT / "net").glob("*.py"):
        assert not OPENING & set(calls(path)), path
        sends = [name for name in calls(path) if name in SENDING]
        if path.name == "stream.py":
            assert "passage.write" in path.read_text(encoding="utf-8")
        allowed = {"door.py": sends, "line.py": ["connect"]}
        assert sends in (allowed.get(path.name, []), [] if path.name != "field.py" else ["connect"]), path
        assert ("Passage" in calls(path)) == (path.name == "door.py"), path
        assert ("Segment" in calls(path)) == (path.name == "field.py"), path


def door(*, stop: Stop | None = None, port_shift: int = 0) -> Door:
    keeper = PaceKeeper(Pace(1e6, 1e6, 1e6, 1e6))
    return Door(keeper, stop=stop or Stop(), clock=bench_clock, port_shift=port_shift)


def bench_clock() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 - tests run in real time


def granted(address: str) -> Grant:
    found = loopback().admit("127.0.0.1", at=datetime.now(UTC))  # noqa: TID251 - tests run in real time
    assert isinstance(found, Grant)
    return replace(found, address=address)


@given(address=st.ip_addresses().map(str), port=st.integers(1, 65_535))
def test_a_passage_leads_to_the_granted_address_and_the_port_asked(address: str, port: int) -> None:
    passage = asyncio.run(door().to(granted(address), port, method=Method.HTTP, tempo=Tempo.REQUEST))
    assert passage.target == (address, port)
    with pytest.raises(AttributeError):
        passage.target = ("192.0.2.1", port)  # type: ignore[misc]


@given(address=st.ip_addresses(v=4).filter(lambda one: not one.is_multicast).map(str))
def test_a_segment_leads_to_groups_and_everybody_never_to_single_addresses(address: str) -> None:
    here = Interface("lo", 1, "127.0.0.1", loopback=True, broadcast=False)
    segment = Segment("site", here, frozenset(Method), datetime.max.replace(tzinfo=UTC))
    if address == BROADCAST:
        return
    with pytest.raises(ValueError, match="not a multicast group"):
        asyncio.run(door().onto(segment, address, 37020, method=Method.SADP))


def test_a_segment_without_leave_for_multicast_is_not_used() -> None:
    here = Interface("lo", 1, "127.0.0.1", loopback=True, broadcast=False)
    segment = Segment("site", here, frozenset({Method.SADP}), datetime.max.replace(tzinfo=UTC))
    with pytest.raises(NotSentError, match="does not allow multicast"):
        asyncio.run(door().onto(segment, "239.255.255.250", 37020, method=Method.SADP))


@given(
    address=st.ip_addresses().filter(lambda one: not one.is_loopback).map(str), shift=st.integers(1, 60_000)
)
def test_a_port_shift_never_reaches_a_real_network(address: str, shift: int) -> None:
    with pytest.raises(NotSentError, match="loopback only"):
        asyncio.run(door(port_shift=shift).to(granted(address), 80, method=Method.HTTP, tempo=Tempo.REQUEST))


def test_a_shift_beyond_the_last_port_is_said() -> None:
    with pytest.raises(NotSentError, match="above 65535"):
        asyncio.run(
            door(port_shift=40_000).to(granted("127.0.0.1"), 37_777, method=Method.SDK, tempo=Tempo.REQUEST)
        )


def test_a_stop_file_stops(tmp_path: Path) -> None:
    async def main() -> None:
        stop = Stop(tmp_path / "stop")
        watching = asyncio.create_task(stop.watch())
        await door(stop=stop).to(granted("127.0.0.1"), 80, method=Method.HTTP, tempo=Tempo.REQUEST)
        (tmp_path / "stop").touch()
        await asyncio.wait_for(watching, 2)
        with pytest.raises(NotSentError, match="stop file"):
            await door(stop=stop).to(granted("127.0.0.1"), 80, method=Method.HTTP, tempo=Tempo.REQUEST)

    asyncio.run(main())
