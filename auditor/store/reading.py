"""Rows to devices: everything known of a device put together again, a few hundred devices at a time."""

import json
import logging
import sqlite3
import zlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice

from auditor.model import HEARD, NOT_THERE, WRITTEN, Device, Exchange, Finding, Identity
from auditor.store.evidence import Shelf, finding_of, identity_of
from auditor.store.newest import NOT_PUT, Asked, Closed, closed_ports, digest, has_closed, newest
from auditor.store.presence import Whereabouts, answered, moment_of, whereabouts
from auditor.store.rows import DAMAGE, Row, exchange_of, moment

logger = logging.getLogger(__name__)

_AT_ONCE = 200
_WITHOUT_BYTES = (
    "run, id, device, subject, probe, protocol, transport, address, port, status, at, seconds, cut, detail, source,"
    " observed, question, part"
)
"""Columns of an exchange, all but what was asked and said."""


Door = tuple[str, int]
"""Where a device answers: `tcp` (also by TLS) or `udp`, and the port."""


@dataclass(frozen=True, slots=True)
class Look:
    """What one run came to at one device."""

    run: str
    at: str
    """When it first asked, RFC 3339; "" where nobody wrote it down."""
    heard: bool
    asked: bool
    """Whether any question was really put, whatever came of it."""
    live: bool
    in_vain: frozenset[Door] = frozenset()
    """Where a live question found nobody who answers it."""
    heard_last: str = ""
    """When it last answered, RFC 3339; "" where it did not, or nobody wrote it down."""


@dataclass(frozen=True, slots=True)
class Held:
    """A device as some runs together show it, and whether what is stored of it was concluded from exactly that."""

    device: Device
    """Claims and findings are those stored; none where nothing was stored for just this evidence."""
    number: int
    run: str
    """The newest run that heard it."""
    is_concluded: bool
    evidence: str
    """Digest of the answers that count."""
    home: str
    """The run all these answers are from; "" where they are from several."""
    basis: str | None
    """By what the stored findings were made; None where nobody judged."""
    looks: tuple[Look, ...] = ()
    """Oldest first."""
    heard_at: frozenset[Door] = frozenset()
    """Where it answered, less what had closed by the time it was last heard."""
    by_run: Mapping[str, str] = field(default_factory=dict)
    """Exchange -> the run it was made in."""


def held(
    connection: sqlite3.Connection, chosen: Sequence[int], runs: Sequence[str], *, with_bytes: bool
) -> Iterator[Held]:
    """Yield devices in the order given, lazily, as these runs together show them; one none of them heard is left out.

    `runs` are oldest first.
    """
    started = {row[0]: row[1] for row in connection.execute("SELECT id, started FROM run")}
    order = {run: place for place, run in enumerate(runs)}
    waiting = iter(chosen)
    while batch := list(islice(waiting, _AT_ONCE)):
        yield from _Batch(connection, batch, order, started, with_bytes).held()


@dataclass(slots=True)
class _Batch:
    """Some devices, read together."""

    connection: sqlite3.Connection
    numbers: list[int]
    order: Mapping[str, int]
    started: Mapping[str, str]
    with_bytes: bool

    def held(self) -> Iterator[Held]:
        rows = {row["id"]: row for row in self._rows("device", "id")}
        met = self._grouped("met")
        exchanges = self._grouped("exchange", "*" if self.with_bytes else _WITHOUT_BYTES)
        stored = self._grouped("concluded")
        parts = _Parts(self.connection, self.numbers)
        for number in self.numbers:
            mine = [row for row in met[number] if row["run"] in self.order]
            said = [row for row in exchanges[number] if row["run"] in self.order]
            if mine and number in rows:
                yield self._one(rows[number], mine, said, stored[number], parts)

    def _one(
        self, row: Row, met: Sequence[Row], said: Sequence[Row], stored: Sequence[Row], parts: "_Parts"
    ) -> Held:
        asked = [_asked(one) for one in said]
        closed = closed_ports(asked)
        names = newest(asked, closed)
        counting = [one for one in said if one["id"] in names]
        counting.sort(key=lambda one: (self.order[one["run"]], one["number"]))
        told = {one["run"]: None for one in counting if one["status"] in HEARD}
        evidence = digest(one["id"] for one in counting if one["status"] in HEARD)
        where = whereabouts(met, dict(self.started))
        last = max((one["run"] for one in answered(met)), key=lambda run: self.order[run])
        wanted = next(iter(told)) if len(told) == 1 else last if not told else ""
        found = next((one for one in stored if one["run"] == wanted and one["evidence"] == evidence), None)
        exchanges = tuple(exchanges_of(counting, row["key"], with_bytes=self.with_bytes))
        bare = Device(
            key=row["key"],
            site=where.site,
            address=where.address,
            identity=Identity(row["key"]),
            addresses=tuple(one[0] for one in where.addresses),
            ports=_open(where, closed),
            first_seen=moment(where.first_seen),
            last_seen=moment(where.last_seen),
            source=where.source,
            exchanges=exchanges,
            granted=where.granted,
            behind=where.behind,
        )
        device = None if found is None else parts.into(bare, row["id"], wanted, found)
        if device is None:
            device, found = bare, None
        return Held(
            device, row["id"], last, found is not None, evidence, wanted, found["basis"] if found else None,
            self._looks(said, met), _heard_at(where, asked, self.order, last), {one["id"]: one["run"] for one in counting},
        )  # fmt: skip

    def _looks(self, said: Sequence[Row], met: Sequence[Row]) -> tuple[Look, ...]:
        heard = {row["run"]: row for row in met if row["source"] not in WRITTEN}
        asked: dict[str, list[Row]] = defaultdict(list)
        for one in said:
            if one["source"].partition(" ")[0] not in WRITTEN:
                asked[one["run"]].append(one)
        return tuple(
            Look(
                run,
                min((one["at"] for one in asked[run] if one["at"]), default=heard[run]["first_at"] if run in heard else ""),
                run in heard,
                run in heard or any(one["status"] not in NOT_PUT for one in asked[run]),
                any(one["source"] == "live" for one in asked[run])
                or (run in heard and "live" in heard[run]["source"]),
                in_vain(asked[run]),
                moment_of(heard[run], "at") if run in heard else "",
            )
            for run in sorted({*heard, *asked}, key=lambda name: self.order[name])
        )  # fmt: skip

    def _rows(self, table: str, column: str, what: str = "*") -> list[Row]:
        return _rows(self.connection, table, column, self.numbers, what)

    def _grouped(self, table: str, what: str = "*") -> Mapping[int, list[Row]]:
        grouped: dict[int, list[Row]] = defaultdict(list)
        for row in self._rows(table, "device", what if table != "exchange" else f"rowid AS number, {what}"):
            grouped[row["device"]].append(row)
        return grouped


def exchanges_of(rows: Iterable[Row], whose: str = "", *, with_bytes: bool = True) -> Iterator[Exchange]:
    """Read exchanges; one that cannot be read is named in the log, with whose it is, and passed over."""
    for row in rows:
        try:
            yield exchange_of(row, with_bytes=with_bytes)
        except DAMAGE as error:
            logger.warning(
                "exchange %s of %s cannot be read and is passed over: %s",
                row["id"],
                whose or row["subject"],
                error,
            )


def _open(where: Whereabouts, closed: Closed) -> tuple[tuple[str, int], ...]:
    """Return the ports that answered when they were last tried: one that nobody tried again has not closed."""
    return tuple(
        (transport, port)
        for (transport, port), (at, run) in where.last_open.items()
        if transport == "udp" or not has_closed(port, at, run, closed)
    )


def _heard_at(
    where: Whereabouts, asked: Sequence[Asked], order: Mapping[str, int], last: str
) -> frozenset[Door]:
    """Return where a device answered, less what was found closed up to the run that heard it last."""
    closed = closed_ports([one for one in asked if order[one.run] <= order[last]])
    return frozenset(door(transport, port) for transport, port in _open(where, closed) if port)


def door(transport: str, port: int) -> Door:
    """Return where a question goes: a port that speaks TLS is a TCP port."""
    return ("udp" if transport == "udp" else "tcp", port)


def in_vain(rows: Iterable[Row]) -> frozenset[Door]:
    """Return where live questions were put and nobody answered them."""
    return frozenset(
        door(row["transport"], row["port"])
        for row in rows
        if row["source"] == "live" and row["port"] and row["status"] in NOT_THERE
    )


def _asked(row: Row) -> Asked:
    return Asked(
        row["id"], row["run"], row["question"] or "", row["status"], row["at"] or "", row["probe"], row["port"],
        row["transport"] != "udp", row["source"] == "live", row["address"],
    )  # fmt: skip


class _Parts:
    """Claims, observations and findings of some devices, read when first asked for."""

    def __init__(self, connection: sqlite3.Connection, numbers: Sequence[int]) -> None:
        self._connection = connection
        self._numbers = numbers
        self._read: dict[str, Mapping[tuple[int, str], list[Row]]] = {}

    def _of(self, table: str, number: int, run: str) -> list[Row]:
        if table not in self._read:
            grouped: dict[tuple[int, str], list[Row]] = defaultdict(list)
            for row in _rows(self._connection, table, "device", self._numbers):
                grouped[row["device"], row["run"]].append(row)
            self._read[table] = grouped
        return self._read[table].get((number, run), [])

    def into(self, bare: Device, number: int, run: str, found: Row) -> Device | None:
        """Return the device with what was concluded of it; None where that cannot be read, and must be concluded anew."""
        try:
            return self._put_together(bare, number, run, found)
        except DAMAGE as error:
            logger.warning(
                "what was concluded of %s cannot be read and is concluded anew: %s", bare.key, error
            )
            return None

    def _put_together(self, bare: Device, number: int, run: str, found: Row) -> Device:
        if run:
            rows = {table: self._of(table, number, run) for table in ("observation", "claim", "finding")}
        else:
            rows = json.loads(zlib.decompress(found["body"]))
        shelf = Shelf()
        shelf.load(rows["observation"], {one.id: one for one in bare.exchanges})
        claims = rows["claim"]
        return replace(
            bare,
            identity=identity_of(shelf, bare.key, claims) if claims else Identity(bare.key),
            observations=shelf.observations(),
            # Rows without a basis are those of a later picture, kept for who looks back.
            findings=tuple(findings_of(shelf, bare.key, rows["finding"]))
            if found["basis"] is not None
            else (),
        )


def findings_of(shelf: Shelf, key: str, rows: Iterable[Row]) -> Iterator[Finding]:
    """Read findings; one that cannot be read is named in the log with its place and passed over."""
    for row in rows:
        try:
            yield finding_of(shelf, key, row)
        except DAMAGE as error:
            logger.warning("finding %s of %s cannot be read and is passed over: %s", row["id"], key, error)


def _rows(
    connection: sqlite3.Connection, table: str, column: str, values: Iterable[int], what: str = "*"
) -> list[Row]:
    marks = ",".join(str(int(value)) for value in values)
    return connection.execute(
        f"SELECT {what} FROM {table} WHERE {column} IN ({marks}) ORDER BY rowid"  # noqa: S608  our names and integers
    ).fetchall()
