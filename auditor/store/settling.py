"""Keeping the tables in step with who is who: each meeting under its device, each exchange under its meeting."""

import json
import sqlite3
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime

from auditor.model import Marks
from auditor.model.place import place_of, site_and_place
from auditor.store.presence import Presence, device_row, meeting_of, meetings, met_row, whereabouts
from auditor.store.rows import Row, place
from auditor.store.tenancy import Tenancy

_OFTEN = 16
"""Meetings up to which a device's row is brought up to date at each."""
_OF_A_DEVICE = ("finding", "claim", "observation")


@dataclass(slots=True)
class Settling:
    """Assigns meetings to devices as they come, and all of them anew when asked to."""

    connection: sqlite3.Connection
    _tenancy: Tenancy | None = None
    _started: dict[str, str] = field(default_factory=dict)

    def _all(self) -> Tenancy:
        if self._tenancy is None:
            self._tenancy = Tenancy(meetings(self.connection))
        return self._tenancy

    def forget(self) -> None:
        """Forget what is known of the tables: something else wrote to them."""
        self._tenancy = None

    def tenant_at(self, site: str, where: str) -> int | None:
        """Return the number of the device last met at a place, None when nobody was."""
        key = self._all().at(site, where)
        return None if key is None else self._number(key)

    def take(self, run: str, met: Presence, marks: Marks) -> int:
        """Write a meeting down and return the number of the device it is with."""
        row = met_row(run, met, marks, 0)
        before = self.connection.execute(
            "SELECT device, first_at, at FROM met WHERE run = ? AND subject = ? AND part = ?",
            (run, met.subject, met.part),
        ).fetchone()
        if before is not None:
            row["first_at"] = min(filter(None, (before["first_at"], row["first_at"])), default="")
            row["at"] = max(before["at"], row["at"])
        key = self._all().take(meeting_of(row, self._start(run)))
        row["device"] = self._number(key) or self._create(key, met)
        names = ", ".join(row)
        self.connection.execute(
            f"INSERT OR REPLACE INTO met ({names}) VALUES ({', '.join('?' for _ in row)})",  # noqa: S608  our own names
            tuple(row.values()),
        )
        if before is not None and before["device"] != row["device"]:
            self._renew_row(before["device"])
        self._renew_now_and_then(row["device"])
        return int(row["device"])

    def file(self, run: str, met: Presence, number: int, names: frozenset[str] | None) -> None:
        """File what a run heard at an address under the device it is; `names` where several share the address."""
        where, given = "run = ? AND subject = ? AND part = ?", (run, met.subject, met.part)
        if names is not None:
            where = "run = ? AND subject = ? AND id IN (SELECT value FROM json_each(?))"
            given = (run, met.subject, json.dumps(sorted(names)))
        others = self.connection.execute(
            f"SELECT DISTINCT device FROM exchange WHERE {where} AND device <> ?",  # noqa: S608  one of the two above
            (*given, number),
        ).fetchall()
        self.connection.execute(
            f"UPDATE exchange SET device = ?, part = ? WHERE {where} AND (device <> ? OR part <> ?)",  # noqa: S608  as above
            (number, met.part, *given, number, met.part),
        )
        for row in others:
            self._unsay(run, row[0])

    def _unsay(self, run: str, number: int) -> None:
        """Drop what a run concluded of a device whose exchanges are no longer all its own."""
        for table in _OF_A_DEVICE:
            self.connection.execute(
                f"DELETE FROM {table} WHERE run = ? AND device = ?",  # noqa: S608  one of three names
                (run, number),
            )
        self.connection.execute("DELETE FROM concluded WHERE device = ? AND run IN ('', ?)", (number, run))

    def settle(self) -> None:
        """Take all meetings anew in the order of their time, and put every row where it belongs."""
        self._drop_empty_meetings()
        self._tenancy = tenancy = Tenancy(meetings(self.connection))
        rows = self.connection.execute("SELECT * FROM met").fetchall()
        for row in rows:
            key = tenancy.assigned[row["run"], row["subject"], row["part"]]
            number = self._number(key) or self._create(key, _presence(row))
            if number != row["device"]:
                self._reassign(row, number)
        by_device: dict[int, list[Row]] = defaultdict(list)
        for row in self.connection.execute("SELECT * FROM met").fetchall():
            by_device[row["device"]].append(row)
        self._adopt_strays(by_device)
        for number, own in by_device.items():
            self._renew_row(number, own)
        self._drop_nobody()

    def _drop_empty_meetings(self) -> None:
        """Drop the meeting at a whole address where everything said there belongs to one of several devices."""
        self.connection.execute(
            "DELETE FROM met WHERE part = '' AND EXISTS (SELECT 1 FROM met o WHERE o.run = met.run"
            " AND o.subject = met.subject AND o.part <> '') AND NOT EXISTS (SELECT 1 FROM exchange e"
            " WHERE e.run = met.run AND e.subject = met.subject AND e.part = '')"
        )

    def _reassign(self, row: Row, number: int) -> None:
        for one in (row["device"], number):
            self._unsay(row["run"], one)
        name = (row["run"], row["subject"], row["part"])
        for table in ("met", "exchange"):
            self.connection.execute(
                f"UPDATE {table} SET device = ? WHERE run = ? AND subject = ? AND part = ?",  # noqa: S608  two names
                (number, *name),
            )

    def _adopt_strays(self, by_device: dict[int, list[Row]]) -> None:
        """File tries that nobody answered under whoever lives at that place, where their device is gone."""
        strays = self.connection.execute(
            "SELECT DISTINCT e.device, e.subject, e.part, e.run FROM exchange e WHERE NOT EXISTS"
            " (SELECT 1 FROM met m WHERE m.device = e.device)"
        ).fetchall()
        for device, subject, part, run in strays:
            site, address = site_and_place(subject)
            number = self.tenant_at(site, place_of(address, part))
            if number is not None and number in by_device and number != device:
                self._unsay(run, device)
                self.connection.execute(
                    "UPDATE exchange SET device = ? WHERE device = ? AND run = ? AND subject = ? AND part = ?",
                    (number, device, run, subject, part),
                )

    def _drop_nobody(self) -> None:
        gone = self.connection.execute(
            "SELECT id FROM device d WHERE NOT EXISTS (SELECT 1 FROM met m WHERE m.device = d.id)"
            " AND NOT EXISTS (SELECT 1 FROM exchange e WHERE e.device = d.id)"
        ).fetchall()
        for number in [row[0] for row in gone]:
            for table in (*_OF_A_DEVICE, "concluded"):
                self.connection.execute(f"DELETE FROM {table} WHERE device = ?", (number,))  # noqa: S608  our names
            self.connection.execute("DELETE FROM device WHERE id = ?", (number,))

    def _number(self, key: str) -> int | None:
        row = self.connection.execute("SELECT id FROM device WHERE key = ?", (key,)).fetchone()
        return None if row is None else int(row[0])

    def _create(self, key: str, met: Presence) -> int:
        where = place_of(met.address, met.part)
        cursor = self.connection.execute(
            "INSERT INTO device (key, place, site, address, addresses, ports, source, granted)"
            " VALUES (?, ?, ?, ?, '[]', '[]', ?, ?)",
            (key, place(met.site, where), met.site, where, met.source, int(met.granted)),
        )
        assert cursor.lastrowid is not None
        return cursor.lastrowid

    def _renew_now_and_then(self, number: int) -> None:
        """Bring a device's row up to date; of one met at very many places only every so often, until all is settled.

        A router that answers for a network is met at each of its addresses: anew each time, that grows by the square.
        """
        count = self.connection.execute("SELECT count(*) FROM met WHERE device = ?", (number,)).fetchone()[0]
        if count % max(1, count // _OFTEN) == 0:
            self._renew_row(number)

    def _renew_row(self, number: int, own: list[Row] | None = None) -> None:
        """Bring a device's row up to what its meetings say."""
        rows = own or self.connection.execute("SELECT * FROM met WHERE device = ?", (number,)).fetchall()
        key = self.connection.execute("SELECT key FROM device WHERE id = ?", (number,)).fetchone()
        if not rows or key is None:
            return
        started = {row["run"]: self._start(row["run"]) for row in rows}
        tenant = self._all().tenant(key[0])
        values = device_row(key[0], whereabouts(rows, started), tenant.marks if tenant else Marks())
        names = ", ".join(f"{name} = ?" for name in values)
        self.connection.execute(f"UPDATE device SET {names} WHERE id = ?", (*values.values(), number))  # noqa: S608

    def _start(self, run: str) -> str:
        if run not in self._started:
            row = self.connection.execute("SELECT started FROM run WHERE id = ?", (run,)).fetchone()
            self._started[run] = row[0] if row else ""
        return self._started[run]


_SOME_TIME = datetime.min.replace(tzinfo=UTC)


def _presence(row: Row) -> Presence:
    return Presence(
        row["site"], row["address"], _SOME_TIME, (), row["source"], bool(row["granted"]), row["part"]
    )
