"""Finding: the scope chunk by chunk, every allowed method at once; whoever answers is followed up."""

import asyncio
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from types import ModuleType

from auditor.model import Grant, Method, Sighting
from auditor.net import Field, Network
from auditor.run.coverage import from_fields
from auditor.run.gate import Gate
from auditor.run.past import Past
from auditor.run.plan import Audit, Chunk, chunks, methods
from auditor.run.pursuit import Pursuit
from auditor.run.record import Record
from auditor.run.target import Target, in_order

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
    _fields: dict[str, list[Field]] = field(default_factory=dict)
    """By name of the chunk under way: what looks into it."""

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
            if not target.is_done:
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
            self._close(chunk)
            await self.pursuit.make_room(2 * self.gate.scope.pace.concurrent_devices)

    async def _sweep(self, chunk: Chunk) -> None:
        """Sweep a chunk with every allowed method; again from its start when a window closed meanwhile."""
        while True:
            fields = self._fields[chunk.name] = []
            async with asyncio.TaskGroup() as group:
                for module in methods(self.gate.scope.methods):
                    group.create_task(self._discover(chunk, module, fields))
            self.gate.check()
            now = self.gate.clock()
            if self.gate.scope.opening(now) == now:
                break
            await self.gate.passed()
        self.record.chunk(chunk.name, from_fields(self._fields.pop(chunk.name)))

    async def _discover(self, chunk: Chunk, module: ModuleType, fields: list[Field]) -> None:
        scope = self.gate.scope
        wanted = {module.METHOD, Method.MULTICAST} if chunk.is_first else {module.METHOD}
        part = scope.narrow(targets=chunk.targets, methods=scope.methods & wanted)
        looking = self.network.field(part, chunk.site, ports=self.audit.ports, thorough=self.audit.thorough)
        fields.append(looking)

        async def look() -> None:
            async for sighting in module.discover(looking):
                self._sight(chunk.site, sighting)

        await self.pursuit.asker.attempt(f"{chunk.site} {module.METHOD}", look())
        for note in looking.notes:
            self.record.note(note)

    def _sight(self, site: str, sighting: Sighting) -> None:
        """Take in that somebody answered; whoever is not granted is recorded and left alone."""
        if not sighting.granted:
            # The field knew a part of the scope only; the whole one decides.
            now = self.gate.clock()
            admitted = self.gate.scope.admit(sighting.address, site=site, mac=sighting.mac, at=now)
            sighting = replace(sighting, granted=isinstance(admitted, Grant))
        target = self.pursuit.target(site, sighting.address)
        target.granted = sighting.granted
        self.record.sighting(target, sighting)
        if target.sight(sighting):
            self.pursuit.follow(target)

    def _close(self, chunk: Chunk) -> None:
        """Let devices up to the end of a chunk be asked to their end."""
        last = max(((version, last) for version, _, last in chunk.ranges), default=(0, 0))
        for target in self._of(chunk.site):
            if target.number <= last:
                target.close()

    def _of(self, site: str) -> Iterator[Target]:
        return (one for one in in_order(self.pursuit.targets.values()) if one.site == site)
