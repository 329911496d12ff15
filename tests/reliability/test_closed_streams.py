"""Streams that take nothing: a full disk, nobody, nothing open."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.reliability.seat import Ended, Seat
from tests.reliability.witness import Outcome, Witness

FULL = Path("/dev/full")


# Streams.

STREAMS = {
    "full disk behind stdout": "> /dev/full",
    "full disk behind stderr": "2> /dev/full",
    "stdin closed": "<&-",
    "stdout closed": ">&-",
    "everything closed": "<&- >&- 2>&-",
    "nobody reads on": "| head -c 1 > /dev/null",
}


@pytest.mark.skipif(not FULL.exists() or shutil.which("bash") is None, reason="needs /dev/full and bash")
@pytest.mark.parametrize("name", STREAMS)
def test_streams_that_take_nothing(seat: Seat, reliability: Witness, name: str) -> None:
    seat.fill()
    line = f'"$0" -m auditor.cli export jsonl --db a.sqlite {STREAMS[name]}; exit "${{PIPESTATUS[0]}}"'
    done = subprocess.run(
        ["bash", "-c", line, sys.executable], cwd=seat.folder, capture_output=True, text=True, check=False
    )
    ended = Ended(done.returncode, done.stdout, done.stderr, seat.folder)
    assert "Traceback" not in ended.err
    again = seat.here("export", "jsonl", "--db", "a.sqlite")
    reliability.saw(
        name,
        Outcome(
            f"`export`: {ended.how}", ended.said, seat.left(),
            f"`export` again: {again.how}, {len(again.out.splitlines())} lines",
        ),
    )  # fmt: skip
