"""Stand between this program and a helper that sends for it, so that the helper never outlives the leave to send.

A program of its own, without imports of ours: `python -I guard.py UNTIL FOLDER -- PROGRAM [WORD]...`, in a session of
its own so that a terminal's Ctrl-C does not reach it. On its standard input come beats of who started it: a full stop
a moment, `q` for "end it now", and the end of file when that process died, in whatever way. It ends the helper with
all it started, and says on its standard output how it ended, in a line: `exit N`, `signal N`, `stopped`, `over`,
`suspended`, `orphaned`.
"""

import ctypes
import os
import select
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress

_LOOK = 0.1
"""Seconds between two looks."""
_SUSPENDED = 5.0
"""Seconds without a beat after which who started us is taken to stand still (Ctrl-Z): nobody would end it in time."""
_PR_SET_PDEATHSIG = 1
"""Linux, prctl(2): the signal a process gets when its parent dies."""


def main(words: list[str]) -> None:
    """Run the helper to its end, or end it."""
    until, folder = float(words[0]), words[1]
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, _leave)
    helper = subprocess.Popen(  # noqa: S603  the words are those of who started us
        words[3:],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        process_group=0,
        preexec_fn=_die_with_parent,  # noqa: PLW1509  no threads here
    )
    ended = "orphaned"
    try:
        ended = _watched(helper, until)
    finally:
        _end(helper)
        if ended == "orphaned":
            shutil.rmtree(folder, ignore_errors=True)
    with suppress(OSError):  # nobody may be left to read it
        os.write(1, f"{ended}\n".encode())


def _watched(helper: "subprocess.Popen[bytes]", until: float) -> str:
    """Return how it ended, or why it must; by the wall clock and, where that is set back, by the steady one."""
    latest = time.monotonic() + until - time.time()  # noqa: TID251  the end of a leave is a moment of the wall clock
    beat = time.monotonic()
    while (code := helper.poll()) is None:
        if time.time() >= until or time.monotonic() >= latest:  # noqa: TID251  as above
            return "over"
        if select.select([0], [], [], _LOOK)[0]:
            said = os.read(0, 4096)
            if not said:
                return "orphaned"
            if b"q" in said:
                return "stopped"
            beat = time.monotonic()
        elif time.monotonic() - beat > _SUSPENDED:
            return "suspended"
    return f"exit {code}" if code >= 0 else f"signal {-code}"


def _end(helper: "subprocess.Popen[bytes]") -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(helper.pid, signal.SIGKILL)  # what it started, too, though it be gone itself
    helper.wait()


def _leave(_number: int, _frame: object) -> None:
    sys.exit(1)


def _die_with_parent() -> None:
    """Ask the kernel to end the helper with us; not there outside Linux, where the guard alone must do."""
    with suppress(AttributeError, OSError):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


if __name__ == "__main__":
    main(sys.argv[1:])
