"""All methods go through a network side by side, and a stretch is over when the last has left it."""

import asyncio

import pytest

from auditor.net import Block, Front, Stretch
from auditor.net.front import stretches

NET = 10 << 24


def blocks(count: int, size: int = 256) -> list[Block]:
    return [Block(4, NET + 256 * number, NET + 256 * number + size - 1) for number in range(count)]


@pytest.mark.parametrize(
    ("given", "ports", "most"),
    [
        (blocks(32), 24, 256),
        (blocks(3), 24, 96),
        (blocks(1), 24, 32),
        (blocks(300, 1), 24, 256),
        (blocks(9), 2000, 64),
    ],
)
def test_every_address_is_in_one_stretch_and_no_stretch_is_large(
    given: list[Block], ports: int, most: int
) -> None:
    cut = list(stretches(given, 8, ports))
    walked = [address for one in cut for address in one.addresses()]
    assert sorted(walked) == sorted(address for block in given for address in block)
    assert max(len(one) for one in cut) == most
    assert [one.number for one in cut] == list(range(len(cut)))


def test_a_stretch_alternates_between_subnets() -> None:
    first = next(stretches(blocks(8), 8, 24))
    subnets = [address.rpartition(".")[0] for address in first.addresses()]
    assert all(len(set(subnets[at : at + 8])) == 8 for at in range(0, len(subnets), 8))


def test_no_method_runs_far_ahead_and_what_all_have_heard_out_is_left() -> None:
    told: list[str] = []
    front = Front(
        lambda: blocks(1), 8,
        entered=lambda one: told.append(f"in {one.number}"), left=lambda one: told.append(f"out {one.number}"),
    )  # fmt: skip
    fast, slow = front.join(), front.join(orders=True)
    at: list[int] = []

    async def hurry() -> None:
        async for one in front.walk(fast):
            at.append(one.number)
            front.heard_out(fast, one)

    async def main() -> None:
        hurrying = asyncio.create_task(hurry())
        await asyncio.sleep(0.01)
        assert at == [], "who says the order has not said it"
        front.arrange(slow, blocks(1))
        walked: list[Stretch] = []
        async for one in front.walk(slow):
            await asyncio.sleep(0.002)
            assert max(at) <= one.number + 1
            assert f"out {one.number}" not in told
            front.heard_out(slow, one)
            walked.append(one)
        await hurrying
        assert len(walked) == len(at) == 8

    asyncio.run(main())
    assert told.index("out 0") < told.index("in 3")
    assert [one for one in told if one.startswith("out")] == [f"out {number}" for number in range(8)]


def test_who_fails_holds_nobody_up() -> None:
    left: list[int] = []
    front = Front(lambda: blocks(1), 8, left=lambda one: left.append(one.number))
    well, failing = front.join(), front.join(orders=True)

    async def main() -> None:
        asyncio.get_running_loop().call_later(0.01, front.retire, failing)
        async for one in front.walk(well):
            front.heard_out(well, one)

    asyncio.run(asyncio.wait_for(main(), 5))
    assert left == list(range(8))
