"""The field of one site: where discovery may look, by the scope's leave, address by address."""

import asyncio
import errno
import socket  # noqa: TID251 - net owns the sockets
import struct
from collections.abc import AsyncIterator, Awaitable, Iterator, Mapping, Sequence
from datetime import datetime
from math import ceil

from auditor.model import Grant, Method, Status, Withheld
from auditor.net.door import SYN_DEADLINE, NotSentError, Passage, Segment
from auditor.net.front import Block, Front, Stretch
from auditor.net.interfaces import interface
from auditor.net.line import Office
from auditor.net.links import NO_LINK
from auditor.net.owed import is_owed
from auditor.net.pace import Tempo
from auditor.scope import SWEEP_LIMIT_V6, Refusal, Scope
from auditor.scope.windows import closes

_RESET = struct.pack("ii", 1, 0)
"""SO_LINGER on, 0 s: close with a reset, one packet instead of three, and nothing kept by the device."""

_QUEUED = 16
"""Tries of a sweep that stand in line for the pace at a time; with more, questions to devices found would wait long."""
_ROOM = 1024
_BLOCKS = 8
_MOST_BLOCKS = 32
_GRANTS_KEPT = 16_384

Look = tuple[Status, str]
"""What came of trying one port."""
_OPEN: Look = (Status.ANSWERED, "open")
_CLOSED: Look = (Status.REFUSED, "connection refused")
_NOBODY: Look = (Status.SILENT, "nobody on our segment has this address")


class Field:
    """What discovery is given: the granted addresses and interfaces of a site, and ways to try them.

    Nothing outside the scope can be reached through it: every address is admitted by the scope at the
    moment it is tried. It counts what was tried and what was withheld.
    """

    def __init__(
        self,
        scope: Scope,
        site: str | None,
        *,
        office: Office,
        ports: tuple[int, ...] = (),
        thorough: bool = False,
        room: asyncio.Semaphore | None = None,
        front: Front | None = None,
    ) -> None:
        if site is None and len(scope.sites) == 1:
            site = scope.sites[0].name
        if site is None or scope.site(site) is None:
            known = ", ".join(one.name for one in scope.sites) or "none"
            raise ValueError(f"the scope has no site {site!r}; name one of: {known}")
        self._scope = scope
        self._office = office
        self._granted: dict[str, Grant] = {}
        self._turns = asyncio.Semaphore(_QUEUED)
        self._refused: dict[str, set[str]] = {}
        self._skipped: dict[str, int] = {}
        self._held_off: Mapping[str, str] = {}
        self.site = site
        self.sweeps = Method.TCP_SWEEP in scope.methods
        """Whether what was withheld here are tries of a sweep, without which an address is not swept."""
        self.ports = ports
        """TCP ports to sweep; empty means the default list."""
        self.thorough = thorough
        """Sweep also where a sample found nobody, and try twice."""
        self.room = room or asyncio.Semaphore(_ROOM)
        """Taken for each connection of a sweep that is being waited for, by all fields of a network."""
        self._front = front or Front(self.blocks, self.blocks_at_once, ports=len(ports) or 1)
        self._member = self._front.join(orders=self.sweeps)
        self.swept = 0
        """Addresses of which every port was tried."""
        self.notes: list[str] = []
        """What did not work on this machine, in words."""

    def now(self) -> datetime:
        """Return the time of the run's clock (UTC)."""
        return self._office.clock()

    @property
    def stopped(self) -> bool:
        """Whether we were told to stop."""
        return self._office.stop.is_set()

    @property
    def blocks_at_once(self) -> int:
        """How many blocks are swept side by side: enough of them for the whole pace, and no more."""
        pace = self._scope.pace
        return min(_MOST_BLOCKS, max(_BLOCKS, ceil(pace.packets_per_second / pace.packets_per_second_subnet)))

    def addresses(self) -> Iterator[str]:
        """Walk all granted addresses of the site, in order."""
        return (address for block in self.blocks() for address in block)

    def grants(self) -> Iterator[Grant]:
        """Walk all granted addresses of the site, in order, one Grant each."""
        for block in self.blocks():
            for address in block:
                grant = self.grant(address)
                if grant is not None:
                    yield grant

    def blocks(self) -> Iterator[Block]:
        """Walk the granted addresses as pieces of /24; IPv6 networks too large to walk are counted as withheld."""
        too_large = 0
        for part in self._scope.granted(self.site, self.now()).intervals:
            size = part.last - part.first + 1
            if part.version == 6 and size > SWEEP_LIMIT_V6:
                too_large += size
                continue
            for start in range(part.first & ~0xFF, part.last + 1, 256):
                yield Block(part.version, max(start, part.first), min(start | 0xFF, part.last))
        if too_large:
            self.skip("IPv6 network too large to sweep", too_large)

    def hold_off(self, addresses: Mapping[str, str]) -> None:
        """Try none of these addresses, and count each as withheld for its reason."""
        self._held_off = addresses

    def arrange(self, blocks: Sequence[Block]) -> None:
        """Say in which order the blocks are searched, by all methods."""
        self._front.arrange(self._member, blocks)

    def stretches(self) -> AsyncIterator[Stretch]:
        """Walk the granted addresses stretch by stretch, side by side with the other methods."""
        return self._front.walk(self._member)

    def heard_out(self, stretch: Stretch) -> None:
        """State that nothing more is to come of a stretch."""
        self._front.heard_out(self._member, stretch)

    def retire(self) -> None:
        """State that nothing more is looked for through this field."""
        self._front.retire(self._member)

    def grant(self, address: str) -> Grant | None:
        """Ask the scope for the address now; a refusal is counted. A grant holds until its own end."""
        if address in self._held_off:
            self.withhold(self._held_off[address], address)
            return None
        held = self._granted.get(address)
        if held is not None and self.now() < held.until:
            return held
        admitted = self.admit(address)
        if isinstance(admitted, Refusal):
            self.withhold(str(admitted.why), address)
            return None
        if len(self._granted) >= _GRANTS_KEPT:
            self._granted.clear()
        self._granted[address] = admitted
        return admitted

    def admit(self, address: str, *, mac: str | None = None) -> Grant | Refusal:
        """Ask the scope about an address of this site that answered, with its MAC address where known."""
        return self._scope.admit(address, site=self.site, mac=mac, at=self.now())

    @property
    def bars_macs(self) -> bool:
        """Whether somebody here may be excluded by a hardware address."""
        return self._scope.bars_macs(self.site, self.now())

    def segments(self) -> tuple[Segment, ...]:
        """Return the interfaces on which multicast and broadcast are granted now."""
        now = self.now()
        if self._scope.opening(now) != now:
            return ()
        paper = self._scope.authorisation.valid_until
        closing = closes(self._scope.windows, now) if self._scope.windows else None
        found = []
        for name in self._scope.interfaces(self.site):
            here = interface(name)
            if here is None:
                self.note(f"interface {name} is missing, down or without an IPv4 address on this machine")
            else:
                until = min(closing, paper) if closing else paper
                found.append(Segment(self.site, here, self._scope.methods, until))
        return tuple(found)

    def neighbourhoods(self) -> tuple[Segment, ...]:
        """Return the interfaces on which layer 2 is granted now; loopback has no neighbours."""
        site = self._scope.site(self.site)
        if site is None or Method.ARP not in self._scope.methods:
            return ()
        until = self._scope.authorisation.valid_until
        known = (interface(name) for name in site.interfaces)
        return tuple(
            Segment(self.site, here, self._scope.methods, until)
            for here in known
            if here is not None and not here.loopback
        )

    def withhold(self, reason: str, address: str) -> None:
        """Note an address that was not asked, and why."""
        self._refused.setdefault(reason, set()).add(address)

    def unasked(self) -> Mapping[str, frozenset[str]]:
        """Return by reason the addresses that were not asked everything, for reasons of our own."""
        return {
            reason: frozenset(addresses) for reason, addresses in self._refused.items() if is_owed(reason)
        }

    def was_down(self, address: str, since: float) -> bool:
        """Tell whether our link to an address was down at a moment since, by the monotonic clock."""
        return self._office.links.was_down(address, since)

    def was_without(self, segment: Segment, since: float) -> bool:
        """Tell whether a segment's interface had no link at a moment since."""
        return self._office.links.was_without(segment.interface.name, since)

    def skip(self, reason: str, addresses: int) -> None:
        """State how many addresses were left out for a reason; said again, the last number holds."""
        self._skipped[reason] = addresses

    def withheld(self) -> tuple[Withheld, ...]:
        """Return what was not asked and why, by reason, each address counted once for each reason."""
        counts = self._skipped | {reason: len(addresses) for reason, addresses in self._refused.items()}
        return tuple(Withheld(reason, counts[reason]) for reason in sorted(counts))

    def tcp_open(self, grant: Grant, port: int) -> Look | Awaitable[Look]:
        """Try to connect and close at once: ANSWERED open, REFUSED closed, SILENT nothing; the reason in words.

        Where neither the pace nor the other side makes us wait, the outcome is given at once, not as an awaitable.
        """
        if self.is_absent(grant.address):
            return _NOBODY
        try:
            passage = self._office.door.at_once(grant, port, method=Method.TCP_SWEEP, tempo=Tempo.PACKET)
            if passage is None:
                return self._tcp_in_turn(grant, port)
            self._resolve(grant)
            sock, code = passage.begin()
        except NotSentError as error:
            return Status.WITHHELD, str(error)
        if code == errno.ECONNREFUSED:
            sock.close()
            return _CLOSED
        if code:
            return self._tcp_settled(grant, passage, sock, code)
        return self._is_open(grant, sock)

    async def _tcp_in_turn(self, grant: Grant, port: int) -> Look:
        try:
            async with self._turns:
                passage = await self._office.door.to(grant, port, method=Method.TCP_SWEEP, tempo=Tempo.PACKET)
            if self.is_absent(grant.address):  # learnt while we stood in line
                return _NOBODY
            self._resolve(grant)
            sock, code = passage.begin()
        except NotSentError as error:
            return Status.WITHHELD, str(error)
        return await self._tcp_settled(grant, passage, sock, code)

    async def _tcp_settled(self, grant: Grant, passage: Passage, sock: socket.socket, code: int) -> Look:
        began = self._office.monotonic()
        looked = await self._tcp_waited(grant, passage, sock, code)
        if looked[0] is Status.SILENT and self._office.links.was_down(grant.address, began):
            return Status.WITHHELD, NO_LINK
        return looked

    async def _tcp_waited(self, grant: Grant, passage: Passage, sock: socket.socket, code: int) -> Look:
        stop = self._office.stop
        try:
            async with stop.bounded(None):
                await passage.settle(sock, code, within=SYN_DEADLINE)
        except NotSentError as error:
            return Status.WITHHELD, str(error)
        except TimeoutError:
            if stop.is_set():
                return Status.WITHHELD, stop.reason
            return Status.SILENT, f"no answer within {SYN_DEADLINE:g} s"
        except ConnectionRefusedError:
            return _CLOSED
        except OSError as error:
            return Status.SILENT, (error.strerror or type(error).__name__).lower()
        return self._is_open(grant, sock)

    def _is_open(self, grant: Grant, sock: socket.socket) -> Look:
        self._office.keeper.charge(grant, 2)  # the kernel's ACK, and our reset
        with sock:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        return _OPEN

    async def single(self, grant: Grant, port: int, method: Method) -> Passage:
        """Wait for our turn to send one datagram to a granted address."""
        passage = await self._office.door.to(grant, port, method=method, tempo=Tempo.PACKET)
        if method is not Method.ARP:
            self._resolve(grant)
        return passage

    def interfaces(self) -> tuple[str, ...]:
        """Return the names of the interfaces that the scope grants the site, whatever their state."""
        site = self._scope.site(self.site)
        return site.interfaces if site is not None else ()

    def is_attached(self, address: str) -> bool:
        """Tell whether an address is on a segment of this machine, by its routes."""
        return self._office.resolution.is_attached(address)

    def is_absent(self, address: str) -> bool:
        """Tell whether an address is on our own segment and nobody there has it: nothing sent to it would leave."""
        return self._office.resolution.is_absent(address)

    def _resolve(self, grant: Grant) -> None:
        """Count what the kernel asks by itself before the first packet to a neighbour."""
        if cost := self._office.resolution.cost(grant.address):
            self._office.keeper.charge(grant, cost - 1, host=False)

    async def group(self, segment: Segment, group: str, port: int, method: Method) -> Passage:
        """Wait for our turn to send one datagram to a group, or BROADCAST, on a granted interface."""
        return await self._office.door.onto(segment, group, port, method=method)

    def listening_port(self, segment: Segment, port: int) -> int | None:
        """Return the port to listen on for a protocol's own port, or None where it cannot be."""
        try:
            return self._office.door.shifted(port, segment.interface.loopback)
        except NotSentError:
            return None

    def monotonic(self) -> float:
        """Return the monotonic clock."""
        return self._office.monotonic()

    def note(self, words: str) -> None:
        """Remember what did not work on this machine, once."""
        if words not in self.notes:
            self.notes.append(words)
