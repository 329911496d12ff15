"""What stands where the database should be, and what is left of it after a power cut: named, never taken for empty."""

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.reliability.seat import Seat, killed, soundness
from tests.reliability.witness import Outcome, Witness

DEVICES = ("devices", "--db", "a.sqlite")


# Damage: what stands where the database should be.


def _page(db: Path) -> None:
    with closing(sqlite3.connect(db)) as connection:
        (page,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'met'").fetchone()
        (size,) = connection.execute("PRAGMA page_size").fetchone()
    data = bytearray(db.read_bytes())
    data[(page - 1) * size : page * size] = b"\xc9" * size
    db.write_bytes(data)


def _alien(db: Path) -> None:
    db.unlink()
    with closing(sqlite3.connect(db)) as connection:
        connection.execute("CREATE TABLE notes (text)")


def _newer(db: Path) -> None:
    with closing(sqlite3.connect(db)) as connection:
        connection.execute("PRAGMA user_version = 99")


def _folder(db: Path) -> None:
    db.unlink()
    db.mkdir()


def _row(db: Path) -> None:
    with closing(sqlite3.connect(db)) as connection:
        connection.execute("UPDATE exchange SET observed = '{' WHERE rowid = 1")
        connection.commit()


DAMAGE: dict[str, Callable[[Path], object]] = {
    "zero bytes": lambda db: db.write_bytes(b""),
    "cut short": lambda db: db.write_bytes(db.read_bytes()[:20_000]),
    "not a database": lambda db: db.write_text("Dear colleagues, the audit is attached.\n" * 40),
    "head overwritten": lambda db: db.write_bytes(bytes(16) + db.read_bytes()[16:]),
    "page overwritten": _page,
    "row damaged": _row,
    "database of another program": _alien,
    "database of a newer auditor": _newer,
    "folder": _folder,
}


@pytest.mark.parametrize("name", DAMAGE)
def test_what_is_damaged_is_named_and_never_taken_for_empty(
    seat: Seat, reliability: Witness, name: str
) -> None:
    seat.fill()
    for rest in ("-wal", "-shm"):
        Path(f"{seat.db}{rest}").unlink(missing_ok=True)
    DAMAGE[name](seat.db)
    before = seat.db.read_bytes() if seat.db.is_file() else b""
    ended = seat.auditor(*DEVICES)
    assert ended.code in {0, 2}
    left = "the file as it was" if not seat.db.is_file() or seat.db.read_bytes() == before else "another file"
    again = seat.imported()
    then = f"the import again: {again.how}; {seat.left()}"
    if again.code:
        then = f"the import again: {again.how}; into another: {seat.imported('b.sqlite').how}; {seat.left('b.sqlite')}"
    reliability.saw(name, Outcome(f"`devices`: {ended.how}", ended.said, left, then))


# The log beside the database, as a power cut or a careless copy leaves it.


def test_a_lost_log_is_not_taken_for_nothing_found(seat: Seat, reliability: Witness) -> None:
    killed(seat)
    Path(f"{seat.db}-wal").unlink()
    ended = seat.auditor(*DEVICES)
    assert ended.code == 2
    again = seat.imported()
    reliability.saw(
        "log lost",
        Outcome(
            f"`devices`: {ended.how}",
            ended.said,
            soundness(seat.db),
            f"an import: {again.how}; {seat.left()}",
        ),
    )


def test_a_torn_log_is_read_as_far_as_it_is_whole(seat: Seat, reliability: Witness) -> None:
    seat.fill()
    shutil.copy(seat.db, seat.folder / "whole.sqlite")
    with closing(sqlite3.connect(seat.db)) as connection:
        connection.execute("PRAGMA wal_autocheckpoint = 0")
        for number in range(40):
            connection.execute("INSERT INTO event (run, at, kind, subject, text) SELECT id, started, 'note', ?, '' FROM run", (number,))  # fmt: skip
            connection.commit()
        log = Path(f"{seat.db}-wal").read_bytes()
        torn = seat.folder / "torn.sqlite"
        torn.write_bytes(seat.db.read_bytes())
    Path(f"{torn}-wal").write_bytes(log[: len(log) * 2 // 3])
    ended = seat.auditor("devices", "--db", "torn.sqlite")
    again = seat.imported("torn.sqlite")
    reliability.saw(
        "log torn",
        Outcome(
            f"`devices`: {ended.how}", "", f"{soundness(torn)}; what the whole part of the log holds",
            f"an import: {again.how}; {seat.left('torn.sqlite')}",
        ),
    )  # fmt: skip
