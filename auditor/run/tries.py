"""The tries of accounts in a run's log, so that no process of the run repeats one."""

import json
from dataclasses import dataclass

EVENT = "login"
"""The kind of such a line in the log."""
TRYING = "trying"
"""Written before anything is sent; where nothing follows, we do not know how it went."""


@dataclass(frozen=True, slots=True)
class Try:
    """One line of the run's log about a login."""

    subject: str
    entry: str
    outcome: str
    marks: tuple[str, ...] = ()

    def text(self) -> str:
        """Spell it for the log."""
        return json.dumps({"entry": self.entry, "outcome": self.outcome, "marks": self.marks})


def try_of(subject: str, text: str) -> Try:
    """Read a line of the run's log."""
    found = json.loads(text)
    return Try(subject, found["entry"], found["outcome"], tuple(found["marks"]))
