"""Following up: every address where somebody answered is asked to its end, many at a time."""

import asyncio
from dataclasses import dataclass, field

from auditor.net import Budget, Stop
from auditor.run.asking import Asker
from auditor.run.gate import EndedError
from auditor.run.login import Logins
from auditor.run.plan import Audit
from auditor.run.record import Record
from auditor.run.target import Target, in_order

_IDLE = 2.0
"""Seconds without news of a device after which it is asked what its first answers make worth asking."""
_FAREWELL = 10.0
"""Seconds in which what is under way when we stop may end by itself and write down how far it came. Nothing is sent
meanwhile; a login that could not say how it went is taken for refused, so on a busy machine haste would cost the others."""
_SAVE_EVERY = 30.0
"""Seconds after which what is known of a device is saved though it is not asked to its end yet."""


@dataclass(slots=True)
class Pursuit:
    """The targets of a run and the tasks that ask them."""

    asker: Asker
    record: Record
    audit: Audit
    stop: Stop
    logins: Logins | None = None
    """What is asked with the owner's accounts, when all else has been asked."""
    targets: dict[str, Target] = field(default_factory=dict)
    late: set[str] = field(default_factory=set)
    """Who said something more after having been asked to the end."""
    _tasks: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    _saved: dict[str, tuple[float, tuple[int, int]]] = field(default_factory=dict)
    """When a target was last saved, by the loop's clock, and what was known of it then."""
    _failure: BaseException | None = None
    _end: EndedError | None = None
    """Why a device was not asked to its end."""

    def target(self, site: str, address: str) -> Target:
        """Return the target at an address, a new one when nobody had answered there."""
        return self.targets.setdefault(f"{site}/{address}", Target(site, address))

    def follow(self, target: Target) -> None:
        """See to it that a target is asked."""
        if target.is_done:
            self.late.add(target.subject)
        elif target.granted and target.subject not in self._tasks:
            task = asyncio.create_task(self._to_its_end(target))
            self._tasks[target.subject] = task
            task.add_done_callback(lambda ended: self._ended(target.subject, ended))

    def _ended(self, subject: str, task: asyncio.Task[None]) -> None:
        self._tasks.pop(subject, None)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._failure = self._failure or error
            self.stop.set(f"failed: {error}")

    async def _to_its_end(self, target: Target) -> None:
        """Ask as ports become known; conclude when it is quiet for a while, and at its end."""
        budget = Budget(seconds=self.audit.device_seconds, requests=self.audit.device_requests)
        try:
            while not target.is_done:
                await self._step(target, budget)
        except EndedError as end:
            self._end = self._end or end
            known = await self.asker.known(target)
            self.record.save(target, known)

    async def _step(self, target: Target, budget: Budget) -> None:
        is_last = target.closed
        target.news.clear()
        await self.asker.ask_ports(target, budget)
        if not is_last and await _hears(target.news):
            return
        known = await self.asker.conclude(target, budget)
        if self._is_to_be_saved(target, is_last=is_last):
            self.record.save(target, known)
            self._saved[target.subject] = asyncio.get_running_loop().time(), target.state()
        if is_last and not target.news.is_set():
            if self.logins is not None:
                await self.logins.enter(target, budget)
            self._saved.pop(target.subject, None)
            self.record.done(target)
            target.finish()
        else:
            await target.news.wait()

    def _is_to_be_saved(self, target: Target, *, is_last: bool) -> bool:
        """Tell whether there is news to save: at the end, and from time to time where the end is far."""
        now = asyncio.get_running_loop().time()
        when, state = self._saved.setdefault(target.subject, (now, (0, 0)))
        return state != target.state() and (is_last or now - when >= _SAVE_EVERY)

    def close_all(self) -> None:
        """Nothing more will be found anywhere."""
        for target in in_order(self.targets.values()):
            target.close()

    async def make_room(self, most: int) -> None:
        """Wait until no more than so many closed targets are still being asked."""
        while True:
            closed = [task for subject, task in self._tasks.items() if self.targets[subject].closed]
            if len(closed) <= most or self._failure:
                return
            await asyncio.wait(closed, return_when=asyncio.FIRST_COMPLETED)

    async def drain(self) -> None:
        """Wait until all closed targets have been asked; EndedError when one could not be asked to its end."""
        await self.make_room(0)
        if self._failure is not None:
            raise self._failure
        if self._end is not None:
            raise self._end

    async def abandon(self) -> None:
        """End all asking: what is under way ends by itself, since nothing may be sent any more."""
        self.close_all()
        for target in in_order(self.targets.values()):
            if not target.is_done and target.has_anything():
                # Met, but not come to: what it said of itself is written down.
                self.follow(target)
        if self._tasks:
            _, late = await asyncio.wait(self._tasks.values(), timeout=_FAREWELL)
            for task in late:
                task.cancel()
        if self._failure is not None:
            raise self._failure

    async def save_outsiders(self) -> None:
        """Write down who answered without being granted, from their own words; nobody contacts them."""
        for target in in_order(self.targets.values()):
            if not target.granted and not target.is_done:
                known = await self.asker.known(target)
                self.record.save(target, known)
                self.record.done(target)


async def _hears(news: asyncio.Event) -> bool:
    try:
        async with asyncio.timeout(_IDLE):
            await news.wait()
    except TimeoutError:
        return False
    return True
