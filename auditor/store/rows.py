"""Values to rows and back: the only place that knows how a value is spelt in a column."""

import hashlib
import ipaddress
import json
import logging
import sqlite3
import zlib
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from auditor.model import Coverage, Endpoint, Exchange, Protocol, Run, Status, Transport, Withheld
from auditor.store.newest import question_of

logger = logging.getLogger(__name__)

_NEVER = datetime(1970, 1, 1, tzinfo=UTC)
Row = Mapping[str, Any]
"""A row as SQLite gives it; never leaves this room."""

DAMAGE = (
    ValueError,
    KeyError,
    TypeError,
    IndexError,
    AttributeError,
    OverflowError,
    RecursionError,
    zlib.error,
)
"""What comes of reading a record that something damaged."""

PACK_ABOVE = 512
"""Replies longer than this many bytes are kept compressed when that makes them shorter."""


def moment(text: str | None) -> datetime | None:
    """Read a time column; None, and a word in the log, where it holds no time."""
    try:
        return utc_of(text) if text else None
    except DAMAGE:
        logger.warning("%r is no time with a zone and is passed over", text)
        return None


def utc_of(text: str) -> datetime:
    """Read a time in UTC; ValueError or OverflowError where it is none, or names no zone: nobody knows which was meant."""
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError(f"{text!r} names no zone")
    return found if found.tzinfo is UTC else found.astimezone(UTC)


def _listed(text: str | None, what: str) -> list[Any]:
    """Read a JSON column that holds a list; none, and a word in the log, where it cannot be read."""
    try:
        found = json.loads(text or "[]")
    except DAMAGE:
        found = None
    if not isinstance(found, list):
        logger.warning("%s cannot be read and is passed over: %r", what, text)
        return []
    return found


def stamp(at: datetime | None) -> str | None:
    """Write a time column: RFC 3339, UTC."""
    return at.astimezone(UTC).isoformat() if at else None


def place(site: str, address: str) -> str:
    """Return a text that sorts devices by site, then by number of their address."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return f"{site}\x1f9{address}"
    return f"{site}\x1f{parsed.version}{parsed.packed.hex()}"


def run_row(run: Run, options: str = "", process: int | None = None) -> dict[str, Any]:
    """Spell a run."""
    row = {
        "id": run.id,
        "version": run.version,
        "scope_digest": run.scope_digest,
        "data_digest": run.data_digest,
        "started": stamp(run.started),
        "ended": stamp(run.ended),
        "complete": int(run.complete),
        "state": run.state,
        "authorisation": run.authorisation,
        "issued_by": run.issued_by,
        "contact": run.contact,
        "valid_from": stamp(run.valid_from),
        "valid_until": stamp(run.valid_until),
        "sites": json.dumps(run.sites),
        "coverage": _coverage_text(run.coverage),
        "notes": json.dumps(run.notes),
        "owners": json.dumps(run.owners) if run.owners else None,
        "whole": json.dumps(run.whole) if run.whole is not None else None,
        "process": process,
    }
    return {**row, "options": options} if options else row


def _coverage_text(coverage: Coverage | None) -> str | None:
    if coverage is None:
        return None
    return json.dumps(
        {
            "granted": coverage.granted,
            "swept": coverage.swept,
            "answered": coverage.answered,
            "silent": coverage.silent,
            "outside": coverage.outside,
            "withheld": [_withheld_row(one) for one in coverage.withheld],
        }
    )


def _withheld_row(one: Withheld) -> list[str | int]:
    return [one.reason, one.addresses, *((one.questions,) if one.questions else ())]


def _coverage(text: str | None) -> Coverage | None:
    if not text:
        return None
    try:
        return _counted(json.loads(text))
    except DAMAGE:
        logger.warning("how far a run got cannot be read and is not known: %r", text)
        return None


def _counted(found: Mapping[str, Any]) -> Coverage:
    return Coverage(
        granted=counted(found["granted"]),
        swept=counted(found["swept"]),
        answered=counted(found["answered"]),
        silent=counted(found["silent"]),
        outside=counted(found["outside"]),
        withheld=tuple(Withheld(str(reason), *map(counted, counts)) for reason, *counts in found["withheld"]),
    )


def counted(value: object) -> int:
    """Return a number of things as it was written; ValueError for anything else."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError(f"{value!r} is no number of anything")
    return value


def run_of(row: Row, state: str) -> Run:
    """Read a run; its state is given, since a killed run cannot write that it was killed."""
    started = moment(row["started"]) or _NEVER
    return Run(
        id=row["id"],
        version=row["version"],
        scope_digest=row["scope_digest"],
        data_digest=row["data_digest"],
        started=started,
        ended=moment(row["ended"]),
        complete=bool(row["complete"]),
        authorisation=row["authorisation"] or "",
        issued_by=row["issued_by"] or "",
        contact=row["contact"] or "",
        valid_from=moment(row["valid_from"]),
        valid_until=moment(row["valid_until"]),
        sites=tuple(map(str, _listed(row["sites"], f"the sites of run {row['id']}"))),
        coverage=_coverage(row["coverage"]),
        state=state,
        notes=tuple(map(str, _listed(row["notes"], f"the notes of run {row['id']}"))),
        owners=tuple(
            (str(one[0]), str(one[-1]))
            for one in _listed(row["owners"], f"the owners of run {row['id']}")
            if isinstance(one, list) and one
        ),
        whole=(
            tuple(map(str, _listed(row["whole"], f"which sites run {row['id']} audited whole")))
            if row["whole"] is not None
            else None
        ),
    )


def exchange_row(run: str, device: int, exchange: Exchange, part: str = "") -> dict[str, Any]:
    """Spell an exchange; the bytes are kept as received, compressed when large."""
    packed = zlib.compress(exchange.reply, 6) if len(exchange.reply) > PACK_ABOVE else b""
    smaller = bool(packed) and len(packed) < len(exchange.reply)
    return {
        "run": run,
        "id": exchange.id,
        "device": device,
        "subject": exchange.device,
        "probe": exchange.probe,
        "protocol": exchange.protocol.value,
        "transport": exchange.endpoint.transport.value,
        "address": exchange.endpoint.address,
        "port": exchange.endpoint.port,
        "request": exchange.request,
        "reply": packed if smaller else exchange.reply,
        "packed": int(smaller),
        "sha256": hashlib.sha256(exchange.reply).hexdigest(),
        "status": exchange.status.value,
        "at": stamp(exchange.at),
        "seconds": float(exchange.seconds),
        "cut": int(exchange.cut),
        "detail": exchange.detail,
        "source": exchange.source,
        "observed": json.dumps(exchange.observed) if exchange.observed else None,
        "question": question_of(exchange),
        "part": part,
    }


_NEEDED = ("id", "subject", "probe", "protocol", "transport", "address", "port", "status", "source")
"""Columns that every exchange was written with: one without them was damaged."""


def lost_of(row: Row) -> str:
    """Return which columns of an exchange's row are empty that were not when it was written."""
    return ", ".join(name for name in _NEEDED if row[name] is None or (name == "id" and not row[name]))


def exchange_of(row: Row, *, with_bytes: bool = True) -> Exchange:
    """Read an exchange; without bytes it keeps its name and everything else. ValueError for a row that lost a part."""
    if lost := lost_of(row):
        raise ValueError(f"it has lost its {lost}")
    reply = b""
    if with_bytes:
        reply = zlib.decompress(row["reply"]) if row["packed"] else bytes(row["reply"])
    return Exchange(
        device=row["subject"],
        probe=row["probe"],
        protocol=Protocol(row["protocol"]),
        endpoint=Endpoint(row["address"], row["port"], Transport(row["transport"])),
        request=bytes(row["request"]) if with_bytes else b"",
        reply=reply,
        status=Status(row["status"]),
        at=moment(row["at"]),
        seconds=row["seconds"],
        cut=bool(row["cut"]),
        detail=row["detail"],
        source=row["source"],
        observed=tuple((name, value) for name, value in json.loads(row["observed"] or "[]")),
        id=row["id"],
    )


def addresses_of(text: str) -> list[list[str]]:
    """Read an address history: [address, first seen, last seen], oldest first."""
    return [
        [str(part) for part in one] for one in _listed(text, "an address history") if isinstance(one, list)
    ]


def history_of(seen: Iterable[tuple[str, str]]) -> list[tuple[str, str, str]]:
    """Return (address, first seen, last seen) of pairs of address and moment, oldest first."""
    spans: dict[str, tuple[str, str]] = {}
    for address, at in seen:
        first, last = spans.get(address, (at, at))
        spans[address] = (min(first, at), max(last, at))
    ordered = sorted(spans.items(), key=lambda one: (one[1][0], place("", one[0])))
    return [(address, first, last) for address, (first, last) in ordered]


def insert(
    connection: sqlite3.Connection, table: str, rows: Iterable[dict[str, Any]], *, ignore: bool = False
) -> None:
    """Insert rows that all have the same columns in the same order, by one prepared statement."""
    gathered = list(rows)
    if gathered:
        names = ", ".join(f'"{name}"' for name in gathered[0])
        marks = ", ".join("?" for _ in gathered[0])
        connection.executemany(
            f"INSERT {'OR IGNORE ' if ignore else ''}INTO {table} ({names}) VALUES ({marks})",  # noqa: S608  our own names
            [tuple(row.values()) for row in gathered],
        )
