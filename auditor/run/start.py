"""Starting a run, or taking an unfinished one up: the loop, the signals, and what may be resumed."""

import asyncio
import signal
from collections.abc import Callable
from dataclasses import dataclass, replace

from auditor.garbage import seldom_collected
from auditor.model import Run
from auditor.net import Stop
from auditor.run.basis import Basis
from auditor.run.execute import ENDED, Execution, new_run, utc_now
from auditor.run.imports import RECORDED
from auditor.run.past import Past, past_of
from auditor.run.plan import Audit
from auditor.run.progress import Progress
from auditor.scope import Credentials, OutsideScopeError, Scope
from auditor.store import Store

INTERRUPTED = "interrupted"
"""The reason a stop by Ctrl-C, SIGTERM or a closed terminal gives."""


class ResumeError(ValueError):
    """There is nothing to take up, or it was begun with other options."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class Begun:
    """A run to execute: new, or with what was done of it before."""

    run: Run
    past: Past


def permit(scope: Scope) -> None:
    """Raise OutsideScopeError when the authorisation is over or not yet valid, so that nothing can ever be sent."""
    paper, now = scope.authorisation, utc_now()
    if now < paper.valid_from:
        raise OutsideScopeError(
            f"{paper.reference} is valid from {paper.valid_from:%Y-%m-%d %H:%M} UTC, not yet"
        )
    if now >= paper.valid_until:
        raise OutsideScopeError(
            f"{paper.reference} ended {paper.valid_until:%Y-%m-%d %H:%M} UTC; have it renewed, then change the scope"
        )


def begin(scope: Scope, *, whole: tuple[str, ...] = ()) -> Begun:
    """Begin a new run; `whole` names the sites it is to audit whole."""
    return Begun(new_run(scope, utc_now(), whole=whole), Past())


def resume(scope: Scope, audit: Audit, store: Store) -> Begun:
    """Take up the newest unfinished run, and hold it. OutsideScopeError when this is not the scope it was begun under.

    HeldError where another process is still at it: two would ask every device twice, and show every account twice.
    """
    runs = store.runs()
    unfinished = [run for run in runs if not run.complete and store.options(run.id) != RECORDED]
    if not runs:
        raise ResumeError(f"{store.path}: holds no run to take up; scan without --resume to begin one")
    if not unfinished:
        raise ResumeError(f"{store.path}: every run is complete; scan without --resume to begin another")
    run = unfinished[-1]
    if run.scope_digest != scope.digest:
        raise OutsideScopeError(
            f"run {run.id} was begun under another scope or with other targets, exclusions or rates; "
            "resume it with the same scope file and the same options, or begin a new run"
        )
    if (before := store.options(run.id)) and before != audit.text():
        raise ResumeError(
            f"{store.path}: run {run.id} was begun with other options ({before}); give the same ones"
        )
    store.hold(run.id)
    run = store.run(run.id)  # as its last process left it, now that no other can change it
    if run.complete:
        raise ResumeError(f"{store.path}: run {run.id} was completed meanwhile; nothing is left to take up")
    over = {event.text for event in store.events(run.id, ENDED)}
    left = tuple(note for note in run.notes if note not in over)  # why it ended then says nothing of it now
    return Begun(replace(run, notes=left), past_of(store, run.id))


def execute(
    scope: Scope,
    audit: Audit,
    store: Store,
    begun: Begun,
    *,
    stop: Stop,
    watch: Callable[[Progress], None] = lambda _: None,
    credentials: Credentials | None = None,
    chosen: Basis | None = None,
) -> Run:
    """Execute a run on a loop of its own; `chosen` says by what it is to be judged. The first of `ending()` ends it in order, the second at once."""

    async def main() -> Run:
        loop = asyncio.get_running_loop()
        for number in ending():
            loop.add_signal_handler(number, _interrupt, loop, stop)
        return await Execution(
            scope, audit, store, stop, begun.run, begun.past,
            watch=watch, credentials=credentials, chosen=chosen,
        ).execute()  # fmt: skip

    with seldom_collected(), asyncio.Runner(loop_factory=_loop) as runner:
        return runner.run(main())


def ending() -> tuple[signal.Signals, ...]:
    """Return the signals that end a run in order: Ctrl-C, SIGTERM, and a closed terminal unless nohup(1) set that aside."""
    closed = () if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN else (signal.SIGHUP,)
    return (signal.SIGINT, signal.SIGTERM, *closed)


def _interrupt(loop: asyncio.AbstractEventLoop, stop: Stop) -> None:
    stop.set(INTERRUPTED)
    for number in ending():
        loop.remove_signal_handler(number)


def _loop() -> asyncio.AbstractEventLoop:
    """Return uvloop's loop where it is installed."""
    try:
        import uvloop  # noqa: PLC0415  not there on every system
    except ImportError:
        return asyncio.new_event_loop()
    made: asyncio.AbstractEventLoop = uvloop.new_event_loop()
    return made
