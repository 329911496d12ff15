"""Folders and files that may not be written: read all the same, the log included, and written once they may be."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.reliability.seat import UNPRIVILEGED, Seat, killed
from tests.reliability.witness import Outcome, Witness

pytestmark = pytest.mark.slow

DEVICES = ("devices", "--db", "a.sqlite")
REPORT = ("report", "--format", "md", "--db", "a.sqlite", "-o")
ROOT = os.geteuid() == 0
needs_modes = pytest.mark.skipif(
    ROOT and shutil.which("setpriv") is None, reason="root needs setpriv to mind modes"
)


# Write protection.


def _folder_protected(seat: Seat) -> None:
    seat.folder.chmod(0o500)


def _file_protected(seat: Seat) -> None:
    seat.db.chmod(0o400)


def _of_another(seat: Seat) -> None:
    os.chown(seat.db, 65534, 65534)
    seat.db.chmod(0o600)


PROTECTED: dict[str, Callable[[Seat], object]] = {
    "folder write-protected": _folder_protected,
    "database write-protected": _file_protected,
    **({"database of another user": _of_another} if ROOT else {}),
}


@needs_modes
@pytest.mark.parametrize("name", PROTECTED)
def test_what_may_not_be_written_is_still_read_and_written_once_it_may(
    seat: Seat, reliability: Witness, name: str
) -> None:
    seat.fill()
    PROTECTED[name](seat)
    ended = seat.imported(before=UNPRIVILEGED)
    left = f"`devices`: {seat.auditor(*DEVICES, before=UNPRIVILEGED).how}"
    seat.folder.chmod(0o700)
    seat.db.chmod(0o600)
    if ROOT:
        os.chown(seat.db, 0, 0)
    again = seat.imported(before=UNPRIVILEGED)
    then = f"writable again, the import again: {again.how}; {seat.left()}"
    reliability.saw(name, Outcome(f"an import: {ended.how}", ended.said, left, then))


@needs_modes
def test_a_report_is_not_written_where_nothing_may_be(seat: Seat, reliability: Witness) -> None:
    seat.fill()
    (seat.folder / "for").mkdir(mode=0o500)
    ended = seat.auditor(*REPORT, "for/report", before=UNPRIVILEGED)
    then = seat.auditor(*REPORT, "report", before=UNPRIVILEGED)
    left = f"{seat.left()}; {len(list((seat.folder / 'for').iterdir()))} files"
    reliability.saw(
        "report into a write-protected folder",
        Outcome(f"`report`: {ended.how}", ended.said, left, f"`report` elsewhere: {then.how}"),
    )


@needs_modes
@pytest.mark.parametrize("index", [True, False])
def test_the_log_is_read_where_nothing_may_be_written(seat: Seat, reliability: Witness, index: bool) -> None:
    killed(seat)
    if not index:
        Path(f"{seat.db}-shm").unlink()
    seat.folder.chmod(0o500)
    ended = seat.auditor(*DEVICES, before=UNPRIVILEGED)
    left = seat.left(before=UNPRIVILEGED)
    seat.folder.chmod(0o700)
    assert left == seat.left() == "1 run killed; 1 device"
    if not index:
        name = "killed, then the folder write-protected"
        reliability.saw(
            name, Outcome(f"`devices`: {ended.how}", ended.said, left, f"writable again: {seat.left()}")
        )
