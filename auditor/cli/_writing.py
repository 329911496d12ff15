"""How commands write files: whole or not at all, so that a full disk or a kill leaves what was there before."""

import errno
import os
import tempfile
from contextlib import suppress
from pathlib import Path

from auditor.cli._words import Failure


def write_whole(path: Path, data: bytes, advice: str) -> None:
    """Put data into a file; where that fails the file is as it was, and Failure names it and gives the advice.

    A file that exists keeps its mode and owner; other hard links to it keep the old text. What is no plain file (/dev/stderr,
    a pipe), what stands in a folder that takes no new files, and what cannot be replaced (mounted into a container) is
    written to directly.
    """
    try:
        place = path.resolve()
        if not _is_replaceable(path, place) or not _replace(place, data):
            path.write_bytes(data)
    except (OSError, RuntimeError) as error:  # RuntimeError: symbolic links in a circle, before Python 3.13
        words = error.strerror if isinstance(error, OSError) else "symbolic links in a circle"
        raise Failure(f"{path}: cannot be written ({words}); {advice}") from error


def _is_replaceable(path: Path, place: Path) -> bool:
    """Tell whether another file can take this one's place; /dev/stdout may lead to one that the shell holds open."""
    if any(path.absolute().is_relative_to(one) for one in ("/dev", "/proc")):
        return False
    return (path.is_file() or not path.exists()) and os.access(place.parent, os.W_OK)


_IN_PLACE = frozenset({errno.EBUSY, errno.EPERM, errno.EXDEV})
"""What taking a file's place fails with where it is mounted, or in a folder whose files only their owners may replace."""


def _replace(place: Path, data: bytes) -> bool:
    """Write another file and let it take the place of this one; return False where it may not."""
    mode, owner = _kept_of(place)
    descriptor, name = tempfile.mkstemp(prefix=f".{place.name[:100]}-", dir=place.parent)
    try:
        with os.fdopen(descriptor, "wb") as new:
            new.write(data)
            new.flush()
            if owner is not None and owner != (os.geteuid(), os.getegid()):
                os.fchown(new.fileno(), *owner)
            os.fchmod(new.fileno(), mode)
            os.fsync(new.fileno())
        Path(name).replace(place)
    except BaseException as error:
        with suppress(OSError):
            Path(name).unlink()
        if isinstance(error, OSError) and error.errno in _IN_PLACE:
            return False
        raise
    return True


def _kept_of(place: Path) -> tuple[int, tuple[int, int] | None]:
    """Return mode and owner the file has, or is to have; PermissionError where it exists and may not be written."""
    try:
        with place.open("r+b") as old:
            told = os.fstat(old.fileno())
            return told.st_mode & 0o777, (told.st_uid, told.st_gid)
    except FileNotFoundError:
        mask = os.umask(0o077)
        os.umask(mask)
        return 0o666 & ~mask, None
