"""`auditor assess`: judge what is known by the knowledge at hand, offline, and keep the findings."""

from datetime import UTC, date, datetime
from pathlib import Path

import click

from auditor.cli._findings import form, print_lines, urgent_first
from auditor.cli._knowledge import index_at
from auditor.cli._reading import database
from auditor.cli._words import Exit, Failure, number, say_jsonl, shown, words
from auditor.garbage import seldom_collected
from auditor.model import Device, Finding, Priority, Severity, Verdict


@click.command(epilog="Example:  auditor assess --db audit.sqlite --policy us-federal --as-of 2021-03-01")
@database()
@click.option("--run", "run_id", metavar="ID", help="Only what this run alone heard.")
@click.option(
    "--policy",
    metavar="NAME|FILE",
    help="Which instruments count: a shipped policy or your policy.toml; else the policy used last.",
)
@click.option("--as-of", type=click.DateTime(["%Y-%m-%d"]), help="As of this day; today if not given.")
@click.option(
    "--firmware-index",
    type=click.Path(dir_okay=False, exists=True, path_type=Path),
    help="An imported list of newest firmware; see: auditor knowledge import-firmware.",
)
@click.option("--dry-run", is_flag=True, help="Say what would be found; keep nothing.")
@click.option("--jsonl", "as_lines", is_flag=True, help="One JSON object a finding to stdout.")
@click.option(
    "--fail-on",
    type=click.Choice([one.value for one in Severity]),
    help="Exit code 1 when a finding is so bad.",
)
@seldom_collected()
def command(
    db: Path,
    run_id: str | None,
    policy: str | None,
    as_of: datetime | None,
    firmware_index: Path | None,
    dry_run: bool,
    as_lines: bool,
    fail_on: str | None,
) -> int:
    """Judge what is known by the knowledge at hand, offline, and keep the findings.

    Nothing is sent. What an earlier judgement found is replaced.
    """
    from auditor.knowledge import fails, knowledge_book  # noqa: PLC0415 - takes time
    from auditor.run.basis import judging_by, unmet  # noqa: PLC0415 - as above
    from auditor.run.judge import keep_judged  # noqa: PLC0415 - as above
    from auditor.run.picture import picture  # noqa: PLC0415 - as above
    from auditor.store import Access, Store  # noqa: PLC0415 - as above

    book, today = knowledge_book(), as_of.date() if as_of else _today()
    latest = index_at(firmware_index)
    with Store.open(db, Access.READ if dry_run else Access.WRITE) as store:
        if not dry_run and not store.writable:
            raise Failure(f"{db}: is read-only; use --dry-run, or make a copy you can write to")
        known = picture(store, run=run_id, policy=policy, today=today, latest=latest)
        found = tuple(one for one in known.devices if one.is_present)
        judging = judging_by(known.basis, policy=policy, today=today, otherwise=today, latest=latest)
        if not dry_run:
            only = known.restricted_to or None
            keep_judged(store, known.run.id, judging, only_run=only, all_anew=True)
    if as_lines:
        say_jsonl(form(device, one) for device in found for one in device.findings)
    else:
        _summarise(found)
    words(f"advisory data of {book.compiled}, policy {judging.basis} as of {today}")
    for one in unmet(judging, known.devices):
        words(f"policy {judging.basis}: {shown(one)}")
    if len(found) < len(known.devices):
        words(
            f"not counted here, being gone (silent, replaced, retired): {number(len(known.devices) - len(found), 'device')}"
        )
    everything = (one for device in found for one in device.findings)
    return Exit.FINDINGS if fail_on and fails(everything, Severity(fail_on)) else Exit.DONE


def _today() -> date:
    return datetime.now(tz=UTC).date()  # noqa: TID251 - commands are where the clock is read


def _is_urgent(one: Finding) -> bool:
    return one.counts and one.priority is Priority.ACT_NOW


def _summarise(devices: tuple[Device, ...]) -> None:
    """Write what counts most: numbers of devices, then what must be done now."""
    from auditor.knowledge import binds  # noqa: PLC0415 - as above

    now = [device for device in devices if any(map(_is_urgent, device.findings))]
    open_ = [
        device for device in devices if any(one.verdict is Verdict.NOT_ASSESSED for one in device.findings)
    ]
    bound = [device for device in devices if any(binds(one) for one in device.findings)]
    click.echo(
        f"{number(len(devices), 'device')}; {len(now)} need action now; {len(bound)} must go by an instrument;"
    )
    click.echo(f"{len(open_)} where something could not be assessed.")
    pairs = ((device, one) for device in now for one in device.findings if _is_urgent(one))
    print_lines(urgent_first(pairs))
