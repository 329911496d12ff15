"""Check towns: every month of every file, down to the devices made of it."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from lab.emulator import Clock
from lab.persona import PersonaError
from lab.town.house import devices, mac_of
from lab.town.model import PlanError, TownPlan
from lab.town.read import FOLDER, all_towns, read_town


def check_towns(folder: Path = FOLDER, *, clock: Clock) -> tuple[str, ...]:
    """Return what is wrong with the towns of a folder, in words for those who wrote them; empty means nothing."""
    found: list[str] = []
    for name in all_towns(folder):
        try:
            plan = read_town(name, folder)
            for number in range(1, plan.months + 1):
                found += (f"{plan.path.name}: month {number}: {said}" for said in _wrong(plan, number, clock))
        except (PlanError, PersonaError) as error:
            found.append(str(error).removeprefix(f"{folder}/"))
    return tuple(found)


def _wrong(plan: TownPlan, number: int, clock: Clock) -> Iterator[str]:
    """Yield what is wrong in one month; PlanError where its devices cannot be made at all."""
    lot = devices(plan.in_month(number), clock=clock)
    for mac, count in Counter(mac_of(one) for one in lot).items():
        if count > 1:
            yield f"the MAC {mac} stands there {count} times; state another `mac:` or `copy:`"
