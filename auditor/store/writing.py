"""The one writer: gathers rows and lands them in whole transactions, so that a kill loses moments, not order."""

import sqlite3
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlite_utils import Database  # noqa: TID251  this room owns the database

from auditor.model import Exchange, Identity, Marks, Observation
from auditor.model.place import place_of
from auditor.store.concluding import Concluding
from auditor.store.newest import digest
from auditor.store.presence import Presence, presence
from auditor.store.rows import exchange_row, insert, stamp
from auditor.store.settling import Settling

BATCH = 500
"""Rows gathered before they are landed without waiting for the next flush."""


@dataclass(frozen=True, slots=True)
class _Saved:
    """An identified device waiting to be landed."""

    run: str
    met: Presence
    identity: Identity
    observations: tuple[Observation, ...]
    marks: Marks
    exchanges: frozenset[str] | None
    """Which of the subject's exchanges are this device's; None: all."""


@dataclass(slots=True)
class Writer:
    """Gathers what a run hears and lands it in order; everything before a returned `flush` is on disk."""

    db: Database
    _exchanges: list[tuple[str, Exchange, bool, str]] = field(default_factory=list)
    _saved: list[_Saved] = field(default_factory=list)
    _events: list[dict[str, Any]] = field(default_factory=list)
    _devices: dict[tuple[str, str, str], int] = field(default_factory=dict)
    _version: int = 0
    """SQLite's word for what others have written; it stays as long as only we write."""
    concluding: Concluding = field(init=False)
    _settling: Settling = field(init=False)

    def __post_init__(self) -> None:
        self.concluding = Concluding(self.db.conn)
        self._settling = Settling(self.db.conn)

    @property
    def connection(self) -> sqlite3.Connection:
        """The connection all writing goes through."""
        return self.db.conn

    def exchange(self, run: str, exchange: Exchange, *, granted: bool = True, part: str = "") -> None:
        """Gather an exchange; the same exchange twice is one row."""
        self._exchanges.append((run, exchange, granted, part))
        self._land_when_full()

    def save(
        self,
        run: str,
        met: Presence,
        identity: Identity,
        observations: Sequence[Observation],
        marks: Marks,
        exchanges: Collection[str] | None,
    ) -> None:
        """Gather an identified device with what it was identified from."""
        names = None if exchanges is None else frozenset(exchanges)
        self._saved.append(_Saved(run, met, identity, tuple(observations), marks, names))
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
            insert(self.connection, "event", self._events)
        self._exchanges, self._saved, self._events = [], [], []

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Hold the write lock for a block that lands whole or not at all."""
        try:
            self.connection.execute("BEGIN IMMEDIATE")
            self._heed_others()
            yield
            self.connection.execute("COMMIT")
        except BaseException:
            self._devices.clear()
            self._settling.forget()
            if self.connection.in_transaction:
                self.connection.execute("ROLLBACK")
            raise

    def _heed_others(self) -> None:
        """Forget what we know of the tables where another process has written to them since our last look."""
        version = int(self.connection.execute("PRAGMA data_version").fetchone()[0])
        if version != self._version:
            self._version = version
            self._devices.clear()
            self._settling.forget()

    def _land_exchanges(self) -> None:
        insert(
            self.connection,
            "exchange",
            (
                exchange_row(run, self._device(run, exchange, granted, part), exchange, part)
                for run, exchange, granted, part in self._exchanges
            ),
            ignore=True,
        )

    def _device(self, run: str, exchange: Exchange, granted: bool, part: str) -> int:
        """Return the device an exchange is filed under until its run has settled whose it is."""
        name = (run, exchange.device, part)
        if name not in self._devices:
            source = exchange.source.partition(" ")[0] or "live"
            met = presence(exchange.device, exchange.at or _NEVER, source=source, granted=granted)
            if (
                exchange.status.is_heard
                or (number := self._settling.tenant_at(met.site, place_of(met.address, part))) is None
            ):
                number = self._stand_in(run, met, part)
                self._devices[name] = number
            return number
        return self._devices[name]

    def _stand_in(self, run: str, met: Presence, part: str) -> int:
        known = self.connection.execute(
            "SELECT device FROM met WHERE run = ? AND subject = ? AND part = ?", (run, met.subject, part)
        ).fetchone()
        if known is not None:
            return int(known[0])
        where = Presence(met.site, met.address, met.at, (), met.source, met.granted, part)
        return self._settling.take(run, where, Marks())

    def _land_saved(self) -> None:
        for one in self._saved:
            number = self._settling.take(one.run, one.met, one.marks)
            self._devices[one.run, one.met.subject, one.met.part] = number
            self._settling.file(one.run, one.met, number, one.exchanges)
            self.concluding.replace_identity(one.run, number, one.identity, one.observations)
            rows = self.connection.execute(
                "SELECT id FROM exchange WHERE run = ? AND subject = ? AND part = ?"
                " AND status IN ('answered', 'garbled')",
                (one.run, one.met.subject, one.met.part),
            )
            names = [row[0] for row in rows if one.exchanges is None or row[0] in one.exchanges]
            self.concluding.conclude(one.run, number, digest(names), None)

    def settle(self) -> None:
        """Take all meetings anew in the order of their time: who is who does not depend on what arrived first."""
        self._devices.clear()
        self._settling.settle()


_NEVER = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
"""Stands for "the file does not say when" where a moment is needed to sort by."""
