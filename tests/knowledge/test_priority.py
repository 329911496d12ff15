"""The priority tree: every combination has a branch, and the branches keep their promises."""

import itertools
from typing import Any

import pytest

from auditor.knowledge import knowledge_book
from auditor.knowledge.priority import Case
from auditor.model import FindingKind, Priority, Severity, Verdict

TREE = knowledge_book().priorities
CASES = [
    Case(*values)
    for values in itertools.product(
        FindingKind, Verdict, Severity, ("known", "public", "none"), (True, False), (True, False)
    )
]


def _rank(case: Case) -> int:
    return TREE.decide(case).priority.rank


def test_every_combination_is_decided_with_a_reason_of_one_sentence() -> None:
    assert len(CASES) == 4 * 4 * 5 * 3 * 2 * 2
    for case in CASES:
        branch = TREE.decide(case)
        assert branch.because.endswith(".")
        assert branch.because.count(". ") == 0


def test_every_branch_is_reached_by_some_case() -> None:
    reached = {id(TREE.decide(case)) for case in CASES}
    assert [branch.because for branch in TREE.branches if id(branch) not in reached] == []


def test_known_exploited_and_affected_on_a_reachable_service_is_act_now() -> None:
    for severity, restricted in itertools.product(Severity, (True, False)):
        case = Case(
            FindingKind.ADVISORY, Verdict.AFFECTED, severity, "known", reachable=True, restricted=restricted
        )
        assert TREE.decide(case).priority is Priority.ACT_NOW


def test_what_is_not_affected_is_only_watched() -> None:
    assert {_rank(case) for case in CASES if case.verdict is Verdict.NOT_AFFECTED} == {Priority.WATCH.rank}


def test_what_could_not_be_assessed_never_counts_as_done() -> None:
    for case in CASES:
        if case.kind is FindingKind.ADVISORY and case.verdict is Verdict.NOT_ASSESSED:
            assert _rank(case) >= Priority.PLAN.rank


def _worse(case: Case) -> list[Case]:
    """Return the cases that are worse by one step on one axis."""
    severities = sorted(Severity, key=lambda one: one.rank)
    steps: list[dict[str, Any]] = []
    if case.severity is not Severity.CRITICAL:
        steps.append({"severity": severities[severities.index(case.severity) + 1]})
    if case.exploitation != "known":
        steps.append({"exploitation": "known" if case.exploitation == "public" else "public"})
    if not case.reachable:
        steps.append({"reachable": True})
    if case.verdict is Verdict.POSSIBLY_AFFECTED:
        steps.append({"verdict": Verdict.AFFECTED})
    fields = ("kind", "verdict", "severity", "exploitation", "reachable", "restricted")
    return [Case(**{**{name: getattr(case, name) for name in fields}, **step}) for step in steps]


def test_a_worse_case_is_never_less_urgent() -> None:
    wrong = [(case, worse) for case in CASES for worse in _worse(case) if _rank(worse) < _rank(case)]
    assert wrong == []


@pytest.mark.parametrize(
    ("case", "expected"),
    [
        (Case(FindingKind.ADVISORY, Verdict.AFFECTED, Severity.CRITICAL, "known"), "act now"),
        (
            Case(FindingKind.ADVISORY, Verdict.AFFECTED, Severity.CRITICAL, "known", reachable=False),
            "this week",
        ),
        (Case(FindingKind.ADVISORY, Verdict.POSSIBLY_AFFECTED, Severity.CRITICAL, "known"), "this week"),
        (Case(FindingKind.ADVISORY, Verdict.AFFECTED, Severity.CRITICAL), "this week"),
        (Case(FindingKind.ADVISORY, Verdict.AFFECTED, Severity.HIGH, "public"), "this week"),
        (Case(FindingKind.ADVISORY, Verdict.AFFECTED, Severity.HIGH), "plan"),
        (Case(FindingKind.ADVISORY, Verdict.AFFECTED, Severity.HIGH, restricted=True), "this week"),
        (Case(FindingKind.ADVISORY, Verdict.AFFECTED, Severity.MEDIUM), "plan"),
        (Case(FindingKind.ADVISORY, Verdict.AFFECTED, Severity.MEDIUM, reachable=False), "watch"),
        (Case(FindingKind.ADVISORY, Verdict.POSSIBLY_AFFECTED, Severity.MEDIUM), "watch"),
        (Case(FindingKind.RESTRICTION, Verdict.AFFECTED, Severity.HIGH), "plan"),
        (Case(FindingKind.RESTRICTION, Verdict.AFFECTED, Severity.INFO), "watch"),
        (Case(FindingKind.RESTRICTION, Verdict.POSSIBLY_AFFECTED, Severity.HIGH), "plan"),
        (Case(FindingKind.EXPOSURE, Verdict.AFFECTED, Severity.CRITICAL), "act now"),
        (Case(FindingKind.EXPOSURE, Verdict.AFFECTED, Severity.HIGH), "this week"),
        (Case(FindingKind.EXPOSURE, Verdict.AFFECTED, Severity.LOW), "watch"),
        (Case(FindingKind.LIFECYCLE, Verdict.AFFECTED, Severity.HIGH), "plan"),
        (Case(FindingKind.LIFECYCLE, Verdict.NOT_ASSESSED, Severity.LOW), "plan"),
    ],
)
def test_the_decisions_are_those_of_the_documentation(case: Case, expected: str) -> None:
    assert TREE.decide(case).priority == expected
