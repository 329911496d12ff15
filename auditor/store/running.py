"""The runs of a database: which is meant, which is still under way, and what the log of each says."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from auditor.model import Run
from auditor.store.holding import is_held
from auditor.store.opening import StoreError
from auditor.store.rows import Row, moment, run_of

_NEVER = datetime(1970, 1, 1, tzinfo=UTC)
"""Stands for a moment of the log that cannot be read."""


@dataclass(frozen=True, slots=True)
class Event:
    """One entry of a run's log."""

    at: datetime
    kind: str
    subject: str
    text: str


def runs(connection: sqlite3.Connection, path: Path) -> tuple[Run, ...]:
    """Return all runs, oldest first."""
    rows = connection.execute("SELECT * FROM run ORDER BY started, id").fetchall()
    return tuple(run_of(row, state_of(row, path)) for row in rows)


def state_of(row: Row, path: Path) -> str:
    """Return a run's state; one that says it is running while no process holds it was killed."""
    if row["state"] == "running" and not is_held(path, str(row["id"])):
        return "killed"
    return str(row["state"])


def chosen(known: Sequence[Run], name: str | None, path: Path) -> Run:
    """Return the run of that id or unambiguous beginning of it, without a name the newest; StoreError where none is."""
    found = [one for one in known if name is None or one.id.startswith(name)]
    exact = [one for one in found if one.id == name]
    if name is None and found:
        return found[-1]
    if len(exact or found) != 1:
        what = (
            "no run yet" if name is None else f"no run {name!r}" if not found else f"several runs {name!r}…"
        )
        raise StoreError(f"{path}: has {what}; `auditor runs --db {path}` lists them")
    return (exact or found)[0]


def options(connection: sqlite3.Connection, run: str) -> str:
    """Return the options a run was begun with, as written then."""
    row = connection.execute("SELECT options FROM run WHERE id = ?", (run,)).fetchone()
    return str(row["options"] or "") if row else ""


def events(connection: sqlite3.Connection, run: str, kinds: Sequence[str]) -> tuple[Event, ...]:
    """Return a run's log, or its entries of some kinds, in order."""
    which = f"AND kind IN ({', '.join('?' for _ in kinds)})" if kinds else ""
    rows = connection.execute(
        f"SELECT * FROM event WHERE run = ? {which} ORDER BY id",  # noqa: S608  question marks
        (run, *kinds),
    )
    return tuple(
        Event(moment(row["at"]) or _NEVER, row["kind"], row["subject"], row["text"])
        for row in rows.fetchall()
    )


def ended(connection: sqlite3.Connection) -> tuple[tuple[str, datetime, datetime], ...]:
    """Return each run that has an end with its two moments; none whose dates cannot be read."""
    rows = connection.execute("SELECT id, started, ended FROM run WHERE ended IS NOT NULL ORDER BY rowid")
    dated = ((str(row["id"]), moment(row["started"]), moment(row["ended"])) for row in rows.fetchall())
    return tuple((run, began, over) for run, began, over in dated if began is not None and over is not None)


def begun(connection: sqlite3.Connection) -> tuple[tuple[str, datetime], ...]:
    """Return each run with the moment it is dated, in the order they were begun in; none whose date cannot be read."""
    rows = connection.execute("SELECT id, started FROM run ORDER BY rowid").fetchall()
    return tuple((str(row["id"]), at) for row in rows if (at := moment(row["started"])) is not None)
