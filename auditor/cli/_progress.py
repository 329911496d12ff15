"""Progress for people: a bar on a terminal, a plain line every few seconds elsewhere. Always on stderr."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, SpinnerColumn, TextColumn
from rich.progress import Progress as Bar

from auditor.cli._words import with_color, words
from auditor.run import Progress

_EVERY = 5.0
"""Seconds between two plain lines."""


def told(now: Progress) -> str:
    """Return a moment of a run in one line."""
    left = "" if now.left is None else f", about {span(now.left)} left"
    return (
        f"{now.phase}: {now.swept} of {now.granted} addresses swept, {now.found} answered, {now.done} done, "
        f"{now.exchanges} exchanges ({now.rate:.0f}/s){left}"
    )


def span(seconds: float) -> str:
    """Return a duration in words."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"


@contextmanager
def watching(*, quiet: bool = False) -> Iterator[Callable[[Progress], None]]:
    """Give what is to be told of progress; it shows it as the terminal allows."""
    if quiet:
        yield lambda _: None
    elif sys.stderr is not None and sys.stderr.isatty():
        with _bar() as watch:
            yield watch
    else:
        yield _Lines()


class _Lines:
    """A plain line now and then."""

    def __init__(self) -> None:
        self._next = _EVERY

    def __call__(self, now: Progress) -> None:
        if now.seconds >= self._next:
            self._next = now.seconds + _EVERY
            words(told(now))


@contextmanager
def _bar() -> Iterator[Callable[[Progress], None]]:
    console = Console(stderr=True, no_color=not with_color())
    columns = (SpinnerColumn(), BarColumn(), TextColumn("{task.description}", markup=False))
    with Bar(*columns, console=console, transient=True) as bar:
        task = bar.add_task("", total=1.0)

        def watch(now: Progress) -> None:
            whole = now.seconds + (now.left or 0.0)
            done = now.seconds / whole if now.left is not None and whole else 0.0
            bar.update(task, completed=done, description=told(now))

        yield watch
