"""`auditor runs`: list the runs a database holds, and how far each got."""

from pathlib import Path

import click

from auditor.cli import _forms
from auditor.cli._reading import database
from auditor.cli._table import print_table
from auditor.cli._words import say_json, say_jsonl, shown
from auditor.model import Run
from auditor.store import Access, Store


@click.command(epilog="Example:  auditor runs --db audit.sqlite")
@database("The database of a scan.")
@click.option("--events", metavar="RUN", help="Show the log of this run instead.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object with all runs.")
@click.option("--jsonl", is_flag=True, help="One JSON object for each run.")  # fmt: skip
def command(db: Path, events: str | None, as_json: bool, jsonl: bool) -> int:
    """List runs, oldest first: when, under which authorisation, how far they got."""
    with Store.open(db, Access.READ) as store:
        if events:
            for event in store.events(store.run(events).id):
                click.echo(
                    f"{event.at:%Y-%m-%dT%H:%M:%SZ}  {event.kind:9} {shown(event.subject)}  {shown(event.text)}"
                )
            return 0
        runs = store.runs()
    if jsonl:
        say_jsonl(_forms.run(run) for run in runs)
    elif as_json:
        say_json({"schema_version": _forms.SCHEMA_VERSION, "runs": [_forms.run(run) for run in runs]})
    else:
        heads = ("RUN", "STARTED", "STATE", "AUTHORISATION", "GRANTED", "SWEPT", "ANSWERED", "SILENT")
        print_table(heads, [_row(run) for run in runs])
    return 0


def _row(run: Run) -> tuple[str, ...]:
    covered = run.coverage
    counts = (
        (covered.granted, covered.swept, covered.answered, covered.silent) if covered else ("", "", "", "")
    )
    return (
        run.id,
        f"{run.started:%Y-%m-%d %H:%M}",
        run.state,
        run.authorisation,
        *(str(one) for one in counts),
    )
