"""What an owner accepts for a time: read from the policy file, said of the finding, and back when the day is past."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from auditor.knowledge import (
    DataError,
    accepting,
    assess,
    chosen_policy,
    fails,
    knowledge_book,
    plan,
    progress,
)
from auditor.model import ACCEPTANCE_ENDED, Device, Finding, Severity, Verdict, WorkOrder

Make = Callable[..., Device]
TODAY = date(2026, 11, 22)
LAST = date(2026, 12, 31)
MAC = "58:50:ed:00:00:01"
CAMERA = {
    "maker": "dahua",
    "kind": "camera",
    "model": "IPC-HFW5442T-ASE",
    "firmware": "2.800.0000000.6.R",
    "build_date": "2020-03-14",
    "serial": "4F0A12BPAG00001",
    "mac": MAC,
}
FULL = {
    "finding": '"telnet-open"',
    "device": '"127.0.0.11"',
    "reason": '"own network"',
    "by": '"J. Doe"',
    "until": "2026-12-31",
}


def _policy(folder: Path, **changes: str | None) -> Path:
    path = folder / "policy.toml"
    lines = [f"{key} = {value}" for key, value in {**FULL, **changes}.items() if value is not None]
    path.write_text("\n".join(['schema_version = 1\nname = "town"\nversion = "1"\n[[accept]]', *lines]))
    return path


def _camera(
    make: Make, folder: Path, /, day: date = TODAY, address: str = "127.0.0.11", **changes: str | None
) -> Device:
    one = make(CAMERA, address=address, observed=(("telnet.banner", "login:"),))
    policy = chosen_policy(_policy(folder, **changes))
    return replace(one, findings=assess(one, policy=policy, today=day))


def _telnet(device: Device) -> Finding:
    return next(one for one in device.findings if one.id == "telnet-open")


def _closing(orders: tuple[WorkOrder, ...]) -> WorkOrder:
    return next(one for one in orders if one.action == "close-service")


@pytest.mark.parametrize(
    "name", ["127.0.0.11", "4f0a12bpag00001", MAC, MAC.upper().replace(":", "-"), MAC.replace(":", "")]
)
def test_a_device_is_named_by_address_serial_number_or_mac(device: Make, tmp_path: Path, name: str) -> None:
    found = _telnet(_camera(device, tmp_path, device=f'"{name}"'))
    assert found.accepted is not None
    assert (found.accepted.by, found.accepted.reason, found.accepted.until) == ("J. Doe", "own network", LAST)


def test_an_accepted_finding_keeps_verdict_severity_priority_and_place(device: Make, tmp_path: Path) -> None:
    taken, plain = _camera(device, tmp_path), _camera(device, tmp_path, device='"127.0.0.99"')
    assert [replace(one, accepted=None) for one in taken.findings] == list(plain.findings)
    assert [one.id for one in taken.findings if one.accepted] == ["telnet-open"]


def test_the_last_day_is_included_and_the_day_after_says_whose_word_has_ended(
    device: Make, tmp_path: Path
) -> None:
    assert _telnet(_camera(device, tmp_path, LAST)).accepted is not None
    found = _telnet(_camera(device, tmp_path, LAST + timedelta(days=1)))
    assert found.accepted is None
    assert dict(found.facts)[ACCEPTANCE_ENDED] == "accepted by J. Doe, ended on 2026-12-31"


def test_a_site_and_a_device_together_mean_that_device_at_that_site(device: Make, tmp_path: Path) -> None:
    site = device(CAMERA, address="127.0.0.11").site
    assert _telnet(_camera(device, tmp_path, device=None, site=f'"{site}"')).accepted is not None
    assert _telnet(_camera(device, tmp_path, site=f'"{site}"')).accepted is not None
    assert _telnet(_camera(device, tmp_path, site='"elsewhere"')).accepted is None


def test_what_is_not_affected_is_not_accepted(device: Make, tmp_path: Path) -> None:
    one = _camera(device, tmp_path)
    cleared = replace(_telnet(one), verdict=Verdict.NOT_AFFECTED)
    accepts = chosen_policy(_policy(tmp_path)).accepts
    assert accepting(one, (cleared,), accepts, TODAY) == (replace(cleared, accepted=None),)


def test_of_several_acceptances_the_one_that_lasts_longest_counts(device: Make, tmp_path: Path) -> None:
    path = _policy(tmp_path, until="2026-01-31")
    again = path.read_text() + "\n[[accept]]\n" + "\n".join(f"{key} = {value}" for key, value in FULL.items())
    path.write_text(again)
    one = device(CAMERA, address="127.0.0.11", observed=(("telnet.banner", "login:"),))
    found = _telnet(replace(one, findings=assess(one, policy=chosen_policy(path), today=TODAY)))
    assert found.accepted is not None
    assert found.accepted.until == LAST


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"reason": None}, "reason is missing"),
        ({"reason": '" "'}, "reason is missing"),
        ({"by": None}, "by is missing"),
        ({"until": None}, "until is missing"),
        ({"until": '"soon"'}, "until must be a date"),
        ({"device": None}, "device or site is missing"),
        ({"finding": '"telnet-opn"'}, "did you mean 'telnet-open'"),
        ({"finding": '"*"'}, "patterns are not read"),
        ({"untill": "2026-12-31"}, "unknown key 'untill'; did you mean 'until'"),
    ],
)
def test_a_slip_is_named_with_file_and_place(
    tmp_path: Path, changes: dict[str, str | None], said: str
) -> None:
    with pytest.raises(DataError) as raised:
        chosen_policy(_policy(tmp_path, **changes))
    assert "policy.toml: accept[1]: " in str(raised.value)
    assert said in str(raised.value)


def test_every_id_that_assessments_give_can_be_accepted(device: Make) -> None:
    partial = [{}, {"maker": "dahua"}, *({k: v for k, v in CAMERA.items() if k != gone} for gone in CAMERA)]
    made = [device(claims, address="127.0.0.11") for claims in (CAMERA, *partial)]
    policy = chosen_policy("us-federal")
    ids = {found.id for one in made for found in assess(one, policy=policy, today=TODAY)}
    assert ids
    assert ids <= knowledge_book().finding_ids


def test_accepted_findings_do_not_fail_a_check(device: Make, tmp_path: Path) -> None:
    taken = _telnet(_camera(device, tmp_path))
    assert not fails((taken,), Severity.INFO)
    assert fails((_telnet(_camera(device, tmp_path, LAST + timedelta(days=1))),), Severity.INFO)


def test_an_order_names_accepted_devices_apart_and_never_as_done(device: Make, tmp_path: Path) -> None:
    taken, other = _camera(device, tmp_path), _camera(device, tmp_path, address="127.0.0.12")
    order = _closing(progress(plan([taken, other]), (), ()))
    assert (order.devices, order.accepted, order.done) == ((other.key,), (taken.key,), ())
    assert order.state == "open"
    assert "127.0.0.11" not in order.check


def test_an_order_of_which_all_is_accepted_is_no_open_work_and_not_done(device: Make, tmp_path: Path) -> None:
    taken = _camera(device, tmp_path)
    was = replace(taken, findings=tuple(replace(one, accepted=None) for one in taken.findings))
    order = _closing(progress(plan([taken]), (), plan([was])))
    assert (order.state, order.devices, order.accepted, order.done) == ("accepted", (), (taken.key,), ())
