"""`auditor import`: identify devices from captures, nmap results, feeds and lists others made, sending nothing."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import click

from auditor.cli._evidence import (
    Problems,
    conclude,
    evidence_options,
    importer_for,
    now,
    scope_of,
    unreadable,
)
from auditor.cli._words import Exit, Failure, words
from auditor.fingerprint import vocabulary
from auditor.intake import EvidenceError, Kind, Tell, Together, kinds, register_csv
from auditor.model import Exchange
from auditor.run.basis import chosen_basis
from auditor.run.imports import Importer
from auditor.store import Access, Store


class Imports(click.Group):
    """A group with one command for each kind of file the intake can read."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all kinds."""
        del ctx
        return sorted((*kinds(), register_csv.NAME))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command that imports that kind."""
        del ctx
        if cmd_name == register_csv.NAME:
            return _mapped_command()
        kind = kinds().get(cmd_name)
        return _command(kind) if kind else None


def _command(kind: Kind) -> click.Command:
    when = click.option(
        "--at",
        type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%SZ"]),
        help="When the devices of the file answered (UTC), if it does not say; default: not known, they are listed only.",
    )
    files = click.argument(
        "files", nargs=-1, required=True, type=click.Path(dir_okay=False, path_type=Path), metavar="FILE..."
    )

    def read_files(files: tuple[Path, ...], at: datetime | None, **given: object) -> int:
        return _import(kind, files, at, **given)  # type: ignore[arg-type]  # click hands over what the options are

    read_files.__doc__ = (
        f"Import {kind.summary}.\n\nNothing is sent. What is found becomes a run of its own, "
        "held to the scope: devices outside it are counted, not described."
    )
    return click.command(
        kind.name,
        short_help=kind.summary,
        epilog=f"Example:  auditor import {kind.name} --scope scope.toml --db audit.sqlite FILE",
    )(files(when(evidence_options(read_files))))


def _mapped_command() -> click.Command:
    """Return the command for tables of any form, whose columns the user names."""

    def read_mapped(maps: tuple[str, ...], **given: object) -> int:
        columns = register_csv.mapping(maps)
        known = vocabulary()
        for field in columns:
            if field not in {"address", "port", "transport", "at"} and not known.meaning(field):
                raise click.UsageError(
                    f"--map {field}: no such field; use {', '.join(register_csv.SHORT)}, mac, or a field of the vocabulary"
                )
        return int(_command(register_csv.kind(columns)).callback(**given))  # type: ignore[misc]  # it has one

    plain = _command(Kind(register_csv.NAME, register_csv.SUMMARY, _unread))
    option = click.Option(
        ["--map", "maps"], multiple=True, required=True, metavar="FIELD=COLUMN",
        help="Which column is what: address=IP,mac=MAC,maker=…,model=…,firmware=…,serial=…,name=…",
    )  # fmt: skip
    return click.Command(
        register_csv.NAME, callback=read_mapped, params=[option, *plain.params], help=plain.help,
        short_help=plain.short_help,
        epilog="Example:  auditor import csv --map address=IP,model=Model --scope scope.toml register.csv",
    )  # fmt: skip


def _unread(path: Path, tell: Tell, at: datetime | None) -> Iterator[Exchange]:
    """Stand in for a reader until the columns are known."""
    del tell, at
    raise EvidenceError(f"{path}: --map must say which column is what")


command = Imports(name="import", help="Identify devices from evidence that others recorded, sending nothing.")


def _import(
    kind: Kind,
    files: tuple[Path, ...],
    at: datetime | None,
    scope_file: Path | None,
    no_scope: bool,
    site: str | None,
    db: Path,
    policy: str | None,
    fail_on: str | None,
    as_json: bool,
) -> int:
    scope = scope_of(scope_file, site, no_scope=no_scope)
    for path in files:
        if not path.exists():
            raise Failure(f"{path}: there is no such file")
    problems, chosen = Problems(), chosen_basis(policy, now().date())
    with Store.open(db, Access.CREATE) as store:
        importer = importer_for(store, scope, site, chosen)
        if kind.read_together is not None and len(files) > 1:
            failed = _read_together(kind.read_together, files, importer, problems)
        else:
            failed = [path for path in files if not _read(kind, path, at, importer, problems)]
        for note in problems.notes():
            importer.note(note)
        code = conclude(store, importer, policy=policy, fail_on=fail_on, as_json=as_json)
    return Exit.USAGE if failed else code


def _read_together(
    read: Together, files: tuple[Path, ...], importer: Importer, problems: Problems
) -> list[Path]:
    """Read files that are parts of one recording; return those that are none, as was said of each."""
    failed: list[Path] = []

    def refuse(path: Path, error: Exception) -> None:
        failed.append(path)
        words(unreadable(path, error).message if isinstance(error, OSError) else f"auditor: {error}")

    showing: set[str] = set()
    for exchange in read(files, problems.tell, refuse):
        if importer.take(exchange):
            showing.add(exchange.source.partition(" ")[2])
    for path in files:
        if path.name not in showing and path not in failed:
            words(
                f"auditor: {path}: nothing in it shows a device that may be described, or nothing that the others do not show"
            )
    return failed


def _read(kind: Kind, path: Path, at: datetime | None, importer: Importer, problems: Problems) -> bool:
    """Read one file; tell whether it was of its kind. What other files hold is kept in any case."""
    made = at.replace(tzinfo=now().tzinfo) if at else None
    try:
        if made is None and not kind.says_when:
            importer.note(
                f"{path.name}: does not say when its devices answered: they count as listed, not as heard, and as older "
                "than whatever answered; --at says when"
            )
        before = importer.exchanges
        importer.take_all(kind.read(path, problems.tell, made))
    except EvidenceError as error:
        words(f"auditor: {error}")
        return False
    except OSError as error:
        words(unreadable(path, error).message)
        return False
    if importer.exchanges == before:
        words(f"auditor: {path}: nothing in it shows a device that may be described")
    return True
