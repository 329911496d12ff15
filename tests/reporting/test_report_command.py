"""`auditor report` and `auditor export` against a real database."""

import json
from pathlib import Path

import pytest

from auditor.cli import run
from auditor.model import Device
from auditor.run.basis import judging_by
from auditor.store import Access, Presence, Store, presence
from tests.reporting import town

SMALL = town.devices(6)


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "audit.sqlite"
    audit = town.run()
    with Store.open(path, Access.CREATE) as store:
        store.begin(audit)
        for device in SMALL:
            store.add(audit.id, device.exchanges, granted=device.granted)
            store.save(audit.id, met(device), device.identity, device.observations)
        numbers = {one.device.key: one.number for one in store.held()}
        judging = judging_by(None, policy=None, today=None, otherwise=town.START.date())
        store.all_findings(
            judging.basis, [(numbers[device.key], audit.id, device.findings) for device in SMALL]
        )
        store.finish(audit)
    return path


def met(device: Device) -> Presence:
    return presence(device.key, town.START, granted=device.granted)


def test_several_formats_are_written_beside_each_other(database: Path, tmp_path: Path) -> None:
    base = tmp_path / "town"
    assert run(["report", "--db", str(database), "--format", "html,csv,md", "-o", str(base)]) == 0
    assert "CVE-2099-0001" in (tmp_path / "town.html").read_text(encoding="utf-8")
    assert {path.suffix for path in tmp_path.iterdir()} >= {".html", ".csv", ".md"}


def test_a_report_fails_on_findings_when_asked(database: Path, tmp_path: Path) -> None:
    given = ["report", "--db", str(database), "-o", str(tmp_path / "r.html"), "--fail-on"]
    assert run([*given, "critical"]) == 1


def test_an_export_goes_to_standard_output(database: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert run(["export", "jsonl", "--db", str(database), "--redact", "--tlp", "green"]) == 0
    records = [json.loads(line) for line in capfdbinary.readouterr().out.splitlines()]
    assert records[0]["tlp"] == "TLP:GREEN"
    assert records[0]["redacted"] is True
    assert all("reply" not in exchange for one in records for exchange in one.get("exchanges", ()))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["report", "--format", "docx"], "unknown format 'docx'; known are csv, html"),
        (["export", "docx"], "docx: unknown format"),
        (["report", "--run", "nope"], "no run 'nope'"),
        (["report", "--format", "html,csv", "-o", "-"], "give one --format"),
        (["export", "transcript", "--redact"], "cannot be redacted"),
        (["report", "--format", "html,transcript", "--redact-addresses"], "cannot be redacted"),
        (["report", "-o", "/nonexistent/folder/r"], "cannot be written"),
    ],
)
def test_a_wrong_wish_is_answered_with_what_to_do(
    arguments: list[str], words: str, database: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([*arguments, "--db", str(database)]) == 2
    assert words in capsys.readouterr().err
