"""`auditor-lab compose`: write lab/compose.yaml from a town."""

from pathlib import Path

import click

from lab.emulator import wall_clock
from lab.town import PlanError, read_town
from lab.town.compose import FILE, compose_text


@click.command("compose")
@click.argument("town", default="municipality")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), default=FILE, help="Default: lab/compose.yaml."
)
@click.option("--check", is_flag=True, help="Write nothing; exit with 1 when the file is not current.")
def command(town: str, output: Path, check: bool) -> None:
    """Write the compose file of a town, or check that it is current.

    Example: auditor-lab compose municipality --check
    """
    try:
        text = compose_text(read_town(town), clock=wall_clock)
    except PlanError as error:
        raise click.ClickException(str(error)) from error
    if not check:
        output.write_text(text, encoding="utf-8")
        click.echo(f"{output} written", err=True)
        return
    if not output.exists() or output.read_text(encoding="utf-8") != text:
        raise click.ClickException(
            f"{output} is not what the town {town} says: run auditor-lab compose {town}"
        )
    click.echo(f"{output} is current", err=True)
