"""Instruments and policies: who is concerned, since when, how surely, and what an owner can add."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from auditor.knowledge import DataError, assess, chosen_policy, knowledge_book
from auditor.model import Certainty, Contradiction, Device, Finding, FindingKind, Verdict

BOOK = knowledge_book()
TODAY = date(2026, 11, 22)
Make = Callable[..., Device]


def _found(device: Device, policy: str | Path, today: date = TODAY) -> dict[str, Finding]:
    found = assess(device, policy=chosen_policy(policy), today=today)
    return {one.id: one for one in found if one.kind is FindingKind.RESTRICTION}


def test_all_instruments_are_there_with_jurisdiction_status_and_reference() -> None:
    assert len(BOOK.restrictions) == 29
    for one in BOOK.restrictions:
        assert one.jurisdiction
        assert one.instrument
        assert one.references
        assert one.compiled


def test_a_finding_cites_instrument_clause_date_jurisdiction_and_the_maker_it_rests_on(device: Make) -> None:
    finding = _found(device({"maker": "hikvision"}), "us-federal")["us-ndaa-889-b"]
    facts = dict(finding.facts)
    assert finding.verdict is Verdict.AFFECTED
    assert facts["jurisdiction"] == "United States"
    assert facts["status"] == "law"
    assert facts["clause"] == "section 889(a)(1)(B)"
    assert facts["in force from"] == "2020-08-13"
    assert facts["maker rests on"] == "hikvision, certain"
    assert "section 889" in finding.reason
    assert finding.references


def test_a_tentative_maker_is_to_be_clarified_and_never_restricted(device: Make) -> None:
    for policy in ("us-federal", "uk", "australia", "eu-institutions", "clean-network"):
        for maker in ("hikvision", "dahua", "huawei", "uniview"):
            found = _found(device({"maker": maker}, tentative=("maker",)), policy)
            for finding in found.values():
                assert finding.verdict is Verdict.POSSIBLY_AFFECTED
                assert finding.settles
                assert finding.reason.startswith("To be clarified")


@pytest.mark.parametrize(
    ("day", "expected"),
    [(date(2019, 8, 12), False), (date(2019, 8, 13), True), (date(2026, 11, 22), True)],
)
def test_what_was_in_force_on_the_day_of_delivery_can_be_asked(
    device: Make, day: date, expected: bool
) -> None:
    assert ("us-ndaa-889-a" in _found(device({"maker": "dahua"}), "us-federal", day)) is expected


def test_an_instrument_of_which_only_the_month_is_known_is_open_within_it(device: Make) -> None:
    camera = device({"maker": "dahua"})
    assert "us-fcc-2026-06-26" not in _found(camera, "us-federal", date(2026, 6, 30))
    within = _found(camera, "us-federal", date(2026, 7, 9))["us-fcc-2026-06-26"]
    assert within.verdict is Verdict.POSSIBLY_AFFECTED
    after = _found(camera, "us-federal", date(2026, 8, 1))["us-fcc-2026-06-26"]
    assert after.verdict is Verdict.AFFECTED


def test_other_makers_and_unknown_makers_are_not_marked(device: Make) -> None:
    assert _found(device({"maker": "axis"}), "us-federal") == {}
    assert _found(device({}), "us-federal") == {}


def test_a_relabelled_unit_is_judged_by_its_maker_and_not_by_its_brand(device: Make) -> None:
    assert "us-ndaa-889-b" in _found(device({"maker": "hikvision", "brand": "acme"}), "us-federal")
    assert _found(device({"maker": "axis", "brand": "hikvision"}), "us-federal") == {}


def test_a_condition_on_the_use_is_asked_for_until_the_policy_states_it(device: Make, tmp_path: Path) -> None:
    camera = device({"maker": "dahua"})
    open_ = _found(camera, "uk")["uk-wms-2022"]
    assert open_.verdict is Verdict.POSSIBLY_AFFECTED
    assert "purposes" in open_.settles
    own = tmp_path / "policy.toml"
    own.write_text(
        'schema_version = 1\nname = "site"\nextends = ["uk"]\npurposes = ["sensitive government site"]\n'
    )
    assert _found(camera, own)["uk-wms-2022"].verdict is Verdict.AFFECTED


@pytest.mark.parametrize(
    ("cloud", "expected"),
    [("on", Verdict.AFFECTED), ("off", Verdict.NOT_AFFECTED), (None, Verdict.POSSIBLY_AFFECTED)],
)
def test_a_warning_about_cloud_links_looks_at_the_cloud_link(
    device: Make, cloud: str | None, expected: Verdict
) -> None:
    claims = {"maker": "dahua"} | ({"cloud_link": cloud} if cloud else {})
    assert _found(device(claims), "eu-institutions")["cz-nukib-2025"].verdict is expected


def test_a_proposal_makes_no_finding_and_none_makes_none(device: Make) -> None:
    camera = device({"maker": "huawei"})
    assert "eu-csa2-2026" not in _found(camera, "eu-institutions")
    assert _found(camera, "none") == {}


OWN = """
schema_version = 1
name = "town"
title = "Town council"
version = "3"

[[rule]]
id = "council-2027"
title = "No recorders of this maker after 2027"
instrument = "Council decision 12/2026"
clause = "article 3"
jurisdiction = "Municipality"
makers = { dahua = "restricted" }
kinds = ["nvr"]
in_force = { from = 2026-01-01, until = 2030-12-31 }
scope = "the municipality's buildings"
effect = "replace by the end of 2027"
"""


def test_an_owner_can_add_his_own_versioned_rules(device: Make, tmp_path: Path) -> None:
    own = tmp_path / "policy.toml"
    own.write_text(OWN)
    recorder = device({"maker": "dahua", "kind": "nvr"})
    finding = _found(recorder, own)["council-2027"]
    assert finding.verdict is Verdict.AFFECTED
    assert dict(finding.facts)["policy"] == "town 3"
    assert _found(device({"maker": "dahua", "kind": "camera"}), own) == {}
    assert _found(recorder, own, date(2031, 1, 1)) == {}
    assert _found(recorder, own, date(2025, 12, 31)) == {}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('schema_version = 1\nname = "x"\nrestrictions = ["us-ndaa-889a"]', "did you mean 'us-ndaa-889-a'"),
        ('schema_version = 1\nname = "x"\nrestriction = []', "did you mean 'restrictions'"),
        ('schema_version = 2\nname = "x"', "schema_version must be 1"),
        ('schema_version = 1\nname = "x"\nextends = ["mars"]', "which is not shipped"),
        ('schema_version = 1\nname = "x"\npurposes = ["fun"]', "is in no chosen instrument"),
        ('schema_version = 1\nname = "x"\n[[rule]]\nid = "a"', "rule[1]: title must be text"),
        ('schema_version = 1\nname = "x"\nextends = ["../policies/us-federal"]', "which is not shipped"),
        (f'schema_version = 1\nname = "x"\nextends = ["us-{"9" * 5000}"]', "which is not shipped"),
        (f"schema_version = 0x{'f' * 9000}\nname = 1", "name must be text"),
        (f"schema_version = 1\nname = 0x{'f' * 9000}", "got a number of thousands of digits"),
        (f"schema_version = {'9' * 5000}", "not readable as toml"),
        (f"schema_version = {'[' * 5000}", "not readable as toml"),
        ("schema_version = ", "not readable as toml"),
    ],
)
def test_a_slip_in_a_policy_is_reported_with_its_place_and_what_to_do(
    tmp_path: Path, text: str, words: str
) -> None:
    own = tmp_path / "policy.toml"
    own.write_text(text)
    with pytest.raises(DataError) as caught:
        chosen_policy(own)
    assert words in str(caught.value)
    assert "policy.toml" in str(caught.value)


def test_an_unknown_policy_name_is_answered_with_those_there_are() -> None:
    with pytest.raises(DataError, match="did you mean 'us-federal'"):
        chosen_policy("us-federel")


def _disputed(device: Make, held: str, against: str, *, is_weak: bool = True) -> Device:
    one = device({"maker": held})
    other = device({"maker": against}, tentative=("maker",) if is_weak else ())
    claim, sign = one.identity.claim("maker"), other.identity.claim("maker")
    assert claim
    assert sign
    return replace(one, identity=replace(one.identity, contradictions=(Contradiction("maker", claim, sign),)))


def test_a_restricted_maker_that_other_answers_contradict_is_to_be_clarified(device: Make) -> None:
    found = _found(_disputed(device, "axis", "hikvision"), "us-federal")
    finding = found["us-ndaa-889-b"]
    assert finding.verdict is Verdict.POSSIBLY_AFFECTED
    assert "held to be of axis, but another answer names hikvision" in finding.reason
    assert finding.settles.startswith("who made")
    assert finding.because[0].value == "hikvision"
    assert finding.certainty is Certainty.TENTATIVE


@pytest.mark.parametrize(
    ("against", "is_weak", "verdict"),
    [
        ("axis", False, Verdict.POSSIBLY_AFFECTED),
        ("axis", True, Verdict.AFFECTED),
        ("dahua", False, Verdict.AFFECTED),
    ],
)
def test_a_maker_that_another_answer_names_as_surely_is_to_be_clarified(
    device: Make, against: str, is_weak: bool, verdict: Verdict
) -> None:
    finding = _found(_disputed(device, "hikvision", against, is_weak=is_weak), "us-federal")["us-ndaa-889-b"]
    assert finding.verdict is verdict
    assert ("names axis as surely" in finding.reason) is (verdict is Verdict.POSSIBLY_AFFECTED)


def test_an_instrument_that_names_both_makers_is_said_once_of_the_one_that_is_held(device: Make) -> None:
    one = _disputed(device, "dahua", "hikvision")
    found = [
        f for f in assess(one, policy=chosen_policy("us-federal"), today=TODAY) if f.id == "us-ndaa-889-b"
    ]
    assert [finding.verdict for finding in found] == [Verdict.AFFECTED]
