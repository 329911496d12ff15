"""What is written is for its owner alone unless he says otherwise; a scope that nobody filled in sends nothing."""

import os
import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from auditor.cli import run
from auditor.cli._filled_in import unfilled
from auditor.scope import read, read_text

ROOT = Path(__file__).resolve().parents[2]
ADDRESS = "127.37.61.1"
WORK: tuple[tuple[str, ...], ...] = (
    ("scan", ADDRESS, "-p", "9", "--methods", "tcp-sweep", "--db", "a.sqlite"),
    ("report", "--db", "a.sqlite", "--format", "html,md,csv", "-o", "report"),
    ("export", "jsonl", "--db", "a.sqlite", "-o", "out.jsonl"),
    ("init", "scope.toml"),
)
FILLED = {
    "REFERENCE OF THE WRITTEN AUTHORISATION": "Order 11",
    "NAME AND OFFICE OF WHO SIGNED IT": "J. Doe, mayor",
    "cert@example.org": "audit@town.example",
    "WHO ANSWERS FOR THE DEVICES THERE": "the caretaker",
}


def modes(folder: Path, *more: str) -> set[int]:
    """Return the modes of all files that the program leaves behind when started under the usual umask of a system."""
    for words in WORK:
        done = subprocess.run(
            ("sh", "-c", 'umask 022; exec "$@"', "-", sys.executable, "-m", "auditor.cli", *words, *more),
            cwd=folder, check=False, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)},
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
    written = [one for one in folder.rglob("*") if one.is_file()]
    assert len(written) >= 5
    return {stat.S_IMODE(one.stat().st_mode) for one in written}


def test_what_is_written_is_for_its_owner_alone(tmp_path: Path) -> None:
    assert modes(tmp_path) == {0o600}


def test_a_group_may_read_where_the_owner_says_so(tmp_path: Path) -> None:
    assert modes(tmp_path, "--umask", "027") == {0o640}


@pytest.mark.parametrize("mask", ["8", "777", "-1", "", "0o27x", "177"])
def test_a_mask_that_is_none_or_locks_the_owner_out_is_refused(
    mask: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["init", str(tmp_path / "scope.toml"), "--umask", mask]) == 2
    assert "--umask" in capsys.readouterr().err
    assert not (tmp_path / "scope.toml").exists()


def test_the_mask_of_who_calls_us_is_left_as_it_was(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        assert run(["init", str(tmp_path / "scope.toml"), "--umask", "027"]) == 0
        assert os.umask(0o022) == 0o022
    finally:
        os.umask(before)


@pytest.fixture
def written(tmp_path: Path) -> Path:
    path = tmp_path / "scope.toml"
    assert run(["init", str(path), "--network", f"{ADDRESS}/32"]) == 0
    return path


def scan(path: Path) -> int:
    db = str(path.with_name("a.sqlite"))
    return run(["scan", "--scope", str(path), "--db", db, "-p", "9", "--methods", "tcp-sweep"])


def test_a_scope_as_it_was_written_by_init_sends_nothing(
    written: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert scan(written) == 2
    told = capsys.readouterr().err
    assert "nobody filled this scope in" in told
    for words in FILLED:
        assert words in told
    assert not written.with_name("a.sqlite").exists()


@pytest.mark.parametrize("left", FILLED)
def test_one_line_left_as_it_was_is_enough(
    left: str, written: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = written.read_text(encoding="utf-8")
    for blank, told in FILLED.items():
        text = text if blank == left else text.replace(blank, told)
    written.write_text(text, encoding="utf-8")
    assert scan(written) == 2
    assert left in capsys.readouterr().err


def test_a_scope_that_was_filled_in_scans(written: Path) -> None:
    text = written.read_text(encoding="utf-8")
    for blank, told in FILLED.items():
        text = text.replace(blank, told)
    written.write_text(text, encoding="utf-8")
    assert unfilled(read(written)) == ()
    assert scan(written) == 0


def paper(reference: str, networks: str = '"192.0.2.0/28"') -> str:
    return f"""schema_version = 1
[authorisation]
reference = "{reference}"
issued_by = "J. Doe, mayor"
contact = "audit@town.example"
valid_from = 2026-01-01T00:00:00Z
valid_until = 2027-01-01T00:00:00Z
[[site]]
name = "hall"
networks = [{networks}]
"""


@pytest.mark.parametrize("told", ["TODO", "<reference>", "[…]", "...", "XXX", "tbd", "change me", "FILL IN", "-", "your reference"])  # fmt: skip
def test_what_people_write_where_something_is_still_to_be_written_is_nothing(told: str) -> None:
    (blank,) = unfilled(read_text(paper(told)))
    assert re.match(r"\[authorisation\] reference: ", blank)


@pytest.mark.parametrize(
    "told", ["Order 11", "7", "Разрешение 3/2026", "授权书第7号", "REF-XX-2026", "T", "TEST", "Nr. <7>"]
)
def test_a_reference_of_any_kind_is_one(told: str) -> None:
    assert unfilled(read_text(paper(told))) == ()


def test_a_scope_without_any_network_sends_nothing() -> None:
    assert unfilled(read_text(paper("Order 11", ""))) == ("[[site]] networks: none",)
