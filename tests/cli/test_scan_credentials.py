"""The command with accounts: what it refuses, what it ends with, and that no secret is in anything it leaves."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

NETWORK = f"127.155.{os.getpid() % 250}.0/29"
SHIFT = "27000"
WORD = "Pl4nted-wrong-word"
USER = "Pl4nted-user-name"
SCOPE = """schema_version = 1
[authorisation]
reference = "TEST"
issued_by = "test"
contact = "test@example.org"
valid_from = 2020-01-01T00:00:00Z
valid_until = 2099-01-01T00:00:00Z
[[site]]
name = "hall"
networks = ["{network}"]
[methods]
allow = ["tcp-sweep", "http"{more}]
[pace]
requests_per_second_host = 100
"""


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    ready = tmp_path_factory.mktemp("lab") / "ready.json"
    command = [sys.executable, "-m", "lab", "up", "--network", NETWORK, "--count", "5", "--port-shift", SHIFT]
    command += ["--only", "hikvision-hikvision-ds-2cd2385g1-i-v5.6.2", "--ready-file", str(ready)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            for _ in range(200):
                if ready.exists():
                    break
                time.sleep(0.1)
            assert len(json.loads(ready.read_text("utf-8"))["devices"]) == 5
            yield
        finally:
            process.terminate()


def scan(folder: Path, *, allowed: bool = True, mode: int = 0o600) -> subprocess.CompletedProcess[str]:
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
    return subprocess.run([*command, "--jsonl"], capture_output=True, text=True, timeout=120, check=False)


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
    assert len(done.stdout.splitlines()) == 5
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
