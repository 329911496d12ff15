"""The front door of the database: what a run writes, what everybody else reads."""

import os
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from sqlite_utils import Database  # noqa: TID251  this room owns the database

from auditor.model import Device, Exchange, Finding, Identity, Marks, Observation, Run
from auditor.store import judgements, lookup, reading, retention, running
from auditor.store import retiring as words_of
from auditor.store.concluding import Conclusion
from auditor.store.holding import Holding
from auditor.store.judgements import Judgement, PastFinding
from auditor.store.lookup import Place
from auditor.store.opening import Access, StoreError, database
from auditor.store.presence import Presence
from auditor.store.reading import Door, Held
from auditor.store.retiring import Word
from auditor.store.rows import addresses_of, moment, run_row
from auditor.store.running import Event
from auditor.store.writing import Writer


@dataclass(slots=True)
class Store:
    """One database file. Use `Store.open(path)`; close it, or use it as a context manager."""

    path: Path
    db: Database
    writable: bool
    _writer: Writer = field(init=False)
    _begun: tuple[tuple[str, datetime], ...] | None = field(init=False, default=None)
    _holding: Holding = field(init=False)

    def __post_init__(self) -> None:
        self.db.conn.row_factory = sqlite3.Row
        self._writer = Writer(self.db)
        self._holding = Holding(self.path)

    @classmethod
    def open(cls, path: Path | str, access: Access = Access.WRITE) -> Self:
        """Open a database; StoreError names the file and what to do. `Access.CREATE` makes a missing one."""
        db, writable = database(Path(path), access)
        return cls(Path(path), db, writable)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Land what is gathered and let go of the file and of the runs that were worked on."""
        try:
            if self.writable:
                self._writer.flush()
        finally:
            self.db.close()
            self._holding.let_go()

    def flush(self) -> None:
        """Land everything gathered so far; a kill after this loses none of it."""
        if self.writable:
            self._writer.flush()

    def _writing(self) -> Writer:
        if not self.writable:
            raise StoreError(f"{self.path}: is read-only here; copy it or change its permissions")
        return self._writer

    # What a run writes

    def hold(self, run: str) -> None:
        """Take a run for this process until the store is closed; HeldError (exit code 2) says who else has it."""
        self._writing()
        self._holding.hold(run)

    def begin(self, run: Run, *, options: str = "") -> None:
        """Enter a run, or take an unfinished one up again under this process, which holds it from now on."""
        writer = self._writing()
        self._begun = None
        self.hold(run.id)
        with writer.transaction():
            self.db.table("run").upsert(run_row(run, options, os.getpid()), pk="id")

    def finish(self, run: Run) -> None:
        """Write how far a run has got, at its end or on the way."""
        writer = self._writing()
        writer.flush()
        with writer.transaction():
            self.db.table("run").upsert(run_row(run, process=os.getpid()), pk="id")

    def add(self, run: str, exchanges: Iterable[Exchange], *, granted: bool = True, part: str = "") -> None:
        """Keep exchanges; they land with the next flush, in order. Not granted: answered from outside the scope.

        `part` is given where several devices share the address and it is known which of them is meant.
        """
        writer = self._writing()
        for exchange in exchanges:
            writer.exchange(run, exchange, granted=granted, part=part)

    def save(
        self,
        run: str,
        met: Presence,
        identity: Identity,
        observations: Sequence[Observation],
        *,
        marks: Marks | None = None,
        exchanges: Collection[str] | None = None,
    ) -> None:
        """Keep an identity with what it rests on; finds out whether the device is one known before.

        `exchanges` names those that are this device's where several share an address; else all said there are.
        """
        self._writing().save(run, met, identity, observations, marks or Marks(), exchanges)

    def event(self, run: str, at: datetime, kind: str, subject: str = "", text: str = "") -> None:
        """Add an entry to the run's log."""
        self._writing().event(run, at, kind, subject, text)

    def settle(self) -> None:
        """Take all meetings anew in the order of their time, so that who is who does not depend on what came first."""
        writer = self._writing()
        writer.flush()
        with writer.transaction():
            writer.settle()

    def conclude(self, conclusions: Iterable[Conclusion]) -> None:
        """Put what was concluded of devices in place of what was held of just that evidence, in one transaction."""
        writer = self._writing()
        writer.flush()
        with writer.transaction():
            for one in conclusions:
                writer.concluding.keep(one)

    def all_findings(self, basis: str, found: Iterable[tuple[int, str, Sequence[Finding]]]) -> None:
        """Put findings of many devices in place: (number, run their claims are filed under, findings)."""
        writer = self._writing()
        writer.flush()
        with writer.transaction():
            writer.concluding.all_findings(basis, found)

    # What everybody reads

    def runs(self) -> tuple[Run, ...]:
        """Return all runs, oldest first."""
        return running.runs(self.db.conn, self.path)

    def begun(self) -> tuple[tuple[str, datetime], ...]:
        """Return each run with its date, in the order they were begun in; read once until another begins."""
        if self._begun is None:
            self._begun = running.begun(self.db.conn)
        return self._begun

    def ended(self) -> tuple[tuple[str, datetime, datetime], ...]:
        """Return each run that is over with its date and that of its end."""
        return running.ended(self.db.conn)

    def run(self, name: str | None = None) -> Run:
        """Return a run by its id or an unambiguous beginning of it; without a name the newest."""
        return running.chosen(self.runs(), name, self.path)

    def options(self, run: str) -> str:
        """Return the options a run was begun with, as written then."""
        return running.options(self.db.conn, run)

    def held(
        self,
        run: str | None = None,
        *,
        as_of: datetime | None = None,
        with_bytes: bool = False,
        numbers: Iterable[int] | None = None,
    ) -> Iterator[Held]:
        """Yield devices sorted by place as all runs together show them: for each question the newest answer.

        `run`: as that run alone heard them. `as_of`: as the runs begun by that moment did. Without bytes, exchanges
        keep their names and statuses but not what was said: much less memory.
        """
        self.flush()
        known = self.runs()
        wanted = [
            one.id for one in known if run in {None, one.id} and (as_of is None or one.started <= as_of)
        ]
        chosen = lookup.numbers(self.db.conn)
        if numbers is not None:
            some = set(numbers)
            chosen = [one for one in chosen if one in some]
        return reading.held(self.db.conn, chosen, wanted, with_bytes=with_bytes)

    def devices(self, run: str | None = None, *, with_bytes: bool = True) -> Iterator[Device]:
        """Yield devices as `held` does, with what is stored of them; see `auditor.run.picture` for what holds of them."""
        return (one.device for one in self.held(run, with_bytes=with_bytes))

    def count_devices(self) -> int:
        """Return how many devices the database knows."""
        self.flush()
        return int(self.db.conn.execute("SELECT count(*) FROM device").fetchone()[0])

    def named(self, name: str) -> tuple[int, ...]:
        """Return the numbers of the devices of that key, address now or ever, MAC or serial number."""
        self.flush()
        return tuple(lookup.named(self.db.conn, name))

    def keys(self, numbers: Collection[int]) -> frozenset[str]:
        """Return the keys of the devices with these numbers."""
        return lookup.keys(self.db.conn, numbers)

    def alike(self, numbers: Collection[int], claims: Collection[str]) -> frozenset[int]:
        """Return the numbers of devices of which any run claimed, under these names, what it claimed of one of those."""
        self.flush()
        return lookup.alike(self.db.conn, numbers, claims)

    def keys_of(self, run: str, subjects: Iterable[str]) -> tuple[str, ...]:
        """Return the keys of the devices that this run met under these subjects (`site/address`)."""
        self.flush()
        return lookup.keys_of(self.db.conn, run, subjects)

    def occupants(self, runs: Collection[str] | None = None) -> dict[tuple[str, str], tuple[str, str]]:
        """Return who was met last at each place: (site, address with part) -> (key, run)."""
        self.flush()
        return lookup.occupants(self.db.conn, runs)

    def doors_since(self, site: str, address: str, runs: Collection[str], *, besides: str) -> frozenset[Door]:
        """Return where an address was asked in vain in these runs, or answered as another device than that one."""
        self.flush()
        return lookup.doors_since(self.db.conn, site, address, runs, besides=besides)

    def places(self) -> tuple[Place, ...]:
        """Return where devices were met last, by which ports, so that a later run can look there again."""
        self.flush()
        return lookup.places(self.db.conn)

    def addresses(self, key: str) -> tuple[tuple[str, datetime | None, datetime | None], ...]:
        """Return the address history of a device: address, first seen, last seen."""
        row = self.db.conn.execute("SELECT addresses FROM device WHERE key = ?", (key,)).fetchone()
        history = addresses_of(row["addresses"]) if row else []
        return tuple((one[0], moment(one[1]), moment(one[2])) for one in history)

    def sites(self, key: str) -> tuple[tuple[str, datetime | None, datetime | None], ...]:
        """Return the sites at which a device was heard: site, first and last heard, in the order of first hearing."""
        return tuple(
            (site, moment(first), moment(last)) for site, first, last in lookup.sites(self.db.conn, key)
        )

    def judgements(self, verdicts: Collection[str]) -> Iterator[Judgement]:
        """Yield every time a run gave a finding one of these verdicts, oldest first."""
        return judgements.judgements(self.db.conn, verdicts)

    def past_findings(self, one: Judgement) -> tuple[PastFinding, ...]:
        """Return the findings a judgement speaks of, with the names of the exchanges they rested on."""
        return tuple(judgements.past_findings(self.db.conn, one))

    def retire(self, word: Word) -> None:
        """Keep somebody's word that a device was retired, or is in use after all."""
        writer = self._writing()
        writer.flush()
        with writer.transaction():
            words_of.add(self.db.conn, word)

    def retirements(self, as_of: datetime | None = None) -> dict[str, Word]:
        """Return by device key who was retired by then and not taken back, whatever the device's key was then."""
        self.flush()
        return words_of.standing(self.db.conn, as_of)

    def words(self) -> tuple[Word, ...]:
        """Return every word given, oldest first."""
        self.flush()
        return words_of.all_words(self.db.conn)

    def asked(self, run: str) -> Iterator[Exchange]:
        """Yield every exchange of a run in the order it was kept: what a resumed run need not ask again."""
        self.flush()
        rows = self.db.conn.execute("SELECT * FROM exchange WHERE run = ? ORDER BY rowid", (run,))
        return reading.exchanges_of(rows)

    def said(self, run: str, subject: str) -> Iterator[Exchange]:
        """Yield every exchange a run filed under a subject, in the order it was kept."""
        self.flush()
        rows = self.db.conn.execute(
            "SELECT * FROM exchange WHERE run = ? AND subject = ? ORDER BY rowid", (run, subject)
        )
        return reading.exchanges_of(rows.fetchall())

    def events(self, run: str, *kinds: str) -> tuple[Event, ...]:
        """Return a run's log, or its entries of some kinds, in order."""
        self.flush()
        return running.events(self.db.conn, run, kinds)

    # Forgetting

    def purge(self, before: datetime, *, dry_run: bool = False) -> retention.Purged:
        """Remove runs that ended before a moment with all they heard, none under way; a dry run only says what that would be."""
        self.flush()
        found = retention.old_runs(self.db.conn, before)
        kept = tuple(run for run in found if self._holding.is_another(run))
        old = tuple(run for run in found if run not in kept)
        purged = replace(retention.count(self.db.conn, old), kept=kept)
        if old and not dry_run:
            with self._writing().transaction():
                retention.remove(self.db.conn, old)
            self.db.vacuum()
        return purged
