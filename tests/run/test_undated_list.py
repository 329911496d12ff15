"""A list exported by a search tool: what answered a multicast, nobody knows when, unless the user states it."""

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from auditor.cli import run as command
from auditor.model import Device, State
from auditor.run.basis import CHOSEN
from auditor.run.picture import picture
from auditor.store import Access, Store
from tests.run.test_picture import INFO, TITLE, A, B, C, Town, info

SADP = """IPv4 Address,Device Type,Software Version,Device Serial No.,MAC Address
{a},DS-2CD2032F-I,V5.2.0build 150101,DS-2CD2032F-I20150302CCWR498117063,c4:2f:90:17:a3:63
{c},DS-2CD2032F-I,V5.2.0build 150101,DS-2CD2032F-I20150302CCWR498117069,c4:2f:90:17:a3:69
"""
CONFIGTOOL = "IP,Type,Model,SN,Version,MAC\n{c},IPC,NC-IPC-1,9A00000PAG00001,2.800,02:00:00:00:00:01\n"


@pytest.fixture
def db(tmp_path: Path) -> Path:
    """Return a database in which one device answered last, and one is silent since."""
    with Store.open(tmp_path / "a.sqlite", Access.CREATE) as store:
        town = Town(store)
        town.run((A, INFO, info("498117063", "V5.4.0")), (B, "/", TITLE), whole=True)
        town.run((A, INFO, info("498117063", "V5.5.0")), silent=(B,), whole=True)
    return store.path


def _known(db: Path) -> dict[str, Device]:
    with Store.open(db, Access.READ) as store:
        return {one.address: one for one in picture(store, findings=False).devices}


def _import(db: Path, kind: str, text: str, *more: str) -> None:
    path = db.parent / f"{kind}.csv"
    path.write_text(text.format(a=A, c=C), encoding="utf-8")
    os.utime(path, (1_798_000_000, 1_798_000_000))  # saved long after both audits
    assert command(["import", kind, "--no-scope", "--site", "hall", "--db", str(db), *more, str(path)]) == 0


@pytest.mark.parametrize(("kind", "text"), [("sadp", SADP), ("configtool", CONFIGTOOL)])
def test_who_is_only_listed_was_not_heard_on_the_day_the_file_was_saved(
    db: Path, kind: str, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    _import(db, kind, text)
    assert "does not say when its devices answered" in capsys.readouterr().err
    listed = _known(db)[C]
    assert (listed.standing.state, listed.last_seen, listed.source) == (State.NOT_ASKED, None, "list")
    assert command(["devices", "--db", str(db)]) == 0
    (row,) = (line for line in capsys.readouterr().out.splitlines() if f" {C} " in line)
    assert "not known" in row


def test_an_undated_list_changes_nothing_of_what_answered(db: Path) -> None:
    before = _known(db)
    _import(db, "sadp", SADP)
    after = _known(db)
    for address in (A, B):
        assert after[address].last_seen == before[address].last_seen
        assert after[address].standing == before[address].standing
    assert after[A].identity.value("firmware") == "V5.5.0"


def test_a_list_whose_moment_the_user_states_was_heard_then(db: Path) -> None:
    _import(db, "sadp", SADP, "--at", "2026-07-01")
    known = _known(db)
    assert known[C].last_seen == datetime(2026, 7, 1, tzinfo=UTC)
    assert known[C].source == "sadp"
    assert known[A].last_seen == datetime(2026, 7, 1, tzinfo=UTC)


def test_an_import_writes_down_at_its_start_by_what_it_is_to_be_judged(db: Path) -> None:
    _import(db, "sadp", SADP, "--policy", "us-federal")
    with Store.open(db, Access.READ) as store:
        events = store.events(store.runs()[-1].id)
    assert (events[0].kind, events[0].subject.partition(" ")[0]) == (CHOSEN, "us-federal")


def test_an_import_with_a_policy_that_is_none_begins_no_run(db: Path) -> None:
    (db.parent / "l.csv").write_text(SADP.format(a=A, c=C), encoding="utf-8")
    given = ["import", "sadp", "--no-scope", "--policy", "no-such", "--db", str(db), str(db.parent / "l.csv")]
    assert command(given) == 2
    with Store.open(db, Access.READ) as store:
        assert len(store.runs()) == 2
