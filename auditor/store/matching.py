"""One device stays one device: found again by MAC, serial number or ONVIF endpoint, whatever its address."""

import json
import sqlite3
from dataclasses import dataclass, replace
from datetime import datetime

from auditor.model import Marks
from auditor.store.rows import Row, addresses_of, place, seen_at, stamp


def _contradict(told: Marks, row: Row) -> bool:
    return bool(told.contradicts(_stored(row)))


def _stored(row: Row) -> Marks:
    return Marks(mac=row["mac"] or "", serial=row["serial"] or "", endpoint=row["endpoint"] or "")


def _filled(told: Marks, row: Row) -> Marks:
    stored = _stored(row)
    return replace(
        told,
        mac=told.mac or stored.mac,
        serial=told.serial or stored.serial,
        endpoint=told.endpoint or stored.endpoint,
    )


@dataclass(frozen=True, slots=True)
class Presence:
    """Where and how something was met in this run."""

    site: str
    address: str
    at: datetime
    ports: tuple[tuple[str, int], ...] = ()
    source: str = "live"
    granted: bool = True
    part: str = ""
    """`:PORT` where several devices share the address."""

    @property
    def where(self) -> str:
        """The address of the device: with its port where it shares the address, an IPv6 address in brackets."""
        return (
            f"[{self.address}]{self.part}"
            if self.part and ":" in self.address
            else f"{self.address}{self.part}"
        )

    @property
    def subject(self) -> str:
        """The name under which its exchanges are filed: `site/address`."""
        return f"{self.site}/{self.address}"


def presence(subject: str, at: datetime, *, source: str = "live", granted: bool = True) -> Presence:
    """Read a subject back into site and address."""
    site, _, address = subject.rpartition("/")
    return Presence(site, address, at, source=source, granted=granted)


def occupant(connection: sqlite3.Connection, site: str, address: str) -> Row | None:
    """Return the device last seen at an address of a site."""
    found: Row | None = connection.execute(
        "SELECT * FROM device WHERE site = ? AND address = ? ORDER BY last_seen DESC, id DESC LIMIT 1",
        (site, address),
    ).fetchone()
    return found


def known(connection: sqlite3.Connection, site: str, told: Marks) -> Row | None:
    """Return the stored device that bears one of these marks and contradicts none."""
    for column, value in (("serial", told.serial), ("mac", told.mac), ("endpoint", told.endpoint)):
        if not value:
            continue
        rows = connection.execute(
            f"SELECT * FROM device WHERE site = ? AND {column} = ? ORDER BY id",  # noqa: S608  one of three names above
            (site, value),
        )
        for row in rows.fetchall():
            if not _contradict(told, row):
                return dict(row)
    return None


def create(connection: sqlite3.Connection, met: Presence) -> int:
    """Add a device first met here and return its number; a key already taken gets a number of its own."""
    key, count = f"{met.site}/{met.where}", 1
    while connection.execute("SELECT 1 FROM device WHERE key = ?", (key,)).fetchone():
        count += 1
        key = f"{met.site}/{met.where}#{count}"
    at = stamp(met.at) or ""
    cursor = connection.execute(
        "INSERT INTO device (key, place, site, address, addresses, ports, first_seen, last_seen, source, granted)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            key, place(met.site, met.address), met.site, met.where,
            json.dumps(seen_at((), met.where, at)), json.dumps(met.ports), at, at, met.source, int(met.granted),
        ),
    )  # fmt: skip
    assert cursor.lastrowid is not None
    return cursor.lastrowid


def settle(connection: sqlite3.Connection, run: str, met: Presence, told: Marks) -> int:
    """Return the number of the device this is: known by its marks, the one at this address, or a new one."""
    row = known(connection, met.site, told)
    if row is None:
        there = occupant(connection, met.site, met.where)
        row = there if there is not None and not _contradict(told, there) else None
    number = int(row["id"]) if row is not None else create(connection, met)
    _renew(connection, run, number, met, told)
    return number


def _renew(connection: sqlite3.Connection, run: str, number: int, met: Presence, told: Marks) -> None:
    row = connection.execute("SELECT * FROM device WHERE id = ?", (number,)).fetchone()
    at = stamp(met.at) or ""
    told = _filled(told, row)
    newer = at >= (row["last_seen"] or "")
    moved = newer and not (row["last_run"] == run and row["address"] != met.where)
    address = met.where if moved else row["address"]
    earlier = {(one[0], one[1]) for one in json.loads(row["ports"])} if row["last_run"] == run else set()
    ports = sorted({*earlier, *met.ports}) if newer or row["last_run"] == run else json.loads(row["ports"])
    sources = sorted({*row["source"].split(", "), met.source})
    connection.execute(
        "UPDATE device SET address = ?, addresses = ?, ports = ?, mac = ?, serial = ?, endpoint = ?,"
        " place = ?, first_seen = min(coalesce(first_seen, ?), ?), last_seen = max(coalesce(last_seen, ?), ?),"
        " source = ?, granted = max(granted, ?), last_run = CASE WHEN ? THEN ? ELSE last_run END WHERE id = ?",
        (
            address, json.dumps(seen_at(addresses_of(row["addresses"]), met.where, at)), json.dumps(ports),
            told.mac or None, told.serial or None, told.endpoint or None, place(row["site"], address),
            at, at, at, at, ", ".join(one for one in sources if one), int(met.granted),
            newer or row["last_run"] is None, run, number,
        ),
    )  # fmt: skip


def move(
    connection: sqlite3.Connection, run: str, subject: str, number: int, names: frozenset[str] | None = None
) -> None:
    """File what this run heard from a subject under its settled device; an empty stand-in is removed."""
    before = [
        row[0]
        for row in connection.execute(
            "SELECT DISTINCT device FROM exchange WHERE run = ? AND subject = ? AND device <> ?",
            (run, subject, number),
        )
    ]
    site, _, address = subject.rpartition("/")
    if names is None:
        connection.execute(
            "UPDATE exchange SET device = ? WHERE run = ? AND subject = ? AND device <> ?",
            (number, run, subject, number),
        )
    else:
        connection.executemany(
            "UPDATE exchange SET device = ? WHERE run = ? AND subject = ? AND id = ?",
            ((number, run, subject, name) for name in sorted(names)),
        )
    stand_ins = connection.execute(
        "SELECT id FROM device d WHERE site = ? AND address = ? AND id <> ? AND last_run IS NULL"
        " AND NOT EXISTS (SELECT 1 FROM exchange e WHERE e.device = d.id)",
        (site, address, number),
    ).fetchall()
    for (stand_in,) in ((row[0],) for row in stand_ins):
        connection.execute("DELETE FROM device WHERE id = ?", (stand_in,))
    for former in before:
        connection.execute(
            "UPDATE observation SET device = ? WHERE run = ? AND device = ? AND exchange IN"
            " (SELECT id FROM exchange WHERE run = ? AND device = ?)",
            (number, run, former, run, number),
        )
