"""`auditor-lab check`: check every persona file and every town."""

from pathlib import Path

import click

from lab.emulator import wall_clock
from lab.persona import FOLDER, check_all, persona_files
from lab.town import all_towns, check_towns
from lab.town.read import FOLDER as TOWNS


@click.command("check")
@click.argument(
    "folder", required=False, type=click.Path(exists=True, file_okay=False, path_type=Path), default=FOLDER
)
@click.option(
    "--towns",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=TOWNS,
    help="Folder of the town files; default: lab/towns.",
)
def command(folder: Path, towns: Path) -> None:
    """Check every persona: form, name, patterns, placeholders, and evidence for what it claims to be.

    Then every month of every town: who is called what, lives where, is made of which persona, and what changes.
    Exits with 1 when something is wrong.

    Example: auditor-lab check
    """
    problems = [*map(str, check_all(folder)), *check_towns(towns, clock=wall_clock)]
    for problem in problems:
        click.echo(problem)
    counts = f"{len(persona_files(folder))} personas, {len(all_towns(towns))} towns"
    click.echo(f"{counts}, {len(problems)} problems", err=True)
    raise SystemExit(1 if problems else 0)
