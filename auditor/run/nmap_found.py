"""Which nmap there is, as the program `auditor-nmap` tells by python-nmap (auditor/apart/nmap): started, never imported."""

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

PROGRAM = Path(__file__).parents[1] / "apart" / "nmap" / "program.py"
_SECONDS = 30.0


class CannotTellError(OSError):
    """It could not be found out; the message says why."""


def version(path: str) -> tuple[int, int] | None:
    """Return the version of the nmap at a path, None where there is none. CannotTellError says why it is not known."""
    line = b"version " + os.fsencode(path) + b"\n"
    # Not -I: packages may have been found by PYTHONPATH or in the user's own folder, as ours were.
    with subprocess.Popen(  # noqa: S603  the words are ours
        (sys.executable, "-P", str(PROGRAM)),
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True,
    ) as program:  # fmt: skip
        try:
            said, _ = program.communicate(line, timeout=_SECONDS)
        except subprocess.TimeoutExpired as error:
            raise CannotTellError(f"{path} -V did not end within {_SECONDS:g} s") from error
        finally:
            with suppress(ProcessLookupError):
                os.killpg(program.pid, signal.SIGKILL)  # what it started, too
    match said.decode("ascii", "replace").split():
        case ["version", major, minor] if major.isdigit() and minor.isdigit():
            return int(major), int(minor)
        case ["missing"]:
            return None
        case ["error", *words]:
            raise CannotTellError(" ".join(words))
        case _:
            raise CannotTellError("auditor-nmap ended before it told which nmap there is")
