"""Disks that fill up: said with the file's name; what was there before stays."""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator

import pytest

from tests.reliability.seat import Ended, Seat, serving, until
from tests.reliability.witness import Outcome, Witness

pytestmark = pytest.mark.slow

REPORT = ("report", "--format", "md", "--db", "a.sqlite", "-o")
ROOT = os.geteuid() == 0


# Full disks.


@pytest.fixture
def small(seat: Seat) -> Iterator[Callable[[int], Seat]]:
    """Give a seat on a disk of so many KiB, in a mount namespace of its own that ends with the test."""
    if not ROOT or not all(shutil.which(one) for one in ("unshare", "nsenter", "mount")):
        pytest.skip("needs root, unshare, nsenter, mount")
    (seat.folder / "disk").mkdir()
    words = ("unshare", "--mount", "sh", "-c", "echo up; exec sleep 300")
    with subprocess.Popen(words, stdout=subprocess.PIPE) as holder:
        entered = ("nsenter", "-t", str(holder.pid), "-m")
        try:
            assert holder.stdout is not None
            if holder.stdout.readline() != b"up\n":
                pytest.skip("this kernel gives no namespaces")

            def sized(kib: int) -> Seat:
                how = "remount," if sized.is_up else ""  # type: ignore[attr-defined]
                sized.is_up = True  # type: ignore[attr-defined]
                subprocess.run(
                    [
                        *entered,
                        "mount",
                        "-t",
                        "tmpfs",
                        "-o",
                        f"{how}size={kib}k",
                        "disk",
                        str(seat.folder / "disk"),
                    ],
                    check=True,
                )
                return Seat(seat.folder, entered)

            sized.is_up = False  # type: ignore[attr-defined]
            yield sized
        finally:
            holder.kill()


def test_a_disk_that_is_full_from_the_start_is_said(
    small: Callable[[int], Seat], reliability: Witness
) -> None:
    seat = small(100)
    ended = seat.imported("disk/a.sqlite", before=())
    left = seat.left("disk/a.sqlite", before=())
    again = small(20_000).imported("disk/a.sqlite", before=())
    reliability.saw(
        "full disk behind a new database",
        Outcome(f"an import: {ended.how}", ended.said, left,
                f"with space, the import again: {again.how}; {seat.left('disk/a.sqlite', before=())}"),
    )  # fmt: skip


def test_a_disk_that_fills_up_loses_nothing_that_was_kept(
    small: Callable[[int], Seat], reliability: Witness
) -> None:
    seat = small(20_000)
    seat.fill()
    _out(seat, "cp", "a.sqlite", "disk/a.sqlite")
    size = 4 * (int(_out(seat, "stat", "-c", "%s", "disk/a.sqlite")) // 4096 + 2)
    ended = small(size).imported("disk/a.sqlite", before=())
    left = seat.left("disk/a.sqlite", before=())
    again = small(20_000).imported("disk/a.sqlite", before=())
    reliability.saw(
        "disk full in mid-run",
        Outcome(f"an import: {ended.how}", ended.said, left,
                f"with space, the import again: {again.how}; {seat.left('disk/a.sqlite', before=())}"),
    )  # fmt: skip


def test_a_scan_whose_disk_fills_up_is_taken_up(small: Callable[[int], Seat], reliability: Witness) -> None:
    seat = small(4000)
    with serving("127.34.5") as devices:
        process = seat.start(*devices.scan("--json", db="disk/a.sqlite"))
        until(lambda: len(devices.heard) >= 4)
        _out(seat, "sh", "-c", "cat /dev/zero > disk/fill 2> /dev/null || true")
        ended = seat.end(process)
        said = [line for line in ended.err.splitlines() if "disk/a.sqlite" in line and "see them" not in line]
        left = seat.left("disk/a.sqlite", before=())
        _out(seat, "rm", "disk/fill")
        again = seat.auditor(*devices.scan("--resume", db="disk/a.sqlite"))
        then = f"with space, `scan --resume`: {again.how}; {seat.left('disk/a.sqlite', before=())}"
    first = Ended(ended.code, "", "\n".join(said), seat.folder)
    reliability.saw("disk full in mid-scan", Outcome(f"`scan`: {ended.how}", first.said, left, then))


def test_a_full_disk_leaves_the_report_that_was_there(
    small: Callable[[int], Seat], reliability: Witness
) -> None:
    seat = small(8)
    seat.fill()
    _out(seat, "sh", "-c", "echo last year > disk/report.md")
    ended = seat.auditor(*REPORT, "disk/report")
    assert _out(seat, "sh", "-c", "ls -A disk; cat disk/report.md") == "report.md\nlast year\n"
    again = small(20_000).auditor(*REPORT, "disk/report")
    reliability.saw(
        "full disk behind a report",
        Outcome(f"`report`: {ended.how}", ended.said, "the earlier report as it was; no half file",
                f"with space, `report` again: {again.how}"),
    )  # fmt: skip


def test_a_full_disk_behind_a_new_scope_file_is_said_and_leaves_none(
    small: Callable[[int], Seat], reliability: Witness
) -> None:
    seat = small(4)
    _out(seat, "sh", "-c", "echo > disk/full")
    ended = seat.auditor("init", "disk/scope.toml")
    left = _out(seat, "ls", "-A", "disk").split()
    again = small(20_000).auditor("init", "disk/scope.toml")
    reliability.saw(
        "full disk behind a new scope file",
        Outcome(f"`init`: {ended.how}", ended.said, "no file" if left == ["full"] else " ".join(left),
                f"with space, `init` again: {again.how}"),
    )  # fmt: skip


def _out(seat: Seat, *words: str) -> str:
    return subprocess.run(
        [*seat.room, "sh", "-c", 'cd "$0" && exec "$@"', str(seat.folder), *words],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
