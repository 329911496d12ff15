"""`auditor findings`: list what was found, by kind, severity, verdict, site or priority."""

from datetime import datetime
from pathlib import Path

import click

from auditor.cli._findings import Filter, form, print_lines, urgent_first
from auditor.cli._moment import until
from auditor.cli._reading import database, moment_asked
from auditor.cli._words import Exit, number, say_json, say_jsonl, words
from auditor.model import FindingKind, Priority, Severity, Verdict


@click.command(epilog="Example:  auditor findings --db audit.sqlite --priority 'act now'")
@database()
@click.option("--run", "run_id", metavar="ID", help="Of what this run alone heard.")
@moment_asked()
@click.option(
    "--all", "everything", is_flag=True, help="Also at devices that are silent, replaced or retired."
)
@click.option(
    "--kind",
    "kinds",
    multiple=True,
    type=click.Choice([one.value for one in FindingKind]),
    help="Only of this kind.",
)
@click.option(
    "--verdict",
    "verdicts",
    multiple=True,
    type=click.Choice([one.value for one in Verdict]),
    help="Only this verdict.",
)
@click.option("--site", "sites", multiple=True, help="Only at this site.")
@click.option("--id", "ids", multiple=True, metavar="ID", help="Only this advisory, instrument or exposure.")
@click.option("--severity", type=click.Choice([one.value for one in Severity]), help="At least so bad.")
@click.option("--priority", type=click.Choice([one.value for one in Priority]), help="At least so urgent.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@click.option("--jsonl", "as_lines", is_flag=True, help="One JSON object a finding.")
@click.option(
    "--fail-on",
    type=click.Choice([one.value for one in Severity]),
    help="Exit code 1 when one of these is so bad; what the owner accepts does not count.",
)
def command(
    db: Path,
    run_id: str | None,
    as_of: datetime | None,
    everything: bool,
    kinds: tuple[str, ...],
    verdicts: tuple[str, ...],
    sites: tuple[str, ...],
    ids: tuple[str, ...],
    severity: str | None,
    priority: str | None,
    as_json: bool,
    as_lines: bool,
    fail_on: str | None,
) -> int:
    """List what is found at the devices that are there, by their newest answers, the most urgent first.

    Not affected, and not assessed, are listed too: choose with --verdict.
    """
    from auditor.knowledge import fails  # noqa: PLC0415 - takes time that --help need not
    from auditor.run.picture import picture  # noqa: PLC0415 - as above
    from auditor.store import Access, Store  # noqa: PLC0415 - as above

    wanted = Filter(
        kinds,
        verdicts,
        sites,
        tuple(one.lower() for one in ids),
        Severity(severity) if severity else None,
        Priority(priority) if priority else None,
    )
    with Store.open(db, Access.READ) as store:
        known = picture(store, run=run_id, as_of=until(store, as_of))
    here = [one for one in known.devices if everything or one.is_present]
    found, run = urgent_first(wanted.of(here)), known.run
    if as_json:
        say_json({"schema_version": 1, "run": run.id, "findings": [form(*pair) for pair in found]})
    elif as_lines:
        say_jsonl(form(*pair) for pair in found)
    else:
        print_lines(found)
        accepted = sum(1 for _, one in found if one.accepted)
        words(
            f"{number(len(found), 'finding')}{f' ({accepted} accepted)' if accepted else ''} at {len({one.key for one, _ in found})} of {number(len(here), 'device')}"
        )
        if len(here) < len(known.devices):
            words(
                f"left out, being gone: {number(len(known.devices) - len(here), 'device')}; --all lists their findings"
            )
    failed = fail_on is not None and fails((one for _, one in found), Severity(fail_on))
    return Exit.FINDINGS if failed else Exit.DONE
