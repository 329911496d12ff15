"""The tries of accounts in a run's log, so that no process of the run repeats one, and everybody can say how they went."""

import json
import logging
from dataclasses import asdict, dataclass

from auditor.model import Outcome, Reason

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
    except (ValueError, KeyError, TypeError, AttributeError):
        logger.warning("the log's line about a login at %s cannot be read and is passed over", subject)
        return None
