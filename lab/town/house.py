"""Make the devices of a town: personas at their addresses, recorders knowing the cameras behind them."""

from dataclasses import replace

from lab.emulator import Clock, Device
from lab.persona import Persona, read
from lab.persona.facts import fill
from lab.persona.read import FOLDER
from lab.town.model import PlanError, Resident, TownPlan

CHILD_FORM = "child"
"""The fact in which a recorder's persona states how it lists one camera."""


def device(plan: TownPlan, resident: Resident, *, clock: Clock) -> Device:
    """Make one resident's device; PlanError when a recorder without a form for it has cameras behind it."""
    persona = read(FOLDER / f"{resident.persona}.yaml")
    if resident.behind:
        persona = _with_children(plan, resident, persona, clock)
    if resident.mac and not any(name == "mac" for name, _ in persona.facts):
        persona = replace(persona, facts=(*persona.facts, ("mac", resident.mac)))
    return Device(persona, resident.address, clock=clock, copy=resident.copy, elsewhere=plan.elsewhere)


def devices(plan: TownPlan, *, clock: Clock) -> tuple[Device, ...]:
    """Make every resident's device, the router not among them."""
    return tuple(device(plan, one, clock=clock) for one in plan.residents)


def router(plan: TownPlan, *, clock: Clock) -> tuple[Device, ...]:
    """Make the router's device once for each network, at the gateway's address."""
    persona = read(FOLDER / f"{plan.router}.yaml")
    return tuple(Device(persona, one.gateway, clock=clock, elsewhere=plan.elsewhere) for one in plan.networks)


def mac_of(home: Device) -> str:
    """Return the MAC a device has on its segment: the one it shows, else the one stated for it."""
    mac = home.truth.mac or home.facts.get("mac")
    if not mac:
        raise PlanError(f"{home.key} at {home.address} has no MAC; state `mac:` for it in the town")
    return mac


def _with_children(plan: TownPlan, resident: Resident, persona: Persona, clock: Clock) -> Persona:
    stated = dict(persona.facts)
    form = stated.get(CHILD_FORM)
    if form is None:
        raise PlanError(
            f"{plan.path}: {resident.name} has cameras behind it, but {persona.id} has no fact `{CHILD_FORM}` "
            "that says how it lists one"
        )
    listed = []
    for number, name in enumerate(resident.behind):
        camera = device(plan, plan.resident(name), clock=clock)
        known = _known_of(camera, number, persona.truth.maker)
        listed.append(fill(str(form), known.get, f"{persona.path}: fact {CHILD_FORM}"))
    stated["children"] = "".join(listed)
    return replace(persona, facts=tuple(stated.items()))


def _known_of(camera: Device, number: int, recorder_maker: str | None) -> dict[str, str]:
    """Say what a recorder knows of one camera; one of another maker is taken in by ONVIF."""
    truth = camera.truth
    own = truth.maker is not None and truth.maker == recorder_maker
    return {
        "child_index": str(number),
        "child_number": str(number + 1),
        "child_address": camera.address,
        "child_protocol": truth.maker.upper() if own and truth.maker else "ONVIF",
        "child_model": truth.model or "",
        "child_serial": truth.serial or "",
        "child_firmware": truth.firmware or "",
    }


def ready(plan: TownPlan, *, clock: Clock) -> list[dict[str, object]]:
    """Say who is where and what it is, in the form of the ready file of `auditor-lab up`, as seen on the segment.

    There everybody shows a MAC; the router's is the stage's affair and not stated.
    """
    residents = [_entry(one, mac_of(one)) for one in devices(plan, clock=clock)]
    return [*residents, *(_entry(one, None) for one in router(plan, clock=clock))]


def _entry(one: Device, mac: str | None) -> dict[str, object]:
    return {
        "address": one.address,
        "persona": one.persona.id,
        "copy": one.copy,
        "is": dict(one.truth.pairs()) | {"mac": mac},
        "tags": sorted(one.persona.tags),
        "ports": [[str(entry.transport), entry.port] for entry in one.persona.listens],
    }
