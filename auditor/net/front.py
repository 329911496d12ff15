"""The order in which all methods go through a network: stretch after stretch, side by side.

A stretch is a slice of some addresses of each of several /24, so many that the total pace can be used though each subnet
and each host has a cap of its own. All ports of its addresses are tried, and all its questions by UDP put, before the
next but one is begun. When every method has heard out a stretch nothing more will be found there: its devices can be
asked to their end while the sweep is elsewhere. Nothing is kept of stretches that are over, so a /16 costs no more.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from auditor.scope import address_text

_LEAD = 1
"""Stretches by which one method may be ahead of another."""
_EACH = 32
"""Addresses of one /24 in a stretch: so many that each is tried some six times a second at the default pace."""
_LEAST = 8
_TRIES = 2048
"""Tries of one /24 in a stretch, so that with many ports it holds fewer addresses; never fewer than the least."""


@dataclass(frozen=True, slots=True)
class Block:
    """The part of one /24 (IPv6: of one run of 256) that is granted, first and last address included."""

    version: int
    first: int
    last: int

    def __len__(self) -> int:
        return self.last - self.first + 1

    @property
    def ends(self) -> tuple[str, str]:
        """Its first and its last address."""
        return address_text(self.version, self.first), address_text(self.version, self.last)

    def __iter__(self) -> Iterator[str]:
        return (address_text(self.version, number) for number in range(self.first, self.last + 1))


@dataclass(frozen=True, slots=True)
class Stretch:
    """Addresses that are searched together; `pieces` are (the block they are of, slice)."""

    number: int
    pieces: tuple[tuple[Block, Block], ...]

    def __len__(self) -> int:
        return sum(len(piece) for _, piece in self.pieces)

    def in_turn(self) -> Iterator[tuple[Block, str]]:
        """Walk its addresses with their blocks, one of each piece in turn, so that no subnet gets a run of its own."""
        active = [(block, iter(piece)) for block, piece in self.pieces]
        while active:
            remaining = []
            for block, addresses in active:
                address = next(addresses, None)
                if address is not None:
                    remaining.append((block, addresses))
                    yield block, address
            active = remaining

    def addresses(self) -> Iterator[str]:
        """Walk its addresses in turn."""
        return (address for _, address in self.in_turn())


def stretches(blocks: Iterable[Block], together: int, ports: int = 1) -> Iterator[Stretch]:
    """Cut blocks into stretches of slices of `together` blocks; of more where the blocks are small."""
    each = max(_LEAST, min(_EACH, _TRIES // max(1, ports)))
    waiting = ((block, block) for block in blocks)
    begun: list[tuple[Block, Block]] = []
    number = 0
    while True:
        room, pieces, rests = together * each, list[tuple[Block, Block]](), list[tuple[Block, Block]]()
        while room and (one := begun.pop(0) if begun else next(waiting, None)) is not None:
            block, left = one
            last = min(left.last, left.first + min(each, room) - 1)
            pieces.append((block, Block(left.version, left.first, last)))
            room -= last - left.first + 1
            if last < left.last:
                rests.append((block, Block(left.version, last + 1, left.last)))
        if not pieces:
            return
        begun = rests + begun
        yield Stretch(number, tuple(pieces))
        number += 1


@dataclass(slots=True, eq=False)
class Member:
    """One method's way through the network: how far it has begun to ask, and how far it has heard out."""

    orders: bool
    """It says which blocks come first; the others wait for that."""
    at: int = -1
    heard: set[int] = field(default_factory=set)
    """Stretches heard out that are not over yet for all."""


class Front:
    """Holds the methods together. `entered` and `left` are told as the first begins a stretch and the last leaves it."""

    def __init__(
        self,
        blocks: Callable[[], Iterable[Block]],
        together: int,
        *,
        ports: int = 1,
        entered: Callable[[Stretch], None] = lambda _: None,
        left: Callable[[Stretch], None] = lambda _: None,
    ) -> None:
        self._together, self._ports = together, ports
        self._entered, self._left = entered, left
        self._blocks = blocks
        self._source: Iterator[Stretch] | None = None
        self._open: dict[int, Stretch] = {}
        self._begun = 0
        self._members: set[Member] = set()
        self._moved = asyncio.Event()

    def join(self, *, orders: bool = False) -> Member:
        """Take part from the beginning; a stretch is over when every member has heard it out, or has retired."""
        member = Member(orders)
        self._members.add(member)
        return member

    def arrange(self, member: Member, blocks: Sequence[Block]) -> None:
        """Say in which order the blocks come; without effect once the first stretch has begun."""
        if self._source is None:
            self._blocks = lambda: blocks
        member.orders = False
        self._move()

    async def walk(self, member: Member) -> AsyncIterator[Stretch]:
        """Yield stretch after stretch, each when the other methods have come near it; asking for the next ends the one before."""
        number = 0
        while True:
            await self._until(lambda: not any(one.orders for one in self._members if one is not member))
            member.at = number
            self._move()
            await self._until(lambda: self._may_begin(member))
            stretch = self._stretch(number)
            if stretch is None:
                return
            yield stretch
            number += 1

    def heard_out(self, member: Member, stretch: Stretch) -> None:
        """State that nothing more is to come of a stretch by this member's method."""
        member.heard.add(stretch.number)
        self._settle()

    def retire(self, member: Member) -> None:
        """State that a member will do nothing more, however far it came."""
        self._members.discard(member)
        self._settle()
        self._move()

    def _may_begin(self, member: Member) -> bool:
        others = (one.at for one in self._members if one is not member and one.at >= 0)
        return member.at <= min(others, default=member.at) + _LEAD

    def _stretch(self, number: int) -> Stretch | None:
        if number in self._open or number < self._begun:
            return self._open.get(number)
        if self._source is None:
            self._source = stretches(self._blocks(), self._together, self._ports)
        stretch = next(self._source, None)
        if stretch is not None:
            self._open[number] = stretch
            self._begun = number + 1
            self._entered(stretch)
        return stretch

    def _settle(self) -> None:
        for number in sorted(self._open):
            if all(number in one.heard for one in self._members):
                for one in self._members:
                    one.heard.discard(number)
                self._left(self._open.pop(number))

    def _move(self) -> None:
        self._moved.set()
        self._moved = asyncio.Event()

    async def _until(self, holds: Callable[[], bool]) -> None:
        while not holds():
            await self._moved.wait()
