"""The front door of the database: what a run writes, what everybody else reads."""

import os
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Self

from sqlite_utils import Database  # noqa: TID251  this room owns the database

from auditor.model import Coverage, Device, Exchange, Finding, Identity, Observation, Run
from auditor.store import reading, retention
from auditor.store.evidence import Shelf
from auditor.store.matching import Presence
from auditor.store.opening import Access, StoreError, database
from auditor.store.rows import addresses_of, exchange_of, moment, run_of, run_row
from auditor.store.writing import Writer

_AT_ONCE = 200
"""Devices whose findings are written together."""


@dataclass(frozen=True, slots=True)
class Event:
    """One entry of a run's log."""

    at: datetime
    kind: str
    subject: str
    text: str


@dataclass(slots=True)
class Store:
    """One database file. Use `Store.open(path)`; close it, or use it as a context manager."""

    path: Path
    db: Database
    writable: bool
    _writer: Writer = field(init=False)

    def __post_init__(self) -> None:
        self.db.conn.row_factory = sqlite3.Row
        self._writer = Writer(self.db)

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
        """Land what is gathered and let go of the file."""
        if self.writable:
            self._writer.flush()
        self.db.close()

    def flush(self) -> None:
        """Land everything gathered so far; a kill after this loses none of it."""
        if self.writable:
            self._writer.flush()

    def _writing(self) -> Writer:
        if not self.writable:
            raise StoreError(f"{self.path}: is read-only here; copy it or change its permissions")
        return self._writer

    # What a run writes

    def begin(self, run: Run, *, options: str = "") -> None:
        """Enter a run, or take an unfinished one up again under this process."""
        writer = self._writing()
        with writer.transaction():
            self.db.table("run").upsert(run_row(run, options, os.getpid()), pk="id")

    def finish(self, run: Run) -> None:
        """Write how far a run has got, at its end or on the way."""
        writer = self._writing()
        writer.flush()
        with writer.transaction():
            self.db.table("run").upsert(run_row(run, process=os.getpid()), pk="id")

    def add(self, run: str, exchanges: Iterable[Exchange], *, granted: bool = True) -> None:
        """Keep exchanges; they land with the next flush, in order. Not granted: answered from outside the scope."""
        writer = self._writing()
        for exchange in exchanges:
            writer.exchange(run, exchange, granted=granted)

    def save(self, run: str, met: Presence, identity: Identity, observations: Sequence[Observation]) -> None:
        """Keep an identity with what it rests on; finds out whether the device is one known before."""
        self._writing().save(run, met, identity, observations)

    def event(self, run: str, at: datetime, kind: str, subject: str = "", text: str = "") -> None:
        """Add an entry to the run's log."""
        self._writing().event(run, at, kind, subject, text)

    def identify_again(
        self, run: str, key: str, identity: Identity, observations: Sequence[Observation]
    ) -> None:
        """Put a newer identity of a stored device in place of the one that run came to."""
        writer = self._writing()
        writer.flush()
        with writer.transaction():
            writer.replace_identity(run, self._number(key), identity, observations)

    def findings(self, run: str, key: str, findings: Iterable[Finding]) -> None:
        """Put findings in place of what that run held of the device."""
        self.all_findings(run, ((key, tuple(findings)),))

    def all_findings(self, run: str, found: Iterable[tuple[str, Sequence[Finding]]]) -> None:
        """Put findings of many devices in place, in one transaction."""
        writer = self._writing()
        writer.flush()
        with writer.transaction():
            waiting = iter(found)
            while batch := [(self._number(key), said) for key, said in islice(waiting, _AT_ONCE)]:
                shelves = self._shelves(run, {number for number, _ in batch})
                writer.replace_findings(run, ((number, shelves[number], said) for number, said in batch))

    def _number(self, key: str) -> int:
        row = self.db.conn.execute("SELECT id FROM device WHERE key = ?", (key,)).fetchone()
        if row is None:
            raise StoreError(f"{self.path}: has no device {key!r}")
        return int(row[0])

    def _shelves(self, run: str, numbers: Iterable[int]) -> dict[int, Shelf]:
        """Return the places of the observations of some devices."""
        shelves = {number: Shelf() for number in numbers}
        marks = ",".join(str(int(number)) for number in shelves)
        rows = self.db.conn.execute(
            f"SELECT * FROM observation WHERE run = ? AND device IN ({marks}) ORDER BY rowid",  # noqa: S608  integers
            (run,),
        )
        for row in rows.fetchall():
            shelves[row["device"]].recall((row,))
        return shelves

    # What everybody reads

    def runs(self) -> tuple[Run, ...]:
        """Return all runs, oldest first."""
        return reading.runs(self.db.conn)

    def run(self, name: str | None = None) -> Run:
        """Return a run by its id or an unambiguous beginning of it; without a name the newest."""
        found = [one for one in self.runs() if name is None or one.id.startswith(name)]
        exact = [one for one in found if one.id == name]
        if name is None and found:
            return found[-1]
        if len(exact or found) != 1:
            what = (
                "no run yet"
                if name is None
                else f"no run {name!r}"
                if not found
                else f"several runs {name!r}…"
            )
            raise StoreError(f"{self.path}: has {what}; `auditor runs --db {self.path}` lists them")
        return (exact or found)[0]

    def options(self, run: str) -> str:
        """Return the options a run was begun with, as written then."""
        row = self.db.conn.execute("SELECT options FROM run WHERE id = ?", (run,)).fetchone()
        return str(row["options"] or "") if row else ""

    def coverage(self, run: str) -> Coverage | None:
        """Return how far a run got; None while nobody has counted."""
        row = self.db.conn.execute("SELECT * FROM run WHERE id = ?", (run,)).fetchone()
        return run_of(row, reading.state_of(row)).coverage if row else None

    def devices(self, run: str | None = None, *, with_bytes: bool = True) -> Iterator[Device]:
        """Yield devices sorted by site and address: as that run saw them, or each as last seen.

        Without bytes, exchanges keep their names and statuses but not what was said: much less memory.
        """
        self.flush()
        chosen = reading.numbers(self.db.conn, run)
        return reading.devices(self.db.conn, chosen, with_bytes=with_bytes)

    def former(self, run: str) -> Iterator[tuple[str, Device]]:
        """Yield each device as the last run before that one heard it, with that run's id; without bytes."""
        self.flush()
        chosen = reading.earlier(self.db.conn, run)
        found = reading.devices(self.db.conn, chosen, with_bytes=False)
        return ((name, device) for (_, name), device in zip(chosen, found, strict=True))

    def device(self, name: str, run: str | None = None) -> tuple[Device, ...]:
        """Return the devices of that key, address, MAC or serial number; an address may exist at several sites."""
        self.flush()
        wanted = set(reading.named(self.db.conn, name))
        chosen = [one for one in reading.numbers(self.db.conn, run) if one[0] in wanted]
        return tuple(reading.devices(self.db.conn, chosen, with_bytes=True))

    def addresses(self, key: str) -> tuple[tuple[str, datetime | None, datetime | None], ...]:
        """Return the address history of a device: address, first seen, last seen."""
        row = self.db.conn.execute("SELECT addresses FROM device WHERE key = ?", (key,)).fetchone()
        history = addresses_of(row["addresses"]) if row else []
        return tuple((one[0], moment(one[1]), moment(one[2])) for one in history)

    def last_run(self, key: str) -> str:
        """Return the run in which a device was last seen, or "" when it was never settled."""
        row = self.db.conn.execute("SELECT last_run FROM device WHERE key = ?", (key,)).fetchone()
        return str(row["last_run"] or "") if row else ""

    def asked(self, run: str) -> Iterator[Exchange]:
        """Yield every exchange of a run in the order it was kept: what a resumed run need not ask again."""
        self.flush()
        rows = self.db.conn.execute("SELECT * FROM exchange WHERE run = ? ORDER BY rowid", (run,))
        return (exchange_of(row) for row in rows)

    def events(self, run: str, kind: str | None = None) -> tuple[Event, ...]:
        """Return a run's log, or its entries of one kind, in order."""
        self.flush()
        rows = self.db.conn.execute(
            "SELECT * FROM event WHERE run = ? AND (? IS NULL OR kind = ?) ORDER BY id", (run, kind, kind)
        )
        return tuple(
            Event(moment(row["at"]) or datetime.min, row["kind"], row["subject"], row["text"])  # noqa: DTZ901  the column is never empty
            for row in rows.fetchall()
        )

    def shared(self, run: str) -> tuple[str, ...]:
        """Return the keys of devices that answered under several addresses in this run."""
        self.flush()
        rows = self.db.conn.execute(
            "SELECT d.key FROM exchange e JOIN device d ON d.id = e.device WHERE e.run = ?"
            " GROUP BY e.device HAVING count(DISTINCT e.subject) > 1 ORDER BY d.place",
            (run,),
        )
        return tuple(row[0] for row in rows.fetchall())

    def keys_of(self, run: str, subjects: Iterable[str]) -> tuple[str, ...]:
        """Return the keys of the devices that this run filed these subjects (`site/address`) under."""
        self.flush()
        found = []
        for subject in subjects:
            rows = self.db.conn.execute(
                "SELECT DISTINCT d.key FROM exchange e JOIN device d ON d.id = e.device"
                " WHERE e.run = ? AND e.subject = ?",
                (run, subject),
            )
            found += [row[0] for row in rows.fetchall()]
        return tuple(sorted(set(found)))

    # Forgetting

    def purge(self, before: datetime, *, dry_run: bool = False) -> retention.Purged:
        """Remove runs that ended before a moment with all they heard; a dry run only says what that would be."""
        self.flush()
        old = retention.old_runs(self.db.conn, before)
        purged = retention.count(self.db.conn, old)
        if old and not dry_run:
            with self._writing().transaction():
                retention.remove(self.db.conn, old)
            self.db.vacuum()
        return purged
