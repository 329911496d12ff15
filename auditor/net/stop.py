"""Ending a run early: one event that everything waiting on the network listens to."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import TracebackType
from typing import Self

_FILE_CHECK = 0.2
"""Seconds between two looks at the stop file."""
_MOMENT = 1.0
"""Seconds a stop leaves for the answer to a question that is out: it would be asked again, and whether a login was
refused must be known."""


class StoppedError(Exception):
    """We were told to stop while waiting for our turn."""


class Bounded:
    """A waiting with an end, used as `async with`."""

    __slots__ = ("_bound", "_stop")

    def __init__(self, stop: "Stop", seconds: float | None) -> None:
        self._stop = stop
        self._bound = asyncio.timeout(seconds)

    async def __aenter__(self) -> Self:
        await self._bound.__aenter__()
        self._stop.enter(self._bound)
        return self

    def wait_out(self) -> None:
        """From here on nothing more is sent: a stop still leaves a moment for the answer."""
        self._stop.spare(self._bound)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.leave(self._bound)
        await self._bound.__aexit__(kind, error, trace)


class Stop:
    """Set once, by Ctrl-C or by the appearance of a file; ends all sending and all waiting."""

    def __init__(self, file: Path | None = None, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._file = file
        self._monotonic = monotonic
        self._next_look = 0.0
        self._reason = ""
        self._bounds: set[asyncio.Timeout] = set()
        self._spared: set[asyncio.Timeout] = set()
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def reason(self) -> str:
        """Why we stop, in words; empty while we do not."""
        return self._reason

    def set(self, reason: str = "stopped") -> None:
        """Stop everything, giving the reason that exchanges will state; may be called from any thread."""
        self._reason = self._reason or reason
        if self._loop is not None and self._bounds:
            self._loop.call_soon_threadsafe(self._end_waiting)

    def is_set(self) -> bool:
        """Tell whether to stop; looks at the stop file five times a second at most."""
        if not self._reason and self._file is not None:
            now = self._monotonic()
            if now >= self._next_look:
                self._next_look = now + _FILE_CHECK
                if self._file.exists():
                    self.set(f"stop file {self._file} appeared")
        return bool(self._reason)

    async def watch(self) -> None:
        """Look at the stop file until it appears; run this as a task so that waiting ends with it too."""
        while not self.is_set():  # noqa: ASYNC110 - a file that appears sets no event
            await asyncio.sleep(_FILE_CHECK)

    def bounded(self, seconds: float | None) -> "Bounded":
        """Raise TimeoutError in the body after so many seconds (None: never), or as soon as we stop."""
        return Bounded(self, seconds)

    def enter(self, bound: asyncio.Timeout) -> None:
        """Let a stop end this waiting, too."""
        self._loop = asyncio.get_running_loop()
        self._bounds.add(bound)
        if self.is_set():
            bound.reschedule(self._loop.time())

    def spare(self, bound: asyncio.Timeout) -> None:
        """Let a stop end this waiting a moment later, since its question is out and its answer counts."""
        self._spared.add(bound)

    def leave(self, bound: asyncio.Timeout) -> None:
        """Forget a waiting that is over."""
        self._bounds.discard(bound)
        self._spared.discard(bound)

    async def unless(self, work: Awaitable[None]) -> None:
        """Wait for the work, or raise StoppedError as soon as we stop."""
        try:
            async with self.bounded(None):
                await work
        except TimeoutError as error:
            raise StoppedError(self._reason) from error

    def _end_waiting(self) -> None:
        loop = asyncio.get_running_loop()
        for bound in tuple(self._bounds):
            end = loop.time() + (_MOMENT if bound in self._spared else 0.0)
            if not bound.expired() and (bound.when() or end) >= end:
                bound.reschedule(end)
