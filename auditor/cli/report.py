"""`auditor report`: write the report of a run, as a page, a PDF, Markdown or tables."""

import io
from pathlib import Path

import click

from auditor.cli._report import Wish, document_options, gather, has_findings
from auditor.cli._words import Exit, Failure, words
from auditor.cli._writing import write_whole
from auditor.exports import Export, exports
from auditor.garbage import seldom_collected
from auditor.model import Severity
from auditor.reporting import Evidence


@click.command(
    "report",
    short_help="Write the report of a run, as a page, a PDF, Markdown or tables.",
    epilog="Example:  auditor report --db audit.sqlite --format html,csv -o town-2026",
)
@document_options
@click.option(
    "--format",
    "formats",
    default="html",
    show_default=True,
    metavar="NAME,…",
    help="Formats separated by commas: html, pdf, md, csv, xlsx, json, jsonl.",
)
@click.option(
    "-o",
    "--output",
    default="report",
    show_default=True,
    metavar="BASE",
    help="File name without ending; - for standard output (one format).",
)
@click.option(
    "--evidence",
    type=click.Choice([one.value for one in Evidence]),
    default=Evidence.AUTO.value,
    show_default=True,
    help="Whether the page holds requests and replies; auto leaves them out of very large pages.",
)
@click.option(
    "--fail-on",
    type=click.Choice([one.value for one in Severity]),
    help="Exit with 1 when a finding is this severe or more.",
)
@seldom_collected()
def command(formats: str, output: str, fail_on: str | None, **given: object) -> int:
    """Write what an audit found as documents people can act on.

    Stored findings are used as they are; a run that nobody judged is judged against the shipped advisories
    for this document. Give --policy to say which restrictions count.
    """
    chosen = _chosen(formats)
    if output == "-" and len(chosen) > 1:
        raise Failure("-o - writes one document; give one --format, or a file name")
    wish = Wish.of(given, needs_bytes=any(getattr(one, "NEEDS_BYTES", True) for one in chosen))
    bare = [one.NAME for one in chosen if not getattr(one, "REDACTS", False)]
    if wish.redact and bare:
        raise Failure(f"--format {bare[0]}: holds replies as they came and cannot be redacted; leave it out")
    run, found, context = gather(wish)
    for export in chosen:
        document = io.BytesIO()
        export.write(run, found, document, context=context)
        _put(document.getvalue(), output, export.SUFFIX)
    return Exit.FINDINGS if has_findings(found, fail_on) else Exit.DONE


def _chosen(formats: str) -> tuple[Export, ...]:
    known = exports()
    wanted = [name.strip().lower() for name in formats.split(",") if name.strip()]
    unknown = [name for name in wanted if name not in known]
    if unknown or not wanted:
        what = f"unknown format {unknown[0]!r}" if unknown else "no format given"
        raise Failure(f"--format {formats}: {what}; known are {', '.join(known)}")
    return tuple(known[name] for name in dict.fromkeys(wanted))


def _put(data: bytes, output: str, suffix: str) -> None:
    """Write a document to BASE with its ending, or to standard output."""
    if output == "-":
        click.echo(data, nl=False)
        return
    path = Path(output if output.endswith(suffix) else output + suffix)
    write_whole(path, data, "choose another place with -o")
    words(f"{path} written ({len(data):,} bytes)")
