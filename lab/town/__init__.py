"""Towns: whole networks of devices as data, and the stages they can be put on."""

from lab.town.check import check_towns
from lab.town.house import device, devices, mac_of, router
from lab.town.model import Month, Network, PlanError, Resident, TownPlan
from lab.town.read import all_towns, on_loopback, read_town
from lab.town.scope import scope_text

__all__ = [
    "Month",
    "Network",
    "PlanError",
    "Resident",
    "TownPlan",
    "all_towns",
    "check_towns",
    "device",
    "devices",
    "mac_of",
    "on_loopback",
    "read_town",
    "router",
    "scope_text",
]
