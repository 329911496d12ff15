"""The story of two schools over three months, played with the commands an auditor types, and what was printed on the way.

Month 1 is audited whole. In month 2 five devices have been replaced, one has moved to the other school and one is
switched off: first one order is checked, then everything is audited, then another order is checked. In month 3 three
more are replaced, and where the kitchen's camera was answers one that tells nobody what it is.
"""

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lab.emulator import wall_clock
from lab.town import TownPlan, device, on_loopback, read_town
from tests.lab.stage import Said, Stage, town_on_loopback

TOWN = "two-schools"
POLICY = """schema_version = 1
name = "schools"
title = "Two schools"
version = "1"
restrictions = ["us-ndaa-889-b"]

[[rule]]
id = "council-2026"
title = "No devices of these makers in schools"
instrument = "Council decision 12/2026"
clause = "article 3"
jurisdiction = "Municipality"
makers = { hikvision = "restricted", dahua = "restricted", huawei = "restricted" }
in_force = { from = 2026-01-01 }
scope = "the municipality's schools"
effect = "replace by the end of the year"
"""
NEW_OF_MONTH_2 = ("north-gate", "north-yard", "north-hall", "south-gate", "south-gym")
NEW_OF_MONTH_3 = ("north-recorder", "south-bell", "south-corridor", "north-kitchen")
RELABELLED = ("north-hall", "south-gate")
MAKERS = frozenset({"hikvision", "dahua", "huawei"})
LIBRARY = "2J01018PAA01926"
"""The serial number of the camera that moves."""


Who = tuple[str, str, str | None, str | None]
"""Site, address, maker and model."""


@dataclass(frozen=True, slots=True)
class Step:
    """What the reading commands said after one step."""

    run: str
    scan: Said
    devices: Said
    everybody: Said
    """`devices --all`."""
    lines: tuple[str, ...]
    """`devices --all --jsonl`."""
    plan: Said
    orders: tuple[dict[str, Any], ...]
    report: str

    @property
    def records(self) -> list[dict[str, Any]]:
        """The devices, those that are gone among them."""
        return Said(0, "\n".join(self.lines), "").records()

    @property
    def here(self) -> dict[str, dict[str, Any]]:
        """The devices that count as being on the network, by key."""
        return {one["device"]: one for one in self.records if standing(one) in {"heard", "not asked"}}

    def who(self) -> set[Who]:
        """Return who is there, as `devices` says."""
        return {
            (one["site"], one["address"], value(one, "maker"), value(one, "model"))
            for one in self.here.values()
        }

    def at(self, address: str) -> list[dict[str, Any]]:
        """Return the devices whose present address this is."""
        return [one for one in self.records if one["address"] == address]

    def order_for(self, key: str, action: str = "") -> dict[str, Any]:
        """Return an order to be done at this device, the one with the fewest others."""
        meant = [one for one in self.orders if key in one["devices"] and one["action"].startswith(action)]
        return min(meant, key=lambda one: len(one["devices"]))

    @property
    def first_page(self) -> str:
        """The report up to its coverage."""
        return self.report.partition("\n## Coverage")[0]

    @property
    def urgent(self) -> str:
        """The most urgent actions on the first page."""
        return self.first_page.partition("### Most urgent actions")[2].partition("\n### ")[0]


@dataclass(frozen=True, slots=True)
class Story:
    """All three months."""

    audit_1: Step
    checked_2: Step
    """After the check of the order for the north gate, where another maker's camera answers now."""
    audit_2: Step
    checked_again_2: Step
    """After the check of an order for the stairs, where nothing has changed."""
    audit_3: Step
    comparisons: dict[str, tuple[Said, Said]]
    """Two steps compared, for people and as JSON."""
    plan: TownPlan

    def steps(self) -> dict[str, Step]:
        return {
            name: getattr(self, name)
            for name in ("audit_1", "checked_2", "audit_2", "checked_again_2", "audit_3")
        }

    def address(self, name: str, month: int) -> str:
        """Return where a resident lives in a month."""
        return self.plan.in_month(month).resident(name).address

    def key(self, name: str) -> str:
        """Return the key of the device that lived there first."""
        return f"{name.partition('-')[0]}/{self.address(name, 1)}"

    def truth(self, month: int) -> set[Who]:
        """Return who is there in a month, as the lab says."""
        then = self.plan.in_month(month)
        homes = (
            (network.name, device(then, one, clock=wall_clock))
            for network in then.networks
            for one in network.residents
        )
        return {(site, home.address, home.truth.maker, home.truth.model) for site, home in homes}

    def gate_alone(self) -> set[Who]:
        """Return what can be known after the check of the gate: month 1, and who answers at the gate in month 2."""
        gate = self.address("north-gate", 2)
        return {one for one in self.truth(1) if one[1] != gate} | {
            one for one in self.truth(2) if one[1] == gate
        }


def step(stage: Stage, scan: Said) -> Step:
    stage.auditor("report", "--format", "md", "-o", "report")
    plan = stage.auditor("plan", "--steps")
    return Step(
        run=stage.auditor("runs", "--jsonl").records()[-1]["run"],
        scan=scan,
        devices=stage.auditor("devices"),
        everybody=stage.auditor("devices", "--all"),
        lines=stage.auditor("devices", "--all", "--jsonl").lines,
        plan=plan,
        orders=tuple(stage.auditor("plan", "--jsonl").records()),
        report=(stage.folder / "report.md").read_text(encoding="utf-8"),
    )


def audit(stage: Stage) -> Step:
    return step(stage, stage.auditor("scan", "--scope", "scope.toml", "--policy", "policy.toml"))


def check(stage: Stage, order: dict[str, Any]) -> Step:
    """Type the own "Check afterwards" of an order for one device."""
    assert len(order["devices"]) == 1
    return step(stage, stage.typed(order["check"]))


Town = Callable[[str, int, Path], AbstractContextManager[Stage]]


def played(town: Town, folder: Path) -> Story:
    """Play all three months, each in a town of its own, into one database."""
    (folder / "policy.toml").write_text(POLICY, encoding="utf-8")
    plan = on_loopback(read_town(TOWN)) if town is town_on_loopback else read_town(TOWN)

    with town(TOWN, 1, folder) as stage:
        audit_1 = audit(stage)
    with town(TOWN, 2, folder) as stage:
        gate = f"north/{plan.resident('north-gate').address}"
        checked_2 = check(stage, audit_1.order_for(gate))
        audit_2 = audit(stage)
        stairs = f"north/{plan.resident('north-stairs').address}"
        checked_again_2 = check(stage, audit_2.order_for(stairs))
    with town(TOWN, 3, folder) as stage:
        audit_3 = audit(stage)
        pairs = {
            "1 to check": (audit_1, checked_2),
            "1 to 2": (audit_1, audit_2),
            "2 to 3": (audit_2, audit_3),
            "1 to 3": (audit_1, audit_3),
        }
        comparisons = {
            name: (
                stage.try_out("compare", before.run, after.run),
                stage.try_out("compare", before.run, after.run, "--json"),
            )
            for name, (before, after) in pairs.items()
        }
    return Story(audit_1, checked_2, audit_2, checked_again_2, audit_3, comparisons, plan)


def standing(record: dict[str, Any]) -> str:
    return str(record["state"])


def value(record: dict[str, Any], claim: str) -> str | None:
    held = record[claim]
    return str(held["value"]) if held else None


def restricted(text: str) -> int:
    """Return how many devices the first page says were built by the makers that are to go."""
    found = re.search(r"\*\*(\d+)\*\* of \d+ devices were built by Hikvision, Dahua or Huawei", text)
    assert found, text
    return int(found[1])
