"""A line speaks to one endpoint only, once at a time, and says how every exchange ended."""

import asyncio
import socket  # noqa: TID251 - the tests play the devices
import struct
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.model import Endpoint, Exchange, Grant, Method, Pace, Protocol, Status, Transport
from auditor.net import Budget, Line, Network, Stop
from auditor.scope import loopback
from auditor.wire import http

Reader: TypeAlias = asyncio.StreamReader
Writer: TypeAlias = asyncio.StreamWriter
REPLY = b"HTTP/1.1 200 OK\r\nServer: App-webs/\r\nContent-Length: 2\r\n\r\nok"


async def polite(reader: Reader, writer: Writer) -> None:
    await reader.read(1000)
    writer.write(REPLY)
    await writer.drain()


def made(bench: Any, serve: Any, ask: Any, handler: Any, **options: Any) -> Exchange:
    """Run one exchange with a server of these manners."""

    async def main() -> Exchange:
        async with serve(handler) as port:
            line: Line = bench().line(port)
            exchange: Exchange = await ask(line, **options)
            assert line.trace == (exchange,)
            return exchange

    return asyncio.run(main())


def test_an_answer_is_kept_as_it_came_with_its_evidence(bench: Any, serve: Any, ask: Any) -> None:
    exchange = made(bench, serve, ask, polite, done=http.is_complete)
    assert (exchange.status, exchange.reply, exchange.request) == (Status.ANSWERED, REPLY, b"hello")
    assert exchange.device == "loopback/127.0.0.1"
    assert exchange.at is not None
    assert exchange.at.tzinfo is UTC
    assert 0 < exchange.seconds < 0.5
    assert not exchange.cut


def test_reading_ends_with_the_message_though_the_device_keeps_the_connection(
    bench: Any, serve: Any, ask: Any
) -> None:
    async def lingering(reader: Reader, writer: Writer) -> None:
        await polite(reader, writer)
        await asyncio.sleep(5)

    began = time.monotonic()
    exchange = made(bench, serve, ask, lingering, done=http.is_complete, deadline=4)
    assert exchange.reply == REPLY
    assert time.monotonic() - began < 2


def test_a_refused_connection_is_the_device_saying_no(bench: Any, ask: Any, dead_port: int) -> None:
    exchange = asyncio.run(ask(bench().line(dead_port)))
    assert (exchange.status, exchange.detail) == (Status.REFUSED, "connection refused")


def test_a_device_that_listens_and_says_nothing_is_silent(bench: Any, serve: Any, ask: Any) -> None:
    async def mute(reader: Reader, _: Writer) -> None:
        await asyncio.sleep(3)

    exchange = made(bench, serve, ask, mute, deadline=0.3)
    assert (exchange.status, exchange.detail) == (Status.SILENT, "no word within 0.3 s")


def test_a_device_that_closes_without_a_word_is_silent_too(bench: Any, serve: Any, ask: Any) -> None:
    async def closing(reader: Reader, _: Writer) -> None:
        await reader.read(100)

    exchange = made(bench, serve, ask, closing)
    assert (exchange.status, exchange.detail) == (Status.SILENT, "closed without a word")


def test_an_endless_body_is_cut_at_the_limit(bench: Any, serve: Any, ask: Any) -> None:
    async def endless(reader: Reader, writer: Writer) -> None:
        while True:
            writer.write(b"x" * 65_536)
            await writer.drain()

    exchange = made(bench, serve, ask, endless, limit=100_000, deadline=5)
    assert (exchange.status, len(exchange.reply), exchange.cut) == (Status.ANSWERED, 100_000, True)


def test_a_slow_drip_is_ended_by_the_deadline_and_keeps_what_came(bench: Any, serve: Any, ask: Any) -> None:
    async def dripping(reader: Reader, writer: Writer) -> None:
        while True:
            writer.write(b".")
            await writer.drain()
            await asyncio.sleep(0.02)

    began = time.monotonic()
    exchange = made(bench, serve, ask, dripping, deadline=0.5)
    assert time.monotonic() - began < 1.5
    assert exchange.status is Status.ANSWERED
    assert set(exchange.reply) == {ord(".")}
    assert exchange.detail == "deadline of 0.5 s"


def test_a_fast_drip_does_not_make_the_reader_look_at_every_byte(bench: Any, serve: Any, ask: Any) -> None:
    looks = [0]

    def done(_: bytes) -> bool:
        looks[0] += 1
        return False

    async def dripping(reader: Reader, writer: Writer) -> None:
        writer.write(b"x" * 60_000)
        while True:
            writer.write(b".")
            await writer.drain()
            await asyncio.sleep(0)

    made(bench, serve, ask, dripping, done=done, deadline=0.5)
    assert 0 < looks[0] < 300


def reset(writer: Writer) -> None:
    sock = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def test_a_reset_in_the_middle_keeps_what_came(bench: Any, serve: Any, ask: Any) -> None:
    async def breaking(reader: Reader, writer: Writer) -> None:
        await reader.read(100)
        writer.write(b"HTTP/1.1 200 OK\r\nSer")
        await asyncio.sleep(0.1)
        reset(writer)

    exchange = made(bench, serve, ask, breaking)
    assert (exchange.status, exchange.reply) == (Status.ANSWERED, b"HTTP/1.1 200 OK\r\nSer")
    assert exchange.detail == "reset by the other side"


def test_a_reset_before_any_word_is_a_refusal(bench: Any, serve: Any, ask: Any) -> None:
    async def breaking(reader: Reader, writer: Writer) -> None:
        await reader.read(100)
        reset(writer)

    exchange = made(bench, serve, ask, breaking)
    assert (exchange.status, exchange.detail) == (Status.REFUSED, "reset by the other side")


def test_a_banner_is_read_without_saying_anything(bench: Any, serve: Any, ask: Any) -> None:
    heard: list[bytes] = []

    async def ssh(reader: Reader, writer: Writer) -> None:
        writer.write(b"SSH-2.0-dropbear_2022.83\r\n")
        await writer.drain()
        heard.append(await reader.read(100))

    exchange = made(
        bench, serve, ask, ssh, request=b"", protocol=Protocol.SSH, done=lambda reply: b"\n" in reply
    )
    assert exchange.reply == b"SSH-2.0-dropbear_2022.83\r\n"
    assert heard in ([], [b""])


def test_exchanges_with_one_device_never_overlap_whatever_the_port(bench: Any, serve: Any, ask: Any) -> None:
    active, most = [0], [0]

    async def counting(reader: Reader, writer: Writer) -> None:
        active[0] += 1
        most[0] = max(most[0], active[0])
        await asyncio.sleep(0.02)
        await polite(reader, writer)
        active[0] -= 1

    async def main() -> None:
        here = bench()
        async with serve(counting) as one, serve(counting) as two:
            lines = [here.line(port) for port in (one, two) for _ in range(4)]
            await asyncio.gather(*(ask(line, done=http.is_complete, deadline=3) for line in lines))

    asyncio.run(main())
    assert most == [1]


def test_nothing_is_sent_after_permission_has_ended(bench: Any, serve: Any, ask: Any) -> None:
    connected: list[bool] = []

    async def noting(reader: Reader, writer: Writer) -> None:
        connected.append(True)

    async def main() -> Exchange:
        async with serve(noting) as port:
            until = datetime.now(UTC) - timedelta(seconds=1)  # noqa: TID251 - tests run in real time
            exchange: Exchange = await ask(bench().line(port, until=until))
            await asyncio.sleep(0.05)
            return exchange

    exchange = asyncio.run(main())
    assert exchange.status is Status.WITHHELD
    assert exchange.detail.startswith("permission ended")
    assert connected == []


def test_permission_that_ends_while_we_wait_for_our_turn_is_noticed(bench: Any, serve: Any, ask: Any) -> None:
    async def main() -> list[Status]:
        slow = Pace(1e6, 1e6, 1e6, 2, 256)
        here = bench(scope=replace(loopback(), pace=slow))
        async with serve(polite) as port:
            line = here.line(port, until=datetime.now(UTC) + timedelta(seconds=0.3))  # noqa: TID251 - tests run in real time
            return [(await ask(line, done=http.is_complete)).status for _ in range(2)]

    assert asyncio.run(main()) == [Status.ANSWERED, Status.WITHHELD]


def test_a_protocol_the_scope_does_not_allow_is_withheld(bench: Any, ask: Any, dead_port: int) -> None:
    line = bench().line(dead_port, methods=frozenset({Method.RTSP}))
    exchange = asyncio.run(ask(line, protocol=Protocol.HTTP))
    assert (exchange.status, exchange.detail) == (Status.WITHHELD, "the scope does not allow http")


@pytest.mark.parametrize("protocol", [Protocol.ARP, Protocol.DHCP, Protocol.OBSERVED, Protocol.SIP])
def test_what_is_not_spoken_over_lines_is_withheld(
    bench: Any, ask: Any, dead_port: int, protocol: Protocol
) -> None:
    assert asyncio.run(ask(bench().line(dead_port), protocol=protocol)).status is Status.WITHHELD


@pytest.mark.parametrize("moment", ["waiting for an answer", "waiting for its turn"])
def test_a_stop_ends_everything_within_two_seconds(bench: Any, serve: Any, ask: Any, moment: str) -> None:
    async def mute(reader: Reader, _: Writer) -> None:
        await asyncio.sleep(20)

    async def main() -> tuple[list[Exchange], float]:
        rate = 1e6 if moment == "waiting for an answer" else 0.01
        here = bench(scope=replace(loopback(), pace=Pace(1e6, 1e6, 1e6, rate, 256)))
        async with serve(mute) as port:
            lines = [here.line(port, address=f"127.0.0.{n}") for n in (1, 1)]
            lines[0]._budget.seconds = 60
            tasks = [asyncio.create_task(ask(line, deadline=15)) for line in lines]
            await asyncio.sleep(0.3)
            began = time.monotonic()
            here.stop.set("stopped by Ctrl-C")
            exchanges = list(await asyncio.gather(*tasks))
            return exchanges, time.monotonic() - began

    exchanges, took = asyncio.run(main())
    assert took < 2
    assert {exchange.status for exchange in exchanges} == {Status.WITHHELD}
    assert all("stopped by Ctrl-C" in exchange.detail for exchange in exchanges)


def test_a_question_under_way_when_we_stop_still_gets_its_answer(bench: Any, serve: Any, ask: Any) -> None:
    async def slow(reader: Reader, writer: Writer) -> None:
        await reader.read(4)
        await asyncio.sleep(0.6)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()

    async def main() -> list[Exchange]:
        here = bench()
        async with serve(slow) as port:
            line = here.line(port)
            under_way = asyncio.create_task(ask(line, deadline=15))
            await asyncio.sleep(0.3)
            here.stop.set("stopped by Ctrl-C")
            return [await under_way, await ask(line)]

    asked, not_asked = asyncio.run(main())
    assert asked.status is Status.ANSWERED
    assert not_asked.status is Status.WITHHELD


def test_the_budget_of_a_device_is_kept(bench: Any, serve: Any, ask: Any) -> None:
    async def main() -> list[Exchange]:
        here = bench(budget=Budget(requests=2))
        async with serve(polite) as port:
            line = here.line(port)
            return [await ask(line, done=http.is_complete) for _ in range(3)]

    statuses = [exchange.status for exchange in asyncio.run(main())]
    assert statuses == [Status.ANSWERED, Status.ANSWERED, Status.WITHHELD]


def test_the_budget_of_bytes_bounds_what_is_read(bench: Any, serve: Any, ask: Any) -> None:
    async def endless(reader: Reader, writer: Writer) -> None:
        while True:
            writer.write(b"x" * 10_000)
            await writer.drain()

    async def main() -> list[Exchange]:
        here = bench(budget=Budget(received=5_000))
        async with serve(endless) as port:
            return [await ask(here.line(port)) for _ in range(2)]

    first, second = asyncio.run(main())
    assert (len(first.reply), first.cut) == (5_000, True)
    assert (second.status, second.detail) == (Status.WITHHELD, "the device's budget of bytes is spent")


def test_ipv6_works_too(bench: Any, serve: Any, ask: Any) -> None:
    async def main() -> Exchange:
        async with serve(polite, address="::1") as port:
            line = bench().line(port, address="::1")
            assert line.host == f"[::1]:{port}"
            exchange: Exchange = await ask(line, done=http.is_complete)
            return exchange

    assert asyncio.run(main()).reply == REPLY


def test_the_host_is_named_as_browsers_name_it(bench: Any) -> None:
    here = bench()
    assert here.line(80).host == "127.0.0.1"
    assert here.line(443, Transport.TLS).host == "127.0.0.1"
    assert here.line(8080).host == "127.0.0.1:8080"
    assert here.line(80, Transport.TLS).host == "127.0.0.1:80"


def test_a_shifted_port_is_asked_higher_and_recorded_as_meant(bench: Any, serve: Any, ask: Any) -> None:
    async def main() -> tuple[Exchange, str]:
        async with serve(polite) as port:
            line = bench(port_shift=port - 80).line(80)
            return await ask(line, done=http.is_complete), line.host

    exchange, host = asyncio.run(main())
    assert (exchange.status, exchange.endpoint.port, host) == (Status.ANSWERED, 80, "127.0.0.1")


def answering_udp(reply: bytes) -> socket.socket:
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind(("127.0.0.1", 0))

    def answer() -> None:
        _, origin = sock.recvfrom(2000)
        sock.sendto(reply, origin)

    asyncio.get_running_loop().run_in_executor(None, answer)
    return sock


def test_udp_is_one_datagram_each_way(bench: Any, ask: Any) -> None:
    async def main() -> Exchange:
        with answering_udp(b"\x30\x03") as sock:
            line = bench().line(sock.getsockname()[1], Transport.UDP)
            exchange: Exchange = await ask(line, done=bool, protocol=Protocol.SNMP)
            return exchange

    exchange = asyncio.run(main())
    assert (exchange.status, exchange.reply) == (Status.ANSWERED, b"\x30\x03")


def test_a_closed_udp_port_is_a_refusal(bench: Any, ask: Any, dead_port: int) -> None:
    exchange = asyncio.run(ask(bench().line(dead_port, Transport.UDP), protocol=Protocol.SNMP))
    assert exchange.status is Status.REFUSED


@given(address=st.ip_addresses().map(str), port=st.integers(1, 65_535), there=st.ip_addresses().map(str))
def test_a_line_cannot_be_made_to_any_other_address(address: str, port: int, there: str) -> None:
    network = Network(Pace(), user_agent="x", stop=Stop(), clock=lambda: datetime.now(UTC))  # noqa: TID251 - tests run in real time
    grant = Grant(address, "site", frozenset(Method), Pace(), datetime.max.replace(tzinfo=UTC))
    assert network.line(grant, Endpoint(address, port), Budget()).endpoint.address == address
    if there != address:
        with pytest.raises(ValueError, match="not at the granted address"):
            network.line(grant, Endpoint(there, port), Budget())


def test_a_line_cannot_be_pointed_elsewhere_later(bench: Any) -> None:
    line = bench().line(80)
    with pytest.raises(AttributeError):
        line.endpoint = Endpoint("192.0.2.1", 80)
    with pytest.raises(AttributeError):
        line.target = "192.0.2.1"


def test_a_hundred_devices_at_once_are_asked_concurrently(bench: Any, serve: Any, ask: Any) -> None:
    async def slow(reader: Reader, writer: Writer) -> None:
        await asyncio.sleep(0.3)
        await polite(reader, writer)

    async def main() -> float:
        here = bench()
        async with serve(slow, address="0.0.0.0") as port:
            lines = [here.line(port, address=f"127.0.1.{n}") for n in range(1, 101)]
            began = time.monotonic()
            exchanges = await asyncio.gather(
                *(ask(line, done=http.is_complete, deadline=5) for line in lines)
            )
            assert all(exchange.reply == REPLY for exchange in exchanges)
            return time.monotonic() - began

    assert asyncio.run(main()) < 3


def test_the_name_in_the_plan_is_the_network_s_user_agent(bench: Any) -> None:
    assert bench().line(80).plan.user_agent == "auditor/test"
