"""Towns that change from month to month, as data."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from lab.cli import main
from lab.emulator import Device, wall_clock
from lab.town import PlanError, check_towns, devices, on_loopback, read_town
from lab.town.house import device

PLAN = read_town("two-schools")
MAKERS_TO_GO = {"hikvision", "dahua", "huawei"}


def month(number: int) -> dict[str, Device]:
    """Return who is switched on in that month, by name."""
    then = PLAN.in_month(number)
    return {one.name: device(then, one, clock=wall_clock) for one in then.residents}


def personas(number: int) -> dict[str, str]:
    return {name: one.persona.id for name, one in month(number).items()}


def test_two_schools_is_the_story_it_is_meant_to_be() -> None:
    first, last = personas(1), personas(3)
    replaced = {name for name in last if first[name] != last[name]}
    assert len(replaced) == 9, "eight as ordered, and the kitchen's"
    new = {name: month(3)[name] for name in replaced}
    relabelled = {name for name, one in new.items() if one.truth.maker in MAKERS_TO_GO}
    assert relabelled == {"north-hall", "south-gate"}
    assert all("relabelled" in new[name].persona.tags for name in relabelled)
    assert all(month(1)[name].truth.maker in MAKERS_TO_GO for name in replaced)
    kitchen = new["north-kitchen"].truth
    assert {kitchen.maker, kitchen.model, kitchen.serial, kitchen.mac} == {None}
    assert first["north-stairs"] == last["north-stairs"]
    assert set(first) - set(last) == {"south-workshop"}, "switched off"


def test_a_moved_device_is_the_same_one_at_another_address_of_another_network() -> None:
    before, after = month(1)["north-library"], month(2)["north-library"]
    assert (before.truth, before.persona) == (after.truth, after.persona)
    assert (before.address, after.address) == ("10.125.1.15", "10.125.2.16")
    assert [one.name for one in PLAN.in_month(2).networks[1].residents].count("north-library") == 1


def test_months_build_on_each_other_and_the_first_is_left_as_it_was() -> None:
    assert personas(2)["north-gate"] == personas(3)["north-gate"] == "axis-axis-m3085-v"
    assert personas(1)["north-gate"].startswith("hikvision-")
    assert PLAN.months == 3
    assert [PLAN.in_month(number).month for number in (1, 2, 3)] == [1, 2, 3]
    with pytest.raises(PlanError, match="describes months 1 to 3; there is no month 4"):
        PLAN.in_month(4)
    with pytest.raises(PlanError, match="describes months 1 to 1"):
        read_town("municipality").in_month(2)


def test_every_month_moves_to_loopback() -> None:
    there = on_loopback(PLAN).in_month(2)
    assert there.resident("north-library").address == "127.125.2.16"
    assert {one.address.split(".")[0] for one in devices(there, clock=wall_clock)} == {"127"}


GOOD = f"""\
about: A street
elsewhere: 10.9.99.1
router: {{persona: {PLAN.router}, gateway: 1, at: 2}}
station: {{at: 9}}
networks:
  - name: street
    owner: nobody
    cidr: 10.9.1.0/28
    residents:
      - {{name: recorder, persona: hikvision-hikvision-ds-7616ni-k2-v4.74.210, at: 3, behind: [door]}}
      - {{name: door, persona: hikvision-hikvision-ds-2cd2385g1-i-v5.6.2, at: 4}}
      - {{name: gate, persona: axis-axis-m3085-v, at: 5}}
  - {{name: yard, owner: nobody, cidr: 10.9.2.0/28, residents: []}}
months:
  - about: One is off, one gone, one has come
    changes:
      - {{switch-off: door}}
      - {{replace: gate, persona: axis-axis-m3085-v, copy: 1}}
      - {{add: bench, to: yard, at: 4, persona: hanwha-nobrand-camera-ipolis}}
  - about: And on again
    changes:
      - {{switch-on: door}}
      - {{move: bench, at: 5}}
"""


def street(folder: Path, text: str = GOOD) -> Path:
    (folder / "street.yaml").write_text(text, encoding="utf-8")
    return folder


def test_a_device_that_is_off_is_not_served_but_its_recorder_still_lists_it(tmp_path: Path) -> None:
    plan = read_town("street", street(tmp_path))
    second = plan.in_month(2)
    assert "10.9.1.4" not in {one.address for one in devices(second, clock=wall_clock)}
    recorder = device(second, second.resident("recorder"), clock=wall_clock)
    assert "10.9.1.4" in str(recorder.facts.get("children"))
    assert "10.9.1.4" in {one.address for one in plan.in_month(3).residents}
    assert plan.in_month(3).resident("bench").address == "10.9.2.5"


def test_a_copy_is_another_device_of_the_same_model(tmp_path: Path) -> None:
    plan = read_town("street", street(tmp_path))
    old, new = (device(then, then.resident("gate"), clock=wall_clock) for then in (plan, plan.in_month(2)))
    assert old.truth.model == new.truth.model
    assert old.truth.serial != new.truth.serial
    assert old.truth.mac != new.truth.mac


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("switch-off: door", "replace: dorr, persona: axis-axis-m3085-v", "nobody who is switched on is called dorr"),
        ("switch-on: door", "switch-on: gate", "gate is not switched off"),
        ("switch-off: door", "leave: gate", "gate stands twice in this month"),
        ("switch-off: door", "sell: door", "wants exactly one of add, leave, move, replace, switch-off, switch-on"),
        ("switch-off: door", "off: door", "wants exactly one of"),
        ("switch-off: door", "switch-off: door, at: 4", "unknown key at"),
        ("to: yard, at: 4", "to: garden, at: 4", "there is no network garden; known are street, yard"),
        ("to: yard, at: 4", "to: yard, at: 40", "at 40 is no address of 10.9.2.0/28"),
        ("to: yard, at: 4", "to: street, at: 3", "month 2: 10.9.1.3 stands there 2 times"),
        ("add: bench", "add: door", "door stands twice in this month"),
        (", copy: 1", ", colour: red", "unknown key colour"),
        ("hanwha-nobrand-camera-ipolis", "nobody", "month 2: there is no persona nobody"),
        ("hanwha-nobrand-camera-ipolis", "axis-axis-m3085-v, copy: 1", "give one of them another `copy:`"),
        ("  - about: And", "  - when: May\n    about: And", "month 3: unknown key when"),
    ],
)  # fmt: skip
def test_a_wrong_change_is_told_what_is_wrong(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert old in GOOD
    text = GOOD.replace(old, new)
    with pytest.raises(PlanError, match=re.escape(said)):
        read_town("street", street(tmp_path, text))
    told = CliRunner().invoke(main, ["check", "--towns", str(tmp_path)])
    assert told.exit_code == 1
    assert said in told.output


def test_the_check_says_when_two_devices_of_a_town_have_one_mac(tmp_path: Path) -> None:
    mac = month(1)["north-gate"].truth.mac  # which the recorder's door shows, too
    text = GOOD.replace("hanwha-nobrand-camera-ipolis", f"unknown-nobrand-nothing-mute, mac: '{mac}'")
    said = check_towns(street(tmp_path, text), clock=wall_clock)
    # In the second month the door is switched off, and the bench alone has it.
    assert said == (
        f"street.yaml: month 3: the MAC {mac} stands there 2 times; state another `mac:` or `copy:`",
    )


def test_a_month_without_a_town_is_refused() -> None:
    said = CliRunner().invoke(main, ["up", "--month", "2"])
    assert said.exit_code == 2
    assert "name it with --town" in said.output
    said = CliRunner().invoke(main, ["up", "--town", "two-schools", "--month", "4"])
    assert said.exit_code == 2
    assert "describes months 1 to 3" in said.output
