"""How commands write files: whole or not at all, so that a full disk or a kill leaves what was there before."""

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from auditor.cli._words import Failure


def write_whole(path: Path, data: bytes, advice: str) -> None:
    """Put data into a file; where that fails the file is as it was, and Failure names it and gives the advice.

    A file that exists keeps its mode. What is no plain file (/dev/stderr, a pipe) and what stands in a folder that takes no
    new files is written to directly.
    """
    try:
        if _is_replaceable(path):
            _replace(path.resolve(), data)
        else:
            path.write_bytes(data)
    except OSError as error:
        raise Failure(f"{path}: cannot be written ({error.strerror}); {advice}") from error


def _is_replaceable(path: Path) -> bool:
    """Tell whether another file can take this one's place; /dev/stdout may lead to one that the shell holds open."""
    if any(path.absolute().is_relative_to(one) for one in ("/dev", "/proc")):
        return False
    return (path.is_file() or not path.exists()) and os.access(path.resolve().parent, os.W_OK)


def _replace(place: Path, data: bytes) -> None:
    mode = _mode_of(place)
    descriptor, name = tempfile.mkstemp(prefix=f".{place.name[:100]}-", dir=place.parent)
    try:
        with os.fdopen(descriptor, "wb") as new:
            new.write(data)
            new.flush()
            os.fchmod(new.fileno(), mode)
            os.fsync(new.fileno())
        Path(name).replace(place)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise


def _mode_of(place: Path) -> int:
    """Return the mode the file has, or is to have; PermissionError where it exists and may not be written."""
    try:
        with place.open("r+b") as old:
            return os.fstat(old.fileno()).st_mode & 0o777
    except FileNotFoundError:
        mask = os.umask(0o077)
        os.umask(mask)
        return 0o666 & ~mask
