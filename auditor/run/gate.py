"""When we may send: the scope's windows and end, the run's time, and being told to stop."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from auditor.net import Stop
from auditor.scope import Scope

_NAP = 0.5
"""Seconds between two looks at the clock while waiting for a window."""


class EndedError(Exception):
    """The run ends here and can be resumed; `state` is what the run is called then."""

    def __init__(self, state: str, reason: str) -> None:
        super().__init__(reason)
        self.state = state
        self.reason = reason


@dataclass(slots=True)
class Gate:
    """Asked before anything is begun that sends."""

    scope: Scope
    stop: Stop
    clock: Callable[[], datetime]
    until: datetime | None
    """When the run's own time is over."""
    waits: bool
    waiting: Callable[[datetime], None]
    """Told when we begin to wait, and until when."""
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep

    def check(self) -> None:
        """Raise EndedError when we were told to stop or the run's time is over."""
        if self.until is not None and self.clock() >= self.until:
            raise EndedError("budget spent", "the time set for this run is over")
        if self.stop.is_set():
            raise EndedError("stopped", self.stop.reason)

    async def passed(self) -> None:
        """Return when sending is allowed; EndedError when it will not be, or when we are not to wait."""
        self.check()
        opening = self._opening()
        if opening <= self.clock():
            return
        if not self.waits:
            raise EndedError("window closed", f"the next time window opens {opening:%Y-%m-%d %H:%M} UTC")
        self.waiting(opening)
        while self.clock() < opening:
            await self.sleep(_NAP)
            self.check()

    def _opening(self) -> datetime:
        now = self.clock()
        opening = self.scope.opening(now)
        if opening is None:
            paper = self.scope.authorisation
            over = now >= paper.valid_until
            reason = (
                f"the authorisation {paper.reference} ended {paper.valid_until:%Y-%m-%d %H:%M} UTC"
                if over
                else "no time window of the scope opens again"
            )
            raise EndedError("window closed", reason)
        return opening


def ends_at(started: datetime, seconds: float | None) -> datetime | None:
    """Return when a run of so many seconds is over."""
    return started + timedelta(seconds=seconds) if seconds is not None else None
