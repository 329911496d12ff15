"""What every reader of somebody else's evidence says of a file: where it broke, and what was left out."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from auditor.intake.secret_words import without_secrets
from auditor.model import Exchange


class EvidenceError(ValueError):
    """A file is not of the kind it was handed in as; the message names the file, the place and what to do."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class Problem:
    """Something in a file that could not be used. What was good before and after it is kept."""

    file: str
    place: str
    """As in `byte 1204`, `line 12` or `row 3, column ip`."""
    what: str
    is_count: bool = False
    """It sums up one file, so it is said however much else was said before."""

    def __str__(self) -> str:
        return without_secrets(f"{self.file}: {self.place}: {self.what}")


Tell = Callable[[Problem], None]
"""What a reader calls for each problem."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of file, and how it is read: path, whom to tell of problems, and when it was made if it does not say."""

    name: str
    summary: str
    read: Callable[[Path, Tell, datetime | None], Iterator[Exchange]]
    says_when: bool = False
    """The file itself says when each thing was seen."""
    read_together: "Together | None" = None
    """How several files are read that are parts of one, such as those of a ring."""


Refuse = Callable[[Path, Exception], None]
"""What is called for a file that is not of its kind (EvidenceError) or cannot be opened (OSError)."""
Together = Callable[[Sequence[Path], Tell, Refuse], Iterator[Exchange]]


def moment(seconds: float) -> datetime | None:
    """Return seconds since 1970 as a moment (UTC), or None for a number no clock can have meant."""
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError, OSError):
        return None
