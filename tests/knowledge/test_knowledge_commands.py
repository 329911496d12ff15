"""The commands: what is known, what was found, and judging an old run again offline."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from auditor.cli import run
from auditor.model import Device, Observation, Run
from auditor.store import Access, Store, presence

AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
Make = Callable[..., Device]
CAMERA = {
    "maker": "dahua",
    "brand": "dahua",
    "kind": "camera",
    "model": "IPC-HFW5442T-ASE",
    "firmware": "2.800.0000000.6.R",
    "build_date": "2020-03-14",
}


@pytest.fixture
def db(tmp_path: Path, device: Make) -> Path:
    path = tmp_path / "audit.sqlite"
    audit = Run(
        id="run-1",
        version="0",
        scope_digest="00",
        data_digest="00",
        started=AT,
        ended=AT,
        complete=True,
        authorisation="test",
        issued_by="test",
        contact="test",
        sites=("town-hall",),
        state="complete",
    )
    found = [
        device(CAMERA, address="127.0.0.11", observed=(("telnet.banner", "login:"),)),
        device({"maker": "axis"}, address="127.0.0.12", observed=(("http.server", "x"),)),
    ]
    with Store.open(path, Access.CREATE) as store:
        store.begin(audit)
        for one in found:
            store.add(audit.id, one.exchanges)
            witness = [match.observation for claim in one.identity.claims for match in claim.because]
            unique: list[Observation] = list(dict.fromkeys([*one.observations, *witness]))
            store.save(audit.id, presence(one.key, AT), one.identity, unique)
        store.finish(audit)
    return path


def _lines(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines()]


def test_an_old_run_is_judged_offline_and_its_findings_are_kept(
    db: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["assess", "--db", str(db), "--policy", "us-federal", "--as-of", "2026-11-22"]) == 0
    told = capsys.readouterr()
    assert "1 need action now" in told.out
    assert "advisory data of 2026-11-22" in told.err
    assert run(["findings", "--db", str(db), "--jsonl", "--priority", "act now"]) == 0
    found = _lines(capsys.readouterr().out)
    assert {one["id"] for one in found} >= {"CVE-2021-33044", "CVE-2021-33045"}
    assert all(one["because"] for one in found)


def test_findings_are_filtered_by_kind_verdict_site_and_severity(
    db: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(["assess", "--db", str(db), "--as-of", "2026-11-22"])
    capsys.readouterr()
    run(["findings", "--db", str(db), "--jsonl", "--kind", "exposure", "--severity", "high"])
    assert [one["id"] for one in _lines(capsys.readouterr().out)] == ["telnet-open"]
    run(["findings", "--db", str(db), "--jsonl", "--site", "elsewhere"])
    assert capsys.readouterr().out == ""
    run(["findings", "--db", str(db), "--json", "--verdict", "not affected", "--id", "cve-2019-9676"])
    assert json.loads(capsys.readouterr().out)["findings"] == []
    assert run(["findings", "--db", str(db)]) == 0
    assert capsys.readouterr().out.startswith("ACT NOW    critical  affected")


def test_as_of_asks_what_was_in_force_on_a_day(db: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(
        ["assess", "--db", str(db), "--policy", "us-federal", "--as-of", "2019-08-12", "--dry-run", "--jsonl"]
    )
    early = {one["id"] for one in _lines(capsys.readouterr().out) if one["kind"] == "restriction"}
    run(
        ["assess", "--db", str(db), "--policy", "us-federal", "--as-of", "2019-08-13", "--dry-run", "--jsonl"]
    )
    later = {one["id"] for one in _lines(capsys.readouterr().out) if one["kind"] == "restriction"}
    assert later - early == {"us-ndaa-889-a"}


def test_fail_on_gives_exit_code_1(db: Path) -> None:
    assert run(["assess", "--db", str(db), "--fail-on", "critical"]) == 1
    assert run(["findings", "--db", str(db), "--fail-on", "critical", "--kind", "lifecycle"]) == 0
    assert run(["findings", "--db", str(db), "--fail-on", "critical"]) == 1


def test_an_unknown_policy_is_usage_and_says_what_there_is(
    db: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["assess", "--db", str(db), "--policy", "us-federl"]) == 2
    assert "did you mean 'us-federal'" in capsys.readouterr().err


def test_status_says_how_old_everything_is(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert run(["knowledge", "status"]) == 0
    told_lines = capsys.readouterr().out
    assert "141  advisories        as of 2026-11-22, " in told_lines
    assert "days old (full list checked to this day)" in told_lines
    assert "australia, clean-network, eu-institutions, none, uk, us-federal" in told_lines
    raw = tmp_path / "rows.json"
    raw.write_text('{"rows": [{"model": "IPC-HFW5442T-ASE", "version": "2.840.1", "date": "2026-01-01"}]}')
    assert run(["knowledge", "import-firmware", str(raw), "--as-of", "2026-08-22", "--source", "list"]) == 0
    run(["knowledge", "status", "--json"])
    told = json.loads(capsys.readouterr().out)
    assert told["firmware_index"] == {"as_of": "2026-08-22", "source": "list", "models": 1}


def test_a_record_is_shown_and_a_slip_is_answered(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["knowledge", "show", "cve-2021-36260"]) == 0
    assert "in the CISA list since 2022-01-10" in capsys.readouterr().out
    assert run(["knowledge", "show", "us-ndaa-889-a", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["status"] == "law"
    assert run(["knowledge", "show", "CVE-2021-36261"]) == 2
    assert "did you mean" in capsys.readouterr().err


def test_lint_finds_a_wrong_example_and_names_its_place(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import shutil

    from auditor import resources

    copy = tmp_path / "fingerprints"
    shutil.copytree(
        resources.fingerprints(), copy, ignore=shutil.ignore_patterns("vendors", "nursery", "oui.yaml")
    )
    assert run(["knowledge", "lint", str(copy)]) == 0
    record = copy / "advisories" / "CVE-2021-33044.yaml"
    record.write_text(record.read_text().replace("expect: not affected", "expect: affected", 1))
    assert run(["knowledge", "lint", str(copy)]) == 2
    assert "advisories/CVE-2021-33044.yaml: examples[" in capsys.readouterr().out
    record.write_text(record.read_text().replace("scheme:", "scheem:", 1))
    assert run(["knowledge", "lint", str(copy)]) == 2
    assert "unknown key 'scheem'; did you mean 'scheme'" in capsys.readouterr().out
