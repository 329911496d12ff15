"""One try of an entry at one device: whether it may be shown there, its turn, and its two lines in the log."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace

from auditor.model import Outcome, Reason
from auditor.net import Answer, LoggedLine
from auditor.run.tries import Try
from auditor.run.turns import Turns


class Attempt(AbstractAsyncContextManager[bool]):
    """Held while an account is shown for the first time; gives whether it may be."""

    def __init__(
        self,
        line: LoggedLine,
        one: Try,
        turns: Turns,
        *,
        log: Callable[[Try], None],
        shows_maker: Callable[[], bool],
    ) -> None:
        """Take what is tried, whose turn it is, where it is written down, and whether the endpoint showed the maker."""
        self._line = line
        self._try = one
        self._log = log
        self._shows_maker = shows_maker
        self._held = turns.turn(line, lambda: log(one))
        self._allowed = self._is_held = False

    async def __aenter__(self) -> bool:
        if not self._shows_maker():
            self._line.reason = Reason.ENDPOINT
            return False
        # The host's own pace is waited for outside the turn, so that turns are short.
        await asyncio.sleep(self._line.rest)
        self._is_held = True
        self._allowed = await self._held.__aenter__()
        if not self._allowed:
            self._line.reason = Reason.ENDED
        return self._allowed

    async def __aexit__(self, *how: object) -> None:
        if self._is_held:
            await self._held.__aexit__(None, None, None)
        if self._allowed:
            line = self._line
            self._log(
                replace(
                    self._try, outcome=line.outcome.value, reason=str(line.reason), is_shown=line.is_shown
                )
            )


def told_of(one: Try, line: LoggedLine, *, is_ours: bool) -> Try:
    """Return a try with how it ended and how far its calls came."""
    outcome, reason, answered = line.outcome, str(line.reason), line.answered
    if outcome is Outcome.UNTRIED:
        was_read = Answer.READ in line.answers.values()
        if line.is_shown:  # everything was recalled: an earlier process of the run had it all
            outcome = Outcome.ACCEPTED
        elif not reason:
            reason = Reason.OPEN if was_read else Reason.NO_INTERFACE
    if not is_ours:
        reason = Reason.FAULT
    if outcome is Outcome.ACCEPTED and len(line.answers) < line.due:
        outcome, reason = Outcome.BROKEN_OFF, reason or Reason.SILENT
    return replace(
        one,
        outcome=outcome.value,
        reason=reason,
        answered=answered,
        calls=line.due,
        barred=line.barred,
        is_shown=line.is_shown,
    )
