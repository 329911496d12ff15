"""Another program that holds the database: named after a wait; reading goes on where it can."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.reliability.seat import Ended, Seat
from tests.reliability.witness import Outcome, Witness

pytestmark = pytest.mark.slow

DEVICES = ("devices", "--db", "a.sqlite")


def devices_of(ended: Ended) -> str:
    return f"`devices`: {ended.how}"


# Locks.


@contextmanager
def locked(db: Path, how: str) -> Iterator[None]:
    with closing(sqlite3.connect(db, isolation_level=None)) as connection:
        if how == "EXCLUSIVE":
            connection.execute("PRAGMA journal_mode = DELETE")
        connection.execute(f"BEGIN {how}")
        yield
        connection.execute("ROLLBACK")


@pytest.mark.slow
def test_a_lock_that_is_not_let_go_of_is_named(
    seat: Seat, reliability: Witness, tmp_path_factory: pytest.TempPathFactory
) -> None:
    other = Seat(tmp_path_factory.mktemp("other"))
    for one in (seat, other):
        one.fill()
    # Both wait for as long as SQLite is told to, so they wait together.
    with locked(seat.db, "IMMEDIATE"), locked(other.db, "EXCLUSIVE"):
        reading = other.start(*DEVICES)
        read = seat.auditor(*DEVICES)
        wrote = seat.imported(before=())
        shut = other.end(reading)
    assert (read.code, wrote.code, shut.code) == (0, 2, 2)
    again = seat.imported()
    reliability.saw(
        "another program writes and does not end",
        Outcome(f"an import: {wrote.how}; {devices_of(read)}", wrote.said, seat.left(), f"when it has ended, the import again: {again.how}"),
    )  # fmt: skip
    again = other.auditor(*DEVICES)
    reliability.saw(
        "another program has it for itself",
        Outcome(devices_of(shut), shut.said, other.left(), f"when it has ended: {devices_of(again)}"),
    )
