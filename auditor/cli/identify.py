"""`auditor identify`: say who devices are from recorded replies or a stored run, sending nothing."""

import sys
from collections.abc import Iterator
from pathlib import Path

import click

from auditor import fingerprint
from auditor.cli import _forms
from auditor.cli._words import Failure, number, say_json, say_jsonl, shown, words
from auditor.intake import transcript as transcripts
from auditor.model import Claim, Identity
from auditor.run.again import known_from
from auditor.run.picture import identify_again
from auditor.store import Store


@click.command(
    epilog="Example:  auditor identify --transcript replies.jsonl --jsonl",
)
@click.option(
    "--transcript",
    "transcript",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Recorded replies, JSON Lines; `-` reads stdin.",
)
@click.option(
    "--db",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Identify what this database holds again, with the rules at hand.",
)
@click.option(
    "--run", "name", metavar="RUN", help="Only as this run alone heard them; default: by all that is known."
)
@click.option("--jsonl", is_flag=True, help="One JSON object for each device.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object with all devices.")
def command(transcript: Path | None, db: Path | None, name: str | None, jsonl: bool, as_json: bool) -> int:
    """Identify devices offline, from a transcript or again from a database with newer rules.

    Nothing is sent. With --db the stored claims are replaced; what was asked and said stays as it is.
    """
    if (transcript is None) == (db is None):
        raise click.UsageError("give either --transcript FILE or --db FILE")
    if transcript is not None:
        _say(_from_transcript(transcript), jsonl=jsonl, as_json=as_json)
        return 0
    assert db is not None
    with Store.open(db) as store:
        chosen = store.run(name).id if name else None
        changes = identify_again(store, chosen)
        if jsonl or as_json:
            _say(
                (device.identity for device in store.devices(chosen, with_bytes=False)),
                jsonl=jsonl,
                as_json=as_json,
            )
    for change in () if jsonl or as_json else changes:
        click.echo(f"{shown(change.device)}  {change.name}: {_told(change.before)} -> {_told(change.after)}")
    words(f"rules {fingerprint.data_digest()[:12]}: {number(len(changes), 'claim')} changed")
    return 0


def _told(value: str | None) -> str:
    return shown(value) if value is not None else "not known"


def _from_transcript(path: Path) -> Iterator[Identity]:
    try:
        if str(path) == "-":
            found = transcripts.read_lines(sys.stdin.buffer, "stdin")
        else:
            found = transcripts.read(path)
    except OSError as error:
        raise Failure(f"{path}: cannot be read: {error.strerror or error}") from error
    for problem in found.problems:
        words(f"auditor: {problem}")
    if not found.devices:
        raise Failure(
            f"{path}: holds no line that can be read; a transcript is JSON Lines, one exchange a line"
        )
    if found.problems:
        words(f"auditor: {path}: left out {number(len(found.problems), 'line')}")
    return (
        part.identity for heard in found.devices for part in known_from(heard.device, heard.exchanges).parts
    )


def _say(identities: Iterator[Identity], *, jsonl: bool, as_json: bool) -> None:
    if jsonl:
        say_jsonl(_forms.identity(one) for one in identities)
    elif as_json:
        say_json(
            {
                "schema_version": _forms.SCHEMA_VERSION,
                "devices": [_forms.identity(one) for one in identities],
            }
        )
    else:
        for one in identities:
            click.echo(_line(one))


def _line(known: Identity) -> str:
    told = [held for name in _forms.FIRST_CLAIMS if (held := known.claim(name))]
    if not known.claim("maker"):
        told += _beside(known)
    parts = [f"{one.name.replace('_', ' ')} {shown(one.value)} ({one.certainty})" for one in told]
    if not known.claim("maker"):
        parts.insert(0, "maker not identified" if parts else "not identified")
    return f"{shown(known.device)}: {', '.join(parts)}"


def _beside(known: Identity) -> list[Claim]:
    """Return what is known of a device beside who it is: all there is to say where nobody knows its maker."""
    return [one for one in known.claims if one.name not in _forms.FIRST_CLAIMS]
