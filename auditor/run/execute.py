"""Executing an audit: find, ask, identify and keep, all at once, so that a killed run is a short run."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import auditor
from auditor import fingerprint
from auditor.model import Plan, Run
from auditor.net import Network, Stop
from auditor.run.asking import Asker
from auditor.run.basis import Basis, keep_choice
from auditor.run.coverage import coverage
from auditor.run.estimate import estimate
from auditor.run.gate import EndedError, Gate, ends_at
from auditor.run.login import Logins
from auditor.run.past import Past
from auditor.run.plan import Audit
from auditor.run.progress import Progress
from auditor.run.pursuit import Pursuit
from auditor.run.record import Record
from auditor.run.search import Search
from auditor.scope import Credentials, Scope
from auditor.store import Store

ENDED = "ended"
"""The kind of the log's line that says why a process of the run ended early."""
OWING = "not everything was asked, for the reasons of our own that are named as withheld"
_TICK = 0.25
"""Seconds between two flushes: what a kill loses at most."""
_WITHOUT = (
    "resumed without --credentials: the accounts that this run began with were not used at the devices that were left; "
    "their settings are not known"
)


def utc_now() -> datetime:
    """Return the time; the one place where a run reads the clock."""
    return datetime.now(tz=UTC)  # noqa: TID251  run is where the clock is read


def user_agent(contact: str) -> str:
    """Return how we introduce ourselves: the tool, what it does, and whom to call."""
    plain = "".join(one for one in contact if one.isascii() and one.isprintable() and one not in "()")
    return f"auditor/{auditor.__version__} (authorised network audit{'; ' + plain if plain else ''})"


def new_run(scope: Scope, at: datetime, *, whole: tuple[str, ...] = ()) -> Run:
    """Return a run that begins now, under this scope and with the data at hand; `whole` names sites audited whole."""
    paper = scope.authorisation
    return Run(
        id=f"{at:%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}",
        version=auditor.__version__,
        scope_digest=scope.digest,
        data_digest=fingerprint.data_digest(),
        started=at,
        ended=None,
        complete=False,
        authorisation=paper.reference,
        issued_by=paper.issued_by,
        contact=paper.contact,
        valid_from=paper.valid_from,
        valid_until=paper.valid_until,
        sites=tuple(site.name for site in scope.sites),
        owners=tuple((site.name, site.owner) for site in scope.sites if site.owner),
        whole=whole,
    )


@dataclass(slots=True)
class Execution:
    """One run under way in this process; `past` is what earlier processes did of it."""

    scope: Scope
    audit: Audit
    store: Store
    stop: Stop
    run: Run
    past: Past = field(default_factory=Past)
    clock: Callable[[], datetime] = utc_now
    watch: Callable[[Progress], None] = lambda _: None
    credentials: Credentials | None = field(default=None, repr=False)
    chosen: Basis | None = None
    """By what the run is to be judged, where that was said."""
    _record: Record = field(init=False)
    _gate: Gate = field(init=False)
    _pursuit: Pursuit = field(init=False)
    _search: Search = field(init=False)

    def __post_init__(self) -> None:
        fingerprint.have_at_hand()
        self._record = Record(self.store, self.run.id, self.clock, swept=dict(self.past.swept))
        self._gate = Gate(
            self.scope, self.stop, self.clock, ends_at(self.clock(), self.audit.total_seconds),
            self.audit.waits, self._wait,
        )  # fmt: skip
        agent = user_agent(self.scope.authorisation.contact)
        network = Network(
            self.scope.pace,
            user_agent=agent,
            stop=self.stop,
            clock=self.clock,
            port_shift=self.audit.port_shift,
        )
        plan = Plan(pages=fingerprint.pages(), user_agent=agent)
        asker = Asker(self._gate, network, self.audit, plan, self._record.keep, self._record.fault)
        logins = (
            Logins(self.credentials, fingerprint.logins(), asker, self._record, self.past.logins)
            if self.credentials is not None
            else None
        )
        self._pursuit = Pursuit(asker, self._record, self.audit, self.stop, logins)
        known = self.store.places()
        self._search = Search(self._gate, network, self.audit, self._record, self._pursuit, self.past, known)

    async def execute(self) -> Run:
        """Run to the end, or as far as we may; the run's state says which. Everything heard is in the store."""
        self.store.begin(self.run, options=self.audit.text())
        keep_choice(self.store, self.run.id, self.chosen, self.clock())
        self._record.tally.granted = self.scope.count(at=self.clock())
        if self.credentials is None and self.past.logins:
            self._record.note(_WITHOUT)
        end = EndedError("complete", "")
        async with self._ticking():
            try:
                self._search.recall()
                await self._search.all_chunks()
                self._record.tally.phase = "asking"
                self._pursuit.close_all()
                await self._pursuit.drain()
                self._gate.check()
                if self._record.is_owing:
                    end = EndedError("partial", OWING)
            except EndedError as ended:
                end = ended
                await self._pursuit.abandon()
            self._record.tally.phase = "ending"
            await self._pursuit.save_outsiders()
        return self._finish(end)

    def _wait(self, until: datetime) -> None:
        self._record.tally.phase = "waiting"
        self._record.event("waiting", "", f"outside the time windows until {until:%Y-%m-%d %H:%M} UTC")

    def _finish(self, end: EndedError) -> Run:
        """Settle devices with several addresses, count, and write the run's state."""
        self.store.settle()
        record, now = self._record, self.clock()
        if end.reason:
            record.note(end.reason)
            record.event(ENDED, "", end.reason)
        if record.bugs:
            record.note(f"{record.bugs} faults of our own; see the events of kind `bug`")
        if record.beside:
            record.note(
                f"{len(record.beside)} more answered a question put to everybody without being among this run's "
                "targets; nothing of them was kept"
            )
        too_large = self.scope.too_large(at=now)
        if too_large:
            record.note(f"too large to sweep, asked on the segment only: {', '.join(too_large)}")
        run = replace(
            self.run,
            ended=now,
            complete=end.state == "complete",
            state=end.state,
            coverage=coverage(
                self.scope,
                now,
                record.swept,
                answered=len(record.answered),
                outside=len(record.outside),
                owed=record.owed,
            ),
            notes=tuple(dict.fromkeys((*self.run.notes, *record.notes))),
        )
        self.store.finish(run)
        return run

    @asynccontextmanager
    async def _ticking(self) -> AsyncIterator[None]:
        """Flush and show progress while the body runs; a database that fails ends the run."""
        watcher = asyncio.create_task(self.stop.watch())
        ticker = asyncio.create_task(self._tick())
        ticker.add_done_callback(self._ticked)
        try:
            yield
        finally:
            for task in (watcher, ticker):
                task.cancel()
            await asyncio.wait((watcher, ticker))
        if not ticker.cancelled() and (error := ticker.exception()) is not None:
            raise error

    async def _tick(self) -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        expected = estimate(self.scope, self.audit, self.clock()).seconds
        while True:
            self.store.flush()
            self._search.network.look()
            self._record.tally.swept = self._search.swept
            self.watch(self._record.tally.progress(loop.time() - began, expected))
            if self._gate.until is not None and self.clock() >= self._gate.until:
                self.stop.set("the time set for this run is over")
            await asyncio.sleep(_TICK)

    def _ticked(self, task: asyncio.Task[None]) -> None:
        """Stop sending when nothing can be written down any more."""
        if not task.cancelled() and (error := task.exception()) is not None:
            self.stop.set(f"failed: {error}")
