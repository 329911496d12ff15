"""Replies that nobody here composed: no wrong maker, no alarm, and what is shown is read exactly."""

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from auditor import probes
from auditor.fingerprint import identify
from auditor.intake import transcript
from auditor.model import Identity

CORPUS = Path(__file__).resolve().parents[2] / ".." / "shared" / "corpus"
OURS = {"hikvision", "dahua", "huawei"}
VIDEO = {"camera", "nvr", "dvr", "recorder", "intercom"}

pytestmark = [
    pytest.mark.corpus,
    pytest.mark.skipif(
        not (CORPUS / "dev.transcript.jsonl").is_file(), reason="no corpus beside the checkout"
    ),
]


@pytest.fixture(scope="module")
def identities() -> dict[str, Identity]:
    heard = transcript.read(CORPUS / "dev.transcript.jsonl").devices
    return {
        one.device: identify(one.device, (seen for said in one.exchanges for seen in probes.read(said)))
        for one in heard
    }


@pytest.fixture(scope="module")
def wanted() -> list[dict[str, object]]:
    lines = (CORPUS / "dev.expected.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines if line.strip()]


def test_no_maker_is_wrong_and_nearly_all_are_found(
    identities: dict[str, Identity], wanted: list[dict[str, object]]
) -> None:
    counted: Counter[str] = Counter()
    for want in wanted:
        if want["maker"] in OURS and want["video"]:
            maker = identities[str(want["device"])].value("maker")
            counted["missed" if maker is None else "right" if maker == want["maker"] else "wrong"] += 1
    assert counted["wrong"] == 0
    assert counted["right"] / counted.total() >= 0.98


def test_none_of_the_three_makers_is_claimed_for_anything_else(
    identities: dict[str, Identity], wanted: list[dict[str, object]]
) -> None:
    for want in wanted:
        if want["maker"] not in OURS or not want["video"]:
            found = identities[str(want["device"])]
            maker, kind = found.value("maker"), found.value("kind")
            assert maker not in OURS or (maker == want["maker"] and kind not in VIDEO), want["device"]


@pytest.mark.parametrize("field", ["model", "firmware", "build_date", "serial", "mac", "brand"])
def test_what_a_reply_shows_is_read_exactly(
    identities: dict[str, Identity], wanted: list[dict[str, object]], field: str
) -> None:
    shown = [want for want in wanted if want["video"] and want["maker"] in OURS and want.get(field)]
    right = [
        want
        for want in shown
        if (identities[str(want["device"])].value(field) or "").lower().removeprefix("v")
        == str(want[field]).lower().removeprefix("v")
    ]
    assert len(shown) >= 20
    assert len(right) / len(shown) >= 0.97


def test_the_score_of_the_command_is_printed() -> None:
    script = Path(__file__).with_name("score_corpus.py")
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "right/wrong/missed" in done.stdout
    assert done.stdout.splitlines()[-1].startswith("all")
