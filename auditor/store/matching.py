"""One device stays one device: found again by MAC, serial number or ONVIF endpoint, whatever its address."""

import json
import sqlite3
from dataclasses import dataclass, replace
from datetime import datetime

from auditor.model import Certainty, Identity, Observation
from auditor.store.rows import Row, addresses_of, place, seen_at, stamp

ENDPOINT_FIELDS = frozenset({"wsd.endpoint", "onvif.endpoint"})
_NO_MAC = frozenset({"", "000000000000", "ffffffffffff"})
_SHORTEST_SERIAL = 6


@dataclass(frozen=True, slots=True)
class Marks:
    """What tells one device from another. Empty where not known."""

    mac: str = ""
    serial: str = ""
    endpoint: str = ""

    def contradict(self, row: Row) -> bool:
        """Tell whether a stored device cannot be this one."""
        if self.serial and row["serial"]:
            return bool(self.serial != row["serial"])
        return bool(self.mac and row["mac"] and self.mac != row["mac"])

    def filled_from(self, row: Row) -> "Marks":
        """Return these marks, gaps filled with what is stored."""
        return replace(
            self,
            mac=self.mac or row["mac"] or "",
            serial=self.serial or row["serial"] or "",
            endpoint=self.endpoint or row["endpoint"] or "",
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

    @property
    def subject(self) -> str:
        """The name under which its exchanges are filed: `site/address`."""
        return f"{self.site}/{self.address}"


def presence(subject: str, at: datetime, *, source: str = "live", granted: bool = True) -> Presence:
    """Read a subject back into site and address."""
    site, _, address = subject.rpartition("/")
    return Presence(site, address, at, source=source, granted=granted)


def marks(identity: Identity, observations: tuple[Observation, ...]) -> Marks:
    """Take from an identity what can recognise the device; guesses and placeholders are left out."""
    mac = "".join(c for c in (identity.value("mac") or "").lower() if c in "0123456789abcdef")
    serial = identity.claim("serial")
    sure = serial is not None and serial.certainty is not Certainty.TENTATIVE
    name = serial.value.strip() if serial and sure else ""
    return Marks(
        mac=mac if _is_worldwide(mac) else "",
        serial=name if len(name) >= _SHORTEST_SERIAL and len(set(name)) > 2 else "",
        endpoint=next((one.value for one in observations if one.field in ENDPOINT_FIELDS), ""),
    )


def _is_worldwide(mac: str) -> bool:
    """Tell whether a MAC address is one the maker was given; others, made up locally, may exist twice."""
    return len(mac) == 12 and mac not in _NO_MAC and not int(mac[:2], 16) & 0b11


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
            if not told.contradict(row):
                return dict(row)
    return None


def create(connection: sqlite3.Connection, met: Presence) -> int:
    """Add a device first met here and return its number; a key already taken gets a number of its own."""
    key, count = met.subject, 1
    while connection.execute("SELECT 1 FROM device WHERE key = ?", (key,)).fetchone():
        count += 1
        key = f"{met.subject}#{count}"
    at = stamp(met.at) or ""
    cursor = connection.execute(
        "INSERT INTO device (key, place, site, address, addresses, ports, first_seen, last_seen, source, granted)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            key, place(met.site, met.address), met.site, met.address,
            json.dumps(seen_at((), met.address, at)), json.dumps(met.ports), at, at, met.source, int(met.granted),
        ),
    )  # fmt: skip
    assert cursor.lastrowid is not None
    return cursor.lastrowid


def settle(connection: sqlite3.Connection, run: str, met: Presence, told: Marks) -> int:
    """Return the number of the device this is: known by its marks, the one at this address, or a new one."""
    row = known(connection, met.site, told)
    if row is None:
        there = occupant(connection, met.site, met.address)
        row = there if there is not None and not told.contradict(there) else None
    number = int(row["id"]) if row is not None else create(connection, met)
    _renew(connection, run, number, met, told)
    return number


def _renew(connection: sqlite3.Connection, run: str, number: int, met: Presence, told: Marks) -> None:
    row = connection.execute("SELECT * FROM device WHERE id = ?", (number,)).fetchone()
    at = stamp(met.at) or ""
    told = told.filled_from(row)
    newer = at >= (row["last_seen"] or "")
    moved = newer and not (row["last_run"] == run and row["address"] != met.address)
    address = met.address if moved else row["address"]
    earlier = {(one[0], one[1]) for one in json.loads(row["ports"])} if row["last_run"] == run else set()
    ports = sorted({*earlier, *met.ports}) if newer or row["last_run"] == run else json.loads(row["ports"])
    sources = sorted({*row["source"].split(", "), met.source})
    connection.execute(
        "UPDATE device SET address = ?, addresses = ?, ports = ?, mac = ?, serial = ?, endpoint = ?,"
        " place = ?, first_seen = min(coalesce(first_seen, ?), ?), last_seen = max(coalesce(last_seen, ?), ?),"
        " source = ?, granted = max(granted, ?), last_run = CASE WHEN ? THEN ? ELSE last_run END WHERE id = ?",
        (
            address, json.dumps(seen_at(addresses_of(row["addresses"]), met.address, at)), json.dumps(ports),
            told.mac or None, told.serial or None, told.endpoint or None, place(row["site"], address),
            at, at, at, at, ", ".join(one for one in sources if one), int(met.granted),
            newer or row["last_run"] is None, run, number,
        ),
    )  # fmt: skip


def move(connection: sqlite3.Connection, run: str, subject: str, number: int) -> None:
    """File what this run heard from a subject under its settled device; an empty stand-in is removed."""
    before = [
        row[0]
        for row in connection.execute(
            "SELECT DISTINCT device FROM exchange WHERE run = ? AND subject = ? AND device <> ?",
            (run, subject, number),
        )
    ]
    site, _, address = subject.rpartition("/")
    connection.execute(
        "UPDATE exchange SET device = ? WHERE run = ? AND subject = ? AND device <> ?",
        (number, run, subject, number),
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
