"""The forms of work orders: for programs, and as lines for people."""

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType

import click

from auditor.cli._forms import SCHEMA_VERSION
from auditor.cli._words import shown
from auditor.model import Run, WorkOrder

STATES = ("new", "open", "partly done", "not heard", "accepted", "done")
_UNHEARD = "not heard"
_MOST_DEVICES = 8


def form(order: WorkOrder, run: Run) -> dict[str, object]:
    """Give an order in full, with the one who answers for its site."""
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
    }


def print_orders(
    orders: Iterable[WorkOrder],
    run: Run,
    *,
    with_steps: bool,
    where: Mapping[str, str] = MappingProxyType({}),
) -> None:
    """Write orders for people to stdout, safe to print; `where` says at which address each device (by key) is now."""
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


def _lines(order: WorkOrder, run: Run, where: Mapping[str, str], *, with_steps: bool) -> Iterator[str]:
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


def _named(keys: tuple[str, ...], where: Mapping[str, str]) -> str:
    rest = f" and {len(keys) - _MOST_DEVICES} more" if len(keys) > _MOST_DEVICES else ""
    return ", ".join(_placed(key, where.get(key, "")) for key in keys[:_MOST_DEVICES]) + rest


def _placed(key: str, address: str) -> str:
    """Name a device by its key, with the address it has now where that is another."""
    return (
        shown(key)
        if not address or key.endswith(f"/{address}")
        else f"{shown(key)} (now at {shown(address)})"
    )
