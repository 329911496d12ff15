"""A scan made by nmap: what `auditor scan --engine nmap` does instead of asking itself."""

import signal
from datetime import UTC, datetime
from types import FrameType

import click

from auditor.cli._words import words
from auditor.model import Run
from auditor.net import Stop
from auditor.run import INTERRUPTED, Audit
from auditor.run.basis import Basis, keep_choice
from auditor.run.imports import Importer
from auditor.run.nmap_engine import NmapEngine
from auditor.scope import Scope
from auditor.store import Store


def _now() -> datetime:
    return datetime.now(tz=UTC)  # noqa: TID251  a command is where the clock is read


def by_nmap(
    scope: Scope, audit: Audit, store: Store, stop: Stop, *, is_resumed: bool, chosen: Basis | None = None
) -> Run:
    """Let nmap find and ask, within the scope; Ctrl-C ends it in order. `chosen`: by what the run is to be judged."""
    if is_resumed:
        raise click.UsageError(
            "--engine nmap cannot take up a run; begin a new one, with fewer targets if need be"
        )
    engine = NmapEngine(scope, audit, stop, _now)
    granted = scope.count(at=_now())

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        stop.set(INTERRUPTED)

    before = {number: signal.signal(number, interrupt) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        importer = Importer(store, scope, _now)
        keep_choice(store, importer.run.id, chosen, _now())
        words(
            f"auditor: run {importer.run.id}, {scope.authorisation.reference}, {granted} addresses, asked by nmap"
        )
        engine.run(importer)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if engine.swept < granted and not engine.ended:
        importer.note(f"{granted - engine.swept} addresses were not asked: outside the time windows")
    return importer.finish(swept=engine.swept, granted=granted, ended=engine.ended)
