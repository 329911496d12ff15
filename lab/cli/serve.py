"""`auditor-lab serve`: one resident of a town, at its own address; containers and namespaces run this."""

import asyncio
import contextlib
import ipaddress
import os
import signal
from pathlib import Path

import click

from lab.emulator import Device, Town, TownError, wall_clock
from lab.sensor import Journal
from lab.town import PlanError, TownPlan, device, read_town, router
from lab.town.interfaces import add_address, drop_default_routes, interface_in

ROUTER = "router"


@click.command("serve")
@click.argument("town")
@click.argument("name")
@click.option(
    "--month", type=click.IntRange(1), default=1, show_default=True, help="In this month of the town."
)
@click.option(
    "--journal",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(),
    help="Folder for the sensor's file NAME.jsonl.",
)
@click.option(
    "--then-as",
    type=click.IntRange(1, 65_534),
    metavar="UID",
    help="Started as root: become this user, without any capability, before anything is served.",
)
def command(town: str, name: str, month: int, journal: Path, then_as: int | None) -> None:
    """Serve one resident of a town, or its router, where the town's addresses are this machine's own.

    For containers and network namespaces; on loopback use `auditor-lab up --town`.

    Example: auditor-lab serve municipality hall-lobby --journal /sensor
    """
    try:
        plan = read_town(town).in_month(month)
        if name == ROUTER:
            homes = router(plan, clock=wall_clock)
            _become_router(plan)
        else:
            homes = (device(plan, plan.resident(name), clock=wall_clock),)
        if then_as is not None:
            _become(then_as)
    except (PlanError, PermissionError) as error:
        raise click.ClickException(str(error)) from error
    asyncio.run(_serve(plan, name, homes, journal))


def _become(user: int) -> None:
    """Give up root for good: with the user go all capabilities (capabilities(7), effect of user ID changes)."""
    os.setgroups([])
    os.setresgid(user, user, user)
    os.setresuid(user, user, user)


def _become_router(plan: TownPlan) -> None:
    """Take the gateways' addresses and that of elsewhere; nothing else has a way out then."""
    drop_default_routes()
    for number, network in enumerate(plan.networks):
        name = interface_in(network.cidr)
        if name is None:
            raise PlanError(
                f"this machine has no address in {network.cidr}; the router needs one in each network"
            )
        add_address(name, number + 1, network.gateway, str(ipaddress.IPv4Network(network.cidr).netmask))
    add_address("lo", len(plan.networks) + 1, plan.elsewhere, "255.255.255.255")


async def _serve(plan: TownPlan, name: str, homes: tuple[Device, ...], journal: Path) -> None:
    sensor = Journal(journal / f"{name}.jsonl")
    is_router = name == ROUTER
    served = Town(
        homes,
        sensor,
        clock=wall_clock,
        interface=None if is_router else homes[0].address,
        elsewhere=plan.elsewhere if is_router else None,
    )
    stop = asyncio.Event()
    for sign in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(sign, stop.set)
    try:
        async with served:
            (journal / f"{name}.ready").touch()
            while not stop.is_set():
                sensor.flush()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), 0.5)
    except TownError as error:
        raise click.ClickException(f"{name}: {error}") from error
    finally:
        sensor.close()
