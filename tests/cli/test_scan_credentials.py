"""The command with accounts: what it refuses, what it ends with, and that no secret is in anything it leaves."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from auditor.fingerprint import logins
from tests.lab.stage import PAPER, up_on_loopback

NETWORK = f"127.155.{os.getpid() % 250}.0/29"
SHIFT = "27000"
WORD = "Pl4nted-wrong-word"
USER = "Pl4nted-user-name"
SCOPE = (
    PAPER
    + """[[site]]
name = "hall"
networks = ["{network}"]
[methods]
allow = ["tcp-sweep", "http"{more}]
[pace]
requests_per_second_host = 100
"""
)


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    persona = "hikvision-hikvision-ds-2cd2385g1-i-v5.6.2"
    words = ("--network", NETWORK, "--count", "5", "--only", persona)
    with up_on_loopback(tmp_path_factory.mktemp("lab"), SHIFT, *words):
        yield


def command_for(folder: Path, *, allowed: bool = True, mode: int = 0o600) -> list[str]:
    """Write scope and credentials, and return the command that scans with them."""
    more = ', "credentials"' if allowed else ""
    (folder / "scope.toml").write_text(SCOPE.format(network=NETWORK, more=more), encoding="utf-8")
    secret = folder / "credentials.toml"
    secret.write_text(
        f'[[entry]]\nname = "hall"\nsite = "hall"\nuser = "{USER}"\npassword = "{WORD}"\n', encoding="utf-8"
    )
    secret.chmod(mode)
    command = [sys.executable, "-m", "auditor.cli", "-v", "scan", "--scope", str(folder / "scope.toml")]
    command += [
        "--db",
        str(folder / "a.sqlite"),
        "--credentials",
        str(secret),
        "-p",
        "80",
        "--port-shift",
        SHIFT,
    ]
    return [*command, "--jsonl"]


def scan(folder: Path, **options: Any) -> subprocess.CompletedProcess[str]:
    command = command_for(folder, **options)
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def test_a_file_others_may_read_ends_with_exit_code_2(tmp_path: Path) -> None:
    done = scan(tmp_path, mode=0o644)
    assert done.returncode == 2
    assert "chmod 600" in done.stderr
    assert WORD not in done.stdout + done.stderr


def test_without_the_scopes_word_it_ends_with_exit_code_3(tmp_path: Path) -> None:
    done = scan(tmp_path, allowed=False)
    assert done.returncode == 3
    assert "credentials" in done.stderr


def test_refusals_in_a_row_end_with_exit_code_4_and_leave_no_secret(town: None, tmp_path: Path) -> None:
    done = scan(tmp_path)
    assert done.returncode == 4, done.stderr
    assert "refused 3 times in a row" in done.stderr
    assert "accounts, by device and entry: 3 refused, 2 withheld" in done.stderr
    told = [line for line in done.stderr.splitlines() if "account at " in line]
    assert len(told) == 5
    assert sum("refused by the device" in line for line in told) == 3
    assert sum("given up for the run" in line for line in told) == 2
    assert "logins at" not in done.stderr
    listed = [json.loads(line) for line in done.stdout.splitlines()]
    assert sorted(one["account"]["outcome"] for one in listed) == ["refused"] * 3 + ["withheld"] * 2
    page = tmp_path / "report.html"
    report = [
        sys.executable,
        "-m",
        "auditor.cli",
        "report",
        "--db",
        str(tmp_path / "a.sqlite"),
        "-o",
        str(page),
    ]
    written = subprocess.run(report, capture_output=True, text=True, timeout=120, check=False)
    assert page.exists(), written.stderr
    left = [done.stdout, done.stderr, written.stdout, written.stderr]
    left += [path.read_bytes().decode("latin-1") for path in tmp_path.iterdir() if path.suffix != ".toml"]
    assert len(left) >= 6
    assert not [text[:80] for text in left if WORD in text or USER in text]
    assert "refused 3 times in a row" in page.read_text("utf-8")


def test_a_dry_run_and_scope_check_count_the_calls_of_a_login(tmp_path: Path) -> None:
    command = command_for(tmp_path)
    dry = subprocess.run([*command, "--dry-run"], capture_output=True, text=True, timeout=60, check=False)
    assert dry.returncode == 0, dry.stderr
    assert "with the accounts given, at most:" in dry.stdout
    (line,) = [line for line in dry.stdout.splitlines() if "login_isapi" in line]
    (calls,) = [len(form.calls) for form in logins() if form.protocol == "isapi"]
    assert f" {calls + 1} requests" in line
    assert WORD not in dry.stdout + dry.stderr
    assert USER not in dry.stdout + dry.stderr
    check = [sys.executable, "-m", "auditor.cli", "scope", "check", str(tmp_path / "scope.toml"), "--json"]
    checked = subprocess.run(check, capture_output=True, text=True, timeout=60, check=False)
    foreseen = json.loads(checked.stdout)["would_send"]
    assert foreseen["requests_login"] > calls
    assert not foreseen["has_accounts"]
    command_for(tmp_path, allowed=False)
    barred = subprocess.run(check, capture_output=True, text=True, timeout=60, check=False)
    assert json.loads(barred.stdout)["would_send"]["logins"] == []


def family(process: int) -> set[Path]:
    """Return a process and all that came of it, as the system lists them now."""
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            parents[int(stat.parent.name)] = int(stat.read_text("latin-1").rpartition(")")[2].split()[1])
    found = {process}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return {Path("/proc") / str(one) for one in found}


def told_by_the_system(process: int) -> Iterator[tuple[str, bytes]]:
    for one in family(process):
        for name in ("cmdline", "environ", "comm"):
            with suppress(OSError):
                yield name, (one / name).read_bytes()


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="needs the process list of Linux")
@pytest.mark.usefixtures("town")
def test_the_process_list_shows_no_secret_while_a_login_is_under_way(tmp_path: Path) -> None:
    command = command_for(tmp_path)
    seen: list[tuple[str, bytes]] = []
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        while process.poll() is None:
            seen += told_by_the_system(process.pid)
            time.sleep(0.02)
    assert process.returncode == 4, "the accounts were tried and refused while we looked"
    assert any(b"credentials.toml" in text for name, text in seen if name == "cmdline")
    assert any(name == "environ" and text for name, text in seen)
    assert not [name for name, text in seen if WORD.encode() in text or USER.encode() in text]
