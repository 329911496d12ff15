"""The published page, from replies written for it, and the figures in it."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.corpus.accuracy import main, page, upper_bound
from tests.corpus.ratios import Labelled, in_hindsight, log_odds, outcome
from tests.corpus.replies import corpora
from tests.corpus.test_score import KEY, SAID


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, lines in (("small.transcript.jsonl", SAID), ("small.expected.jsonl", KEY)):
        (tmp_path / name).write_text("".join(json.dumps(one) + "\n" for one in lines), encoding="utf-8")
    return tmp_path


def test_the_page_counts_by_protocol_fidelity_and_certainty(folder: Path) -> None:
    said = page(corpora(folder), "2026-11-28")
    lines = said.splitlines()
    assert "Made on 2026-11-28 with rules " in said
    assert any(line.startswith("| all | 6 | 2 / 0 / 1 | 2 / 0 / 0 | 1 / 1 / 0 |") for line in lines)
    assert any(line.startswith("| pattern-instance | 1 | 1 / 0 / 0 |") for line in lines)
    assert "| certain | 2 | 1 | 1 in 1 |" in lines
    assert "on other sets than above" in said
    assert "\n\n\n" not in said


def test_the_page_stays_as_it_is_where_no_replies_are_at_hand(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "accuracy.md"
    out.write_text("as it was", encoding="utf-8")
    assert main(["--date", "2026-11-28", "--out", str(out), str(tmp_path)]) == 0
    assert out.read_text(encoding="utf-8") == "as it was"
    assert "is left as it is" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("wrong", "total", "bound"), [(0, 600, 0.00498), (0, 10, 0.2589), (1, 10, 0.3942), (3, 3, 1.0)]
)
def test_the_bound_is_that_of_clopper_and_pearson(wrong: int, total: int, bound: float) -> None:
    assert upper_bound(wrong, total) == pytest.approx(bound, abs=1e-3)


SIGN = ("dahua", "realm", "dahua.realm")
SHARED = ("dahua", "sdk", "dahua.sdk")


def devices(count: int, maker: str, *signs: tuple[str, str, str]) -> list[Labelled]:
    return [
        Labelled(f"{maker}{signs}{number}", f"{maker}{number}", maker, frozenset(signs))
        for number in range(count)
    ]


def test_a_sign_that_others_give_as_often_weighs_nothing_and_an_own_one_much() -> None:
    known = [*devices(100, "dahua", SIGN, SHARED), *devices(100, "", SHARED)]
    both = Labelled("x", "x", "dahua", frozenset({SIGN, SHARED}))
    assert log_odds(replace(both, held=frozenset({SHARED})), "dahua", known) == pytest.approx(0.0, abs=0.01)
    assert log_odds(both, "dahua", known) == pytest.approx(5.303, abs=0.01)
    assert log_odds(replace(both, held=frozenset()), "dahua", known) == float("-inf")


def test_a_devices_own_source_teaches_nothing_about_it() -> None:
    alone = [replace(one, source="the same") for one in devices(100, "dahua", SIGN)]
    result = outcome([*alone, *devices(100, "")])
    assert (result.right, result.wrong) == (0, 0)
    result = outcome([*devices(150, "dahua", SIGN), *devices(150, "")])
    assert (result.right, result.wrong, result.likely_right) == (150, 0, 150)


def test_the_limit_in_hindsight_lies_above_every_wrong_one() -> None:
    known = [*devices(50, "dahua", SIGN, SHARED), *devices(10, "dahua", SHARED), *devices(20, "")]
    assert in_hindsight(known) == 60
    assert in_hindsight([*known, *(replace(one, maker="") for one in devices(1, "stranger", SHARED))]) == 50
