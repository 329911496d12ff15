"""Bringing what an older database holds into the shape of the newer one: questions named, meetings written down."""

import json
import logging

from sqlite_utils import Database  # noqa: TID251  this room owns the database

from auditor.model.marks import plain_mac
from auditor.store.newest import question_of
from auditor.store.rows import DAMAGE, Row, exchange_of

logger = logging.getLogger(__name__)

_AT_ONCE = 2_000
_CLAIMED = ("maker", "brand", "model", "platform")


def fill(db: Database) -> None:
    """Name the question of every exchange, and write down who was met where in each run."""
    _questions(db)
    _meetings(db)


def _questions(db: Database) -> None:
    last = -1
    while rows := db.conn.execute(
        "SELECT rowid AS number, run, id, device, subject, probe, protocol, transport, address, port, request, status,"
        " at, seconds, cut, detail, source, observed, x'' AS reply, 0 AS packed FROM exchange"
        " WHERE rowid > ? ORDER BY rowid LIMIT ?",
        (last, _AT_ONCE),
    ).fetchall():
        named = [(_question(dict(zip(_COLUMNS, row, strict=True))), row[0]) for row in rows]
        db.conn.executemany("UPDATE exchange SET question = ? WHERE rowid = ?", named)
        last = rows[-1][0]


_COLUMNS = (
    "number", "run", "id", "device", "subject", "probe", "protocol", "transport", "address", "port", "request",
    "status", "at", "seconds", "cut", "detail", "source", "observed", "reply", "packed",
)  # fmt: skip


def _question(row: Row) -> str:
    """Name the question of an exchange; "", and a word in the log, where it cannot be read."""
    try:
        return question_of(exchange_of(row))
    except DAMAGE as error:
        logger.warning("exchange %s cannot be read, and what it asked is not known: %s", row["id"], error)
        return ""


def _meetings(db: Database) -> None:
    """Write the meetings: whose exchanges a run filed under a device, with the marks it told then."""
    rows = db.conn.execute(
        "SELECT e.run, e.subject, e.device, d.site, d.granted, CASE WHEN d.last_run = e.run THEN d.ports ELSE '[]' END,"
        " max(coalesce(e.at, '')), min(coalesce(e.at, '')),"
        " json_group_array(DISTINCT json_array(e.transport, e.port)),"
        " group_concat(DISTINCT substr(e.source, 1, instr(e.source || ' ', ' ') - 1))"
        " FROM exchange e JOIN device d ON d.id = e.device WHERE e.status IN ('answered', 'garbled')"
        " GROUP BY e.run, e.subject, e.device"
    ).fetchall()
    for run, subject, device, site, granted, open_ports, last, first, ports, source in rows:
        told = _told(db, run, device)
        traits = sorted(f"{name}={value}" for name, (value, _) in told.items() if name in _CLAIMED)
        sure = {name: value for name, (value, certainty) in told.items() if certainty != "tentative"}
        pairs = [one if isinstance(one, list) else json.loads(one) for one in json.loads(ports)]
        heard = sorted(
            {(str(transport), int(port)) for transport, port in pairs if port}
            | _ports_in(open_ports, subject)
        )
        db.conn.execute(
            "INSERT OR REPLACE INTO met VALUES (?, ?, '', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                run, subject, device, site, subject.rpartition("/")[2], last, first, json.dumps(heard), source, granted,
                _mac(told), sure.get("serial", ""), "", sure.get("maker", ""),
                "".join(sure.get("model", "").split()).upper(), json.dumps(traits),
            ),
        )  # fmt: skip


def _ports_in(text: str, subject: str) -> set[tuple[str, int]]:
    """Read the ports kept of a device; none, and a word in the log, where they cannot be read."""
    try:
        return {(str(transport), int(port)) for transport, port in json.loads(text) if port}
    except DAMAGE as error:
        logger.warning("the ports of %s cannot be read and are passed over: %s", subject, error)
        return set()


def _told(db: Database, run: str, device: int) -> dict[str, tuple[str, str]]:
    rows = db.conn.execute(
        "SELECT name, value, certainty FROM claim WHERE run = ? AND device = ? AND role = 'held'",
        (run, device),
    ).fetchall()
    return {name: (value, certainty) for name, value, certainty in rows}


def _mac(told: dict[str, tuple[str, str]]) -> str:
    mac = plain_mac(told.get("mac", ("", ""))[0])
    return mac if len(mac) == 12 else ""
