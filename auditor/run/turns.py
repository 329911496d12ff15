"""Whose turn it is to try an entry: never more open tries than refusals in a row would end it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from auditor.model import Outcome
from auditor.net import LoggedLine

_REFUSING = frozenset({Outcome.REFUSED, Outcome.LOCKED})
"""Locked, too, where a device says so in answer to the account: it may be our try that locked it."""
_TAKEN = frozenset({Outcome.ACCEPTED, Outcome.BROKEN_OFF})


@dataclass(slots=True)
class Turns:
    """The tries of one entry in a run. `most` refusals in a row end it."""

    most: int
    refusals: int = 0
    """In a row, so far."""
    _open: int = 0
    _changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    @property
    def is_ended(self) -> bool:
        """Whether the entry may not be tried any more in this run."""
        return self.refusals >= self.most

    def learn(self, outcome: str) -> None:
        """Count how a try went; what is neither yes nor no counts for nothing."""
        if outcome in _TAKEN:
            self.refusals = 0 if not self.is_ended else self.refusals
        elif outcome in _REFUSING:
            self.refusals += 1

    @asynccontextmanager
    async def turn(self, line: LoggedLine, begin: Callable[[], None]) -> AsyncIterator[bool]:
        """Hold a turn; gives False when the entry has ended meanwhile. `begin` is called before anything is sent."""
        async with self._changed:
            await self._changed.wait_for(lambda: self.is_ended or self.refusals + self._open < self.most)
            if not self.is_ended:
                self._open += 1
        if self.is_ended:
            yield False
            return
        try:
            begin()
            yield True
        finally:
            self.learn(line.outcome)
            self._open -= 1
            async with self._changed:
                self._changed.notify_all()
