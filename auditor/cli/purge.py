"""`auditor purge`: remove runs older than the scope's retention allows, with all they heard."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

from auditor.cli._reading import database
from auditor.cli._words import number, say_json, words
from auditor.scope import read
from auditor.store import Access, Store


@click.command(epilog="Example:  auditor purge --db audit.sqlite --scope scope.toml --dry-run")
@database("The database of a scan.")
@click.option(
    "--scope",
    "scope_file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Takes the days from its [retention].",
)
@click.option("--days", type=click.IntRange(0), help="Keep runs that ended within so many days.")
@click.option("--dry-run", is_flag=True, help="Say what would be removed, and remove nothing.")
@click.option("--json", "as_json", is_flag=True, help="Say it as a JSON object.")  # fmt: skip
def command(db: Path, scope_file: Path | None, days: int | None, dry_run: bool, as_json: bool) -> int:
    """Remove old runs: what was asked and said, who it was, and devices no later run has seen."""
    if days is None and scope_file is not None:
        days = read(scope_file).retention_days
        if days is None:
            raise click.UsageError(f"{scope_file} has no [retention] with days; give --days")
    if days is None:
        raise click.UsageError("give --days, or --scope with a [retention] in it")
    before = datetime.now(tz=UTC) - timedelta(days=days)  # noqa: TID251  the command is where the clock is read
    with Store.open(db, Access.READ if dry_run else Access.WRITE) as store:
        purged = store.purge(before, dry_run=dry_run)
    if as_json:
        say_json(
            {
                "schema_version": 1,
                "dry_run": dry_run,
                "runs": list(purged.runs),
                "kept": list(purged.kept),
                "exchanges": purged.exchanges,
                "devices": purged.devices,
            }
        )
    verb = "would be removed" if dry_run else "removed"
    words(
        f"{verb}: {number(len(purged.runs), 'run')}, {number(purged.exchanges, 'exchange')}, {number(purged.devices, 'device')}"
    )
    if purged.kept:
        words(f"kept, since a process is at work on it: {', '.join(purged.kept)}")
    return 0
