"""Runs that a wrong clock dated: later than now, before one that was begun earlier, or over before they began.

What counts as newer goes by dates.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

from auditor.run.once import warn_once
from auditor.store import Store

_SLACK = timedelta(minutes=5)
"""Two clocks that are right still differ a little."""

Dated = tuple[str, datetime]
"""A run and the moment it is dated."""
Ended = tuple[str, datetime, datetime]
"""A run, the moment it is dated, and that of its end."""


def say_misdated(store: Store, now: datetime) -> None:
    """Say once which runs are not dated as they were begun, and what that does to what is shown."""
    for run, words in misdated(store.begun(), now):
        warn_once(f"{store.path}: {words}", about=f"{store.path}: {run}")
    for run, words in jumped(store.ended(), now):
        warn_once(f"{store.path}: {words}", about=f"{store.path}: {run}")


def misdated(begun: Sequence[Dated], now: datetime) -> Iterator[tuple[str, str]]:
    """Yield (run, sentence) for each run that is dated later than now, or before one begun earlier; given as they were begun."""
    newest: Dated | None = None
    for run, at in begun:
        if at > now + _SLACK:
            yield (
                run,
                (
                    f"run {run} is dated {_said(at)}, later than now ({_said(now)}): a clock was wrong then or is wrong now. "
                    "What is newer goes by the dates, so what is heard from now on counts as older than what that run heard: "
                    "look at a later run with --run"
                ),
            )
        elif newest is not None and at < newest[1]:
            yield (
                run,
                (
                    f"run {run} was begun after run {newest[0]} and is dated before it ({_said(at)}, that one "
                    f"{_said(newest[1])}): a clock was wrong. What is newer goes by the dates, so what the later run heard may "
                    "count as older: look at it with --run"
                ),
            )
        if newest is None or at > newest[1]:
            newest = (run, at)


def jumped(ended: Sequence[Ended], now: datetime) -> Iterator[tuple[str, str]]:
    """Yield (run, sentence) for each run under which the clock was set: over before it began, or later than now."""
    for run, began, at in ended:
        if at < began - _SLACK:
            wrong = f"was over ({_said(at)}) before it began ({_said(began)})"
        elif began <= now + _SLACK < at:
            wrong = f"was over {_said(at)}, later than now ({_said(now)})"
        else:
            continue
        yield (
            run,
            (
                f"run {run} {wrong}: a clock was set while it ran. The dates of what it heard may be wrong, and with them "
                "what counts as newer: look at it with --run"
            ),
        )


def _said(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
