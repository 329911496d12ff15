"""Read town files, and put a town on loopback."""

import ipaddress
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from lab.persona import persona_files
from lab.town.model import Network, PlanError, TownPlan
from lab.town.months import address_in, later, resident_of

FOLDER = Path(__file__).resolve().parent.parent / "towns"


def all_towns(folder: Path = FOLDER) -> tuple[str, ...]:
    """Name the towns of a folder."""
    return tuple(sorted(path.stem for path in folder.glob("*.yaml")))


def read_town(name: str, folder: Path = FOLDER) -> TownPlan:
    """Read one town by its name; PlanError says what is wrong and where."""
    path = folder / f"{name}.yaml"
    if not path.exists():
        raise PlanError(f"there is no town {name}; known are {', '.join(all_towns(folder))}")
    try:
        stated = yaml.safe_load(path.read_text(encoding="utf-8"))
        plan = _plan(path, stated)
    except (KeyError, TypeError, ValueError, yaml.YAMLError) as error:
        raise PlanError(f"{path}: is not of the form docs/lab.md describes: {error!r}") from error
    for number in range(1, plan.months + 1):
        place = f"{path}: month {number}" if plan.later else str(path)
        for problem in _problems(plan.in_month(number)):
            raise PlanError(f"{place}: {problem}")
    return plan


def _plan(path: Path, stated: Mapping[str, Any]) -> TownPlan:
    router, station = stated["router"], int(stated["station"]["at"])
    networks = tuple(_network(one, router, station) for one in stated["networks"])
    return TownPlan(
        id=path.stem,
        path=path,
        about=str(stated["about"]),
        elsewhere=str(stated["elsewhere"]),
        router=str(router["persona"]),
        networks=networks,
        later=later(networks, stated.get("months", ())),
    )


def _network(stated: Mapping[str, Any], router: Mapping[str, Any], station: int) -> Network:
    name, space = str(stated["name"]), str(ipaddress.IPv4Network(str(stated["cidr"])))

    def at(number: int) -> str:
        return address_in(name, space, number)

    return Network(
        name=name,
        owner=str(stated["owner"]),
        cidr=space,
        gateway=at(int(router["gateway"])),
        router=at(int(router["at"])),
        station=at(station),
        residents=tuple(resident_of(one, at(int(one["at"]))) for one in stated["residents"]),
    )


def _problems(plan: TownPlan) -> Iterator[str]:
    names = Counter(one.name for one in plan.residents)
    off = {one.name for network in plan.networks for one in network.off}
    addresses = Counter(one.address for one in plan.residents)
    addresses.update(address for one in plan.networks for address in (one.gateway, one.router, one.station))
    twins = Counter(f"{one.persona} copy {one.copy}" for one in plan.residents)
    for value, count in (names | addresses).items():
        if count > 1:
            yield f"{value} stands there {count} times; each name and address belongs to one"
    for twin in (value for value, count in twins.items() if count > 1):
        yield f"{twin} stands there twice, with one serial number; give one of them another `copy:`"
    known = {path.stem for path in persona_files()}
    for persona in sorted({plan.router, *(one.persona for one in plan.residents)} - known):
        yield f"there is no persona {persona}; `auditor-lab list` shows them"
    for one in plan.residents:
        for other in one.behind:
            if other not in names and other not in off:
                yield f"{one.name} has {other} behind it, but nobody is called so"


def on_loopback(plan: TownPlan) -> TownPlan:
    """Move a town to this machine's loopback: the first octet of every address becomes 127."""

    def moved(address: str) -> str:
        return "127." + address.split(".", 1)[1]

    def here(networks: tuple[Network, ...]) -> tuple[Network, ...]:
        return tuple(
            replace(
                one,
                cidr=moved(one.cidr),
                gateway=moved(one.gateway),
                router=moved(one.router),
                station=moved(one.station),
                residents=tuple(replace(each, address=moved(each.address)) for each in one.residents),
                off=tuple(replace(each, address=moved(each.address)) for each in one.off),
            )
            for one in networks
        )

    later_on = tuple(replace(one, networks=here(one.networks)) for one in plan.later)
    return replace(plan, networks=here(plan.networks), later=later_on, elsewhere=moved(plan.elsewhere))
