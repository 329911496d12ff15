"""`auditor compare`: say what became of the network between two audits, two days or two databases."""

import csv
import io
import json
import re
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import click

from auditor.cli._changes import CSV_COLUMNS, cells, form, headline, told
from auditor.cli._evidence import now
from auditor.cli._moment import moment, until
from auditor.cli._reading import database
from auditor.cli._words import Exit, Failure, words
from auditor.cli._writing import write_whole
from auditor.exports.cells import guarded
from auditor.model.changes import ABSENT, Changes, What
from auditor.run.audits import as_of_run, between, last_two, looked
from auditor.run.picture import Picture, picture
from auditor.store import Access, Store

_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}(?:[Tt ].+)?")
_DATABASE = (".sqlite", ".sqlite3", ".db")
LATEST = "latest"


@dataclass(frozen=True, slots=True)
class _Seen:
    """A picture, and where it comes from."""

    store: Store
    picture: Picture


@click.command(epilog="Example:  auditor compare 2026-03-01 latest --db audit.sqlite --fail-on new")
@click.argument("before", required=False)
@click.argument("after", required=False)
@database("The database runs and dates are looked up in.")
@click.option("--site", "sites", multiple=True, help="Changes at this site alone.")
@click.option(
    "--all", "everything", is_flag=True, help="List also what stayed open and what was not asked again."
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@click.option(
    "--csv", "as_csv", is_flag=True, help="One line for each change, safe to open in a spreadsheet."
)
@click.option(
    "-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="Write to this file instead."
)
@click.option(
    "--fail-on",
    type=click.Choice(["new", "gone", "findings", "any"]),
    help="Exit code 1 on new devices, on devices retired, silent or replaced, on new findings, on any difference.",
)  # fmt: skip
def command(
    before: str | None,
    after: str | None,
    db: Path,
    sites: tuple[str, ...],
    everything: bool,
    as_json: bool,
    as_csv: bool,
    output: Path | None,
    fail_on: str | None,
) -> int:
    """Compare what was known BEFORE with what is known AFTER.

    Each is a run (its id or an unambiguous beginning: what was known at its end), a day or RFC 3339 time (what was
    known at its end), the path of another database, or `latest`. Without them the last two whole audits are
    compared, else the last two runs of one site; with BEFORE alone, AFTER is `latest`.

    A device is called gone only where somebody retired it, silent only where it was asked, a finding closed only
    where it was asked again. Everything else is listed as not asked.
    """
    if as_json and as_csv:
        raise click.UsageError("give --json or --csv, not both")
    changes = _only(_changes(before, after, db), sites)
    _put(_text(changes, as_json=as_json, as_csv=as_csv, everything=everything), output)
    if as_json or as_csv or output:
        words("\n".join(f"auditor: {line}" for line in headline(changes)))
    return Exit.FINDINGS if fail_on and _fails(changes, fail_on) else Exit.DONE


def _changes(before: str | None, after: str | None, db: Path) -> Changes:
    with ExitStack() as opened:
        was, now_seen = _pair(before, after, db, opened)
        same = was.store.path.resolve() == now_seen.store.path.resolve()
        if same and _moment_of(was) == _moment_of(now_seen) and was.picture.runs == now_seen.picture.runs:
            raise Failure(
                f"both are what was known at the end of run {was.picture.run.id}: give two runs, days or databases; "
                f"`auditor runs --db {was.store.path}` lists runs"
            )
        if _moment_of(now_seen) < _moment_of(was):
            raise Failure(
                f"AFTER ({_moment_of(now_seen):%Y-%m-%d %H:%M} UTC) is older than BEFORE ({_moment_of(was):%Y-%m-%d %H:%M} "
                "UTC): give them the other way round"
            )
        ports = looked(was.store, was.picture, was.store if same else now_seen.store, now_seen.picture)
        found = between(was.picture, now_seen.picture, looked=ports, today=now().date(), same_store=same)
        if same:
            return found
        named = (
            replace(found.before, source=str(was.store.path)),
            replace(found.after, source=str(now_seen.store.path)),
        )
        return replace(found, before=named[0], after=named[1])


def _moment_of(seen: _Seen) -> datetime:
    return seen.picture.run.moment


def _pair(before: str | None, after: str | None, db: Path, opened: ExitStack) -> tuple[_Seen, _Seen]:
    """Find the two pictures; Failure says which is missing and what to give instead."""
    if before is None:
        return _last_two(_open(db, opened))
    was = _seen(before, db, opened)
    later = _seen(after or LATEST, db, opened)
    return was, later


def _last_two(store: Store) -> tuple[_Seen, _Seen]:
    found = last_two(store)
    if found is None:
        count = len(store.runs())
        raise Failure(
            f"{store.path}: nothing to compare: it holds {count} {'run' if count == 1 else 'runs'}, and no two of "
            "one site; scan again, or name another database: auditor compare BEFORE.sqlite AFTER.sqlite"
        )
    return _Seen(store, found[0]), _Seen(store, found[1])


def _open(path: Path, opened: ExitStack) -> Store:
    return opened.enter_context(Store.open(path, Access.READ))


def _seen(name: str, db: Path, opened: ExitStack) -> _Seen:
    """Read one argument: a day, a time, `latest`, a database, else a run."""
    at = _time(name)
    if at is None and name != LATEST and _is_database(name):
        store = _open(Path(name), opened)
        return _Seen(store, picture(store))
    store = _open(db, opened)
    if at is not None:
        return _Seen(store, picture(store, as_of=until(store, at, asked=name)))
    return _Seen(store, picture(store) if name == LATEST else as_of_run(store, store.run(name)))


def _is_database(name: str) -> bool:
    return Path(name).is_file() or name.endswith(_DATABASE) or "/" in name


def _time(name: str) -> datetime | None:
    """Return the moment a text names; None for a text of another form, Failure for a day or time that is none."""
    if not _MOMENT.fullmatch(name):
        return None
    try:
        return moment(name)
    except click.BadParameter as error:
        raise Failure(f"{name}: no such day or time; {error.message}") from error


def _only(changes: Changes, sites: tuple[str, ...]) -> Changes:
    unknown = [one for one in sites if one not in changes.sites]
    if unknown:
        raise Failure(
            f"--site {unknown[0]}: no such site in either; known are {', '.join(changes.sites) or 'none'}"
        )
    return changes.at(sites) if sites else changes


def _text(changes: Changes, *, as_json: bool, as_csv: bool, everything: bool) -> str:
    if as_json:
        return json.dumps(form(changes), indent=2, ensure_ascii=True) + "\n"
    return _csv(changes) if as_csv else "\n".join(told(changes, everything=everything)) + "\n"


def _csv(changes: Changes) -> str:
    text = io.StringIO(newline="")
    table = csv.writer(text)
    table.writerow(CSV_COLUMNS)
    for one in changes.entries:
        table.writerow([guarded(cell) for cell in cells(one)])
    return text.getvalue()


def _put(text: str, output: Path | None) -> None:
    if output is None or str(output) == "-":
        click.echo(text, nl=False)
        return
    write_whole(output, text.encode("utf-8", "backslashreplace"), "choose another place with -o")
    words(f"{output} written")


def _fails(changes: Changes, limit: str) -> bool:
    match limit:
        case "new":
            return bool(changes.of(What.NEW))
        case "gone":
            return bool(changes.of(*ABSENT))
        case "findings":
            return bool(changes.of(What.FINDING_NEW))
    return bool(changes.differences)
