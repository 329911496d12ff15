"""One run has one process: who holds it is known, refused to others, and let go of by a death of any kind."""

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from auditor.cli import run as command
from auditor.store import Access, HeldError, Store
from tests.store.test_store import NOON, a_run, said

HOLDER = """
import sys, time
from tests.store.test_holding import begun
store = begun(sys.argv[1])
print("begun", flush=True)
time.sleep(60)
"""


def begun(path: str, name: str = "r1") -> Store:
    store = Store.open(path, Access.CREATE)
    store.begin(a_run(name))
    store.add(name, (said("192.0.2.7"),))
    store.flush()
    return store


@contextmanager
def another_process(path: Path) -> Iterator[subprocess.Popen[str]]:
    words = (sys.executable, "-c", HOLDER, str(path))
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "begun\n"
            yield process
        finally:
            process.kill()


def state(path: Path) -> str:
    with Store.open(path, Access.READ) as store:
        return store.run("r1").state


@pytest.fixture
def db(tmp_path: Path) -> Path:
    return tmp_path / "a.sqlite"


def test_a_run_that_another_process_is_at_cannot_be_taken(db: Path) -> None:
    with another_process(db) as process:
        assert state(db) == "running"
        with Store.open(db) as store, pytest.raises(HeldError) as refused:
            store.hold("r1")
        assert f"process {process.pid} on " in str(refused.value)
        assert refused.value.exit_code == 2
        with Store.open(db) as store:
            store.hold("r2")  # another run is another matter
        process.send_signal(signal.SIGSTOP)  # one that stands still may go on at any moment
        assert state(db) == "running"
        process.kill()
        process.wait()
        assert state(db) == "killed"
        with Store.open(db) as store:
            store.hold("r1")
            assert state(db) == "running"


def test_resume_is_refused_while_the_run_is_alive_and_says_who_has_it(
    db: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("scan", "127.37.9.0/24", "--max-rate", "20", "--db", str(db))
    assert command([*words, "--max-time", "1s"]) == 4
    with Store.open(db) as store:
        store.hold(store.run().id)
        assert command([*words, "--resume"]) == 2
    said_of_it = capsys.readouterr().err
    assert f"process {os.getpid()} on " in said_of_it
    assert "one run has one process" in said_of_it


def test_what_is_let_go_of_leaves_no_file_and_can_be_taken_again(db: Path) -> None:
    for _ in range(2):
        with begun(str(db)):
            assert [one.name for one in db.parent.glob("*.lock")] == ["a.sqlite-r1.lock"]
        assert not list(db.parent.glob("*.lock"))


def test_a_link_to_a_database_leads_to_the_same_lock(db: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.sqlite"
    with begun(str(db)):
        link.symlink_to(db)
        with Store.open(link) as other, pytest.raises(HeldError):
            other.hold("r1")


def test_a_copy_made_in_the_middle_of_a_run_is_held_by_nobody(db: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.sqlite"
    with begun(str(db)):
        with sqlite3.connect(db) as connection:
            connection.execute("PRAGMA wal_checkpoint")
        shutil.copy(db, copy)
        assert state(copy) == "killed"
        with Store.open(copy) as other:
            other.hold("r1")


def test_a_process_number_that_was_given_to_somebody_else_is_no_holder(db: Path) -> None:
    begun(str(db)).close()
    with sqlite3.connect(db) as connection:
        connection.execute("UPDATE run SET process = ?, state = 'running'", (os.getpid(),))
    assert state(db) == "killed"


@pytest.mark.parametrize("name", ["../up", "a/b", "x" * 300, "\x00\n", "é"])
def test_a_name_of_any_kind_locks_a_file_beside_the_database(db: Path, name: str) -> None:
    with begun(str(db), name):
        assert len(list(db.parent.glob("a.sqlite-*.lock"))) == 1
        with Store.open(db) as other, pytest.raises(HeldError):
            other.hold(name)


def test_purge_leaves_a_run_alone_that_is_under_way(db: Path) -> None:
    with begun(str(db)), Store.open(db) as other:
        purged = other.purge(NOON + timedelta(days=1))
        assert purged.runs == ()
        assert purged.kept == ("r1",)
    with Store.open(db) as store:
        assert store.purge(NOON + timedelta(days=1)).runs == ("r1",)


def test_two_processes_that_write_to_one_database_do_not_go_by_each_others_old_tables(db: Path) -> None:
    """An import that settles who is who during a scan renumbers devices that the scan has in its memory."""
    with begun(str(db)) as scan, Store.open(db) as other:
        other.begin(a_run("r2", NOON - timedelta(days=1)))
        other.purge(NOON - timedelta(hours=1))
        other.db.conn.execute("DELETE FROM exchange")
        other.db.conn.execute("DELETE FROM met")
        other.settle()
        assert other.count_devices() == 0
        scan.add("r1", (said("192.0.2.7", nth=1),))
        scan.flush()
        assert scan.count_devices() == 1
        assert other.db.conn.execute("PRAGMA foreign_key_check").fetchall() == []
