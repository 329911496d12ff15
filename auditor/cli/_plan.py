"""The forms of work orders: for programs, and as lines for people."""

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType

import click

from auditor.cli._forms import SCHEMA_VERSION
from auditor.cli._presence import placed
from auditor.cli._words import shown
from auditor.model import Run, WorkOrder

STATES = ("new", "open", "partly done", "not heard", "accepted", "done")
_UNHEARD = "not heard"
_MOST_DEVICES = 8

Where = Mapping[str, tuple[str, str]]
"""By key of a device: the site and the address where it was heard last."""
_NOWHERE: Where = MappingProxyType({})


def form(order: WorkOrder, run: Run, where: Where = _NOWHERE) -> dict[str, object]:
    """Give an order in full, with the one who answers for its site, and where each of its devices is."""
    keys = dict.fromkeys((*order.devices, *order.done, *order.unheard, *order.accepted))
    return {
        "schema_version": SCHEMA_VERSION,
        "id": order.id,
        "state": order.state,
        "site": order.site,
        "owner": run.owner(order.site) or None,
        "priority": order.priority.value,
        "priority_reason": order.priority_reason,
        "action": order.action,
        "title": order.title,
        "target": order.target,
        "effort": order.effort,
        "devices": list(order.devices),
        "done": list(order.done),
        "unheard": list(order.unheard),
        "accepted": list(order.accepted),
        "steps": list(order.steps),
        "check": order.check or None,
        "findings": list(order.findings),
        "places": [
            {"device": key, "site": where[key][0], "address": where[key][1]} for key in keys if key in where
        ],
    }


def print_orders(
    orders: Iterable[WorkOrder],
    run: Run,
    *,
    with_steps: bool,
    where: Where = _NOWHERE,
) -> None:
    """Write orders for people to stdout, safe to print."""
    given = list(orders)
    for order in given:
        if order.state != _UNHEARD:
            for line in _lines(order, run, where, with_steps=with_steps):
                click.echo(line)
    unheard = [order for order in given if order.state == _UNHEARD]
    if unheard:
        click.echo("At devices that are silent or replaced; nobody can look whether it was done:")
    for order in unheard:
        for line in _lines(order, run, where, with_steps=with_steps):
            click.echo(line)


def _lines(order: WorkOrder, run: Run, where: Where, *, with_steps: bool) -> Iterator[str]:
    owner = run.owner(order.site)
    place = f"{order.site} ({owner})" if owner else order.site
    urgency = "" if order.state in {_UNHEARD, "accepted", "done"} else order.priority.upper()
    yield f"{urgency:<9}  {order.state:<11}  {order.id}  {shown(place)}  {shown(order.title)}"
    yield f"    {shown(order.priority_reason)}"
    if order.devices:
        yield f"    To do: {_named(order.devices, where)}"
    if order.unheard:
        yield f"    Not heard, not known whether done: {_named(order.unheard, where)}"
    if order.accepted:
        yield f"    Accepted by the owner, so not to do for now: {_named(order.accepted, where)}"
    if order.done:
        yield f"    Done: {_named(order.done, where)}"
    if with_steps:
        for number, step in enumerate(order.steps, 1):
            yield f"    {number}. {shown(step)}"
        if order.check:
            yield f"    Check afterwards: {shown(order.check)}"


def _named(keys: tuple[str, ...], where: Where) -> str:
    rest = f" and {len(keys) - _MOST_DEVICES} more" if len(keys) > _MOST_DEVICES else ""
    return ", ".join(placed(key, *where.get(key, ("", ""))) for key in keys[:_MOST_DEVICES]) + rest
