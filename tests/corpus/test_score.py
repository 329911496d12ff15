"""The scorer itself, on replies written for it: what counts as right, wrong, missed, alarm and hint, and by which rule."""

import dataclasses
import json
from pathlib import Path

import pytest

from auditor.model import Certainty
from tests.corpus.__main__ import main
from tests.corpus.count import by_rule, calibration, counted, decidable
from tests.corpus.judge import OURS, Judged, Verdict, is_same, judged
from tests.corpus.replies import corpora

SADP = (
    '<?xml version="1.0" encoding="UTF-8"?><ProbeMatch><Uuid>A</Uuid><Types>inquiry</Types>'
    "<DeviceDescription>DS-2CD2385G1-I</DeviceDescription><DeviceSN>DS-2CD2385G1-I20200414AAWRE10000001</DeviceSN>"
    "<MAC>58-50-ed-00-00-01</MAC><SoftwareVersion>V5.6.2build 190701</SoftwareVersion></ProbeMatch>"
)
AXIS = 'HTTP/1.1 401 X\r\nServer: Apache\r\nWWW-Authenticate: Digest realm="AXIS_ACCC8E112233", nonce="a"\r\n\r\n'
NGINX = "HTTP/1.1 200 OK\r\nServer: nginx\r\n\r\nWelcome"
NOTHING = dict.fromkeys(("true_maker", "brand", "kind", "model", "firmware", "build_date", "serial", "mac"))


def line(device: str, protocol: str, reply: str, request: str = "GET / HTTP/1.1") -> dict[str, object]:
    return {
        "schema_version": 1,
        "device": device,
        "protocol": protocol,
        "request": request,
        "reply": reply,
    } | ({"transport": "udp", "port": 37020} if protocol == "sadp" else {"transport": "tcp", "port": 80})


def key(device: str, maker: str, **shown: object) -> dict[str, object]:
    told = {
        "device": device,
        "protocol": "http",
        "fidelity": "real-capture",
        "maker": maker,
        "video": maker in OURS,
    }
    return NOTHING | told | shown


SAID = [
    line("found", "sadp", SADP),
    line("misread", "sadp", SADP),
    line("silent", "http", NGINX),
    line("taken-for-ours", "sadp", SADP),
    line("neighbour", "http", AXIS),
    line("misnamed", "http", AXIS),
]
KEY = [
    key(
        "found",
        "hikvision",
        model="DS-2CD2385G1-I",
        firmware="5.6.2",
        mac="5850ED000001",
        fidelity="pattern-instance",
    ),
    key("misread", "hikvision", model="DS-2CD2385G2-I", brand="EZVIZ"),
    key("silent", "dahua"),
    key("taken-for-ours", "other", true_maker="none"),
    key("neighbour", "other", true_maker="axis"),
    key("misnamed", "other", true_maker="bosch"),
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, lines in (("small.transcript.jsonl", SAID), ("small.expected.jsonl", KEY)):
        (tmp_path / name).write_text("".join(json.dumps(one) + "\n" for one in lines), encoding="utf-8")
    (tmp_path / "keyless.transcript.jsonl").write_text(json.dumps(SAID[0]), encoding="utf-8")
    return tmp_path


@pytest.fixture
def devices(folder: Path) -> list[Judged]:
    (corpus,) = corpora(folder)
    assert corpus.name == "small"
    assert len(corpus.digest) == 64
    return [judged(one) for one in corpus.devices]


def test_each_claim_is_right_wrong_or_missed(devices: list[Judged]) -> None:
    rows = counted(devices, lambda one: one.want.fidelity)
    assert (rows["all"].devices, rows["real-capture"].devices) == (6, 5)
    assert rows["all"].of("maker") == (2, 0, 1)
    assert rows["all"].of("firm") == (2, 0, 0)
    assert rows["all"].of("model") == (1, 1, 0)
    assert rows["pattern-instance"].of("firmware") == (1, 0, 0)
    assert rows["pattern-instance"].of("mac") == (1, 0, 0)
    assert sum(rows["all"].of("brand")[1:]) == 1
    assert rows["all"].of("alarm") == (2, 1, 0)
    assert rows["all"].of("named") == (1, 1, 0)


def test_an_alarm_is_blamed_on_the_rules_that_made_it(devices: list[Judged]) -> None:
    blamed = by_rule(devices, frozenset({"alarm"}))
    assert "hikvision.sadp.reply" in blamed
    assert blamed["hikvision.sadp.reply"] == ["taken-for-ours (none, not hikvision)"]
    assert by_rule(devices, frozenset({"hint", "maker"})) == {}


def test_calibration_counts_right_and_wrong_at_each_certainty(devices: list[Judged]) -> None:
    certain, firm, tentative = calibration(devices, OURS)
    assert (certain.certainty, certain.right, certain.wrong, certain.unknown) == (Certainty.CERTAIN, 2, 1, 0)
    assert (firm.right, firm.wrong, tentative.right, tentative.wrong) == (0, 0, 0, 0)
    everybody = calibration(devices)
    assert sum(one.wrong for one in everybody) == 2
    assert sum(one.right for one in everybody) == 3


def test_a_reply_that_nobody_could_name_is_set_apart_by_its_listed_reason_only(devices: list[Judged]) -> None:
    silent = next(one for one in devices if one.want.device == "silent")
    listed = dataclasses.replace(silent, want=dataclasses.replace(silent.want, device="rtsp-034"))
    before, after = decidable(devices), decidable([*devices, listed])
    assert before.silent == ()
    assert (after.right, after.total) == (before.right, before.total)
    assert [device for device, _ in after.silent] == ["rtsp-034"]


@pytest.mark.parametrize(
    ("name", "wanted", "claimed", "is_alike"),
    [
        ("firmware", "V5.6.2", "5.6.2", True),
        ("model", "V5", "5", False),
        ("mac", "58-50-ED-00-00-01", "58:50:ed:00:00:01", True),
        ("serial", "ab1 ", "AB1", True),
        ("serial", "AB1", "AB12", False),
    ],
)
def test_claims_are_compared_by_what_they_mean(
    name: str, wanted: str, claimed: str, *, is_alike: bool
) -> None:
    assert is_same(name, wanted, claimed) is is_alike


def test_the_command_prints_table_rules_calibration_and_misses(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--misses", str(folder)]) == 0
    said = capsys.readouterr().out
    assert "== small: 6 devices; right/wrong/missed" in said
    assert "hikvision.sadp.reply" in said.split("== hints")[0].split("== alarms")[1]
    assert "silent\tmaker\tmissed\tdahua\t-" in said
    assert f"{Verdict.WRONG}\tDS-2CD2385G2-I\tDS-2CD2385G1-I" in said


def test_without_recorded_replies_the_command_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(tmp_path)]) == 0
    assert "no *.transcript.jsonl" in capsys.readouterr().err
