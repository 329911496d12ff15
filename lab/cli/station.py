"""`auditor-lab station`: make the auditor's seat ready in a town, and wait."""

import signal
from pathlib import Path

import click

from lab.town import PlanError, TownPlan, read_town, scope_text
from lab.town.interfaces import interface_in


@click.command("station")
@click.argument("town")
@click.option("--once", is_flag=True, help="Write scope.toml and end; otherwise wait to be stopped.")
def command(town: str, once: bool) -> None:
    """Write the scope.toml of a town into this folder, with this machine's interfaces in it, and wait.

    Example: auditor-lab station municipality
    """
    try:
        plan = read_town(town)
    except PlanError as error:
        raise click.ClickException(str(error)) from error
    write_scope(plan, Path("scope.toml"))
    click.echo("scope.toml is ready: auditor scan --scope scope.toml --db audit.sqlite", err=True)
    if not once:
        signal.sigwait({signal.SIGTERM, signal.SIGINT})


def write_scope(plan: TownPlan, path: Path) -> None:
    """Write a town's scope for whoever runs here, multicast granted where there is an interface for it."""
    found = ((network.name, interface_in(network.cidr)) for network in plan.networks)
    here = {name: (interface,) for name, interface in found if interface}
    path.write_text(scope_text(plan, here), encoding="utf-8")
