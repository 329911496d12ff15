"""Replies that nobody here composed: no wrong maker, no alarm, and what is shown is read exactly."""

import re
from pathlib import Path

import pytest

from tests.corpus.accuracy import page
from tests.corpus.count import calibration, counted, decidable
from tests.corpus.judge import OURS, Judged, Verdict, judged
from tests.corpus.replies import SHOWN, corpora

SETS = corpora()
NAMES = [one.name for one in SETS]

pytestmark = [
    pytest.mark.corpus,
    pytest.mark.skipif(not SETS, reason="no corpus beside the checkout"),
]


@pytest.fixture(scope="module")
def devices() -> list[Judged]:
    return [judged(device) for one in SETS for device in one.devices]


def wrong(devices: list[Judged], field: str) -> list[tuple[object, ...]]:
    return [
        (device.want.device, one.wanted, one.claimed, one.rules)
        for device in devices
        for one in device.judgements
        if one.field == field and one.verdict is Verdict.WRONG
    ]


def test_no_maker_is_wrong_and_nearly_all_are_found(devices: list[Judged]) -> None:
    assert wrong(devices, "maker") == []
    told = decidable(devices)
    assert told.right / told.total >= 0.99


def test_none_of_the_three_makers_is_claimed_surely_for_anything_else(devices: list[Judged]) -> None:
    assert wrong(devices, "alarm") == []


def test_no_sure_maker_is_wrong(devices: list[Judged]) -> None:
    certain, firm, _ = calibration(devices, OURS)
    assert (certain.wrong, firm.wrong) == (0, 0)
    assert certain.right + firm.right >= 100


@pytest.mark.parametrize("field", [name for name in SHOWN if name != "kind"])
def test_what_a_reply_shows_is_read_exactly(devices: list[Judged], field: str) -> None:
    right, _, missed = counted(devices, lambda one: one.want.protocol)["all"].of(field)
    assert wrong(devices, field) == []
    assert right >= 20
    assert right / (right + missed) >= 0.98


def test_the_published_figures_are_what_todays_rules_give() -> None:
    published = (Path(__file__).resolve().parents[2] / "docs" / "accuracy.md").read_text(encoding="utf-8")
    made = re.compile(r"^Made on (\S+) with rules \w+\.$", re.MULTILINE)
    day = made.search(published)
    assert day is not None
    assert made.sub("", page(SETS, day[1])) == made.sub("", published), "run `make accuracy`"
