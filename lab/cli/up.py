"""`auditor-lab up`: serve the personas."""

import asyncio
import contextlib
import json
import os
import signal
from pathlib import Path

import click

from lab.emulator import Device, NetworkTooSmallError, Town, TownError, place, wall_clock
from lab.emulator.namespace import NamespaceRefusedError, enter
from lab.persona import Persona, PersonaError, all_personas
from lab.sensor import Journal
from lab.town import PlanError, on_loopback, read_town
from lab.town import devices as town_devices

LOW_PORTS = Path("/proc/sys/net/ipv4/ip_unprivileged_port_start")


@click.command("up")
@click.option("--network", default="127.77.0.0/24", show_default=True, help="Addresses for the devices.")
@click.option("--town", help="Serve this town (lab/towns) instead, on 127.x addresses.")
@click.option(
    "--month",
    type=click.IntRange(1),
    metavar="N",
    help="With --town: as the town is in its N-th month; default: the first.",
)
@click.option("--count", type=click.IntRange(1), help="How many devices; default: one of each persona.")
@click.option("--only", multiple=True, metavar="ID", help="Only this persona; may be given again.")
@click.option("--tag", help="Only personas with this tag.")
@click.option(
    "--port-shift",
    type=click.IntRange(0, 27_000),
    help="Added to every port; default: 20000 without low ports, else 0.",
)
@click.option("--namespace", is_flag=True, help="Serve the real ports in a network namespace of its own.")
@click.option(
    "--interface", metavar="ADDRESS", help="Hear multicast and broadcast on the interface with this address."
)
@click.option(
    "--elsewhere", default="127.99.0.1", show_default=True, help="The address hostile devices point to."
)
@click.option(
    "--ready-file", type=click.Path(path_type=Path), help="Written when all devices answer: who is where."
)
@click.option(
    "--journal",
    type=click.Path(path_type=Path),
    default="sensor.jsonl",
    show_default=True,
    help="The sensor's file.",
)
@click.option("--seconds", type=float, help="Stop after this time; default: on Ctrl-C.")
def command(
    network: str,
    town: str | None,
    month: int | None,
    count: int | None,
    only: tuple[str, ...],
    tag: str | None,
    port_shift: int | None,
    namespace: bool,
    interface: str | None,
    elsewhere: str,
    ready_file: Path | None,
    journal: Path,
    seconds: float | None,
) -> None:
    """Serve emulated devices until Ctrl-C, and record what is asked of them.

    Example: auditor-lab up --network 127.77.0.0/24
    """
    if month is not None and town is None:
        raise click.UsageError("--month belongs to a town; name it with --town")
    try:
        if town is not None:
            plan = on_loopback(read_town(town)).in_month(month or 1)
            devices = town_devices(plan, clock=wall_clock)
            network, elsewhere = ",".join(one.cidr for one in plan.networks), plan.elsewhere
        else:
            personas = _chosen(all_personas(), only, tag)
            devices = place(personas, network, clock=wall_clock, count=count, elsewhere=elsewhere)
    except (PersonaError, PlanError, NetworkTooSmallError, ValueError) as error:
        raise click.UsageError(str(error)) from error
    asyncio.run(
        serve_devices(
            devices,
            network=network,
            port_shift=port_shift,
            namespace=namespace,
            interface=interface,
            elsewhere=elsewhere,
            ready_file=ready_file,
            journal=journal,
            seconds=seconds,
        )
    )


def _enter_namespace() -> None:
    try:
        enter()
    except NamespaceRefusedError as error:
        raise click.ClickException(str(error)) from error


def _default_shift(namespace: bool) -> int:
    if namespace or os.geteuid() == 0 or int(LOW_PORTS.read_text()) <= 22:
        return 0
    return 20_000


def _chosen(personas: tuple[Persona, ...], only: tuple[str, ...], tag: str | None) -> tuple[Persona, ...]:
    known = {persona.id for persona in personas}
    for wanted in only:
        if wanted not in known:
            raise PersonaError(f"--only {wanted}: there is no such persona; `auditor-lab list` shows them")
    chosen = tuple(
        one for one in personas if (not only or one.id in only) and (tag is None or tag in one.tags)
    )
    if not chosen:
        raise PersonaError(f"--tag {tag}: no persona has it")
    return chosen


async def serve_devices(
    devices: tuple[Device, ...],
    *,
    network: str,
    port_shift: int | None,
    namespace: bool,
    ready_file: Path | None,
    journal: Path,
    seconds: float | None,
    interface: str | None = None,
    elsewhere: str = "127.99.0.1",
) -> None:
    """Serve devices until stopped; ClickException says why that is impossible."""
    if namespace:
        _enter_namespace()
        interface = interface or "127.0.0.1"
    shift = port_shift if port_shift is not None else _default_shift(namespace)
    sensor = Journal(journal)
    town = Town(devices, sensor, clock=wall_clock, port_shift=shift, interface=interface, elsewhere=elsewhere)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, stop.set)
    try:
        async with town:
            _announce(devices, town, network, shift, journal, namespace)
            if ready_file is not None:
                _write_ready(ready_file, devices, network, shift, journal)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(_until(stop, sensor), seconds)
    except TownError as error:
        raise click.ClickException(str(error)) from error
    finally:
        sensor.close()


async def _until(stop: asyncio.Event, sensor: Journal) -> None:
    """Wait to be stopped; bring the sensor's events to the disk meanwhile."""
    while not stop.is_set():
        sensor.flush()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), 0.5)


def _announce(
    devices: tuple[Device, ...], town: Town, network: str, shift: int, journal: Path, namespace: bool
) -> None:
    shifted = f" --port-shift {shift}" if shift else ""
    entered = f"nsenter -t {os.getpid()} -U -n --preserve-credentials " if namespace else ""
    click.echo(f"{len(devices)} devices on {network}, {town.ports} ports open", err=True)
    click.echo(f"scan them:   {entered}auditor scan {network.replace(',', ' ')}{shifted}", err=True)
    click.echo(f"judge it:    auditor-lab conduct {journal}", err=True)
    click.echo("stop:        Ctrl-C", err=True)


def _write_ready(path: Path, devices: tuple[Device, ...], network: str, shift: int, journal: Path) -> None:
    """Write who is where, in one go, so that a reader never sees half of it."""
    stated = {
        "schema_version": 1,
        "network": network,
        "port_shift": shift,
        "journal": str(journal),
        "pid": os.getpid(),
        "devices": [
            {
                "address": one.address,
                "persona": one.persona.id,
                "copy": one.copy,
                "is": dict(one.truth.pairs()),
                "tags": sorted(one.persona.tags),
                "ports": [[str(entry.transport), entry.port] for entry in one.persona.listens],
            }
            for one in devices
        ],
    }
    unfinished = path.with_suffix(path.suffix + ".new")
    unfinished.write_text(json.dumps(stated, indent=1) + "\n", encoding="utf-8")
    unfinished.replace(path)
