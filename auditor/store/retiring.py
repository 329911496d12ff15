"""Somebody's word that a device was retired for good, or is in use after all: kept for ever, never judged here."""

import logging
import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime

from auditor.store.rows import Row, moment

logger = logging.getLogger(__name__)

RETIRED, RETURNED = "retired", "returned"


@dataclass(frozen=True, slots=True)
class Word:
    """One such word. `serial` and `mac` find the device again should its key change."""

    kind: str
    at: datetime
    key: str
    by: str
    reason: str
    replaced_by: str = ""
    serial: str = ""
    mac: str = ""


def add(connection: sqlite3.Connection, word: Word) -> None:
    """Write a word down, with the marks the device bears now."""
    row = connection.execute("SELECT serial, mac FROM device WHERE key = ?", (word.key,)).fetchone()
    serial, mac = (row["serial"] or "", row["mac"] or "") if row else (word.serial, word.mac)
    connection.execute(
        "INSERT INTO retirement (at, kind, key, serial, mac, by, reason, replaced_by) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            word.at.astimezone(UTC).isoformat(), word.kind, word.key, serial, mac, word.by, word.reason,
            word.replaced_by,
        ),
    )  # fmt: skip


def all_words(connection: sqlite3.Connection) -> tuple[Word, ...]:
    """Return every word, oldest first; one whose moment cannot be read is passed over, and named in the log."""
    rows = connection.execute("SELECT * FROM retirement ORDER BY at, id").fetchall()
    return tuple(word for row in rows if (word := _word(row)) is not None)


def _word(row: Row) -> Word | None:
    at = moment(row["at"])
    if at is None or at.tzinfo is None:
        logger.warning(
            "word %s about %s has no moment that can be read and is passed over", row["id"], row["key"]
        )
        return None
    kind, key, by, reason = (str(row[name] or "") for name in ("kind", "key", "by", "reason"))
    return Word(kind, at, key, by, reason, row["replaced_by"], row["serial"], row["mac"])


def standing(connection: sqlite3.Connection, as_of: datetime | None = None) -> dict[str, Word]:
    """Return by device key the word that stands (at a moment): the last one, where it says that the device is retired."""
    last: dict[str, Word] = {}
    for word in all_words(connection):
        if as_of is not None and word.at > as_of:
            continue
        last[_now(connection, word)] = word
    return {key: word for key, word in last.items() if word.kind == RETIRED}


def _now(connection: sqlite3.Connection, word: Word) -> str:
    """Return the key that the device of a word has now."""
    for column, value in (("serial", word.serial), ("mac", word.mac)):
        if value:
            rows = connection.execute(f"SELECT key FROM device WHERE {column} = ?", (value,)).fetchall()  # noqa: S608
            keys = {row[0] for row in rows}
            if keys:
                return word.key if word.key in keys else min(keys)
    return word.key
