"""Finding: the scope chunk by chunk, every allowed method at once; whoever answers is followed up."""

import asyncio
from collections.abc import Coroutine, Iterator, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from types import ModuleType

from auditor.discovery.arp import unknown_before
from auditor.model import Endpoint, Exchange, Grant, Method, Protocol, Sighting, Status
from auditor.net import FAULT, Field, Front, Look, Network, Stretch
from auditor.run.ahead import Ahead
from auditor.run.coverage import BY_HARDWARE_ADDRESS, from_fields, not_tried
from auditor.run.gate import Gate
from auditor.run.past import Past
from auditor.run.plan import Audit, Chunk, chunks, methods
from auditor.run.pursuit import Pursuit
from auditor.run.record import Record
from auditor.run.target import Target, in_order
from auditor.scope import Refusal, Scope, address_number
from auditor.scope.scope import Why
from auditor.store import CONNECT, Place

_MOST_TRIED = 4
"""Ports tried of a device that was met before, by no TCP port, and is silent now."""
_SWEEP = "tries of a sweep"
"""What stands among the questions we owe a device for ports that were not tried."""
_NEWS = 0.1
"""Seconds for the last sightings of a stretch to be taken in before its devices are closed."""
_SITES = 8
"""Sites swept side by side; the pace is kept for all of them together."""


@dataclass(slots=True)
class Search:
    """Sweeps what the scope grants and hands sightings on."""

    gate: Gate
    network: Network
    audit: Audit
    record: Record
    pursuit: Pursuit
    past: Past
    known: tuple[Place, ...] = ()
    """Where devices were met before this run."""
    _ahead: dict[str, Ahead] = field(default_factory=dict)
    """By site: what the sweep under way has still before it."""
    _fields: dict[str, list[Field]] = field(default_factory=dict)
    """By name of the chunk under way: what looks into it."""
    _unknown: dict[str, Mapping[str, str]] = field(default_factory=dict)
    """By site: addresses that may be an excluded hardware address's, for all that could be learnt, and why not."""

    @property
    def swept(self) -> int:
        """Addresses swept so far, as far as the sweep under way tells."""
        now = sum(max((one.swept for one in fields), default=0) for fields in self._fields.values())
        return now + sum(one.swept for one in self.record.swept.values())

    def recall(self) -> None:
        """Take up what an earlier process of this run has found."""
        for subject, sighting in self.past.sightings:
            self.record.count(subject, granted=sighting.granted)
            target = self.pursuit.target(subject.rpartition("/")[0], sighting.address)
            target.granted = sighting.granted
            target.sight(sighting)
        for subject, exchanges in self.past.exchanges.items():
            if subject in self.pursuit.targets:
                for exchange in exchanges:
                    self.pursuit.targets[subject].memory.keep(exchange)
        for subject in self.past.done:
            if subject in self.pursuit.targets:
                self.pursuit.targets[subject].finish()
                self.record.tally.done += self.pursuit.targets[subject].granted
        for target in in_order(self.pursuit.targets.values()):
            if not target.is_done and not self._is_asked_for_first(target.site):
                self.pursuit.follow(target)

    async def all_chunks(self) -> None:
        """Sweep everything that was not swept yet, sites side by side; EndedError when we must end before."""
        together, segments = asyncio.Semaphore(_SITES), asyncio.Lock()

        async def one(site: str) -> None:
            # Two that listen on a segment would each take the other's devices for strangers.
            alone = segments if self.gate.scope.interfaces(site) else nullcontext()
            async with alone, together:
                await self._site(site)

        ended = await asyncio.gather(
            *(one(site.name) for site in self.gate.scope.sites), return_exceptions=True
        )
        for error in ended:
            if error is not None:
                raise error

    async def _site(self, site: str) -> None:
        for chunk in chunks(self.gate.scope, self.gate.clock(), site=site):
            await self.gate.passed()
            if chunk.name not in self.record.swept:
                await self._sweep(chunk)
            elif any(one.is_left for one in self._of(chunk.site) if chunk.holds(*one.number)):
                await self._neighbours_first(chunk, [])
            self._close(chunk)
            await self.pursuit.make_room(2 * self.gate.scope.pace.concurrent_devices)

    async def _sweep(self, chunk: Chunk) -> None:
        """Sweep a chunk with every allowed method; again from its start when a window closed meanwhile."""
        while True:
            fields = self._fields[chunk.name] = []
            scope, asked = await self._neighbours_first(chunk, fields)
            await self._side_by_side(scope, chunk, methods(scope.methods - asked), fields)
            self.gate.check()
            now = self.gate.clock()
            if self.gate.scope.opening(now) == now:
                break
            await self.gate.passed()
        self._owe(chunk, fields)
        self.record.chunk(chunk.name, from_fields(self._fields.pop(chunk.name)))

    def _owe(self, chunk: Chunk, fields: list[Field]) -> None:
        """Let devices of which not every port was tried not pass for asked to their end."""
        for reason, addresses in not_tried(fields).items():
            for address in addresses:
                if target := self.pursuit.targets.get(f"{chunk.site}/{address}"):
                    target.owed[_SWEEP, reason] = reason

    async def _neighbours_first(self, chunk: Chunk, fields: list[Field]) -> tuple[Scope, frozenset[Method]]:
        """Learn where those are whom the scope excludes by a hardware address, before anything else is sent there.

        Return the scope that holds off from them, and from everybody of whom that could not be learnt for a reason of
        ours; and what was asked for it.
        """
        scope, now = self.gate.scope, self.gate.clock()
        before = self._unknown.pop(chunk.site, {})
        if not scope.bars_macs(chunk.site, now):
            return scope, frozenset()
        asked: list[Field] = []
        for module in methods(scope.methods & {Method.ARP}):
            await self._discover(chunk, module, self._field(scope, chunk, module, asked))
        fields += asked
        unknown = {
            address: reason for one in asked for reason, all_of in one.unasked().items() for address in all_of
        }
        self._unknown[chunk.site] = {
            **{one: why for one, why in before.items() if not chunk.holds(*address_number(one))},
            **unknown,
        }
        if Method.ARP not in scope.methods:
            self.record.note(unknown_before(f"at {chunk.site}, where this run does not ask by ARP,"))
        macs = {one.address: one.mac for one in self._of(chunk.site) if one.mac}
        barred = [
            found
            for address, mac in macs.items()
            if chunk.holds(*address_number(address))
            and isinstance(found := scope.admit(address, site=chunk.site, mac=mac, at=now), Refusal)
            and found.why is Why.EXCLUDED
        ]
        if barred and asked:
            asked[0].skip(BY_HARDWARE_ADDRESS, len(barred))
        return scope.holding_off(chunk.site, macs, now), frozenset({Method.ARP})

    async def _side_by_side(
        self, scope: Scope, chunk: Chunk, modules: tuple[ModuleType, ...], fields: list[Field]
    ) -> None:
        """Go through a chunk with several methods; whoever was found in a stretch that all have left is closed."""
        part = scope.narrow(targets=chunk.targets) if chunk.targets else scope
        again = self.network.field(part, chunk.site, ports=self.audit.ports, thorough=self.audit.thorough)
        again.hold_off(self._unknown.get(chunk.site, {}))
        again.retire()
        fields.append(again)
        async with asyncio.TaskGroup() as group:

            def leaving(work: Coroutine[None, None, None]) -> None:
                group.create_task(work)

            front = Front(
                again.blocks,
                again.blocks_at_once,
                ports=len(self.audit.swept_ports),
                entered=lambda stretch: self._enter(chunk, stretch),
                left=lambda stretch: leaving(self._leave(chunk, stretch, again)),
            )
            self._ahead[chunk.site] = Ahead(chunk)
            looking = [self._field(scope, chunk, module, fields, front) for module in modules]
            for module, one in zip(modules, looking, strict=True):
                group.create_task(self._discover(chunk, module, one))
        self._ahead.pop(chunk.site)

    def _enter(self, chunk: Chunk, stretch: Stretch) -> None:
        """Begin to ask those who were met before the sweep came to them."""
        self._ahead[chunk.site].enter(stretch)
        for target in self._in(chunk, stretch):
            if target.is_left:
                self._follow(target)

    async def _leave(self, chunk: Chunk, stretch: Stretch, again: Field) -> None:
        """Let the devices of a stretch be asked to their end: nothing more will be found there."""
        await asyncio.sleep(_NEWS)
        if again.stopped:
            return
        await self._look_again(chunk, stretch, again)
        now = self.gate.clock()
        if self.gate.scope.opening(now) != now:
            return  # outside a window nothing was tried: the chunk is swept again
        self._owe(chunk, self._fields[chunk.name])
        for target in self._in(chunk, stretch):
            target.close()

    def _in(self, chunk: Chunk, stretch: Stretch) -> Iterator[Target]:
        for address in stretch.addresses():
            if (target := self.pursuit.targets.get(f"{chunk.site}/{address}")) is not None:
                yield target

    async def _look_again(self, chunk: Chunk, stretch: Stretch, looking: Field) -> None:
        """Try the ports that devices had when they were last met, so that what has closed, or is silent, was asked."""
        if not looking.sweeps:
            return
        addresses = set(stretch.addresses())
        async with asyncio.TaskGroup() as group:
            for place in self.known:
                if place.site == chunk.site and place.address in addresses:
                    group.create_task(self._look_at(looking, place))

    async def _look_at(self, looking: Field, place: Place) -> None:
        subject = f"{place.site}/{place.address}"
        target = self.pursuit.targets.get(subject)
        tried = {one.endpoint.port for one in self.past.exchanges.get(subject, ()) if one.probe == CONNECT}
        known = "known from before" if place.ports else "a device without a known TCP port"
        for port in self._missing(place, target):
            grant = looking.grant(place.address)
            if grant is None or looking.stopped:
                return
            if port in tried:
                continue
            looked = await _tried_twice(looking, grant, port)
            if looked[0] is Status.ANSWERED:
                self._sight(place.site, Sighting(place.address, str(Method.TCP_SWEEP), looking.now(), port))
            elif looked[0] is Status.WITHHELD:
                looking.withhold(looked[1], place.address)
            elif looked[0] in {Status.REFUSED, Status.SILENT}:
                self.record.again(
                    Exchange(
                        subject, CONNECT, Protocol.OBSERVED, Endpoint(place.address, port), b"", b"", looked[0],
                        looking.now(), detail=f"{known}: {looked[1] or 'no answer to two tries'}",
                    ),
                    self.pursuit.targets.get(subject), place.part,
                )  # fmt: skip

    def _missing(self, place: Place, target: Target | None) -> tuple[int, ...]:
        """Return the ports to try: those known from before that did not answer now.

        The most telling ones of a device that was never met by a TCP port; none that this run is not to ask.
        """
        shift = self.audit.port_shift
        swept = {port + shift for port in self.audit.swept_ports} | set(self.audit.swept_ports)
        there = set(target.open_ports()) if target is not None else set()
        ports = [
            port for port in place.ports if (not self.audit.ports or port in swept) and port not in there
        ]
        if not place.ports and (target is None or not target.has_anything()):
            return tuple(self.audit.swept_ports[:_MOST_TRIED])
        return tuple(ports)

    def _field(
        self, scope: Scope, chunk: Chunk, module: ModuleType, fields: list[Field], front: Front | None = None
    ) -> Field:
        wanted = {module.METHOD, Method.MULTICAST} if chunk.is_first else {module.METHOD}
        part = scope.narrow(targets=chunk.targets, methods=scope.methods & wanted)
        looking = self.network.field(
            part, chunk.site, ports=self.audit.ports, thorough=self.audit.thorough, front=front
        )
        looking.hold_off(self._unknown.get(chunk.site, {}))
        fields.append(looking)
        return looking

    async def _discover(self, chunk: Chunk, module: ModuleType, looking: Field) -> None:
        async def look() -> None:
            async for sighting in module.discover(looking):
                if not (looking.bars_macs and self._comes_later(chunk, sighting)):
                    self._sight(chunk.site, sighting)

        try:
            if not await self.pursuit.asker.attempt(f"{chunk.site} {module.METHOD}", look()):
                for address in looking.addresses():
                    looking.withhold(FAULT, address)
        finally:
            looking.retire()
        for note in looking.notes:
            self.record.note(note)

    def _comes_later(self, chunk: Chunk, sighting: Sighting) -> bool:
        """Tell whether who answered a question to everybody is granted, and not yet looked for by ARP: his chunk comes later.

        IPv6 networks too large to walk are in no chunk.
        """
        version, number = address_number(sighting.address)
        if Method.ARP not in self.gate.scope.methods or version == 6 or chunk.holds(version, number):
            return False
        admitted = self.gate.scope.admit(sighting.address, site=chunk.site, at=self.gate.clock())
        return isinstance(admitted, Grant)

    def _sight(self, site: str, sighting: Sighting) -> None:
        """Take in that somebody answered; whoever is not granted is recorded and left alone.

        Of whom nobody knows yet whether he is excluded nothing is kept either: he is owed, and looked for anew.
        """
        if sighting.address in self._unknown.get(site, {}):
            return
        if not sighting.granted:
            # The field knew a part of the scope only; the whole one decides.
            now = self.gate.clock()
            admitted = self.gate.scope.admit(sighting.address, site=site, mac=sighting.mac, at=now)
            if isinstance(admitted, Refusal) and admitted.why is Why.NOT_A_TARGET:
                self.record.beside.add(f"{site}/{sighting.address}")
                return
            sighting = replace(sighting, granted=isinstance(admitted, Grant))
        target = self.pursuit.target(site, sighting.address)
        target.granted = sighting.granted
        self.record.sighting(target, sighting)
        ahead = self._ahead.get(site)
        if target.sight(sighting) and not (ahead is not None and ahead.holds(*target.number)):
            self.pursuit.follow(target)

    def _is_asked_for_first(self, site: str) -> bool:
        """Tell whether nobody at a site is to be sent anything before ARP has told who is excluded."""
        scope = self.gate.scope
        return Method.ARP in scope.methods and scope.bars_macs(site, self.gate.clock())

    def _follow(self, target: Target) -> None:
        """Begin to ask somebody; of whom nobody knows whether he is excluded is owed."""
        reason = self._unknown.get(target.site, {}).get(target.address)
        if reason is None:
            self.pursuit.follow(target)
        else:
            target.owed[_SWEEP, reason] = reason

    def _close(self, chunk: Chunk) -> None:
        """Let devices up to the end of a chunk be asked to their end."""
        last = max(((version, last) for version, _, last in chunk.ranges), default=(0, 0))
        for target in self._of(chunk.site):
            if target.number <= last:
                if target.is_left:
                    self._follow(target)
                target.close()

    def _of(self, site: str) -> Iterator[Target]:
        return (one for one in in_order(self.pursuit.targets.values()) if one.site == site)


async def _tried_twice(looking: Field, grant: Grant, port: int) -> Look:
    """Try a port; once more where nothing came, since one packet may have been lost."""
    looked = (Status.WITHHELD, "")
    for _ in range(2):
        made = looking.tcp_open(grant, port)
        looked = made if isinstance(made, tuple) else await made
        if looked[0] is not Status.SILENT:
            break
    return looked
