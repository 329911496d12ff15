"""The "Check afterwards" of every order in the lab town, typed one after the other: nothing was changed, nothing is done.

AUDITOR_CHECKS says how many different checks are made, spread over the plan; `all` makes every one.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from lab.town import on_loopback, read_town
from tests.lab.stage import PAPER, Stage, served

CHECKS = os.environ.get("AUDITOR_CHECKS", "5")
TOWN = "municipality"
SCOPE = (
    PAPER
    + """[[site]]
name = "town"
owner = "IT office"
networks = [{networks}]
{interfaces}
[pace]
requests_per_second_host = 20
packets_per_second_host = 400
packets_per_second_subnet = 2000
"""
)

pytestmark = pytest.mark.slow


@dataclass(frozen=True, slots=True)
class Audited:
    """The town after its first whole audit."""

    stage: Stage
    orders: tuple[dict[str, Any], ...]
    lines: tuple[str, ...]


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Audited]:
    folder = tmp_path_factory.mktemp("town")
    networks = ", ".join(f'"{one.cidr}"' for one in on_loopback(read_town(TOWN)).networks)
    with served(folder, "--town", TOWN) as stage:
        # One segment for all, so that a check of one device is answered by all who hear its multicast.
        heard = 'interfaces = ["lo"]' if stage.entered else ""
        (folder / "scope.toml").write_text(
            SCOPE.format(networks=networks, interfaces=heard), encoding="utf-8"
        )
        stage.auditor("scan", "--scope", "scope.toml", "--policy", "us-federal")
        yield Audited(stage, orders(stage), devices(stage))


def orders(stage: Stage) -> tuple[dict[str, Any], ...]:
    return tuple(stage.auditor("plan", "--jsonl").records())


def devices(stage: Stage) -> tuple[str, ...]:
    return stage.auditor("devices", "--jsonl").lines


def chosen(orders: tuple[dict[str, Any], ...]) -> list[str]:
    """Return different commands of different sizes, those that check few devices before those that check many."""
    commands = sorted({one["check"] for one in orders if one["check"]}, key=lambda one: (len(one), one))
    if CHECKS == "all":
        return commands
    count = min(int(CHECKS), len(commands))
    return [commands[number * len(commands) // count] for number in range(count)]


def test_every_order_names_the_command_that_checks_it(town: Audited) -> None:
    assert len(town.orders) > 20
    assert not [one["title"] for one in town.orders if not one["check"]]


def test_no_check_makes_an_order_done_when_nothing_was_changed(town: Audited) -> None:
    before = {one["id"]: one for one in town.orders}
    assert not any(one["done"] for one in town.orders)
    for command in chosen(town.orders):
        town.stage.typed(command)
        for number, order in {one["id"]: one for one in orders(town.stage)}.items():
            was = before.get(number)
            assert order["state"] in {"open", "new"}, (command, order["title"], order["state"])
            assert order["done"] == [], (command, order["title"])
            assert was is None or order["devices"] == was["devices"], (command, order["title"])
        assert before.keys() <= {one["id"] for one in orders(town.stage)}, command


def test_after_all_checks_the_same_devices_are_known_and_none_is_called_outside_the_scope(
    town: Audited,
) -> None:
    known = devices(town.stage)
    assert len(known) == len(town.lines)
    assert not [line for line in known if '"granted": false' in line]
    assert Path(town.stage.folder / "audit.sqlite").exists()
