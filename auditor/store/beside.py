"""The files SQLite keeps beside a database in WAL mode: its log (-wal), which is part of it, and an index of that (-shm).

What was written last stands in the log until it is taken over into the database: after a kill, or on a full disk, all of
it may. Source: sqlite.org/wal.html, sections 4 and 5.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_ENDINGS = ("-wal", "-shm")


def has_log(path: Path) -> bool:
    """Tell whether something stands in the log that may not be in the database yet."""
    try:
        return _beside(path, "-wal").stat().st_size > 0
    except FileNotFoundError:
        return False


def make_writable(path: Path) -> None:
    """Give the files beside a database its own mode again.

    Whoever reads a write-protected database leaves them write-protected, too; once the database may be written again,
    SQLite would still refuse.
    """
    for ending in _ENDINGS:
        one = _beside(path, ending)
        with suppress(OSError):
            if one.exists() and not os.access(one, os.W_OK):
                one.chmod(path.resolve().stat().st_mode & 0o777)


@contextmanager
def duplicate(path: Path) -> Iterator[Path]:
    """Copy a database with its log to a folder of its own, and give the copy; it goes afterwards."""
    with tempfile.TemporaryDirectory(prefix="auditor-") as folder:
        copy = Path(folder) / "copy.sqlite"
        shutil.copyfile(path, copy)
        shutil.copyfile(_beside(path, "-wal"), f"{copy}-wal")
        yield copy


def _beside(path: Path, ending: str) -> Path:
    whole = path.resolve()
    return whole.with_name(whole.name + ending)
