"""One bounded piece of fuzzing: so many inputs, or seconds, for each target; what fails is kept with how to repeat it."""

import resource
import signal
import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from types import FrameType

from tests.fuzz.counter import Had
from tests.fuzz.exploring import Explorer
from tests.fuzz.target import Target

HANG = 2.0
"""Seconds of work one input may take."""
_MEMORY = 3 * 1024**3
_ENOUGH = 5
"""Failures of one target in one piece, after which it is left alone: they are most likely the same."""


class HangError(Exception):
    """An input takes longer than any may."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much each target gets: whichever is reached first."""

    inputs: int
    seconds: float


def run(target: Target, number: int, bounds: Bounds, folder: Path) -> Had:
    """Feed one target its share of a piece."""
    explorer = Explorer(target, number)
    started = time.process_time()
    count = failures = 0
    with _alarmed():
        for data in explorer.inputs():
            if count >= bounds.inputs or time.process_time() - started > bounds.seconds:
                break
            count += 1
            signal.setitimer(signal.ITIMER_PROF, HANG * (5 if target.slow else 1))
            try:
                explorer.run(data)
            except Exception as error:  # noqa: BLE001  whatever is raised is what is looked for
                signal.setitimer(signal.ITIMER_PROF, 0)
                failures += 1
                keep(target, data, error, folder)
                if failures >= _ENOUGH:
                    break
    return Had(count, failures, time.process_time() - started)


def keep(target: Target, data: bytes, error: Exception, folder: Path) -> Path:
    """Write an input that fails to a file, and say how to repeat it."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{target.name.replace(':', '-')}-{sha256(data).hexdigest()[:12]}"
    path.write_bytes(data)
    last = traceback.extract_tb(error.__traceback__)[-1]
    sys.stderr.write(
        f"FAILED {target.name}: {type(error).__name__}: {str(error)[-400:]} ({last.filename}:{last.lineno})\n"
        f"  repeat: python -m tests.fuzz --target {target.name} --repeat {path}\n"
    )
    return path


def bound_memory() -> None:
    """Let what would take gigabytes fail, before the machine does."""
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))


@contextmanager
def _alarmed() -> Iterator[None]:
    def rung(_number: int, _frame: FrameType | None) -> None:
        raise HangError(f"more than {HANG} seconds of work for one input")

    before = signal.signal(signal.SIGPROF, rung)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
