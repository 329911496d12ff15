"""A scan made by nmap: what `auditor scan --engine nmap` does instead of asking itself."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from auditor.cli._words import number, words
from auditor.model import Run
from auditor.net import Stop
from auditor.run import INTERRUPTED, Audit, ending, resume
from auditor.run.basis import Basis, keep_choice
from auditor.run.imports import Importer
from auditor.run.nmap_engine import ASKED, NmapEngine, asked_before
from auditor.run.nmap_words import NmapError
from auditor.scope import Scope
from auditor.store import Store


def _now() -> datetime:
    return datetime.now(tz=UTC)  # noqa: TID251  a command is where the clock is read


def by_nmap(
    scope: Scope, audit: Audit, store: Store, stop: Stop, *, is_resumed: bool, chosen: Basis | None = None
) -> Run:
    """Let nmap find and ask, within the scope; Ctrl-C ends it in order. `chosen`: by what the run is to be judged."""
    engine = NmapEngine(scope, audit, stop, _now, _waiting=_say_waiting)
    taken = resume(scope, audit, store).run if is_resumed else None
    if taken is not None:
        engine.asked = asked_before((one.subject, one.text) for one in store.events(taken.id, ASKED))
    with _interrupting(stop):
        importer = Importer(store, scope, _now, taken=taken, options=audit.text())
        keep_choice(store, importer.run.id, chosen, _now())
        words(
            f"auditor: run {importer.run.id}, {scope.authorisation.reference}, {number(scope.count(at=_now()), 'address')}, "
            "asked by nmap"
        )
        try:
            engine.run(importer)
        except NmapError as error:
            _finish(importer, engine, state="partial", ended=str(error))
            raise
        return _finish(importer, engine, state=engine.state, ended=engine.ended)


def _finish(importer: Importer, engine: NmapEngine, *, state: str, ended: str) -> Run:
    granted = engine.scope.count(at=_now())
    return importer.finish(
        swept=engine.swept, granted=granted, state=state, ended=ended, withheld=engine.withheld(granted)
    )


def _say_waiting(until: datetime) -> None:
    words(f"auditor: outside the time windows; waiting until {until:%Y-%m-%d %H:%M} UTC")


@contextmanager
def _interrupting(stop: Stop) -> Iterator[None]:
    """Let Ctrl-C, SIGTERM and a closed terminal end the run in order; nmap is out of their reach and is ended by us."""

    def interrupt(_number: int, _frame: object) -> None:
        stop.set(INTERRUPTED)

    before = {number: signal.signal(number, interrupt) for number in ending()}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
