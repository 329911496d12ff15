"""The one writer: gathers rows and lands them in whole transactions, so that a kill loses moments, not order."""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlite_utils import Database  # noqa: TID251  this room owns the database

from auditor.model import Exchange, Finding, Identity, Observation
from auditor.store.evidence import Shelf, claim_rows, finding_row, observation_rows
from auditor.store.matching import Presence, create, marks, move, occupant, presence, settle
from auditor.store.opening import StoreError
from auditor.store.rows import exchange_row, stamp

BATCH = 500
"""Rows gathered before they are landed without waiting for the next flush."""

Judged = tuple[int, Shelf, Sequence[Finding]]
"""A device by number, where its observations are, and what is to be said of it."""


@dataclass(frozen=True, slots=True)
class _Saved:
    """An identified device waiting to be landed."""

    run: str
    met: Presence
    identity: Identity
    observations: tuple[Observation, ...]


@dataclass(slots=True)
class Writer:
    """Gathers what a run hears and lands it in order; everything before a returned `flush` is on disk."""

    db: Database
    _exchanges: list[tuple[str, Exchange, bool]] = field(default_factory=list)
    _saved: list[_Saved] = field(default_factory=list)
    _events: list[dict[str, Any]] = field(default_factory=list)
    _devices: dict[str, int] = field(default_factory=dict)

    @property
    def connection(self) -> sqlite3.Connection:
        """The connection all writing goes through."""
        return self.db.conn

    def exchange(self, run: str, exchange: Exchange, *, granted: bool = True) -> None:
        """Gather an exchange; the same exchange twice is one row."""
        self._exchanges.append((run, exchange, granted))
        self._land_when_full()

    def save(self, run: str, met: Presence, identity: Identity, observations: Sequence[Observation]) -> None:
        """Gather an identified device with what it was identified from."""
        self._saved.append(_Saved(run, met, identity, tuple(observations)))
        self._land_when_full()

    def event(self, run: str, at: datetime, kind: str, subject: str, text: str) -> None:
        """Gather an entry of the run's log."""
        self._events.append({"run": run, "at": stamp(at), "kind": kind, "subject": subject, "text": text})
        self._land_when_full()

    def _land_when_full(self) -> None:
        if len(self._exchanges) + 10 * len(self._saved) + len(self._events) >= BATCH:
            self.flush()

    def flush(self) -> None:
        """Land everything gathered, in one transaction."""
        if not (self._exchanges or self._saved or self._events):
            return
        with self.transaction():
            self._land_exchanges()
            self._land_saved()
            # Events last: "device done" must never be on disk without the device.
            self._insert("event", self._events)
        self._exchanges, self._saved, self._events = [], [], []

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Hold the write lock for a block that lands whole or not at all."""
        try:
            self.connection.execute("BEGIN IMMEDIATE")
            yield
            self.connection.execute("COMMIT")
        except BaseException as error:
            self._devices.clear()
            if self.connection.in_transaction:
                self.connection.execute("ROLLBACK")
            if isinstance(error, sqlite3.OperationalError):
                raise StoreError(
                    f"the database cannot be written: {error}; free some space and use --resume"
                ) from error
            raise

    def _insert(self, table: str, rows: Iterable[dict[str, Any]], *, ignore: bool = False) -> None:
        """Insert rows that all have the same columns in the same order, by one prepared statement."""
        gathered = list(rows)
        if gathered:
            names = ", ".join(f'"{name}"' for name in gathered[0])
            marks = ", ".join("?" for _ in gathered[0])
            self.connection.executemany(
                f"INSERT {'OR IGNORE ' if ignore else ''}INTO {table} ({names}) VALUES ({marks})",  # noqa: S608  our own names
                [tuple(row.values()) for row in gathered],
            )

    def _land_exchanges(self) -> None:
        self._insert(
            "exchange",
            (
                exchange_row(run, self._device(run, exchange, granted=granted), exchange)
                for run, exchange, granted in self._exchanges
            ),
            ignore=True,
        )

    def _device(self, run: str, exchange: Exchange, *, granted: bool) -> int:
        """Return the device an exchange is filed under until its run has settled whose it is."""
        name = f"{run}\x1f{exchange.device}"
        if name not in self._devices:
            self._devices[name] = self._stand_in(exchange, granted=granted)
        return self._devices[name]

    def _stand_in(self, exchange: Exchange, *, granted: bool) -> int:
        source = exchange.source.partition(" ")[0] or "live"
        met = presence(exchange.device, exchange.at or _NEVER, source=source, granted=granted)
        there = occupant(self.connection, met.site, met.address)
        return int(there["id"]) if there is not None else create(self.connection, met)

    def _land_saved(self) -> None:
        for one in self._saved:
            told = marks(one.identity, one.observations)
            number = settle(self.connection, one.run, one.met, told)
            move(self.connection, one.run, one.met.subject, number)
            self._devices[f"{one.run}\x1f{one.met.subject}"] = number
            self.replace_identity(one.run, number, one.identity, one.observations)

    def replace_identity(
        self, run: str, number: int, identity: Identity, observations: Sequence[Observation]
    ) -> None:
        """Put an identity and its observations in place of what the run held of the device."""
        shelf = Shelf()
        for observation in observations:
            shelf.show(observation)
        claims = claim_rows(shelf, run, number, identity)
        for table in ("claim", "observation"):
            self.connection.execute(
                f"DELETE FROM {table} WHERE run = ? AND device = ?",  # noqa: S608  one of two names above
                (run, number),
            )
        self._insert("observation", observation_rows(shelf, run, number), ignore=True)
        self._insert("claim", claims)

    def replace_findings(self, run: str, judged: Iterable[Judged]) -> None:
        """Put findings in place of what the run held of some devices."""
        observations: list[dict[str, Any]] = []
        rows: list[dict[str, Any]] = []
        numbers: list[str] = []
        for number, shelf, findings in judged:
            before = len(shelf.by_place)
            rows += [finding_row(shelf, run, number, finding) for finding in findings]
            numbers.append(str(int(number)))
            if len(shelf.by_place) > before:
                observations += observation_rows(shelf, run, number)
        self.connection.execute(
            f"DELETE FROM finding WHERE run = ? AND device IN ({','.join(numbers)})",  # noqa: S608  integers
            (run,),
        )
        self._insert("observation", observations, ignore=True)
        self._insert("finding", rows)


_NEVER = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
"""Stands for "the file does not say when" where a moment is needed to sort by."""
