"""Running a program that sends for us: never beyond its leave, never without us, never with our terminal's signals."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from auditor.net import Stop

GUARD = Path(__file__).with_name("guard.py")
_BEAT = 0.2
"""Seconds between two beats to the guard."""
_GRACE = 2.0
"""Seconds the guard has to end what it guards; then both are ended from here."""


class Ending(StrEnum):
    """How a helper ended."""

    DONE = "done"
    """By itself, and it says that all went well."""
    FAILED = "failed"
    """By itself with a complaint, or somebody else ended it."""
    STOPPED = "stopped"
    OVER = "over"
    """The leave to send was over: authorisation, time window, the run's own time."""
    SUSPENDED = "suspended"
    """This program stood still and could not have ended it."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a helper ended, and what it complained of."""

    how: Ending
    detail: str = ""
    complaints: str = ""


def run(words: Sequence[str], folder: Path, *, until: datetime, stop: Stop) -> Ended:
    """Run a program to its end, or end it and all it started: at `until`, within a second of a stop, or when we die.

    `folder` holds its temporary files; whoever dies last removes it.
    """
    command = (sys.executable, "-I", str(GUARD), repr(until.timestamp()), str(folder), "--", *words)
    with (
        tempfile.TemporaryFile(dir=folder) as complaints,
        subprocess.Popen(  # noqa: S603  the words are ours and the addresses granted
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=complaints, start_new_session=True
        ) as guard,
    ):
        try:
            _keep_company(guard, stop)
        finally:
            said = _dismiss(guard)
        complaints.seek(0)
        ended = _ended(said)
        return Ended(ended[0], ended[1], complaints.read(4096).decode("utf-8", "replace").strip())


def _keep_company(guard: "subprocess.Popen[bytes]", stop: Stop) -> None:
    """Tell the guard that we are alive until it has ended, or tell it to end."""
    assert guard.stdin is not None
    beat = guard.stdin.fileno()
    os.set_blocking(beat, False)
    while guard.poll() is None:
        with suppress(BlockingIOError):
            try:
                os.write(beat, b"q" if stop.is_set() else b".")
            except BrokenPipeError:
                return
        if stop.is_set():
            return
        with suppress(subprocess.TimeoutExpired):
            guard.wait(_BEAT)


def _dismiss(guard: "subprocess.Popen[bytes]") -> str:
    """Wait for the guard's word, not long; the kernel ends what it guards when we must end the guard."""
    try:
        said, _ = guard.communicate(timeout=_GRACE)
    except subprocess.TimeoutExpired:
        guard.kill()
        said, _ = guard.communicate()
    return said.decode("ascii", "replace").strip()


def _ended(said: str) -> tuple[Ending, str]:
    if said == "exit 0":
        return Ending.DONE, ""
    if said in {Ending.STOPPED, Ending.OVER, Ending.SUSPENDED}:
        return Ending(said), ""
    return Ending.FAILED, said or "whoever guarded it was ended"
