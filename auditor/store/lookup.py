"""Which devices are meant: by name, by place, or by what they have in common; their numbers and keys, not the devices."""

import json
import sqlite3
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from auditor.model import WRITTEN
from auditor.model.marks import plain_mac
from auditor.model.place import place_of
from auditor.store.presence import answered, moment_of, ports_of
from auditor.store.reading import Door, door, in_vain


def numbers(connection: sqlite3.Connection) -> list[int]:
    """Return the numbers of all devices, sorted by place."""
    return [row[0] for row in connection.execute("SELECT id FROM device ORDER BY place, id").fetchall()]


def named(connection: sqlite3.Connection, name: str) -> list[int]:
    """Return the numbers of the devices with this key, at or behind this address (now, else ever), MAC or serial."""
    mac = plain_mac(name)
    for sql, value in (
        ("key = ?", name),
        ("? IN (address, behind)", name),
        ("serial = ?", name),
        ("mac = ?", mac if len(mac) == 12 else name),
        ("EXISTS (SELECT 1 FROM json_each(addresses) h WHERE json_extract(h.value, '$[0]') = ?)", name),
    ):
        found = connection.execute(f"SELECT id FROM device WHERE {sql} ORDER BY place", (value,))  # noqa: S608  one of the texts above
        numbers_found = [row[0] for row in found.fetchall()]
        if numbers_found:
            return numbers_found
    return []


@dataclass(frozen=True, slots=True)
class Place:
    """Where a device was met last, and the TCP ports that answered there."""

    site: str
    address: str
    part: str
    ports: tuple[int, ...]


def places(connection: sqlite3.Connection) -> tuple[Place, ...]:
    """Return the last place of every device that was within the scope; what hangs behind a recorder has none."""
    found = []
    rows = connection.execute(
        "SELECT d.id, d.site, d.address AS whole, d.ports, m.address, m.part, m.subject, m.run FROM device d"
        " JOIN met m ON m.device = d.id AND m.run = d.last_run AND m.site = d.site WHERE d.granted ORDER BY d.place"
    )
    for row in rows.fetchall():
        if "#" not in row["address"] and place_of(row["address"], row["part"]) == row["whole"]:
            streams = sorted({port for transport, port in ports_of(row) if transport != "udp" and port})
            found.append(Place(row["site"], row["address"], row["part"], tuple(streams)))
    return tuple(found)


def occupants(
    connection: sqlite3.Connection, runs: Iterable[str] | None
) -> dict[tuple[str, str], tuple[str, str]]:
    """Return who answered last at each place, by the time of the meeting; who was only written of, where nobody did."""
    wanted = None if runs is None else set(runs)
    rows = connection.execute(
        "SELECT m.site, m.address, m.part, d.key, m.run FROM met m JOIN device d ON d.id = m.device"
        " JOIN run r ON r.id = m.run ORDER BY m.source NOT IN (SELECT value FROM json_each(?)),"
        " CASE m.at WHEN '' THEN r.started ELSE m.at END, r.started",
        (json.dumps(sorted(WRITTEN)),),
    )
    return {
        (row["site"], place_of(row["address"], row["part"])): (row["key"], row["run"])
        for row in rows
        if wanted is None or row["run"] in wanted
    }


def sites(connection: sqlite3.Connection, key: str) -> tuple[tuple[str, str, str], ...]:
    """Return (site, first, last heard) of a device, by the meetings in which it answered; of all where it never did."""
    rows = connection.execute(
        "SELECT m.* FROM met m JOIN device d ON d.id = m.device WHERE d.key = ?", (key,)
    ).fetchall()
    spans: dict[str, list[str]] = {}
    for row in answered(rows):
        spans.setdefault(row["site"], []).extend(
            at for name in ("first_at", "at") if (at := moment_of(row, name))
        )
    found = ((site, min(told, default=""), max(told, default="")) for site, told in spans.items())
    return tuple(sorted(found, key=lambda one: (one[1], one[0])))


def doors_since(
    connection: sqlite3.Connection, site: str, address: str, runs: Collection[str], *, besides: str
) -> frozenset[Door]:
    """Return where an address was asked in vain in these runs, or answered as another device than the one of that key."""
    given = (f"{site}/{address}", json.dumps(list(runs)))
    tried = connection.execute(
        "SELECT transport, port, source, status FROM exchange WHERE subject = ?"
        " AND run IN (SELECT value FROM json_each(?))",
        given,
    ).fetchall()
    others = connection.execute(
        "SELECT m.* FROM met m JOIN device d ON d.id = m.device WHERE m.subject = ?"
        " AND m.run IN (SELECT value FROM json_each(?)) AND d.key <> ?",
        (*given, besides),
    ).fetchall()
    taken = {door(transport, port) for row in others for transport, port in ports_of(row)}
    return in_vain(tried) | taken


def keys_of(connection: sqlite3.Connection, run: str, subjects: Iterable[str]) -> tuple[str, ...]:
    """Return the keys of the devices that a run met under these subjects."""
    rows = connection.execute(
        "SELECT DISTINCT d.key FROM met m JOIN device d ON d.id = m.device"
        " WHERE m.run = ? AND m.subject IN (SELECT value FROM json_each(?)) ORDER BY d.key",
        (run, json.dumps(list(subjects))),
    )
    return tuple(row[0] for row in rows)


def keys(connection: sqlite3.Connection, chosen: Iterable[int]) -> frozenset[str]:
    """Return the keys of the devices with these numbers."""
    rows = connection.execute(
        "SELECT key FROM device WHERE id IN (SELECT value FROM json_each(?))", (json.dumps(list(chosen)),)
    )
    return frozenset(row[0] for row in rows)


def alike(connection: sqlite3.Connection, chosen: Collection[int], claims: Collection[str]) -> frozenset[int]:
    """Return the numbers of devices of which any run claimed a value, under these names, that one of the chosen has."""
    rows = connection.execute(
        "WITH wanted AS (SELECT value FROM json_each(?)), told AS (SELECT DISTINCT name, lower(value) FROM claim"
        " WHERE name IN (SELECT value FROM wanted) AND device IN (SELECT value FROM json_each(?)))"
        " SELECT DISTINCT device FROM claim WHERE name IN (SELECT value FROM wanted) AND (name, lower(value)) IN told",
        (json.dumps(list(claims)), json.dumps(list(chosen))),
    )
    return frozenset(row[0] for row in rows)
