"""Enough open files for a command to begin: without them nothing could even say what is wrong."""

import os
import resource
from contextlib import suppress

from auditor.cli._words import Failure

_WANTED = 256
_NEEDED = 32
"""Descriptors free at the start: rules and templates are read, a database has three files, a scan a few of its own.
With twelve, a scan was seen to end in the middle of its start."""


def require_descriptors() -> None:
    """Raise the soft limit where it is low and the hard one allows it; Failure where too few are free even then."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = _WANTED if hard == resource.RLIM_INFINITY else min(_WANTED, hard)
    if soft != resource.RLIM_INFINITY and soft < most:
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
            soft = most
    if not _are_free(_NEEDED):
        raise Failure(
            f"fewer than {_NEEDED} files can be opened by this process (its limit is {soft}), too few to begin; "
            f"nothing was done: allow more with `ulimit -n {_WANTED}`"
        )


def _are_free(number: int) -> bool:
    opened: list[int] = []
    try:
        opened.extend(os.open(os.devnull, os.O_RDONLY) for _ in range(number))
    except OSError:
        return False
    finally:
        for one in opened:
            os.close(one)
    return True
