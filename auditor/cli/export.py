"""`auditor export`: write a run in one format, to standard output or a file."""

import io
from pathlib import Path

import click

from auditor.cli._report import Wish, document_options, gather
from auditor.cli._words import Failure
from auditor.cli._writing import write_whole
from auditor.exports import exports


@click.command(
    "export",
    short_help="Write a run in one format, to standard output or a file.",
    epilog="Example:  auditor export jsonl --db audit.sqlite > devices.jsonl",
)
@click.argument("name", metavar="FORMAT")
@document_options
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File; standard output if not given.",
)
def command(name: str, output: Path | None, **given: object) -> None:
    """Write a run in one format: csv, html, json, jsonl, md, pdf, xlsx, transcript."""
    known = exports()
    if name not in known:
        raise Failure(f"{name}: unknown format; known are {', '.join(known)}")
    export = known[name]
    wish = Wish.of(given, needs_bytes=getattr(export, "NEEDS_BYTES", True))
    if wish.redact and not getattr(export, "REDACTS", False):
        raise Failure(f"{name}: holds replies as they came and cannot be redacted; choose another format")
    run, found, context = gather(wish)
    document = io.BytesIO()
    export.write(run, found, document, context=context)
    if output is None or str(output) == "-":
        click.echo(document.getvalue(), nl=False)
        return
    write_whole(output, document.getvalue(), "choose another file with -o")
