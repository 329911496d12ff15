"""Starting the program that asks and hears an interface by frames, which alone needs CAP_NET_RAW (auditor/apart/frames).

It is started by the file it is, never imported, and speaks in lines; what they mean stands at its head. AUDITOR_FRAMES
names another way to start it, so that it alone is given the right: docs/rights.md.
"""

import os
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

PROGRAM = Path(__file__).parents[1] / "apart" / "frames" / "program.py"
VARIABLE = "AUDITOR_FRAMES"
PERMISSION, UNFIT = "permission", "unfit"
"""Kinds of failure that asking again does not change: no right, and an interface that has no neighbours."""
ADVICE = (
    f"needs CAP_NET_RAW: run with sudo, or give the right to auditor-frames alone and name in {VARIABLE} how it is started, "
    f'for instance {VARIABLE}="sudo -n /opt/auditor/bin/auditor-frames" (docs/rights.md)'
)
_LONGEST = 200_000
_GRACE = 1.0


def command(*words: str, environment: Mapping[str, str] = os.environ) -> Sequence[str]:
    """Return the words that start the program. OSError where the variable cannot be read."""
    given = environment.get(VARIABLE, "")
    try:
        own = shlex.split(given)
    except ValueError as error:
        raise OSError(f"{VARIABLE}: {str(error).lower()}") from error
    # Not -I: packages may have been found by PYTHONPATH or in the user's own folder, as ours were.
    return (*(own or (sys.executable, "-P", str(PROGRAM))), *words)


class Program:
    """The program, started; its output is a descriptor to read from, which does not block."""

    def __init__(self, *words: str) -> None:
        """Start it; OSError says why it cannot be."""
        called = command(*words)
        self._complaints: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115  closed by end()
        try:
            # A session of its own: a terminal's Ctrl-C is for us, and we end it.
            self._process = subprocess.Popen(  # noqa: S603  whoever runs us says how it is started
                called, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._complaints,
                start_new_session=True, bufsize=0,
            )  # fmt: skip
        except OSError as error:
            self._complaints.close()
            reason = (error.strerror or str(error)).lower()
            raise OSError(f"{called[0]} cannot be started: {reason}") from error
        assert self._process.stdout is not None
        self.output = self._process.stdout.fileno()
        os.set_blocking(self.output, False)

    @property
    def number(self) -> int:
        """The number of the process that was started."""
        return self._process.pid

    def tell(self, line: str) -> None:
        """Write it a line; OSError when it is gone. A line fits into a pipe that holds few of them."""
        assert self._process.stdin is not None
        self._process.stdin.write(line.encode("ascii") + b"\n")

    def complaints(self) -> str:
        """Return the last line it wrote on standard error, in short."""
        self._complaints.seek(0)
        said = self._complaints.read(65_536).decode("utf-8", "replace").strip().splitlines()
        return "".join(mark for mark in said[-1][:200] if mark.isprintable()) if said else ""

    def end(self) -> None:
        """Close its input, at which it ends, and see to it that it does."""
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            with suppress(OSError):
                pipe.close()
        try:
            self._process.wait(_GRACE)
        except subprocess.TimeoutExpired:
            with suppress(OSError):  # started by sudo it is not ours to kill; its input is closed
                self._process.kill()
                self._process.wait(_GRACE)
        self._complaints.close()


class Gathering:
    """What it says, put together to lines."""

    def __init__(self) -> None:
        self._held = b""

    def add(self, data: bytes) -> list[str]:
        """Return the lines that have ended; OSError at what can be no line of it."""
        *lines, self._held = (self._held + data).split(b"\n")
        if len(self._held) > _LONGEST:
            raise OSError("it says what is no line")
        return [line.decode("ascii", "replace") for line in lines]
