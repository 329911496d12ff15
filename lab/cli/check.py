"""`auditor-lab check`: check every persona file."""

from pathlib import Path

import click

from lab.persona import FOLDER, check_all, persona_files


@click.command("check")
@click.argument(
    "folder", required=False, type=click.Path(exists=True, file_okay=False, path_type=Path), default=FOLDER
)
def command(folder: Path) -> None:
    """Check every persona: form, name, patterns, placeholders, and evidence for what it claims to be.

    Exits with 1 when something is wrong.

    Example: auditor-lab check
    """
    problems = check_all(folder)
    for problem in problems:
        click.echo(str(problem))
    click.echo(f"{len(persona_files(folder))} personas, {len(problems)} problems", err=True)
    raise SystemExit(1 if problems else 0)
