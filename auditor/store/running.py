"""The runs of a database: which is meant, which is still under way, and what the log of each says."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from auditor.model import Run
from auditor.store.holding import is_held
from auditor.store.opening import StoreError
from auditor.store.rows import Row, moment, run_of


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
        Event(moment(row["at"]) or datetime.min, row["kind"], row["subject"], row["text"])  # noqa: DTZ901  the column is never empty
        for row in rows.fetchall()
    )


def predated(connection: sqlite3.Connection) -> tuple[tuple[str, str], ...]:
    """Return each run that is dated before one that was begun before it, and that one."""
    found, newest = [], ("", "")
    for row in connection.execute("SELECT id, started FROM run ORDER BY rowid"):
        started = str(row["started"] or "")
        if started < newest[0]:
            found.append((row["id"], newest[1]))
        newest = max(newest, (started, row["id"]))
    return tuple(found)
