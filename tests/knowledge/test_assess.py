"""A device assessed as a whole: advisories, ages, what could not be told, and how it is sorted."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from auditor.knowledge import assess, fails, knowledge_book, plan
from auditor.knowledge.latest import convert, load, save
from auditor.model import Device, Finding, FindingKind, Priority, Severity, Verdict

TODAY = date(2026, 11, 22)
Make = Callable[..., Device]
OLD = {
    "maker": "hikvision",
    "brand": "hikvision",
    "kind": "camera",
    "model": "DS-2CD2042FWD-I",
    "firmware": "V5.4.0",
    "build_date": "2016-04-14",
}


def _found(device: Device, today: date = TODAY) -> dict[str, Finding]:
    return {one.id: one for one in assess(device, today=today)}


def test_known_exploited_and_affected_on_a_reachable_device_comes_first_and_is_act_now(device: Make) -> None:
    found = assess(device({**OLD, "model": "DS-2CD2142FWD-I"}), today=TODAY)
    assert found[0].priority is Priority.ACT_NOW
    urgent = {one.id: one for one in found if one.priority is Priority.ACT_NOW}
    finding = urgent["CVE-2017-7921"]
    assert finding.verdict is Verdict.AFFECTED
    assert finding.known_exploited == date(2026, 3, 5)
    assert dict(finding.facts)["fixed build"] == "2017-01-24"
    assert dict(finding.facts)["advisory data of"] == "2026-11-22"
    assert "V5.4.0 build 2016-04-14" in finding.reason
    assert {claim.name for claim in finding.because} >= {"maker", "model", "firmware", "build_date"}


def test_a_missing_build_date_names_itself_as_what_would_settle_it(device: Make) -> None:
    claims = {name: value for name, value in OLD.items() if name != "build_date"}
    finding = _found(device(claims))["CVE-2017-7921"]
    assert finding.verdict is Verdict.POSSIBLY_AFFECTED
    assert finding.settles == "the build date: read it with credentials"
    assert finding.priority is Priority.THIS_WEEK


def test_a_missing_model_gives_one_finding_for_all_that_cannot_be_told(device: Make) -> None:
    found = _found(device({"maker": "dahua", "kind": "camera"}))
    finding = found["advisories-not-assessed-model"]
    assert finding.verdict is Verdict.NOT_ASSESSED
    assert "CVE-2025-31700" in dict(finding.facts)["advisories"]
    assert (
        found["CVE-2021-33044"].verdict is Verdict.POSSIBLY_AFFECTED
    )  # known exploited: not hidden in a heap
    assert all(
        one.verdict is not Verdict.NOT_AFFECTED for one in found.values() if one.kind is FindingKind.ADVISORY
    )


def test_an_unknown_maker_is_said_and_a_known_other_maker_is_left_alone(device: Make) -> None:
    unknown = _found(device({"model": "X"}))
    assert unknown["advisories-not-assessed-maker"].verdict is Verdict.NOT_ASSESSED
    other = assess(device({"maker": "axis", "model": "M1065-LW"}), today=TODAY)
    assert [one for one in other if one.kind is FindingKind.ADVISORY] == []


def test_a_device_that_told_nothing_is_not_assessed_and_the_way_a_question_ended_is_the_evidence(
    device: Make,
) -> None:
    (found,) = assess(device({}, ports=()), today=TODAY)
    assert (found.id, found.verdict) == ("advisories-not-assessed-maker", Verdict.NOT_ASSESSED)
    assert [(one.field, one.value) for one in found.observations] == [("exchange.status", "answered")]


def test_a_device_of_which_nothing_is_known_has_no_finding_without_evidence(device: Make) -> None:
    assert assess(replace(device({}, ports=()), exchanges=()), today=TODAY) == ()


def test_an_open_telnet_port_of_a_device_nobody_identified_is_found(device: Make) -> None:
    found = {one.id: one for one in assess(device({}, ports=(("tcp", 23),)), today=TODAY)}
    assert found["telnet-open"].verdict is Verdict.AFFECTED
    assert found["telnet-open"].observations


def test_a_device_outside_its_site_is_found_there_and_gives_no_work_but_to_find_its_owner(
    device: Make,
) -> None:
    seen = device({"maker": "dahua"}, observed=(("sadp.mac", "02-00-00-00-00-01"),), granted=False)
    found = assess(seen, today=TODAY)
    assert "outside-site" in {one.id for one in found}
    orders = plan([replace(seen, findings=found)])
    assert [one.findings for one in orders] == [(f"{seen.key} outside-site",)]


def test_a_firmware_that_cannot_be_older_than_the_fix_is_not_affected_where_only_the_date_counts(
    device: Make,
) -> None:
    base = {"maker": "dahua", "brand": "dahua", "kind": "camera", "model": "IPC-HFW5442T-ASE"}
    after = _found(device({**base, "firmware_floor": "2021-06-01"}))
    assert after["CVE-2021-33044"].verdict is Verdict.NOT_AFFECTED
    assert "cannot be older" in after["CVE-2021-33044"].reason
    before = _found(device({**base, "firmware_floor": "2021-05-31"}))
    assert before["CVE-2021-33044"].verdict is Verdict.POSSIBLY_AFFECTED
    weak = _found(device({**base, "firmware_floor": "2021-06-01"}, tentative=("firmware_floor",)))
    assert weak["CVE-2021-33044"].verdict is Verdict.POSSIBLY_AFFECTED
    never = _found(device({**base, "firmware_floor": "2019-01-01"}))
    assert never["CVE-2021-33044"].verdict is not Verdict.AFFECTED


def test_a_floor_clears_nothing_that_asks_for_the_version_too(device: Make) -> None:
    claims = {**{k: v for k, v in OLD.items() if k != "build_date"}, "firmware_floor": "2025-01-01"}
    assert _found(device(claims))["CVE-2017-7921"].verdict is Verdict.POSSIBLY_AFFECTED


def test_client_software_is_matched_only_where_such_a_product_was_identified(device: Make) -> None:
    camera = _found(device({**OLD, "firmware": "V2.0.0"}))
    assert "CVE-2025-39247" not in camera
    claims = {
        "maker": "hikvision",
        "kind": "platform",
        "model": "HikCentral Professional",
        "firmware": "V2.6.1",
    }
    assert _found(device(claims))["CVE-2025-39247"].verdict is Verdict.AFFECTED


def test_the_maker_counts_and_not_the_brand(device: Make) -> None:
    labelled = _found(device({**OLD, "maker": "axis", "brand": "hikvision"}))
    assert "CVE-2017-7921" not in labelled
    rebrand = _found(device({**OLD, "brand": "acme", "model": "AC-100", "base_model": "DS-2CD2142FWD-I"}))
    assert rebrand["CVE-2017-7921"].verdict is Verdict.POSSIBLY_AFFECTED
    assert "relabelled" in rebrand["CVE-2017-7921"].settles


def test_branches_of_a_resold_line_are_not_offered_to_units_of_unknown_brand(device: Make) -> None:
    found = _found(device({"maker": "dahua", "firmware": "2.800.0000000.16.R", "build_date": "2021-01-01"}))
    assert "CVE-2020-5735" not in found
    assert "CVE-2020-5735" in dict(found["advisories-not-assessed-brand"].facts)["advisories"]
    own = {
        "maker": "dahua",
        "brand": "amcrest",
        "model": "IP8M",
        "firmware": "2.999.1.R",
        "build_date": "2019-01-01",
    }
    other = _found(device(own))["CVE-2020-5735"]
    assert other.verdict is Verdict.POSSIBLY_AFFECTED
    assert "fixed version" not in dict(other.facts)


def test_the_line_that_firmware_must_reach_is_the_newest_of_the_fixes(device: Make) -> None:
    finding = _found(device({**OLD, "model": "DS-2CD2142WD-I"}))["firmware-minimum"]
    assert dict(finding.facts)["fixed build"] == "2021-06-25"


@pytest.mark.parametrize(
    ("built", "verdict", "severity"),
    [
        ("2026-01-01", Verdict.NOT_AFFECTED, Severity.INFO),
        ("2024-11-22", Verdict.NOT_AFFECTED, Severity.INFO),
        ("2024-11-21", Verdict.AFFECTED, Severity.MEDIUM),
        ("2021-11-01", Verdict.AFFECTED, Severity.HIGH),
    ],
)
def test_firmware_age_has_thresholds(device: Make, built: str, verdict: Verdict, severity: Severity) -> None:
    finding = _found(device({**OLD, "build_date": built}))["firmware-age"]
    assert (finding.verdict, finding.severity) == (verdict, severity)
    assert "no list" in dict(finding.facts)["newest known"]


def test_an_unknown_age_is_not_new(device: Make) -> None:
    claims = {name: value for name, value in OLD.items() if name != "build_date"}
    assert _found(device(claims))["firmware-age"].verdict is Verdict.NOT_ASSESSED
    young = _found(device({**claims, "firmware_floor": "2026-06-01"}))["firmware-age"]
    assert young.verdict is Verdict.NOT_AFFECTED


def test_old_hardware_is_told_by_its_production_date(device: Make) -> None:
    assert (
        _found(device({**OLD, "production_date": "2015-03-01"}))["hardware-age"].severity is Severity.MEDIUM
    )
    assert _found(device({**OLD, "production_date": "2019-03-01"}))["hardware-age"].severity is Severity.LOW
    assert "hardware-age" not in _found(device({**OLD, "production_date": "2024-03-01"}))


def test_an_imported_list_says_whether_newer_firmware_exists(device: Make, tmp_path: Path) -> None:
    raw = tmp_path / "live.json"
    raw.write_text(
        '{"DS-2CD2042FWD-I_G0": {"model": "DS-2CD2042FWD-I", "version": "5.8.1", "date": "2026-03-01",'
        ' "filename": "Firmware__V5.8.10_251220_S3000720146.zip", "supported_models": ["DS-2CD2142FWD-I (2.8mm)"]},'
        ' "B": {"model": "DS-2CD2042FWD-I", "version": "5.9.0", "is_beta": true},'
        ' "C": {"model": "DS-2CD2042FWD-I", "version": "5.8.9", "date": ""}}'
    )
    kept = tmp_path / "index.json"
    save(convert(raw, date(2026, 8, 22), "public archive"), kept)
    index = load(kept)
    newest = index.newest(("DS-2CD2042FWD-I",))
    assert newest is not None
    assert (newest.version, newest.not_before) == ("5.8.10", date(2025, 12, 20))
    found = {one.id: one for one in assess(device(OLD), today=TODAY, latest=index)}
    assert "5.8.10" in found["firmware-newer-exists"].reason
    same = {one.id for one in assess(device({**OLD, "firmware": "V5.8.10"}), today=TODAY, latest=index)}
    assert "firmware-newer-exists" not in same
    fact = dict(found["firmware-age"].facts)["newest known"]
    assert "public archive of 2026-08-22" in fact


def test_fail_on_counts_what_holds_or_may_hold(device: Make) -> None:
    found = assess(device(OLD), today=TODAY)
    assert fails(found, Severity.CRITICAL)
    harmless = tuple(replace(one, verdict=Verdict.NOT_ASSESSED) for one in found)
    assert not fails(harmless, Severity.INFO)


def _many(device: Make, number: int) -> list[Device]:
    """Return devices of several hundred kinds, made from the examples of the records."""
    samples = [one for record in knowledge_book().advisories for one in record.examples if one.model]
    made = []
    for index in range(number):
        one = samples[index % len(samples)]
        claims = {
            "maker": one.maker,
            "brand": one.brand,
            "model": one.model or "",
            "kind": one.kind or "camera",
        }
        claims["build_date"] = f"20{10 + index % 17:02}-0{1 + index % 9}-{10 + index % 19}"
        claims["firmware"] = one.firmware or "V5.5.0"
        observed = (
            ("http.status", "200"),
            ("http.date", "Sun, 22 Nov 2026 12:00:00 GMT"),
            ("tls.version", "TLSv1.1"),
        )
        made.append(device(claims, observed=observed, address=f"127.1.{index // 250}.{index % 250}"))
    return made
