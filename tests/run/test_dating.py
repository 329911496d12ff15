"""Runs that a wrong clock dated are named, with both times, by what reads and by what begins a run."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from auditor.cli import run as command
from auditor.run.dating import jumped, misdated
from auditor.run.once import forget_what_was_said
from auditor.store import Access, Store
from tests.run.test_picture import INFO, A, Town, info

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)


def _at(days: int) -> datetime:
    return NOW + timedelta(days=days)


def test_runs_dated_as_they_were_begun_are_not_spoken_of() -> None:
    assert not list(misdated([("a", _at(-9)), ("b", _at(-9)), ("c", NOW + timedelta(seconds=20))], NOW))


def test_a_newest_run_alone_that_is_dated_later_than_now_is_named_with_both_times() -> None:
    ((_, said),) = misdated([("a", _at(-9)), ("b", _at(30))], NOW)
    assert "run b is dated 2026-12-01 12:00:00 UTC, later than now (2026-11-01 12:00:00 UTC)" in said


def test_a_run_dated_before_an_earlier_one_is_named_with_both_times() -> None:
    ((_, said),) = misdated([("a", _at(-1)), ("b", _at(-9))], NOW)
    assert "run b was begun after run a and is dated before it" in said
    assert "(2026-10-23 12:00:00 UTC, that one 2026-10-31 12:00:00 UTC)" in said


def test_a_run_under_which_the_clock_was_set_is_named_with_both_times() -> None:
    right = [("a", _at(-9), _at(-8)), ("b", _at(30), _at(31)), ("c", _at(-1), NOW + timedelta(seconds=20))]
    assert not list(jumped(right, NOW)), "b is named as dated ahead already"
    (back, ahead) = jumped([("d", _at(-1), _at(-4)), ("e", _at(-1), _at(2))], NOW)
    assert back[0] == "d"
    assert "was over (2026-10-28 12:00:00 UTC) before it began (2026-10-31 12:00:00 UTC)" in back[1]
    assert ahead[0] == "e"
    assert "was over 2026-11-03 12:00:00 UTC, later than now (2026-11-01 12:00:00 UTC)" in ahead[1]


@pytest.fixture
def ahead(tmp_path: Path) -> Path:
    """Return a database whose only run is dated centuries ahead."""
    with Store.open(tmp_path / "audit.sqlite", Access.CREATE) as store:
        town = Town(store)
        town.count = 11_800  # months of thirty days
        town.run((A, INFO, info("498117063", "V5.4.0")))
    forget_what_was_said()
    return store.path


SCOPE = """schema_version = 1
[authorisation]
reference = "T-1"
issued_by = "a test"
contact = "nobody@example.org"
valid_from = 2020-01-01T00:00:00Z
valid_until = 2100-01-01T00:00:00Z
[[site]]
name = "hall"
networks = ["127.33.0.8/32"]
"""


@pytest.mark.parametrize("words", [("devices",), ("findings",), ("import",), ("scan",)])
def test_reading_importing_and_scanning_say_it_at_their_start(
    ahead: Path, tmp_path: Path, words: tuple[str, ...], caplog: pytest.LogCaptureFixture
) -> None:
    rest: tuple[str, ...] = ()
    if words == ("import",):
        (tmp_path / "r.csv").write_text("IP,Model\n192.0.2.9,NC-1\n")
        rest = ("csv", "--map", "address=IP,model=Model", "--no-scope", str(tmp_path / "r.csv"))
    if words == ("scan",):
        (tmp_path / "scope.toml").write_text(SCOPE)
        rest = ("--scope", str(tmp_path / "scope.toml"), "-p", "9")
    assert command([*words, *rest, "--db", str(ahead)]) == 0
    with Store.open(ahead, Access.READ) as store:
        run = store.runs()[-1]
    told = [one.getMessage() for one in caplog.records if "later than now" in one.getMessage()]
    assert len([one for one in told if run.id in one]) == 1, "once for a command"
    assert str(ahead) in told[0]
    assert f"dated {run.started:%Y-%m-%d %H:%M:%S} UTC" in told[0]


def test_a_date_that_cannot_be_read_is_no_order(ahead: Path) -> None:
    with Store.open(ahead) as store:
        store.db.conn.execute("UPDATE run SET started = '2026-01-01T00:00:00'")
        assert store.begun() == ()
