"""A mark that several devices tell alike is said with each of them, and asks for no work."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from auditor.knowledge import assess, plan, with_shared_marks
from auditor.model import Device, Finding, Retirement, Severity, Standing, State, Verdict

Make = Callable[..., Device]
NOON = date(2026, 11, 22)


def shared(*devices: Device) -> list[list[Finding]]:
    found = with_shared_marks(devices)
    return [[one for one in device.findings if one.id.startswith("shared-")] for device in found]


def told(device: Make, *addresses: str, serial: str = "0123456789") -> tuple[Device, ...]:
    return tuple(device({"serial": serial}, address=address) for address in addresses)


def test_each_device_that_tells_the_serial_number_gets_the_finding_and_says_who_does(device: Make) -> None:
    found = shared(
        *told(device, "10.0.0.1", "10.0.0.2"), device({"serial": "4A0132APAG00001"}, address="10.0.0.3")
    )
    assert [[one.id for one in each] for each in found] == [["shared-serial"], ["shared-serial"], []]
    (finding,) = found[0]
    assert finding.verdict is Verdict.AFFECTED
    assert finding.severity is Severity.INFO
    assert (
        finding.reason == "10.0.0.1 and 10.0.0.2 tell the same serial number, so it does not tell them apart."
    )
    assert "0123456789" not in finding.reason + finding.title + finding.why_it_matters
    assert finding.because[0].value == "0123456789"


def test_a_hardware_address_is_compared_in_the_same_way(device: Make) -> None:
    found = shared(*(device({"mac": "00:11:22:33:44:55"}, address=f"10.0.0.{last}") for last in (1, 2)))
    assert [[one.id for one in each] for each in found] == [["shared-mac"], ["shared-mac"]]


GONE: dict[str, Callable[[Device], Device]] = {
    "outside": lambda one: replace(one, granted=False),
    "replaced": lambda one: replace(one, standing=Standing(State.REPLACED)),
    "silent": lambda one: replace(one, standing=Standing(State.SILENT)),
    "retired": lambda one: replace(
        one, retired=Retirement(datetime(2026, 11, 1, tzinfo=UTC), "owner", "scrapped")
    ),
}


@pytest.mark.parametrize("how", GONE)
def test_a_device_that_is_gone_or_outside_shares_nothing(device: Make, how: str) -> None:
    one, other = told(device, "10.0.0.1", "10.0.0.2")
    assert shared(one, GONE[how](other)) == [[], []]


def test_the_finding_goes_once_the_other_device_has_gone(device: Make) -> None:
    one, _ = with_shared_marks(told(device, "10.0.0.1", "10.0.0.2"))
    assert one.findings
    assert shared(one) == [[]]


def test_many_addresses_are_counted_not_listed(device: Make) -> None:
    found = shared(*told(device, *(f"10.0.0.{last}" for last in range(1, 31))))
    assert found[0][0].reason.startswith("10.0.0.1, 10.0.0.2, ")
    assert " and 18 more tell the same serial number" in found[0][0].reason
    assert dict(found[0][0].facts)["told by"] == "30 devices"


def test_other_findings_stay_and_no_work_is_made_of_it(device: Make) -> None:
    alone = device({"maker": "hikvision", "serial": "0123456789"}, address="10.0.0.1")
    judged = replace(alone, findings=assess(alone, today=NOON))
    one, other = with_shared_marks((judged, *told(device, "10.0.0.2")))
    assert set(judged.findings) < set(one.findings)
    assert plan([replace(other, findings=tuple(f for f in other.findings if f.id == "shared-serial"))]) == ()
