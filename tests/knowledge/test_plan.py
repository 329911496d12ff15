"""Work orders: grouped so that one person can do one thing, the same from run to run, and honest about progress."""

import shlex
from collections.abc import Callable
from dataclasses import replace
from datetime import date

from auditor.knowledge import assess, chosen_policy, plan, progress
from auditor.model import Device, Priority, WorkOrder

TODAY = date(2026, 11, 22)
Make = Callable[..., Device]
CAMERA = {
    "maker": "dahua",
    "brand": "dahua",
    "kind": "camera",
    "model": "IPC-HFW5442T-ASE",
    "firmware": "2.800.0000000.6.R",
    "build_date": "2020-03-14",
}


def _assessed(device: Device, policy: str = "none") -> Device:
    return replace(device, findings=assess(device, policy=chosen_policy(policy), today=TODAY))


def _by_action(orders: tuple[WorkOrder, ...]) -> dict[str, list[WorkOrder]]:
    grouped: dict[str, list[WorkOrder]] = {}
    for order in orders:
        grouped.setdefault(order.action, []).append(order)
    return grouped


def _town(device: Make, policy: str = "none") -> list[Device]:
    cameras = [
        device(CAMERA, address=f"127.0.0.{n}", observed=(("telnet.banner", "login:"),)) for n in (11, 12, 13)
    ]
    elsewhere = device(CAMERA, address="127.0.1.11", site="school")
    silent = device(
        {k: v for k, v in CAMERA.items() if k not in {"build_date", "firmware"}}, address="127.0.0.20"
    )
    return [_assessed(one, policy) for one in [*cameras, elsewhere, silent]]


def test_devices_of_one_model_at_one_site_make_one_update_with_one_target(device: Make) -> None:
    updates = _by_action(plan(_town(device)))["update"]
    assert {(order.site, len(order.devices)) for order in updates} == {("town-hall", 3), ("school", 1)}
    order = next(one for one in updates if one.site == "town-hall")
    assert order.title == "Update 3 × IPC-HFW5442T-ASE to build 2021-08-01 or later"
    assert order.priority is Priority.ACT_NOW
    assert order.effort == "hours"
    assert any("Upgrade" in step for step in order.steps)
    assert "town-hall/127.0.0.11 CVE-2021-33044" in order.findings


def test_who_has_the_firmware_that_closes_the_faults_is_not_told_to_update_to_it(device: Make) -> None:
    """Its firmware is old all the same, which is work of its own and not of the most urgent."""
    fixed = {**CAMERA, "firmware": "2.820.0000000.48.R", "build_date": "2023-01-05"}
    found = [_assessed(device(CAMERA, address="127.0.0.11")), _assessed(device(fixed, address="127.0.0.12"))]
    updates = {order.title: order for order in plan(found) if order.action == "update"}
    urgent = next(order for title, order in updates.items() if title.endswith("or later"))
    aged = next(order for title, order in updates.items() if not title.endswith("or later"))
    assert (urgent.devices, urgent.priority) == (("town-hall/127.0.0.11",), Priority.ACT_NOW)
    assert aged.devices == ("town-hall/127.0.0.12",)
    assert aged.priority is not Priority.ACT_NOW
    assert aged.id != urgent.id


def test_the_check_is_a_command_for_just_these_devices(device: Make) -> None:
    order = next(one for one in plan(_town(device)) if one.action == "close-service")
    words = shlex.split(order.check)
    assert words == ["auditor", "scan", "--scope", "scope.toml", "127.0.0.11", "127.0.0.12", "127.0.0.13"]
    assert order.title == "Close telnet on 3 devices"


def test_where_an_address_may_exist_twice_the_check_names_the_site(device: Make) -> None:
    orders = plan(_town(device), are_sites_told_apart=True)
    order = next(one for one in orders if one.action == "close-service")
    assert shlex.split(order.check)[:6] == ["auditor", "scan", "--scope", "scope.toml", "--site", "town-hall"]


def test_a_missing_fact_is_read_from_the_device_before_the_supplier_is_asked(device: Make) -> None:
    orders = _by_action(plan(_town(device)))
    order = next(one for one in orders["investigate"] if "build date" in one.title)
    assert order.devices == ("town-hall/127.0.0.20",)


def test_a_binding_instrument_asks_for_replacement_by_criteria_and_questions_and_names_no_brand(
    device: Make,
) -> None:
    order = _by_action(plan(_town(device, "us-federal")))["replace"][0]
    text = " ".join(order.steps)
    assert "Who makes the device" in text
    assert "SBOM" in text
    assert order.effort == "project"
    assert order.title == "Replace 4 × Dahua devices"


def test_what_attackers_use_and_nobody_fixed_is_isolated(device: Make) -> None:
    recorder = {
        "maker": "dahua",
        "brand": "dahua",
        "kind": "dvr",
        "model": "DVR5104H",
        "build_date": "2013-01-01",
    }
    orders = _by_action(plan([_assessed(device(recorder))]))
    assert orders["isolate"][0].title.startswith("Separate 1 × DVR5104H")
    assert orders["replace"]


def test_orders_are_sorted_by_urgency(device: Make) -> None:
    ranks = [order.priority.rank for order in plan(_town(device))]
    assert ranks == sorted(ranks, reverse=True)


def test_an_order_keeps_its_identity_when_devices_and_targets_change(device: Make) -> None:
    before = {order.id: order for order in plan(_town(device))}
    after = {order.id for order in plan(_town(device)[1:])}
    assert after <= set(before)
    assert len(before) == len({(order.site, order.action, order.title) for order in before.values()})


def test_progress_tells_what_is_done_from_what_nobody_can_look_at(device: Make) -> None:
    town = _town(device)
    telnet = next(order for order in plan(town) if order.action == "close-service")
    closed = replace(town[0], findings=tuple(one for one in town[0].findings if one.id == "telnet-open"))
    here = _assessed(device(CAMERA, address="127.0.0.11"))
    now = progress(plan([here, town[1]]), plan(town[2:]), plan([closed]))
    order = next(one for one in now if one.id == telnet.id)
    assert order.state == "partly done"
    assert order.done == ("town-hall/127.0.0.11",)
    assert order.devices == ("town-hall/127.0.0.12",)
    assert "town-hall/127.0.0.13" in order.unheard
    school = next(one for one in now if one.site == "school" and one.action == "update")
    assert (school.state, school.devices, school.unheard) == ("not heard", (), ("school/127.0.1.11",))


def test_an_order_is_done_when_all_of_it_is_settled(device: Make) -> None:
    old = _assessed(device(CAMERA, observed=(("telnet.banner", "login:"),)))
    settled = replace(old, findings=tuple(one for one in old.findings if one.id == "telnet-open"))
    now = progress(plan([_assessed(device(CAMERA))]), (), plan([settled]))
    states = {order.action: order.state for order in now if "telnet" in order.title}
    assert states == {"close-service": "done"}


def test_new_work_is_called_new(device: Make) -> None:
    town = _town(device)
    now = progress(plan(town), (), (), known=frozenset({"elsewhere/127.0.0.1 telnet-open"}))
    assert {order.state for order in now} == {"new"}
    assert {order.state for order in progress(plan(town), (), ())} == {"open"}


def test_braces_in_a_device_s_own_words_are_not_filled_in(device: Make) -> None:
    hostile = {**CAMERA, "model": "IPC-HFW5{site}{0}{remedy.__class__}"}
    orders = plan([_assessed(device(hostile))])
    assert any("{site}{0}{remedy.__class__}" in order.title for order in orders)


def test_a_device_outside_the_scope_is_in_no_command(device: Make) -> None:
    seen = _assessed(device({}, observed=(("sadp.mac", "02-00-00-00-00-01"),), granted=False))
    for order in plan([seen]):
        assert order.check == ""
