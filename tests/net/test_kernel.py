"""What the kernel sends for us: counted by the second, kept small, and a neighbour nobody has is left alone."""

import asyncio
import socket  # noqa: TID251 - the tests play the devices
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.model import Exchange, Pace, Protocol, Status
from auditor.net import Line
from auditor.net.kernel import segments_out
from auditor.net.meter import Meter
from auditor.net.resolution import TRIES, Resolution, neighbours, networks

Reader = asyncio.StreamReader
Writer = asyncio.StreamWriter


@given(st.lists(st.tuples(st.floats(0, 0.4), st.integers(1, 12)), min_size=1, max_size=60))
def test_no_second_holds_more_than_the_cap_where_all_wait_for_it(tries: list[tuple[float, int]]) -> None:
    meter, now = Meter(40), 0.0
    sent: list[tuple[float, int]] = []
    for pause, packets in tries:
        now += pause
        now += meter.wait(now, packets)
        meter.take(now, packets)
        sent.append((now, packets))
    for at, _ in sent:
        assert sum(packets for when, packets in sent if at <= when < at + 0.999) <= 40


def test_a_cap_below_one_conversation_lets_it_begin_when_half_is_free() -> None:
    meter = Meter(6)
    assert meter.wait(0.0, 22) == 0
    meter.take(0.0, 7)
    assert meter.wait(0.2, 22) == pytest.approx(0.8)
    assert meter.wait(1.0, 22) == 0
    assert meter.is_idle(1.0)


@pytest.mark.skipif(not hasattr(socket, "TCP_INFO"), reason="only Linux tells")
def test_what_the_kernel_has_sent_is_read() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_connection(server.getsockname()) as ours,
    ):
        before = segments_out(ours)
        ours.sendall(b"x")
        after = segments_out(ours)
    assert before is not None
    assert after is not None
    assert before >= 2, "SYN and the acknowledgement behind it"
    assert after == before + 1


def test_a_page_of_ordinary_size_is_read_at_once_and_a_long_one_within_a_second(
    bench: Any, serve: Any, ask: Any
) -> None:
    def page(size: int) -> Any:
        async def serving(reader: Reader, writer: Writer) -> None:
            await reader.read(1000)
            writer.write(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * size)
            await writer.drain()

        return serving

    async def main(size: int) -> float:
        async with serve(page(size)) as port:
            line: Line = bench().line(port)
            began = time.monotonic()
            made: Exchange = await ask(line, deadline=4)
            assert (made.status, len(made.reply)) == (Status.ANSWERED, size + 19)
            return time.monotonic() - began

    assert asyncio.run(main(15_000)) < 0.3
    assert asyncio.run(main(200_000)) < 1.5


def test_an_answer_is_not_lost_where_the_cap_is_too_low_for_a_conversation(
    bench: Any, serve: Any, ask: Any
) -> None:
    async def slowly(reader: Reader, writer: Writer) -> None:
        await reader.read(1000)
        for piece in (b"HTTP/1.1 200 OK\r\n", b"Server: x\r\n", b"\r\n", b"hello"):
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0.05)

    async def main() -> Exchange:
        async with serve(slowly) as port:
            line: Line = bench().line(port, pace=Pace(1000, 200, 1, 1))
            made: Exchange = await ask(line, deadline=2)
            return made

    assert asyncio.run(main()).reply.endswith(b"hello")


def test_a_port_that_does_not_answer_is_tried_three_times_with_one_packet_each(bench: Any) -> None:
    """A listener whose queue is full loses every SYN, as a device that is busy does."""
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(0)
        filling = [socket.socket() for _ in range(8)]
        for one in filling:
            one.setblocking(False)
            one.connect_ex(deaf.getsockname())

        async def main() -> Exchange:
            line: Line = bench().line(deaf.getsockname()[1])
            return await line.exchange(b"x", probe="t", protocol=Protocol.HTTP, done=bool, deadline=9)

        made = asyncio.run(main())
        for one in filling:
            one.close()
    assert (made.status, made.detail) in {
        (Status.SILENT, f"no connection within {s} s") for s in (2.9, 3, 3.1)
    }


FAILED, REACHABLE = 0x20, 0x02


def resolution(table: dict[str, int], clock: list[float]) -> Resolution:
    def attached() -> Iterator[tuple[int, int, int]]:
        yield 4, 0x0A5A0100, 0xFFFFFF00

    return Resolution(monotonic=lambda: clock[0], table=lambda: iter(table.items()), attached=attached)


def test_the_first_packet_to_a_neighbour_costs_what_the_kernel_asks_and_the_next_nothing() -> None:
    clock, table = [0.0], {"10.90.1.5": REACHABLE}
    known = resolution(table, clock)
    assert [known.cost("10.90.1.7"), known.cost("10.90.1.7")] == [TRIES, 0]
    assert known.cost("10.90.1.5") == 0, "known already"
    assert known.cost("10.90.2.5") == 0, "behind a router"


def test_an_address_that_nobody_has_is_left_alone_for_a_while_and_then_tried_again() -> None:
    clock, table = [0.0], {"10.90.1.9": FAILED}
    known = resolution(table, clock)
    assert not known.is_absent("10.90.1.9"), "what was asked before our time says nothing of now"
    assert known.cost("10.90.1.9") == TRIES
    clock[0] = 3.1
    assert known.is_absent("10.90.1.9")
    del table["10.90.1.9"]  # the kernel tidies up
    clock[0] = 10
    assert known.is_absent("10.90.1.9")
    clock[0] = 19
    assert not known.is_absent("10.90.1.9")
    assert known.cost("10.90.1.9") == TRIES


def test_who_turns_up_is_asked() -> None:
    clock, table = [0.0], {"10.90.1.9": FAILED}
    known = resolution(table, clock)
    known.cost("10.90.1.9")
    clock[0] = 3.1
    assert known.is_absent("10.90.1.9")
    table["10.90.1.9"] = REACHABLE
    clock[0] = 4
    assert not known.is_absent("10.90.1.9")


def test_networks_on_a_segment_are_told_from_those_behind_a_router(tmp_path: Path) -> None:
    (tmp_path / "v4").write_text(
        "Iface Destination Gateway Flags RefCnt Use Metric Mask\n"
        "eth0 00015A0A 00000000 0001 0 0 0 00FFFFFF\n"
        "eth0 00000000 01015A0A 0003 0 0 0 00000000\n"
        "lo 0000007F 00000000 0001 0 0 0 000000FF\n",
        encoding="ascii",
    )
    zero = "0" * 32
    (tmp_path / "v6").write_text(
        f"20010db8{'0' * 24} 40 {zero} 00 {zero} 00000100 00000001 00000000 00000001 eth0\n"
        f"{zero} 00 {zero} 00 fe80{'0' * 27}1 00000400 00000001 00000000 00000003 eth0\n"
        f"{zero} 00 {zero} 00 {zero} ffffffff 00000001 00000000 00200200 lo\n",
        encoding="ascii",
    )
    assert list(networks(tmp_path / "v4", tmp_path / "v6")) == [
        (4, 0x0A5A0100, 0xFFFFFF00),
        (6, 0x20010DB8 << 96, ((1 << 64) - 1) << 64),
    ]
    assert list(networks(tmp_path / "none", tmp_path / "none")) == []


def test_the_kernels_table_can_be_read() -> None:
    assert all(address and state >= 0 for address, state in neighbours())
