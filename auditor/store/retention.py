"""Forgetting: runs older than the retention the scope grants are removed with all they heard."""

import sqlite3
from dataclasses import dataclass
from datetime import datetime

from auditor.store.rows import stamp


@dataclass(frozen=True, slots=True)
class Purged:
    """What was removed, or would be."""

    runs: tuple[str, ...]
    exchanges: int
    devices: int
    kept: tuple[str, ...] = ()
    """Runs as old that a process is still working on: not removed."""


def old_runs(connection: sqlite3.Connection, before: datetime) -> tuple[str, ...]:
    """Return the runs that ended, or if they never did began, before a moment."""
    rows = connection.execute(
        "SELECT id FROM run WHERE coalesce(ended, started) < ? ORDER BY started", (stamp(before),)
    )
    return tuple(row[0] for row in rows.fetchall())


def count(connection: sqlite3.Connection, runs: tuple[str, ...]) -> Purged:
    """Say what removing these runs takes away."""
    exchanges = sum(
        connection.execute("SELECT count(*) FROM exchange WHERE run = ?", (run,)).fetchone()[0]
        for run in runs
    )
    return Purged(runs, exchanges, len(_orphans(connection, runs)))


def _orphans(connection: sqlite3.Connection, runs: tuple[str, ...]) -> list[int]:
    if not runs:
        return []
    marks = ",".join("?" for _ in runs)
    rows = connection.execute(
        f"SELECT id FROM device d WHERE NOT EXISTS (SELECT 1 FROM exchange e WHERE e.device = d.id"  # noqa: S608  question marks only
        f" AND e.run NOT IN ({marks})) AND coalesce(last_run, '') IN ('', {marks})",
        (*runs, *runs),
    )
    return [row[0] for row in rows.fetchall()]


def remove(connection: sqlite3.Connection, runs: tuple[str, ...]) -> None:
    """Remove runs with everything that hangs on them, and devices no other run has seen."""
    orphans = _orphans(connection, runs)
    for run in runs:
        for table in ("finding", "claim", "observation", "exchange", "event", "met", "concluded"):
            connection.execute(f"DELETE FROM {table} WHERE run = ?", (run,))  # noqa: S608  one of the names above
        connection.execute("DELETE FROM run WHERE id = ?", (run,))
    for number in orphans:
        for table in ("finding", "claim", "observation", "exchange", "met", "concluded"):
            connection.execute(f"DELETE FROM {table} WHERE device = ?", (number,))  # noqa: S608  one of the names above
        connection.execute("DELETE FROM device WHERE id = ?", (number,))
    for run in runs:
        connection.execute(
            "UPDATE device SET last_run = (SELECT max(run) FROM claim WHERE claim.device = device.id)"
            " WHERE last_run = ?",
            (run,),
        )
