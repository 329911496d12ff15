"""Rows to devices: everything known of a device put together again, a few hundred devices at a time."""

import json
import os
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from auditor.model import Device, Exchange, Identity, Run
from auditor.store.evidence import Shelf, finding_of, identity_of
from auditor.store.rows import Row, addresses_of, exchange_of, moment, run_of

_AT_ONCE = 200
_WITHOUT_BYTES = (
    "run, id, device, subject, probe, protocol, transport, address, port, status, at, seconds, cut, detail, source,"
    " observed"
)
"""Columns of an exchange, all but what was asked and said."""


@dataclass(frozen=True, slots=True)
class _Chosen:
    """A device row and the run it is shown as of."""

    row: Row
    run: str


def runs(connection: sqlite3.Connection) -> tuple[Run, ...]:
    """Return all runs, oldest first."""
    rows = connection.execute("SELECT * FROM run ORDER BY started, id").fetchall()
    return tuple(run_of(row, state_of(row)) for row in rows)


def state_of(row: Row) -> str:
    """Return a run's state; one that says it is running while its process is gone was killed."""
    if row["state"] == "running" and not _is_alive(row["process"]):
        return "killed"
    return str(row["state"])


def _is_alive(process: int | None) -> bool:
    if not process:
        return False
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def numbers(connection: sqlite3.Connection, run: str | None) -> list[tuple[int, str]]:
    """Return (device number, run it is shown as of), sorted by place. Without a run: each as of its last."""
    if run is None:
        rows = connection.execute(
            "SELECT id, coalesce(last_run, (SELECT max(run) FROM exchange WHERE device = device.id), '')"
            " FROM device ORDER BY place, id"
        )
        return [(row[0], row[1]) for row in rows.fetchall()]
    rows = connection.execute(
        "SELECT id FROM device WHERE last_run = :run OR id IN (SELECT device FROM exchange WHERE run = :run)"
        " OR id IN (SELECT device FROM claim WHERE run = :run) ORDER BY place, id",
        {"run": run},
    )
    return [(row[0], run) for row in rows.fetchall()]


def earlier(connection: sqlite3.Connection, run: str) -> list[tuple[int, str]]:
    """Return (device number, the last run before this one that settled who it is), sorted by place."""
    rows = connection.execute(
        "SELECT id, run FROM (SELECT d.id, d.place, (SELECT r.id FROM run r WHERE r.id <> :run"
        " AND r.started <= (SELECT started FROM run WHERE id = :run)"
        " AND (EXISTS (SELECT 1 FROM claim c WHERE c.device = d.id AND c.run = r.id)"
        " OR EXISTS (SELECT 1 FROM finding f WHERE f.device = d.id AND f.run = r.id))"
        " ORDER BY r.started DESC, r.id DESC LIMIT 1) AS run FROM device d) WHERE run IS NOT NULL"
        " ORDER BY place, id",
        {"run": run},
    )
    return [(row[0], row[1]) for row in rows.fetchall()]


def devices(
    connection: sqlite3.Connection, chosen: Sequence[tuple[int, str]], *, with_bytes: bool
) -> Iterator[Device]:
    """Yield devices in the order given, lazily."""
    waiting = iter(chosen)
    while batch := list(islice(waiting, _AT_ONCE)):
        yield from _batch(connection, batch, with_bytes=with_bytes)


def _batch(
    connection: sqlite3.Connection, batch: Sequence[tuple[int, str]], *, with_bytes: bool
) -> Iterator[Device]:
    found = {row["id"]: row for row in _rows(connection, "device", "id", [number for number, _ in batch])}
    parts = {
        table: _grouped(
            connection, table, batch, "*" if with_bytes or table != "exchange" else _WITHOUT_BYTES
        )
        for table in ("exchange", "observation", "claim", "finding")
    }
    for number, run in batch:
        name = (number, run)
        yield _device(
            _Chosen(found[number], run),
            tuple(exchange_of(row, with_bytes=with_bytes) for row in parts["exchange"][name]),
            parts["observation"][name],
            parts["claim"][name],
            parts["finding"][name],
        )


def _rows(
    connection: sqlite3.Connection, table: str, column: str, values: Iterable[int], what: str = "*"
) -> list[Row]:
    marks = ",".join(str(int(value)) for value in values)
    return connection.execute(
        f"SELECT {what} FROM {table} WHERE {column} IN ({marks}) ORDER BY rowid"  # noqa: S608  our names and integers
    ).fetchall()


def _grouped(
    connection: sqlite3.Connection, table: str, batch: Sequence[tuple[int, str]], what: str
) -> Mapping[tuple[int, str], list[Row]]:
    wanted = set(batch)
    grouped: dict[tuple[int, str], list[Row]] = defaultdict(list)
    for row in _rows(connection, table, "device", (number for number, _ in batch), what):
        if (row["device"], row["run"]) in wanted:
            grouped[row["device"], row["run"]].append(row)
    return grouped


def _device(
    chosen: _Chosen,
    exchanges: tuple[Exchange, ...],
    observations: Sequence[Row],
    claims: Sequence[Row],
    findings: Sequence[Row],
) -> Device:
    row = chosen.row
    shelf = Shelf()
    shelf.load(observations, {one.id: one for one in exchanges})
    return Device(
        key=row["key"],
        site=row["site"],
        address=row["address"],
        identity=identity_of(shelf, row["key"], claims) if claims else Identity(row["key"]),
        addresses=tuple(one[0] for one in addresses_of(row["addresses"])),
        ports=tuple((transport, port) for transport, port in json.loads(row["ports"])),
        first_seen=moment(row["first_seen"]),
        last_seen=moment(row["last_seen"]),
        source=row["source"],
        observations=shelf.observations(),
        exchanges=exchanges,
        findings=tuple(finding_of(shelf, row["key"], one) for one in findings),
        granted=bool(row["granted"]),
    )


def named(connection: sqlite3.Connection, name: str) -> list[int]:
    """Return the numbers of the devices with this key, address (now, else ever), MAC or serial number."""
    mac = "".join(c for c in name.lower() if c in "0123456789abcdef")
    for sql, value in (
        ("key = ?", name),
        ("address = ?", name),
        ("serial = ?", name),
        ("mac = ?", mac if len(mac) == 12 else name),
        ("EXISTS (SELECT 1 FROM json_each(addresses) h WHERE json_extract(h.value, '$[0]') = ?)", name),
    ):
        found = connection.execute(f"SELECT id FROM device WHERE {sql} ORDER BY place", (value,))  # noqa: S608  one of the texts above
        numbers_found = [row[0] for row in found.fetchall()]
        if numbers_found:
            return numbers_found
    return []
