"""`auditor-lab netns`: a town in network namespaces, and a command at its station."""
# ruff: noqa: S603 - the command the user typed

import os
import shutil
import subprocess
import sys
from pathlib import Path

import click

from lab.emulator import wall_clock
from lab.town import PlanError, read_town
from lab.town.segments import segments


@click.command("netns", context_settings={"ignore_unknown_options": True})
@click.option("--town", default="municipality", show_default=True, help="Which town (lab/towns).")
@click.option(
    "--month", type=click.IntRange(1), default=1, show_default=True, help="In this month of the town."
)
@click.option(
    "--journal",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("sensor"),
    show_default=True,
    help="Folder for the sensor's files.",
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def command(town: str, month: int, journal: Path, arguments: tuple[str, ...]) -> None:
    """Put a town up in network namespaces of its own, and run a command (or a shell) at its station. Needs root.

    Each network is a segment with real multicast and broadcast; a router stands between them; nothing has a way
    out. scope.toml is written into this folder. Exits as the command does.

    Example: auditor-lab netns -- auditor scan --scope scope.toml --db audit.sqlite
    """
    try:
        plan = read_town(town).in_month(month)
        with segments(plan, journal, clock=wall_clock) as up:
            ready = [sys.executable, "-m", "lab", "station", town, "--once"]
            environment = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[2])}
            subprocess.run(up.command(*ready), check=True, env=environment)
            wanted = list(arguments) or [shutil.which(os.environ.get("SHELL", "sh")) or "/bin/sh"]
            code = subprocess.run(up.command(*wanted), check=False).returncode
    except PlanError as error:
        raise click.ClickException(str(error)) from error
    raise SystemExit(code)
