"""One run has one process: a lock beside the database that the kernel lets go of when its holder dies.

The lock is `flock` on a small file named after the database and the run, `audit.sqlite-<run>.lock`. It holds however
process numbers are reused, between containers that share a folder, and never after kill -9 or a power cut; a copy of
a database that was made during a run is held by nobody. The file says in a line who holds it, and goes when it is
let go. (The database itself cannot carry it: closing a second handle of a file drops SQLite's own locks on it.
Source: sqlite.org/howtocorrupt.html section 2.2.)
"""

import fcntl
import os
import platform
import re
import time
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from auditor.store.opening import StoreError

_ASIDE = re.compile(r"[^A-Za-z0-9-]")
_TRIES = 20
_WAIT = 0.05
"""Seconds between two tries: who only looks whether a run is held holds it for a moment himself."""


class HeldError(StoreError):
    """Another process works on the run; the message says which."""


@dataclass(slots=True)
class Holding:
    """The runs that this opening of a database works on."""

    path: Path
    _held: dict[str, int] = field(default_factory=dict)
    """By run, the descriptor whose lock it is."""

    def hold(self, run: str) -> None:
        """Take a run, or keep it; HeldError when another process has it."""
        if run in self._held:
            return
        place = lock_file(self.path, run)
        for _ in range(_TRIES):
            descriptor = _opened(place)
            if _is_locked(descriptor, place):
                self._held[run] = descriptor
                _sign(descriptor)
                return
            os.close(descriptor)
            time.sleep(_WAIT)
        raise HeldError(
            f"{self.path}: run {run} is under way in {holder(self.path, run)}; one run has one process: "
            "wait for it, or stop it and use --resume then"
        )

    def is_another(self, run: str) -> bool:
        """Tell whether somebody else than this opening works on a run."""
        return run not in self._held and is_held(self.path, run)

    def let_go(self) -> None:
        """Let go of all of them."""
        for run, descriptor in self._held.items():
            with suppress(OSError):
                lock_file(self.path, run).unlink()
            os.close(descriptor)
        self._held.clear()


def lock_file(path: Path, run: str) -> Path:
    """Return where the lock of a run is: beside the file that a link may point to."""
    whole = path.resolve()
    return whole.with_name(f"{whole.name}-{_ASIDE.sub('_', run)[:80]}.lock")


def is_held(path: Path, run: str) -> bool:
    """Tell whether a process works on the run now."""
    try:
        descriptor = os.open(lock_file(path, run), os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    except OSError:
        return True  # somebody else's lock that we may not look at: what it says cannot be ruled out
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(descriptor)
    return False


def holder(path: Path, run: str) -> str:
    """Return who says to hold a run, in words."""
    try:
        said = lock_file(path, run).read_text(encoding="utf-8", errors="replace")[:200].strip()
    except OSError:
        said = ""
    return said or "another process"


def _opened(place: Path) -> int:
    try:
        return os.open(place, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise StoreError(
            f"{place}: the lock of the run cannot be made: {error.strerror or error}; check the folder's permissions"
        ) from error


def _is_locked(descriptor: int, place: Path) -> bool:
    """Lock a file; False where somebody else has it, or took it away before we had it."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        os.close(descriptor)
        raise StoreError(
            f"{place}: this file system cannot lock ({error.strerror or error}); keep the database on another"
        ) from error
    try:
        there = place.stat()
    except FileNotFoundError:
        return False
    ours = os.fstat(descriptor)
    return (there.st_dev, there.st_ino) == (ours.st_dev, ours.st_ino)


def _sign(descriptor: int) -> None:
    """Write who holds the lock, for those who find it held; a full disk does not matter for it."""
    since = datetime.now(tz=UTC)  # noqa: TID251  the moment is for people alone
    with suppress(OSError):
        os.ftruncate(descriptor, 0)
        os.pwrite(
            descriptor,
            f"process {os.getpid()} on {platform.node()}, since {since:%Y-%m-%d %H:%M:%S} UTC\n".encode(),
            0,
        )
