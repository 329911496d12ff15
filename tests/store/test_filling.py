"""A database of an earlier form is read as what it is, written to or not (see auditor.store.filling)."""

import json
from pathlib import Path

import pytest

from auditor.model import Status
from auditor.store import SCHEMA_VERSION, Access, Store
from auditor.store.rows import exchange_row
from auditor.store.schema import APPLICATION_ID, MIGRATIONS
from tests.store.test_store import said

RUN = (
    "INSERT INTO run (id, version, scope_digest, data_digest, started, complete, state) VALUES"
    " ('r1', '0', '00', '00', '2026-11-03T12:00:00+00:00', 1, 'complete')"
)
DEVICE = (
    "INSERT INTO device (id, key, place, site, address, addresses, ports, first_seen, last_seen, source, granted,"
    " last_run) VALUES (1, 'hall/10.0.0.5', 'p', 'hall', '10.0.0.5', '[]', '[[\"tcp\", 8000]]',"
    " '2026-11-03T12:00:00+00:00', '2026-11-03T12:00:00+00:00', 'live', 1, 'r1')"
)


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """Make a database as the first release made it, with one device in it."""
    import sqlite_utils  # noqa: TID251  made as it was made then

    path = tmp_path / "old.sqlite"
    db = sqlite_utils.Database(path)
    for migration in MIGRATIONS[:2]:
        migration(db)
    row = exchange_row("r1", 1, said("10.0.0.5"))
    del row["question"], row["part"]
    with db.conn:
        db.conn.execute(RUN)
        db.conn.execute(DEVICE)
        marks = ", ".join("?" for _ in row)
        db.conn.execute(f"INSERT INTO exchange ({', '.join(row)}) VALUES ({marks})", tuple(row.values()))
        db.conn.execute(
            "INSERT INTO claim (run, device, name, value, certainty, role, because) VALUES"
            " ('r1', 1, 'maker', 'm', 'firm', 'held', ?)",
            (json.dumps([]),),
        )
    db.conn.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    db.conn.execute("PRAGMA user_version = 2")
    db.close()
    return path


def test_an_older_database_is_brought_to_the_newer_form_when_it_is_read(old: Path) -> None:
    with Store.open(old, Access.READ) as store:
        (device,) = store.devices()
    assert device.key == "hall/10.0.0.5"
    assert device.ports == (("tcp", 554), ("tcp", 8000))
    assert [one.status for one in device.exchanges] == [Status.ANSWERED]
    with Store.open(old, Access.READ) as store:
        assert store.db.conn.execute("PRAGMA user_version").fetchone()[0] == SCHEMA_VERSION
        assert store.db.conn.execute("SELECT question FROM exchange").fetchone()[0]


def test_an_older_database_that_may_only_be_read_is_left_as_it_is(
    old: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("auditor.store.opening._is_writable", lambda _: False)
    before = old.read_bytes()
    with Store.open(old, Access.READ) as store:
        assert [one.key for one in store.devices()] == ["hall/10.0.0.5"]
    assert old.read_bytes() == before
