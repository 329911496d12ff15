"""The number of devices not assessed in full and the reasons below it are one set, however a device is made up."""

from dataclasses import replace

import pytest

from auditor.model import Account, Device, Outcome, Verdict
from auditor.reporting.counting import standing
from auditor.reporting.texts import texts
from auditor.reporting.unknown import questions, unknown
from tests.reporting import town

DEVICES = tuple(one for one in town.devices(40) if one.granted and one.is_present)
TEXTS = texts()


def whole(device: Device) -> Device:
    """Return a device of which nothing is left open."""
    findings = tuple(
        replace(one, verdict=Verdict.NOT_AFFECTED, settles="", accepted=None) for one in device.findings
    )
    identity = replace(device.identity, contradictions=())
    return replace(device, findings=findings, identity=identity, accounts=())


PLAIN = next(
    whole(one)
    for one in DEVICES
    if one.findings and one.identity.value("firmware") and one.identity.value("maker")
)


@pytest.mark.parametrize("assessed", [True, False])
def test_each_device_counted_stands_under_a_reason_and_no_other_does(assessed: bool) -> None:
    count, gaps = unknown(DEVICES, TEXTS, assessed=assessed)
    told = [questions(one, TEXTS, assessed=assessed) for one in DEVICES]
    assert count == sum(1 for one in told if one) > 0
    assert sum(gap.count for gap in gaps) == sum(map(len, told))
    assert all(0 < gap.count <= count for gap in gaps)
    for one, found in zip(DEVICES, told, strict=True):
        alone, reasons = unknown([one], TEXTS, assessed=assessed)
        assert (alone, bool(reasons)) == (int(bool(found)), bool(found))


def altered(verdict: Verdict, settles: str = "") -> Device:
    first, *others = PLAIN.findings
    return replace(PLAIN, findings=(replace(first, verdict=verdict, settles=settles), *others))


def nameless() -> Device:
    claims = tuple(one for one in PLAIN.identity.claims if one.name != "maker")
    return replace(PLAIN, identity=replace(PLAIN.identity, claims=claims))


REFUSED = Account("hall/192.0.2.5", "city", Outcome.REFUSED)


@pytest.mark.parametrize(
    ("device", "reasons"),
    [
        (PLAIN, set()),
        (altered(Verdict.NOT_ASSESSED), {("unanswered", "")}),
        (altered(Verdict.NOT_ASSESSED, "the build date"), {("unsettled", "the build date")}),
        (altered(Verdict.POSSIBLY_AFFECTED, "the build date"), {("unsettled", "the build date")}),
        (altered(Verdict.NOT_AFFECTED, "the build date"), set()),
        (nameless(), {("no-maker", "")}),
        (replace(PLAIN, accounts=(REFUSED,)), {("settings-unread", "")}),
    ],
)
def test_what_is_open_of_a_device_is_named(device: Device, reasons: set[tuple[str, str]]) -> None:
    assert questions(device, TEXTS, assessed=True) == reasons
    assert unknown([device], TEXTS, assessed=True)[0] == bool(reasons)


def test_only_a_device_assessed_in_full_has_no_action_known_without_a_word_more() -> None:
    assert standing(PLAIN, TEXTS, assessed=True) == "none"
    assert standing(replace(PLAIN, accounts=(REFUSED,)), TEXTS, assessed=True) == "open"
