"""The shape of the database: migrations in order, and views whose names and columns stay."""

import sqlite3
from collections.abc import Callable

from sqlite_utils import Database  # noqa: TID251  this room owns the database

from auditor.store.filling import fill

APPLICATION_ID = 0x41554454
"""`AUDT`, so that `file` and we can tell our databases from others."""


def _tables(db: Database) -> None:
    db.table("run").create(
        {
            "id": str, "version": str, "scope_digest": str, "data_digest": str, "started": str, "ended": str,
            "complete": int, "state": str, "authorisation": str, "issued_by": str, "contact": str,
            "valid_from": str, "valid_until": str, "sites": str, "coverage": str, "notes": str,
            "options": str, "process": int,
        },
        pk="id", not_null={"version", "scope_digest", "data_digest", "started", "complete", "state"}, strict=True,
    )  # fmt: skip
    db.table("device").create(
        {
            "id": int, "key": str, "place": str, "site": str, "address": str, "addresses": str, "ports": str,
            "mac": str, "serial": str, "endpoint": str, "first_seen": str, "last_seen": str, "source": str,
            "granted": int, "last_run": str,
        },
        pk="id", not_null={"key", "place", "site", "address", "addresses", "ports", "source", "granted"},
        strict=True,
    )  # fmt: skip
    db.table("exchange").create(
        {
            "run": str, "id": str, "device": int, "subject": str, "probe": str, "protocol": str, "transport": str,
            "address": str, "port": int, "request": bytes, "reply": bytes, "packed": int, "sha256": str,
            "status": str, "at": str, "seconds": float, "cut": int, "detail": str, "source": str, "observed": str,
        },
        pk=("run", "id"), foreign_keys=[("run", "run", "id"), ("device", "device", "id")],
        not_null={"device", "subject", "request", "reply", "packed", "sha256", "status"}, strict=True,
    )  # fmt: skip
    db.table("observation").create(
        {"run": str, "exchange": str, "field": str, "nth": int, "device": int, "value": str, "derived": int},
        pk=("run", "exchange", "field", "nth"), foreign_keys=[("run", "run", "id"), ("device", "device", "id")],
        not_null={"device", "value", "derived"}, strict=True,
    )  # fmt: skip


def _verdicts(db: Database) -> None:
    db.table("claim").create(
        {
            "id": int, "run": str, "device": int, "name": str, "value": str, "certainty": str, "role": str,
            "against": int, "because": str,
        },
        pk="id", foreign_keys=[("run", "run", "id"), ("device", "device", "id")],
        not_null={"run", "device", "name", "value", "certainty", "role", "because"}, strict=True,
    )  # fmt: skip
    db.table("finding").create(
        {
            "row": int, "run": str, "device": int, "kind": str, "id": str, "title": str, "verdict": str,
            "severity": str, "priority": str, "priority_reason": str, "certainty": str, "reason": str,
            "why_it_matters": str, "settles": str, "remedy": str, "known_exploited": str, "links": str,
            "facts": str, "because": str, "observations": str,
        },
        pk="row", foreign_keys=[("run", "run", "id"), ("device", "device", "id")],
        not_null={"run", "device", "kind", "id", "verdict", "severity", "priority", "certainty"}, strict=True,
    )  # fmt: skip
    db.table("event").create(
        {"id": int, "run": str, "at": str, "kind": str, "subject": str, "text": str},
        pk="id", foreign_keys=[("run", "run", "id")], not_null={"run", "at", "kind", "subject", "text"},
        strict=True,
    )  # fmt: skip


def _indexes(db: Database) -> None:
    db.table("device").create_index(["key"], unique=True)
    db.table("device").create_index(["place"])
    for column in ("address", "mac", "serial", "endpoint"):
        db.table("device").create_index(["site", column])
    db.table("exchange").create_index(["device", "run"])
    db.table("exchange").create_index(["run", "subject"])
    db.table("observation").create_index(["device", "run"])
    db.table("observation").create_index(["field"])
    db.table("claim").create_index(["device", "run"])
    db.table("claim").create_index(["name", "value"])
    db.table("finding").create_index(["device", "run"])
    db.table("finding").create_index(["run", "id"])
    db.table("event").create_index(["run", "kind"])


def _first(db: Database) -> None:
    _tables(db)
    _verdicts(db)
    _indexes(db)


def _owners(db: Database) -> None:
    """Keep who answers for each site: work orders are handed to them."""
    db.table("run").add_column("owners", str)


def _picture(db: Database) -> None:
    """Keep who was met where, which question each exchange put, and what was concluded from which of them."""
    db.table("exchange").add_column("question", str)
    db.table("exchange").add_column("part", str, not_null_default="")
    db.table("device").add_column("behind", str)
    db.table("run").add_column("whole", str)
    db.table("met").create(
        {
            "run": str, "subject": str, "part": str, "device": int, "site": str, "address": str, "at": str,
            "first_at": str, "ports": str, "source": str, "granted": int, "mac": str, "serial": str, "endpoint": str,
            "maker": str, "model": str, "traits": str,
        },
        pk=("run", "subject", "part"), foreign_keys=[("run", "run", "id"), ("device", "device", "id")],
        not_null={"device", "site", "address", "at", "ports", "source", "granted", "traits"}, strict=True,
    )  # fmt: skip
    db.table("met").create_index(["device"])
    db.table("met").create_index(["site", "address"])
    db.table("concluded").create(
        {"device": int, "run": str, "evidence": str, "basis": str, "body": bytes},
        pk=("device", "run"), foreign_keys=[("device", "device", "id")], not_null={"evidence"}, strict=True,
    )  # fmt: skip
    db.table("retirement").create(
        {
            "id": int, "at": str, "kind": str, "key": str, "serial": str, "mac": str, "by": str, "reason": str,
            "replaced_by": str,
        },
        pk="id", not_null={"at", "kind", "key", "by", "reason"}, strict=True,
    )  # fmt: skip
    fill(db)


def _acceptance(db: Database) -> None:
    """Keep what an owner accepts for a time with each finding."""
    db.table("finding").add_column("accepted", str)


MIGRATIONS: tuple[Callable[[Database], None], ...] = (_first, _owners, _picture, _acceptance)
"""Number n takes a database from user_version n to n + 1. Never edit one that was released; add another."""

SCHEMA_VERSION = len(MIGRATIONS)

_CLAIMED = (
    "maker", "brand", "kind", "model", "firmware", "build_date", "serial", "mac", "web_version",
)  # fmt: skip


def _pivot() -> str:
    """Return the SQL columns that show the claims held of a device in its last run side by side."""
    return ",\n".join(
        f"  max(CASE WHEN c.name = '{name}' THEN c.value END) AS {name},\n"
        f"  max(CASE WHEN c.name = '{name}' THEN c.certainty END) AS {name}_certainty"
        for name in _CLAIMED
    )


VIEWS = {
    "v_devices": (
        "SELECT d.key, d.site, d.address, d.addresses, d.ports, d.first_seen, d.last_seen, d.source,\n"
        f"  d.granted, d.behind, d.last_run AS run,\n{_pivot()}\n"
        "FROM device d LEFT JOIN claim c ON c.device = d.id AND c.run = d.last_run AND c.role = 'held'\n"
        "GROUP BY d.id ORDER BY d.place"
    ),
    "v_claims": (
        "SELECT c.run, d.key AS device, c.name, c.value, c.certainty, c.role,\n"
        "  json_extract(m.value, '$.rule') AS rule, json_extract(m.value, '$.source') AS source,\n"
        "  o.field, o.value AS observed, o.exchange\n"
        "FROM claim c JOIN device d ON d.id = c.device\n"
        "LEFT JOIN json_each(c.because) m LEFT JOIN observation o"
        " ON o.run = c.run AND o.exchange = json_extract(m.value, '$.exchange')\n"
        "  AND o.field = json_extract(m.value, '$.field') AND o.nth = json_extract(m.value, '$.nth')\n"
        "ORDER BY d.place, c.run, c.id"
    ),
    "v_findings": (
        "SELECT f.run, d.key AS device, d.site, f.kind, f.id, f.title, f.verdict, f.severity, f.priority,\n"
        "  f.priority_reason, f.certainty, f.reason, f.settles, f.remedy, f.known_exploited\n"
        "FROM finding f JOIN device d ON d.id = f.device ORDER BY d.place, f.run, f.id"
    ),
    "v_exchanges": (
        "SELECT e.run, e.id, d.key AS device, e.subject, e.probe, e.protocol, e.transport, e.address, e.port,\n"
        "  e.status, e.at, e.seconds, e.cut, e.detail, e.source, length(e.request) AS request_bytes,\n"
        "  length(e.reply) AS stored_reply_bytes, e.sha256\n"
        "FROM exchange e JOIN device d ON d.id = e.device ORDER BY d.place, e.rowid"
    ),
}


def version_of(connection: sqlite3.Connection) -> int:
    """Return the schema version the database says it has; 0 is an empty one."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def migrate(db: Database) -> None:
    """Bring a database to the newest schema, each step whole or not at all, and renew the views."""
    connection = db.conn
    while (version := version_of(connection)) < SCHEMA_VERSION:
        connection.execute("BEGIN IMMEDIATE")
        if version_of(connection) != version:  # somebody else was faster
            connection.execute("ROLLBACK")
            continue
        with db.atomic():
            MIGRATIONS[version](db)
            for name, sql in VIEWS.items():
                db.create_view(name, sql, replace=True)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {version + 1}")
        connection.execute("COMMIT")
