"""Read town files, and put a town on loopback."""

import ipaddress
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from lab.persona import persona_files
from lab.town.model import Network, PlanError, Resident, TownPlan

FOLDER = Path(__file__).resolve().parent.parent / "towns"
_RESIDENT_KEYS = frozenset({"name", "persona", "at", "mac", "behind"})


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
    for problem in _problems(plan):
        raise PlanError(f"{path}: {problem}")
    return plan


def _plan(path: Path, stated: Mapping[str, Any]) -> TownPlan:
    router, station = stated["router"], int(stated["station"]["at"])
    return TownPlan(
        id=path.stem,
        path=path,
        about=str(stated["about"]),
        elsewhere=str(stated["elsewhere"]),
        router=str(router["persona"]),
        networks=tuple(_network(one, router, station) for one in stated["networks"]),
    )


def _network(stated: Mapping[str, Any], router: Mapping[str, Any], station: int) -> Network:
    space = ipaddress.IPv4Network(str(stated["cidr"]))

    def at(number: int) -> str:
        if not 0 < number < space.num_addresses - 1:
            raise ValueError(f"{stated['name']}: at {number} is no address of {space}")
        return str(space.network_address + number)

    return Network(
        name=str(stated["name"]),
        owner=str(stated["owner"]),
        cidr=str(space),
        gateway=at(int(router["gateway"])),
        router=at(int(router["at"])),
        station=at(station),
        residents=tuple(_resident(one, at(int(one["at"]))) for one in stated["residents"]),
    )


def _resident(stated: Mapping[str, Any], address: str) -> Resident:
    if unknown := sorted(set(stated) - _RESIDENT_KEYS):
        raise ValueError(f"resident {stated.get('name')}: unknown key {', '.join(unknown)}")
    return Resident(
        name=str(stated["name"]),
        persona=str(stated["persona"]),
        address=address,
        mac=str(stated.get("mac", "")),
        behind=tuple(str(one) for one in stated.get("behind", ())),
    )


def _problems(plan: TownPlan) -> Iterator[str]:
    names = Counter(one.name for one in plan.residents)
    addresses = Counter(one.address for one in plan.residents)
    addresses.update(address for one in plan.networks for address in (one.gateway, one.router, one.station))
    for value, count in (names | addresses).items():
        if count > 1:
            yield f"{value} stands there {count} times; each name and address belongs to one"
    known = {path.stem for path in persona_files()}
    for persona in sorted({plan.router, *(one.persona for one in plan.residents)} - known):
        yield f"there is no persona {persona}; `auditor-lab list` shows them"
    for one in plan.residents:
        for other in one.behind:
            if other not in names:
                yield f"{one.name} has {other} behind it, but nobody is called so"


def on_loopback(plan: TownPlan) -> TownPlan:
    """Move a town to this machine's loopback: the first octet of every address becomes 127."""

    def moved(address: str) -> str:
        return "127." + address.split(".", 1)[1]

    networks = tuple(
        replace(
            one,
            cidr=moved(one.cidr),
            gateway=moved(one.gateway),
            router=moved(one.router),
            station=moved(one.station),
            residents=tuple(replace(each, address=moved(each.address)) for each in one.residents),
        )
        for one in plan.networks
    )
    return replace(plan, networks=networks, elsewhere=moved(plan.elsewhere))
