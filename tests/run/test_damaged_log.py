"""What a run's log and rows may hold when something damaged them: each reader names the place and goes on."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from auditor.model import Transport
from auditor.run.basis import EVENT, basis_for, basis_of, basis_text
from auditor.run.coverage import swept_of
from auditor.run.past import past_of
from auditor.run.target import sighting_of
from auditor.run.tries import try_of
from auditor.store import Access, Store
from auditor.store.rows import moment, run_of
from auditor.store.running import state_of
from tests.run.test_picture import INFO, NOON, A, Town, info

DEEP = "[" * 100_000
JSON = ("", "null", "[]", "{}", "7", '"x"', DEEP, '{"swept": Infinity, "withheld": []}', '{"swept": "9", "withheld": []}',
        '{"swept": -1, "withheld": []}', '{"swept": 1, "withheld": [["a", "b"]]}', '{"swept": 1, "withheld": 5}')  # fmt: skip


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    with Store.open(tmp_path / "a.sqlite", Access.CREATE) as store:
        made = Town(store)
        made.run((A, INFO, info("498117063", "V5.4.0")))
        yield made


@pytest.mark.parametrize("text", JSON)
def test_a_chunk_that_cannot_be_read_counts_as_not_swept(text: str, caplog: pytest.LogCaptureFixture) -> None:
    assert swept_of(text).swept == 0
    assert "cannot be read and counts as not swept" in caplog.text


@pytest.mark.parametrize(
    "text", [*JSON, '{"method": "tcp", "port": "http", "transport": "tcp", "mac": null, "granted": true}',
             '{"method": "tcp", "port": 80, "transport": "pigeon", "mac": null, "granted": true}'],
)  # fmt: skip
def test_a_sighting_that_cannot_be_read_is_named_and_passed_over(
    text: str, caplog: pytest.LogCaptureFixture
) -> None:
    assert sighting_of("hall/192.0.2.9", NOON, text) is None
    assert "hall/192.0.2.9" in caplog.text


def test_a_sighting_whose_grant_is_no_plain_yes_is_none_that_may_be_asked() -> None:
    text = '{"method": "tcp", "port": 80, "transport": "tcp", "mac": null, "granted": "yes"}'
    seen = sighting_of("hall/192.0.2.9", NOON, text)
    assert seen is not None
    assert (seen.granted, seen.transport) == (False, Transport.TCP)


@pytest.mark.parametrize("text", [DEEP, '{"entry": "a", "outcome": "accepted", "calls": Infinity}'])
def test_a_login_that_cannot_be_read_is_passed_over(text: str) -> None:
    assert try_of("hall/192.0.2.9", text) is None


@pytest.mark.parametrize(
    ("name", "value"),
    [("as_of", "yesterday"), ("as_of", 20260101), ("compiled", "2026-13-45"), ("source", ["a"]), ("policy", None),
     ("instruments", [1]), ("instruments", 7), ("accepts", {}), ("unheard of", "x")],
)  # fmt: skip
def test_a_basis_with_a_field_of_another_type_is_named_and_passed_over(
    town: Town, name: str, value: object, caplog: pytest.LogCaptureFixture
) -> None:
    from auditor.knowledge import chosen_policy

    run = town.store.runs()[-1]
    whole = json.loads(basis_text(basis_for(chosen_policy("none"), NOON.date())))
    town.store.event(run.id, NOON, EVENT, "none", json.dumps({**whole, name: value}))
    assert basis_of(town.store, run.id) is None
    assert run.id in caplog.text
    assert str(town.store.path) in caplog.text


@pytest.mark.parametrize(
    "text", ["2026-01-01T00:00:00", "2026-01-01", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "noon"]
)  # fmt: skip
def test_a_time_without_a_zone_or_beyond_all_calendars_is_no_time(
    text: str, caplog: pytest.LogCaptureFixture
) -> None:
    assert moment(text) is None
    assert text in caplog.text
    assert moment("2026-01-01T01:00:00+01:00") == datetime(2026, 1, 1, tzinfo=UTC)


def test_a_run_that_no_process_holds_was_killed_whatever_process_it_names(town: Town) -> None:
    for process in (-1, 0, 2**31, 2**62, 2**80, None, "x", 1.5):
        row = {"id": "of nobody", "state": "running", "process": process}
        assert state_of(row, town.store.path) == "killed"


@pytest.mark.parametrize("value", ["9", -1, 1.5, None, True, [1]])
def test_how_far_a_run_got_is_not_known_where_a_number_is_none(
    town: Town, value: object, caplog: pytest.LogCaptureFixture
) -> None:
    told = {"granted": 1, "swept": 1, "answered": value, "silent": 0, "outside": 0, "withheld": []}
    row = dict(town.store.db.conn.execute("SELECT * FROM run").fetchone())
    assert run_of({**row, "coverage": json.dumps({**told, "answered": 1})}, "complete").coverage is not None
    assert run_of({**row, "coverage": json.dumps(told)}, "complete").coverage is None
    assert "how far a run got" in caplog.text


def test_what_a_resumed_run_needs_is_read_round_the_damage(
    town: Town, caplog: pytest.LogCaptureFixture
) -> None:
    store, run = town.store, town.store.runs()[-1].id
    for kind in ("swept", "sighting", "login"):
        store.event(run, NOON, kind, "hall/192.0.2.9", "{")
    store.flush()
    store.db.conn.execute("UPDATE exchange SET observed = '{', status = 'odd'")
    store.db.conn.execute("UPDATE device SET ports = '[7]'")
    past = past_of(store, run)
    assert (past.sightings, past.logins, dict(past.exchanges)) == ((), (), {})
    assert [one.ports for one in store.places()] == [()]
    assert caplog.text.count("cannot be read") == 5
