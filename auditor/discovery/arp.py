"""Ask the own segment who has each granted address: ARP for IPv4, neighbour discovery for IPv6.

It finds devices that answer nothing else, and their hardware addresses. A router that answers for everybody is told
by one hardware address with many addresses, and taken for nobody. Source: RFC 826, RFC 4861, RFC 1027.
"""

import dataclasses
from collections.abc import AsyncIterator, Iterable, Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address

from auditor.model import (
    WORD_OF_ANOTHER,
    Endpoint,
    Exchange,
    Grant,
    Method,
    Protocol,
    Sighting,
    Status,
    Transport,
)
from auditor.net import Emit, Field, alternating, streamed
from auditor.net.door import NotSentError
from auditor.net.front import Block
from auditor.net.neighbours import Answer, Neighbours, NeighboursError
from auditor.net.owed import MACHINE

METHOD = Method.ARP
PROTOCOL = Protocol.ARP

PROXY = 4
"""A hardware address that answers for so many addresses is a router's."""
_ROUNDS = 2
ONLY_ARP = f"{MACHINE}: whom the scope excludes by hardware address only ARP can tell"
_WAIT = 1.0
"""Seconds to listen after each round; a device on the same segment answers within a few milliseconds."""


def unknown_before(where: str) -> str:
    """Say that exclusions by hardware address cannot be heeded from the first packet on."""
    return (
        f"whom the scope excludes by hardware address cannot be known {where} before asking: such a device is left alone "
        "from when it shows its own"
    )


def discover(field: Field) -> AsyncIterator[Sighting]:
    """Yield a sighting, with its hardware address, for each granted address that somebody on the segment has."""
    return streamed(_Sweep(field).run)


@dataclasses.dataclass(slots=True)
class _Sweep:
    """One sweep under way."""

    field: Field
    answers: dict[str, Answer] = dataclasses.field(default_factory=dict)
    contested: dict[str, Answer] = dataclasses.field(default_factory=dict)
    """Answers of a second hardware address for the same address."""

    async def run(self, emit: Emit) -> None:
        """Ask every segment that has granted addresses on it, one after the other."""
        here: list[IPv4Network | IPv6Network] = []
        for segment in self.field.neighbourhoods():
            self.answers, self.contested = {}, {}
            neighbours = Neighbours(segment.interface, stopped=lambda: self.field.stopped)
            here += neighbours.networks
            if not any(_touches(block, neighbours.networks) for block in self.field.blocks()):
                continue
            try:
                async with neighbours:
                    await self._segment(neighbours)
            except NeighboursError as error:
                self._left_out(neighbours, error)
            for answer in self._believed():
                emit(self._sighting(answer))
        if self.field.bars_macs and not all(_is_within(one, here) for one in self.field.blocks()):
            self._beyond(here)

    def _beyond(self, here: Sequence[IPv4Network | IPv6Network]) -> None:
        """Leave alone whom ARP could tell and was not able to; say that of all others nobody knows before asking."""
        networks = [(one.version, int(one.network_address), int(one.netmask)) for one in here]
        is_granted = bool(self.field.interfaces())
        for address in alternating(self.field.blocks()):
            if is_granted and self.field.is_attached(address) and not _is_in(address, networks):
                self.field.withhold(ONLY_ARP, address)
        self.field.note(
            unknown_before(
                f"at those addresses of {self.field.site} that are on no segment the scope lets it ask by ARP"
            )
        )

    async def _segment(self, neighbours: Neighbours) -> None:
        for _ in range(_ROUNDS):
            for address in alternating(self.field.blocks()):
                if self.field.stopped or neighbours.ended:
                    break
                if address not in self.answers and neighbours.is_here(address):
                    await self._ask(address, neighbours)
                    await self._hear(neighbours, 0.0)
            await self._hear(neighbours, 0.0 if self.field.stopped else _WAIT)
        for address, reason in neighbours.unsent.items():
            if address not in self.answers:
                self.field.withhold(reason, address)
        if neighbours.ended and not self.field.stopped:
            self._owe(neighbours, neighbours.ended)

    def _left_out(self, neighbours: Neighbours, error: NeighboursError) -> None:
        """Say why a segment was not asked, and whether it is still to be."""
        self.field.note(str(error))
        if error.is_owed:
            self._owe(neighbours, f"{MACHINE}: asking by ARP could not begin")
        elif error.needs_right and self.field.bars_macs:
            self._owe(neighbours, ONLY_ARP)
        elif self.field.bars_macs:
            self.field.note(unknown_before(f"at {self.field.site}, where it cannot ask by ARP,"))

    def _owe(self, neighbours: Neighbours, reason: str) -> None:
        """Count everybody on a segment of whom we heard nothing: whose answer came too late for us cannot be told."""
        for address in alternating(self.field.blocks()):
            if address not in self.answers and neighbours.is_here(address) and self.field.grant(address):
                self.field.withhold(reason, address)

    async def _ask(self, address: str, neighbours: Neighbours) -> None:
        grant = self.field.grant(address)
        if grant is None:
            return
        try:
            passage = await self.field.single(grant, 0, METHOD)
            await neighbours.ask(passage, (grant.until - self.field.now()).total_seconds())
        except NotSentError as error:
            self.field.withhold(str(error), address)

    async def _hear(self, neighbours: Neighbours, seconds: float) -> None:
        while (answer := await neighbours.next(seconds)) is not None:
            if self.answers.setdefault(answer.address, answer).mac != answer.mac:
                self.contested.setdefault(answer.address, answer)

    def _believed(self) -> Iterable[Answer]:
        """Return the answers of devices, without those of a router that answers for others, unless it is excluded."""
        of_mac: dict[str, int] = {}
        for answer in self.answers.values():
            of_mac[answer.mac] = of_mac.get(answer.mac, 0) + 1
        for mac, count in of_mac.items():
            if count >= PROXY:
                self.field.note(
                    f"{mac} answers by ARP for {count} addresses, as routers do; taken for nobody"
                )
        return [
            one
            for one in self.answers.values()
            if of_mac[one.mac] < PROXY or not self._is_granted(one.address, one.mac)
        ]

    def _is_granted(self, address: str, mac: str) -> bool:
        return isinstance(self.field.admit(address, mac=mac), Grant)

    def _sighting(self, answer: Answer) -> Sighting:
        rival = self.contested.get(answer.address)
        macs = [answer.mac] if rival is None else [answer.mac, rival.mac]
        barred = next((mac for mac in macs if not self._is_granted(answer.address, mac)), None)
        admitted = self.field.admit(answer.address, mac=barred or answer.mac)
        granted = isinstance(admitted, Grant)
        now = self.field.now()
        exchange = Exchange(
            device=admitted.device if isinstance(admitted, Grant) else f"{self.field.site}/{answer.address}",
            probe=str(METHOD),
            protocol=PROTOCOL,
            endpoint=Endpoint(answer.address, 0, Transport.UDP),
            request=answer.question,
            reply=answer.answer,
            status=Status.ANSWERED,
            at=now,
            detail=_detail(rival, granted=granted),
        )
        # Of two that claim the address neither is its own; one that is excluded is what must be known.
        mac = barred if rival is not None else answer.mac
        return Sighting(answer.address, str(METHOD), now, mac=mac, exchange=exchange, granted=granted)


def _is_in(address: str, networks: Iterable[tuple[int, int, int]]) -> bool:
    read = ip_address(address)
    return any(read.version == version and int(read) & mask == network for version, network, mask in networks)


def _is_within(block: Block, networks: Iterable[IPv4Network | IPv6Network]) -> bool:
    first, last = map(ip_address, block.ends)
    return any(first in network and last in network for network in networks)


def _touches(block: Block, networks: Iterable[IPv4Network | IPv6Network]) -> bool:
    first, last = (int(ip_address(end)) for end in block.ends)
    return any(
        one.version == block.version and int(one[0]) <= last and first <= int(one[-1]) for one in networks
    )


def _detail(rival: Answer | None, *, granted: bool) -> str:
    """Say whose word it is where two hardware addresses claim one address, and what becomes of it."""
    contested = f"{WORD_OF_ANOTHER}{rival.mac} claims this address as well" if rival is not None else ""
    refused = "" if granted else "not contacted any further"
    return "; ".join(part for part in (contested, refused) if part)
