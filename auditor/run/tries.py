"""The tries of accounts in a run's log, so that no process of the run repeats one, and everybody can say how they went."""

import json
import logging
from dataclasses import asdict, dataclass, field

from auditor.model import Outcome, Reason
from auditor.store.rows import DAMAGE

logger = logging.getLogger(__name__)

EVENT = "login"
"""The kind of such a line in the log."""
TRYING = "trying"
"""Written before anything is sent; where nothing follows, we do not know how it went."""
_NEVER_SHOWN = frozenset({Outcome.NOT_OFFERED, Outcome.UNTRIED})


@dataclass(frozen=True, slots=True)
class Try:
    """One line of the run's log about a login."""

    subject: str
    entry: str
    outcome: str
    marks: tuple[str, ...] = ()
    protocol: str = ""
    endpoint: str = ""
    reason: str = ""
    answered: int | None = None
    calls: int = 0
    barred: tuple[str, ...] = ()
    is_shown: bool = True
    """Whether the account was shown; lines of older versions were written of such tries alone."""

    @property
    def is_spent(self) -> bool:
        """Whether the entry may not be tried again at this device in this run."""
        if self.outcome == Outcome.BROKEN_OFF:
            return self.reason != Reason.STOPPED
        return self.outcome == Outcome.LOCKED or (self.is_shown and self.outcome != Outcome.ACCEPTED)

    def text(self) -> str:
        """Spell it for the log."""
        told = asdict(self)
        del told["subject"]
        return json.dumps({name: value for name, value in told.items() if value not in ("", (), None)})


def try_of(subject: str, text: str) -> Try | None:
    """Read a line of the run's log, of this version or an older one; None, with a warning, where it is damaged."""
    try:
        found = json.loads(text)
        answered = found.get("answered")
        return Try(
            subject,
            str(found["entry"]),
            str(found["outcome"]),
            tuple(map(str, found.get("marks", ()))),
            str(found.get("protocol", "")),
            str(found.get("endpoint", "")),
            str(found.get("reason", "")),
            None if answered is None else int(answered),
            int(found.get("calls", 0)),
            tuple(map(str, found.get("barred", ()))),
            bool(found.get("is_shown", found["outcome"] not in _NEVER_SHOWN)),
        )
    except DAMAGE:
        logger.warning("the log's line about a login at %s cannot be read and is passed over", subject)
        return None


@dataclass(slots=True)
class Tried:
    """Where the entries were tried in a run: one is spent at a device that it was tried at without success."""

    earlier: tuple[Try, ...]
    """What earlier processes of the run tried, in order."""
    _spent: dict[tuple[str, str], str] = field(default_factory=dict)
    """(entry, subject or mark) of a device -> how it went."""

    def __post_init__(self) -> None:
        for one in self.earlier:
            self.remember(one)

    def remember(self, one: Try) -> None:
        """Take in how a try went."""
        for name in (one.subject, *one.marks):
            if one.is_spent:
                self._spent[one.entry, name] = one.outcome
            elif one.outcome == Outcome.ACCEPTED or self._spent.get((one.entry, name)) == TRYING:
                # A try that was stopped before the account was shown is none.
                self._spent.pop((one.entry, name), None)

    def is_spent(self, entry: str, *names: str) -> bool:
        """Tell whether an entry may not be tried any more at a device, given by its subject or marks."""
        return any((entry, name) in self._spent for name in names)

    def last_shown(self) -> tuple[Try, ...]:
        """Return how each entry was last shown to each device by earlier processes, in that order."""
        last: dict[tuple[str, str], Try] = {}
        for one in self.earlier:
            if one.is_shown:
                last.pop((one.entry, one.subject), None)
                last[one.entry, one.subject] = one
        return tuple(last.values())

    def was_read_before(self, entry: str, subject: str) -> bool:
        """Tell whether an earlier process read all that an entry shows of a device's management tree."""
        return any(
            one.outcome == Outcome.ACCEPTED
            and (one.entry, one.subject) == (entry, subject)
            and one.answered is not None
            for one in self.earlier
        )
