"""What commands share that fill a run from evidence instead of from the network: scope, importing, and the last words."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import click

from auditor.cli import _forms
from auditor.cli._reading import database
from auditor.cli._words import Exit, Failure, number, say_json, words
from auditor.intake import Problem
from auditor.knowledge import fails
from auditor.model import Severity
from auditor.run.basis import Basis, keep_choice
from auditor.run.dating import say_misdated
from auditor.run.imports import Importer, unscoped
from auditor.run.judge import judge
from auditor.scope import Scope, read
from auditor.store import Store

_Command = TypeVar("_Command", bound=Callable[..., Any])

UNNAMED_SITE = "imported"
"""Where devices are filed when neither a scope nor the user names a site."""

_MOST_PROBLEMS = 20

_OPTIONS = (
    click.option(
        "--scope",
        "scope_file",
        type=click.Path(dir_okay=False, path_type=Path),
        help="What may be described; devices outside it are counted only.",
    ),
    click.option("--no-scope", is_flag=True, help="Describe whatever is found; the run's record says so."),
    click.option("--site", help="The site the evidence comes from."),
    database("Where everything is kept."),
    click.option("--policy", help="Judge against this policy: a name or a file; see `auditor knowledge`."),
    click.option(
        "--fail-on",
        type=click.Choice([one.value for one in Severity]),
        help="Exit code 1 when a finding is this severe or worse.",
    ),
    click.option("--json", "as_json", is_flag=True, help="Print a summary of the run as one JSON object."),
)


def evidence_options(command: _Command) -> _Command:
    """Give a command the options of every run filled from evidence."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def now() -> datetime:
    """Return the time; a command is where the clock is read."""
    return datetime.now(tz=UTC)  # noqa: TID251  see the docstring


def scope_of(scope_file: Path | None, site: str | None, *, no_scope: bool) -> Scope:
    """Return what may be described. Without a scope that must be said, so that nobody is described by oversight."""
    if (scope_file is None) != no_scope:
        raise click.UsageError(
            "give --scope scope.toml, which says whose devices may be described, or --no-scope to describe all"
        )
    if scope_file is None:
        return unscoped(site or UNNAMED_SITE)
    scope = read(scope_file)
    return scope.narrow(site=site) if site else scope


class Problems:
    """Says problems as they come, the first of them in full, and counts the rest."""

    def __init__(self) -> None:
        self.count = 0
        self._counts: list[Problem] = []

    def notes(self) -> list[str]:
        """Return what the run must remember of what its files do not show, the first of it in full."""
        said = [str(one) for one in self._counts[:_MOST_PROBLEMS]]
        left = len(self._counts) - len(said)
        return [*said, f"{left} further counts of what files do not show were printed"] if left > 0 else said

    def tell(self, problem: Problem) -> None:
        """Say a problem, unless very many have been said."""
        if problem.is_count:
            self._counts.append(problem)
            if len(self._counts) > _MOST_PROBLEMS:  # the first are said at the end, as notes of the run
                words(f"auditor: {problem}")
            return
        self.count += 1
        if self.count <= _MOST_PROBLEMS:
            words(f"auditor: {problem}")
        elif self.count == _MOST_PROBLEMS + 1:
            words("auditor: further problems of this kind are counted, not listed")


def importer_for(store: Store, scope: Scope, site: str | None, chosen: Basis | None) -> Importer:
    """Begin a run that is filled from evidence; written down with it by what it is to be judged (`chosen`)."""
    say_misdated(store, now())
    importer = Importer(store, scope, now, site)
    keep_choice(store, importer.run.id, chosen, now())
    store.flush()
    return importer


def conclude(
    store: Store, importer: Importer, *, policy: str | None, fail_on: str | None, as_json: bool
) -> Exit:
    """Identify, judge, say how it went, and return the exit code."""
    ended = importer.finish()
    findings = judge(store, ended.id, today=now().date(), policy=policy)
    if as_json:
        say_json({**_forms.run(ended), "exchanges": importer.exchanges, "devices": _makers(store, ended.id)})
    words(
        f"auditor: run {ended.id}: {number(importer.subjects, 'address')} described from {number(importer.exchanges, 'exchange')}; "
        f"{len(importer.outside)} outside the scope and {len(importer.excluded)} excluded, counted only"
    )
    for note in ended.notes:
        words(f"auditor: {note}")
    words(f"auditor: see them with: auditor devices --db {store.path}")
    if fail_on and fails(findings, Severity(fail_on)):
        return Exit.FINDINGS
    return Exit.DONE


def _makers(store: Store, run: str) -> dict[str, object]:
    makers: dict[str, int] = {}
    for device in store.devices(run, with_bytes=False):
        name = device.identity.value("maker") or "not identified"
        makers[name] = makers.get(name, 0) + 1
    return {"total": sum(makers.values()), "by_maker": dict(sorted(makers.items()))}


def unreadable(path: Path, error: OSError) -> Failure:
    """Return the failure of a file that cannot be opened."""
    return Failure(f"{path}: cannot be read: {error.strerror or error}")
