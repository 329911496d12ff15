"""How late our own event loop is: silence that fell while we were late is not the other side's."""

import asyncio
from collections import deque

_BEAT = 0.25
"""Seconds between two looks at the clock while somebody waits for an answer."""
_NOTED = 0.1
"""Seconds: a look later than this is a delay of ours; what a machine at ease shows stays well below."""
_KEPT = 256
TOO_LATE = 0.5
"""Seconds of such delays while one answer was waited for, from which on its absence says nothing."""


class Lateness:
    """A heart that beats while anybody waits, and remembers when it was late."""

    def __init__(self) -> None:
        self._waiting = 0
        self._beat: asyncio.TimerHandle | None = None
        self._late: deque[tuple[float, float]] = deque(maxlen=_KEPT)

    def begin(self) -> float:
        """State that an answer is waited for from now on; returns the moment, by the loop's clock."""
        loop = asyncio.get_running_loop()
        self._waiting += 1
        if self._beat is None:
            self._next(loop)
        return loop.time()

    def late_since(self, began: float) -> float:
        """Return our own delays since that moment, in seconds."""
        if self._beat is not None:
            # A waiting may end in the very turn of the loop that came late.
            self._note(self._beat.when(), asyncio.get_running_loop().time())
        return sum(delay for at, delay in self._late if at >= began)

    def end(self) -> None:
        """State that one of the waitings is over."""
        self._waiting -= 1
        if not self._waiting and self._beat is not None:
            self._beat.cancel()
            self._beat = None

    def _next(self, loop: asyncio.AbstractEventLoop) -> None:
        due = loop.time() + _BEAT
        self._beat = loop.call_at(due, self._beaten, loop, due)

    def _beaten(self, loop: asyncio.AbstractEventLoop, due: float) -> None:
        self._note(due, loop.time())
        self._next(loop)

    def _note(self, due: float, now: float) -> None:
        if now - due >= _NOTED and not (self._late and self._late[-1][0] == due):
            self._late.append((due, now - due))
