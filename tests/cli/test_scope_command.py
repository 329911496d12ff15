"""`auditor init` and `auditor scope check` say what may be touched before anything is."""

import json
from pathlib import Path

import pytest

from auditor.cli import run

WHEN = "2026-11-22T12:00:00Z"


@pytest.fixture
def scope_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "scope.toml"
    assert run(["init", "--network", "127.9.0.0/28", "--days", "366"]) == 0
    text = path.read_text(encoding="utf-8")
    path.write_text(
        text.replace("[pace]", '[[exclude]]\naddress = "127.9.0.7"\nreason = "fragile"\n\n[pace]')
        .replace(
            next(line for line in text.splitlines() if line.startswith("valid_from")),
            "valid_from = 2026-01-01T00:00:00Z",
        )
        .replace(
            next(line for line in text.splitlines() if line.startswith("valid_until")),
            "valid_until = 2027-01-01T00:00:00Z",
        ),
        encoding="utf-8",
    )
    return path


def test_init_writes_a_scope_that_reads_and_does_not_overwrite(
    scope_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["init"]) == 2
    assert "exists already" in capsys.readouterr().err
    assert run(["init", "other.toml", "--network", "192.0.2.1/24"]) == 2
    assert "did you mean 192.0.2.0/24" in capsys.readouterr().err


def test_check_says_what_is_granted_refused_and_would_be_sent(
    scope_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert run(["scope", "check", "--at", WHEN]) == 0
    told = capsys.readouterr().out
    assert "13 addresses" in told
    assert "excluded      127.9.0.7: fragile" in told
    assert "tcp_sweep" in told
    assert "2 a second" in told


def test_check_answers_for_single_addresses(scope_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    asked = [part for address in ("127.9.0.3", "127.9.0.7", "192.0.2.1") for part in ("--address", address)]
    assert run(["scope", "check", "--at", WHEN, "--json", *asked]) == 3
    told = json.loads(capsys.readouterr().out)
    assert [one["granted"] for one in told["answers"]] == [True, False, False]
    assert "fragile" in told["answers"][1]["says"]
    assert told["would_send"]["addresses"] == 13


@pytest.mark.parametrize("moment", ["2025-12-31T23:59:59Z", "2027-01-01T00:00:00Z"])
def test_check_refuses_outside_the_dates(
    scope_file: Path, capsys: pytest.CaptureFixture[str], moment: str
) -> None:
    capsys.readouterr()
    assert run(["scope", "check", "--at", moment]) == 3
    assert "nothing may be sent" in capsys.readouterr().err


def test_a_broken_scope_names_its_line(scope_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    scope_file.write_text(
        scope_file.read_text(encoding="utf-8").replace("reference =", "refrence ="), encoding="utf-8"
    )
    capsys.readouterr()
    assert run(["scope", "check"]) == 2
    told = capsys.readouterr().err
    assert "scope.toml:8:" in told
    assert "did you mean 'reference'?" in told


def test_a_scope_without_networks_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["init"]) == 0
    assert run(["scope", "check"]) == 3
    assert "grants no address" in capsys.readouterr().err
