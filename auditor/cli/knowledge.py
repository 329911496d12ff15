"""`auditor knowledge`: how old the knowledge is, what a record says, whether the data files are sound."""

import difflib
from datetime import UTC, date, datetime
from pathlib import Path

import click

from auditor.cli._knowledge import (
    advisory_form,
    advisory_lines,
    index_at,
    index_path,
    restriction_form,
    restriction_lines,
)
from auditor.cli._words import Exit, Failure, say_json, shown, words
from auditor.knowledge import knowledge_book
from auditor.knowledge import lint as check
from auditor.knowledge.latest import convert, save


@click.group(epilog="Example:  auditor knowledge show CVE-2021-36260")
def command() -> None:
    """Say how old the knowledge is, what a record says, and whether the data files are sound."""


@command.command(epilog="Example:  auditor knowledge status")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def status(as_json: bool) -> None:
    """Say what is known, of which day it is, how old that makes it, and which policies are shipped."""
    book, index = knowledge_book(), index_at(None)
    ages, policies = book.ages(), sorted(one.stem for one in (book.folder / "policies").glob("*.toml"))
    if as_json:
        parts = [
            {
                "what": one.what,
                "count": one.count,
                "as_of": one.as_of.isoformat() if one.as_of else None,
                "days": _days(one.as_of) if one.as_of else None,
            }
            for one in ages
        ]
        imported = (
            {"as_of": index.as_of.isoformat(), "source": index.source, "models": len(index.models)}
            if index
            else None
        )
        say_json({"schema_version": 1, "knowledge": parts, "firmware_index": imported, "policies": policies})
        return
    for one in ages:
        note = f" ({one.note})" if one.note else ""
        age = f"as of {one.as_of}, {_old(one.as_of)}" if one.as_of else "no date stated"
        click.echo(f"{one.count:>6}  {one.what:<16}  {age}{note}")
    if index is None:
        click.echo(
            "     -  newest firmware   no list imported; see: auditor knowledge import-firmware --help"
        )
    else:
        click.echo(
            f"{len(index.models):>6}  newest firmware   as of {index.as_of}, {_old(index.as_of)} ({shown(index.source)})"
        )
    click.echo(f"{len(policies):>6}  policies          {', '.join(policies)}")


def _days(as_of: date) -> int:
    today = datetime.now(tz=UTC).date()  # noqa: TID251 - commands are where the clock is read
    return max(0, (today - as_of).days)


def _old(as_of: date) -> str:
    days = _days(as_of)
    return f"{days} {'day' if days == 1 else 'days'} old"


@command.command(epilog="Example:  auditor knowledge show CVE-2021-36260")
@click.argument("name", metavar="ID")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def show(name: str, as_json: bool) -> None:
    """Show an advisory or an instrument."""
    book = knowledge_book()
    advisory, restriction = book.advisory(name), book.restriction(name)
    if advisory is not None:
        if as_json:
            say_json(advisory_form(advisory))
        else:
            click.echo("\n".join(advisory_lines(advisory, book.effect[advisory.effect])))
    elif restriction is not None:
        if as_json:
            say_json(restriction_form(restriction))
        else:
            click.echo("\n".join(restriction_lines(restriction)))
    else:
        names = [one.id for one in book.advisories] + [one.id for one in book.restrictions]
        near = difflib.get_close_matches(name, names, n=3)
        hint = f"; did you mean {' or '.join(near)}?" if near else ""
        raise Failure(f"no record {name!r}{hint}")


@command.command(epilog="Example:  auditor knowledge lint")
@click.argument("folder", required=False, type=click.Path(exists=True, file_okay=False, path_type=Path))
def lint(folder: Path | None) -> int:
    """Check every data file and every example in it; FOLDER is one like fingerprints/."""
    wrong = check(folder)
    for line in wrong:
        click.echo(line)
    words(f"{len(wrong)} faults" if wrong else "every record, example, policy and instruction is sound")
    return Exit.USAGE if wrong else Exit.DONE


@command.command(
    "import-firmware",
    epilog="Example:  auditor knowledge import-firmware index.json --as-of 2026-11-01 --source maker",
)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--as-of", required=True, type=click.DateTime(["%Y-%m-%d"]), help="The day the list is of.")
@click.option("--source", required=True, help="Where the list comes from; reports name it.")
@click.option(
    "--to", type=click.Path(dir_okay=False, path_type=Path), help="Keep it here instead of your own folder."
)
def import_firmware(file: Path, as_of: datetime, source: str, to: Path | None) -> None:
    """Import a public list of firmware, to say whether newer firmware exists than a device has.

    FILE is JSON: rows with model, version, date, filename and supported_models, as a list under "rows" or
    as one object by name. None is shipped with the program: mind the licence of the list you use.
    """
    target = to or index_path()
    index = convert(file, as_of.date(), source)
    try:
        save(index, target)
    except OSError as error:
        raise Failure(f"{target}: cannot be written: {error.strerror}") from error
    words(f"{len(index.models)} models of {index.as_of} kept in {target}")
