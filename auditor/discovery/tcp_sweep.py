"""Try to connect to the ports worth trying, address by address; a refusal also shows that somebody is there.

Networks of more than sixteen /24 are sampled first: a few addresses of each /24, those where installers put
devices and some at random, on the few most telling ports. Only a /24 where somebody answers is then swept
whole; the others when asked to be thorough, else they are stated as not swept.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Iterator, Sequence

from auditor.discovery import default_ports
from auditor.model import Grant, Method, Protocol, Sighting, Status
from auditor.net import Block, Emit, Field, Stretch, streamed

METHOD = Method.TCP_SWEEP
PROTOCOL: Protocol | None = None
"""A sweep reads nothing, so it has no exchange."""

Trying = asyncio.Task[None]
"""A try that is under way."""

NOT_SAMPLED = "not swept: nobody answered in a sample of its /24"

_SAMPLE_ABOVE = 16
"""Blocks of /24; below, a full sweep takes minutes at the default pace anyway."""
_SMALL = 64
"""A block with no more addresses than this is swept whole, since sampling it would save little."""
_LIKELY = (1, 2, 10, 11, 20, 50, 64, 65, 100, 101, 108, 109, 150, 200, 250, 253, 254)
"""Last octets: gateways, round numbers, and the factory addresses of common devices (.64, .108)."""
_AT_RANDOM = 6
_BREATH = 128
"""Tries after which others get to run, where nobody makes us wait."""


def discover(field: Field) -> AsyncIterator[Sighting]:
    """Yield a sighting for every open port, and one without a port for an address that only refuses."""
    return streamed(_Sweep(field).run)


class _Sweep:
    """One sweep under way. What has been tried is remembered block by block, so nothing is tried twice in vain."""

    def __init__(self, field: Field) -> None:
        self._field = field
        self._open: set[tuple[str, int]] = set()
        self._alive: set[str] = set()
        self._blocks_alive: set[Block] = set()
        self._left_out: frozenset[Block] = frozenset()
        """Where the sample found nobody, unless these are swept, too."""
        self._group: asyncio.TaskGroup
        listed = default_ports()
        self._ports = field.ports or tuple(port.number for port in listed)
        telling = tuple(port.number for port in listed if port.telling and port.number in self._ports)
        self._telling = telling or self._ports[:4]

    async def run(self, emit: Emit) -> None:
        """Sweep all blocks, or those a sample shows to be inhabited."""
        blocks = list(self._field.blocks())
        async with asyncio.TaskGroup() as self._group:
            await self._in_order(blocks, emit)

    async def _in_order(self, blocks: Sequence[Block], emit: Emit) -> None:
        if len(blocks) > _SAMPLE_ABOVE:
            await _all(await self._try(self._samples(blocks), emit))
            large = {block for block in blocks if len(block) > _SMALL}
            empty = sorted(large - self._blocks_alive, key=lambda block: (block.version, block.first))
            silent = frozenset(empty)
            self._field.arrange([*(block for block in blocks if block not in silent), *empty])
            if not self._field.thorough:
                self._field.skip(NOT_SAMPLED, sum(len(block) for block in empty))
                self._left_out = silent
        else:
            self._field.arrange(blocks)
        await self._sweep(emit)

    async def _sweep(self, emit: Emit) -> None:
        """Go through stretch after stretch; of one that is over, silent addresses are looked at again where asked to."""
        before: tuple[Stretch, asyncio.Task[None]] | None = None
        async with asyncio.TaskGroup() as settling:
            async for stretch in self._field.stretches():
                begun = await self._try(self._everything(stretch), emit)
                if before is not None:
                    await self._again(*before, emit)
                before = stretch, settling.create_task(self._settled(stretch, begun))
                if self._field.stopped:
                    return
            if before is not None:
                await self._again(*before, emit)

    async def _again(self, stretch: Stretch, settled: "asyncio.Task[None]", emit: Emit) -> None:
        if self._field.thorough:
            await settled
            await _all(await self._try(self._second_look(stretch), emit))
            self._leave(stretch)

    async def _settled(self, stretch: Stretch, begun: Sequence[Trying]) -> None:
        """Wait until every try of a stretch has come to something; leave it unless it is looked at again."""
        await _all(begun)
        if not self._field.thorough:
            self._leave(stretch)

    def _leave(self, stretch: Stretch) -> None:
        if not self._field.stopped:
            self._field.swept += sum(
                len(piece) for block, piece in stretch.pieces if block not in self._left_out
            )
        self._field.heard_out(stretch)

    def _samples(self, blocks: Sequence[Block]) -> Iterator[tuple[Block, str, int]]:
        for port in self._telling:
            for block in blocks:
                if len(block) > _SMALL and block not in self._blocks_alive:
                    yield from ((block, address, port) for address in sample(block))

    def _everything(self, stretch: Stretch) -> Iterator[tuple[Block, str, int]]:
        """Port by port over one stretch, so that one host is asked rarely and no subnet in a run of its own."""
        inhabited = [one for one in stretch.in_turn() if one[0] not in self._left_out]
        for port in self._ports:
            yield from ((block, address, port) for block, address in inhabited)

    def _second_look(self, stretch: Stretch) -> Iterator[tuple[Block, str, int]]:
        """Try the telling ports of silent addresses again: a packet may have been lost."""
        for port in self._telling:
            for block, address in stretch.in_turn():
                if address not in self._alive:
                    yield block, address, port

    async def _try(self, tries: Iterator[tuple[Block, str, int]], emit: Emit) -> list[Trying]:
        """Try one after the other; return those not settled yet: who keeps us waiting is not waited for."""
        room = self._field.room
        waiting: set[Trying] = set()

        async def later(
            block: Block, grant: Grant, port: int, looking: Awaitable[tuple[Status, str]]
        ) -> None:
            try:
                self._take(block, grant, port, await looking, emit)
            finally:
                room.release()

        for number, (block, address, port) in enumerate(tries):
            if number % _BREATH == 0:
                await asyncio.sleep(0)
            if self._field.stopped:
                break
            grant = self._field.grant(address)
            if grant is None or (address, port) in self._open:
                continue
            await room.acquire()
            looked = self._field.tcp_open(grant, port)
            if isinstance(looked, tuple):
                room.release()
                self._take(block, grant, port, looked, emit)
            else:
                trying = self._group.create_task(later(block, grant, port, looked))
                waiting.add(trying)
                trying.add_done_callback(waiting.discard)
        return list(waiting)

    def _take(self, block: Block, grant: Grant, port: int, looked: tuple[Status, str], emit: Emit) -> None:
        status, reason = looked
        if status is Status.WITHHELD:
            self._field.withhold(reason, grant.address)
            return
        if status is Status.SILENT:
            return
        self._blocks_alive.add(block)
        first = grant.address not in self._alive
        self._alive.add(grant.address)
        if status is Status.ANSWERED:
            self._open.add((grant.address, port))
            emit(Sighting(grant.address, str(METHOD), self._field.now(), port))
        elif first:
            emit(Sighting(grant.address, str(METHOD), self._field.now()))


def sample(block: Block) -> tuple[str, ...]:
    """Return the addresses of a block that are tried first, the same ones each time for the same block."""
    addresses = tuple(block)
    likely = [number for number in _LIKELY if block.first <= (block.first & ~0xFF) + number <= block.last]
    chosen = {addresses[(block.first & ~0xFF) + number - block.first] for number in likely}
    others = [address for address in addresses if address not in chosen]
    picks = random.Random(block.first).sample(others, min(_AT_RANDOM, len(others)))
    return (*sorted(chosen), *picks)


async def _all(tries: Sequence[Trying]) -> None:
    if tries:
        await asyncio.wait(tries)
