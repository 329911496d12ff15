"""Where and how something was met in a run, and the rows that say so."""

import json
import logging
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from auditor.model import WRITTEN, Marks
from auditor.model.place import place_of, site_and_place
from auditor.store.rows import DAMAGE, Row, history_of, place, stamp, utc_of
from auditor.store.tenancy import Meeting

logger = logging.getLogger(__name__)


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
    def subject(self) -> str:
        """The name under which its exchanges are filed: `site/address`."""
        return f"{self.site}/{self.address}"


def presence(subject: str, at: datetime, *, source: str = "live", granted: bool = True) -> Presence:
    """Read a subject back into site and address."""
    site, address = site_and_place(subject)
    return Presence(site, address, at, source=source, granted=granted)


_NEVER = "1970"
"""How a moment begins that stands for "nobody wrote it down"."""


def moment_text(at: datetime) -> str:
    """Write a moment of a meeting; empty where it stands for "nobody wrote it down"."""
    text = stamp(at) or ""
    return "" if text.startswith(_NEVER) else text


def met_row(run: str, met: Presence, marks: Marks, device: int) -> dict[str, Any]:
    """Spell a meeting."""
    at = moment_text(met.at)
    return {
        "run": run, "subject": met.subject, "part": met.part, "device": device, "site": met.site,
        "address": met.address, "at": at, "first_at": at, "ports": json.dumps(met.ports), "source": met.source,
        "granted": int(met.granted), "mac": marks.mac, "serial": marks.serial, "endpoint": marks.endpoint,
        "maker": marks.maker, "model": marks.model, "traits": json.dumps(sorted(marks.traits)),
    }  # fmt: skip


def meeting_of(row: Row, started: str) -> Meeting:
    """Read a meeting."""
    return Meeting(
        run=row["run"],
        started=started,
        site=row["site"],
        address=row["address"],
        part=row["part"],
        at=moment_of(row, "at"),
        source=row["source"],
        marks=Marks(
            row["mac"] or "",
            row["serial"] or "",
            row["endpoint"] or "",
            row["maker"] or "",
            row["model"] or "",
            _traits_of(row),
        ),
        subject=row["subject"],
    )


def meetings(connection: sqlite3.Connection) -> list[Meeting]:
    """Return every meeting of the database."""
    started = {row[0]: row[1] for row in connection.execute("SELECT id, started FROM run")}
    return [meeting_of(row, started.get(row["run"], "")) for row in connection.execute("SELECT * FROM met")]


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """What meetings say of a device: where it is, was, when, by which ports, known from what."""

    address: str
    behind: str
    addresses: tuple[tuple[str, str, str], ...]
    """(address, first seen, last seen), oldest first."""
    ports: tuple[tuple[str, int], ...]
    first_seen: str
    last_seen: str
    source: str
    granted: bool
    last_run: str
    site: str
    last_open: Mapping[tuple[str, int], tuple[str, str]]
    """By (transport, port): when, and in which run, it last answered."""


def answered(rows: Sequence[Row]) -> Sequence[Row]:
    """Return the meetings in which something answered; all of them where somebody only wrote of it."""
    return [row for row in rows if not WRITTEN.issuperset(row["source"].split(", "))] or rows


def whereabouts(rows: Sequence[Row], started: dict[str, str]) -> Whereabouts:
    """Sum up the meetings with one device; there is at least one."""
    sources = sorted({part for row in rows for part in row["source"].split(", ") if part})
    rows = [
        {**dict(row), "at": moment_of(row, "at"), "first_at": moment_of(row, "first_at")}
        for row in answered(rows)
    ]
    ordered = sorted(
        rows, key=lambda row: (row["at"] or started[row["run"]], started[row["run"]], row["subject"])
    )
    last = ordered[-1]
    run = max((row["run"] for row in ordered), key=lambda name: (started[name], name))
    here = [row for row in ordered if row["run"] == run]
    first_here = next((row for row in here if _place(row) == _place(last)), here[0])
    place_now = first_here if last["run"] == run else last
    history = history_of((_place(row), at) for row in ordered for at in (row["first_at"], row["at"]))
    by_site = [row for row in ordered if row["site"] == place_now["site"]] or ordered
    last_open: dict[tuple[str, int], tuple[str, str]] = {}
    for row in by_site:
        for transport, port in ports_of(row):
            last_open[transport, port] = (row["at"] or started[row["run"]], row["run"])
    # A port that speaks TLS now is one port, however it was met before.
    for port in [number for transport, number in last_open if transport == "tls"]:
        last_open.pop(("tcp", port), None)
    moments = sorted(row["at"] for row in ordered if row["at"])
    firsts = sorted(row["first_at"] for row in ordered if row["first_at"])
    return Whereabouts(
        _place(place_now),
        place_now["address"] if place_now["part"] else "",
        tuple(history),
        tuple(sorted(last_open)),
        firsts[0] if firsts else "",
        moments[-1] if moments else "",
        ", ".join(sources),
        bool(last["granted"]),
        run,
        place_now["site"],
        dict(sorted(last_open.items())),
    )


def _place(row: Row) -> str:
    return place_of(row["address"], row["part"])


def ports_of(row: Row) -> tuple[tuple[str, int], ...]:
    """Read the ports of a meeting; none, and a word in the log, where they cannot be read."""
    try:
        return tuple((str(transport), int(port)) for transport, port in json.loads(row["ports"]))
    except DAMAGE as error:
        logger.warning("the ports of %s in run %s cannot be read: %s", row["subject"], row["run"], error)
        return ()


def _traits_of(row: Row) -> frozenset[str]:
    try:
        return frozenset(map(str, json.loads(row["traits"])))
    except DAMAGE as error:
        logger.warning("what %s showed in run %s cannot be read: %s", row["subject"], row["run"], error)
        return frozenset()


def moment_of(row: Row, name: str) -> str:
    """Read a moment of a meeting, "" where it is none."""
    try:
        return utc_of(row[name]).isoformat() if row[name] else ""
    except DAMAGE as error:
        logger.warning("when %s was met in run %s cannot be read: %s", row["subject"], row["run"], error)
        return ""


def device_row(key: str, where: Whereabouts, marks: Marks) -> dict[str, Any]:
    """Spell a device for those who read the tables: what its meetings come to."""
    return {
        "key": key, "place": place(where.site, where.address), "site": where.site, "address": where.address,
        "addresses": json.dumps([list(one) for one in where.addresses]), "ports": json.dumps(where.ports),
        "mac": marks.mac or None, "serial": marks.serial or None, "endpoint": marks.endpoint or None,
        "first_seen": where.first_seen or None, "last_seen": where.last_seen or None, "source": where.source,
        "granted": int(where.granted), "last_run": where.last_run, "behind": where.behind or None,
    }  # fmt: skip
