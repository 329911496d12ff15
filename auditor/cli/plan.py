"""`auditor plan`: list the work orders of a run: what is to be done where, and what was done since the run before."""

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import click

from auditor.cli._plan import STATES, Where, form, print_orders
from auditor.cli._reading import database, moment_asked
from auditor.cli._words import Exit, say_json, say_jsonl, words
from auditor.model import Priority, Run, WorkOrder


@click.command(epilog="Example:  auditor plan --db audit.sqlite --site town-hall --state open --state new")
@database()
@click.option("--run", "run_id", metavar="ID", help="Of what this run alone heard.")
@moment_asked()
@click.option("--site", "sites", multiple=True, help="Only at this site.")
@click.option("--owner", "owners", multiple=True, help="Only at sites this owner answers for.")
@click.option("--state", "states", multiple=True, type=click.Choice(STATES), help="Only in this state.")
@click.option("--priority", type=click.Choice([one.value for one in Priority]), help="At least so urgent.")
@click.option(
    "--scope",
    "scope_file",
    default="scope.toml",
    show_default=True,
    help="The scope file named in the commands that check the work.",
)
@click.option("--steps", is_flag=True, help="Print the steps and the check of each order, too.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@click.option("--jsonl", "as_lines", is_flag=True, help="One JSON object an order.")
def command(
    db: Path,
    run_id: str | None,
    as_of: datetime | None,
    sites: tuple[str, ...],
    owners: tuple[str, ...],
    states: tuple[str, ...],
    priority: str | None,
    scope_file: str,
    steps: bool,
    as_json: bool,
    as_lines: bool,
) -> int:
    """List work orders, the most urgent first, each with what became of it.

    An order keeps its number from run to run. At a device it is done when the question whose answer made it was put
    again and the answer no longer shows it, or when the device was retired (`auditor retire`). Devices that are silent
    or replaced are named apart: whether the work was done there, nobody can look.
    """
    run, orders, where = _orders(db, run_id, as_of, scope_file)
    least = Priority(priority).rank if priority else 0
    wanted = [
        order
        for order in orders
        if (not sites or order.site in sites)
        and (not owners or run.owner(order.site) in owners)
        and (not states or order.state in states)
        and order.priority.rank >= least
    ]
    if as_json:
        say_json(
            {"schema_version": 1, "run": run.id, "orders": [form(order, run, where) for order in wanted]}
        )
    elif as_lines:
        say_jsonl(form(order, run, where) for order in wanted)
    else:
        print_orders(wanted, run, with_steps=steps, where=where)
        counts = ", ".join(f"{sum(one.state == state for one in wanted)} {state}" for state in STATES)
        words(f"{len(wanted)} work orders: {counts}")
    return Exit.DONE


def _orders(
    db: Path, run_id: str | None, as_of: datetime | None, scope: str
) -> tuple[Run, tuple[WorkOrder, ...], Where]:
    from auditor.cli._moment import until  # noqa: PLC0415 - takes time that --help need not
    from auditor.run.picture import picture  # noqa: PLC0415 - as above
    from auditor.run.work import work  # noqa: PLC0415 - as above
    from auditor.store import Access, Store  # noqa: PLC0415 - as above

    with Store.open(db, Access.READ) as store:
        known = picture(store, run=run_id, as_of=until(store, as_of))
        owners = dict(pair for one in known.runs for pair in one.owners)
        where = {one.key: (one.site, one.address) for one in known.devices}
        return replace(known.run, owners=tuple(owners.items())), work(store, known, scope=scope), where
