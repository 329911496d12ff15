"""The caps hold in every stretch of time, whatever the senders do."""

import asyncio
import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from auditor.model import Grant, Pace
from auditor.net.pace import Lane, PaceKeeper, Tempo, subnet_of
from auditor.scope import loopback

VirtualTime = Callable[[Callable[[], Any]], float]
EXAMPLES = int(os.environ.get("AUDITOR_FUZZ_EXAMPLES", "60"))

ADDRESSES = ("127.1.1.1", "127.1.1.2", "127.1.2.1", "127.1.2.9", "127.9.9.9")
RATES = st.sampled_from((0.5, 2.0, 7.0, 40.0, 200.0, 1000.0, 3000.0))


def granted(address: str, pace: Pace) -> Grant:
    admitted = loopback().admit(address, at=datetime(2026, 1, 1, tzinfo=UTC))
    assert isinstance(admitted, Grant)
    return replace(admitted, pace=pace)


def within(times: Sequence[float], rate: float) -> bool:
    burst = max(1, int(rate * 0.001))
    return all(
        (last - first + 1) <= rate * (times[last] - times[first]) + burst + 1e-6
        for first in range(len(times))
        for last in range(first, len(times))
    )


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    total=RATES,
    subnet=RATES,
    host=RATES,
    senders=st.lists(
        st.tuples(st.sampled_from(ADDRESSES), st.floats(0, 3), st.integers(1, 8), st.booleans()),
        min_size=1,
        max_size=10,
    ),
)
def test_no_stretch_of_time_holds_more_than_the_caps_allow(
    in_virtual_time: VirtualTime,
    total: float,
    subnet: float,
    host: float,
    senders: list[tuple[str, float, int, bool]],
) -> None:
    pace = Pace(total, subnet, host, host, 256)
    sent: list[tuple[float, str, bool]] = []

    async def sender(keeper: PaceKeeper, address: str, start: float, count: int, discovering: bool) -> None:
        await asyncio.sleep(start)
        tempo = Tempo.PACKET if discovering else Tempo.REQUEST
        for _ in range(count):
            await keeper.turn(granted(address, pace), tempo)
            sent.append((asyncio.get_running_loop().time(), address, discovering))

    async def main() -> None:
        keeper = PaceKeeper(pace, monotonic=asyncio.get_running_loop().time)
        await asyncio.gather(*(sender(keeper, *one) for one in senders))

    in_virtual_time(main)
    assert len(sent) == sum(count for _, _, count, _ in senders)
    assert within([at for at, _, _ in sent], total)
    for name in {subnet_of(address) for _, address, _ in sent}:
        assert within([at for at, address, _ in sent if subnet_of(address) == name], subnet)
    for address in ADDRESSES:
        for kind in (True, False):
            assert within([at for at, one, what in sent if (one, what) == (address, kind)], host)


def test_a_saturated_pace_is_nearly_reached(in_virtual_time: VirtualTime) -> None:
    pace = Pace(100, 100, 100, 100, 256)

    async def main() -> None:
        keeper = PaceKeeper(pace, monotonic=asyncio.get_running_loop().time)
        turns = (keeper.turn(granted(f"127.1.{n % 5}.{n}", pace), Tempo.PACKET) for n in range(200))
        await asyncio.gather(*turns)

    assert 1.98 <= in_virtual_time(main) <= 2.2


def test_one_host_at_its_cap_does_not_hold_up_the_others(in_virtual_time: VirtualTime) -> None:
    pace = Pace(1000, 1000, 1, 1, 256)
    finished: dict[str, float] = {}

    async def sender(keeper: PaceKeeper, address: str, count: int) -> None:
        for _ in range(count):
            await keeper.turn(granted(address, pace), Tempo.PACKET)
        finished[address] = asyncio.get_running_loop().time()

    async def main() -> None:
        keeper = PaceKeeper(pace, monotonic=asyncio.get_running_loop().time)
        await asyncio.gather(sender(keeper, "127.1.1.1", 10), sender(keeper, "127.1.1.2", 1))

    in_virtual_time(main)
    assert finished["127.1.1.2"] < 0.1
    assert finished["127.1.1.1"] >= 9


def test_packets_of_the_kernel_are_paid_for_by_later_turns(in_virtual_time: VirtualTime) -> None:
    pace = Pace(10, 10, 10, 10, 256)

    async def main() -> None:
        keeper = PaceKeeper(pace, monotonic=asyncio.get_running_loop().time)
        grant = granted("127.1.1.1", pace)
        await keeper.turn(grant, Tempo.PACKET)
        keeper.charge(grant, 2)
        await keeper.turn(grant, Tempo.PACKET)

    assert in_virtual_time(main) >= 0.3 - 1e-9


def test_a_grant_can_be_slower_than_the_network_but_not_faster(in_virtual_time: VirtualTime) -> None:
    async def main() -> None:
        keeper = PaceKeeper(Pace(1000, 1000, 10, 10), monotonic=asyncio.get_running_loop().time)
        for rate in (1.0, 1_000_000.0):
            grant = granted(f"127.1.1.{int(rate) % 250 + 1}", Pace(1e6, 1e6, rate, rate))
            began = asyncio.get_running_loop().time()
            for _ in range(3):
                await keeper.turn(grant, Tempo.REQUEST)
            took.append(asyncio.get_running_loop().time() - began)

    took: list[float] = []
    in_virtual_time(main)
    assert took[0] >= 2 - 1e-9
    assert took[1] >= 0.2 - 1e-9


def test_a_host_that_answers_more_and_more_slowly_is_asked_more_rarely_and_recovers() -> None:
    pace = Pace()
    keeper = PaceKeeper(pace, monotonic=lambda: 0.0)
    grant = granted("127.1.1.1", pace)
    keeper.learn(grant, 0.05)
    for _ in range(3):
        keeper.learn(grant, 2.0)
    slowed = keeper.ease(grant)
    for _ in range(20):
        keeper.learn(grant, 0.05)
    assert slowed >= 4
    assert keeper.ease(grant) == 1


def test_a_host_that_stops_answering_is_asked_more_rarely_but_never_sixteen_times_over() -> None:
    pace = Pace()
    keeper = PaceKeeper(pace, monotonic=lambda: 0.0)
    grant = granted("127.1.1.1", pace)
    keeper.learn(grant, None)
    assert keeper.ease(grant) == 1, "a host never heard is silent, not struggling"
    keeper.learn(grant, 0.1)
    for _ in range(9):
        keeper.learn(grant, None)
    assert keeper.ease(grant) == 16


def test_a_sweep_of_many_hosts_needs_little_memory_and_forgets_no_debt() -> None:
    clock = [0.0]
    pace = Pace(1e6, 1e6, 40, 2)
    keeper = PaceKeeper(pace, monotonic=lambda: clock[0])
    owing = granted("127.200.0.1", pace)
    keeper.charge(owing, 2_000)
    clock[0] += 1
    for number in range(20_000):
        clock[0] += 0.001
        assert keeper.turn_now(granted(f"127.0.{number // 250}.{number % 250}", pace), Tempo.PACKET)
    assert len(keeper._hosts) < 5_000
    assert not keeper.turn_now(owing, Tempo.PACKET)


def test_a_pace_of_nothing_is_refused_in_words() -> None:
    with pytest.raises(ValueError, match="above 0"):
        Lane(0)


def test_the_subnet_of_an_address_is_its_24_or_64() -> None:
    assert subnet_of("127.1.2.3") == subnet_of("127.1.2.250") != subnet_of("127.1.3.3")
    assert subnet_of("2001:db8::1") == subnet_of("2001:db8::ffff:1") != subnet_of("2001:db8:0:1::1")
