"""auditor-nmap: lines in, a line out for each, whatever is said to it."""

import io
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.apart.nmap import program
from auditor.run.nmap_found import CannotTellError, version


def test_it_answers_each_line_with_one() -> None:
    lines = [
        b"version /bin/true",
        b"scan 192.0.2.1",
        b"version ",
        b"\xff\x00",
        b"x" * 9000,
        b"version /nonexistent/nmap",
    ]
    done = subprocess.run(
        [sys.executable, "-P", program.__file__],
        input=b"\n".join(lines), check=True, capture_output=True, timeout=30,
    )  # fmt: skip
    assert [one.split()[0] for one in done.stdout.splitlines()] == [
        b"missing", b"error", b"error", b"error", b"error", b"missing",
    ]  # fmt: skip
    assert done.stderr == b""


@given(st.binary(max_size=12_000))
def test_lines_are_bounded_and_none_is_lost(data: bytes) -> None:
    found = list(program.lines(io.BytesIO(data)))
    assert all(line is None or len(line) <= program.LONGEST_LINE + 1 for line in found)
    assert len(found) == len(io.BytesIO(data).readlines())


@pytest.mark.skipif(not shutil.which("nmap"), reason="needs nmap")
def test_it_tells_the_version_of_an_nmap_that_is_there() -> None:
    found = version(shutil.which("nmap") or "")
    assert found is not None
    assert found >= (6, 0)


def stand_in(path: Path, text: str) -> str:
    path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    path.chmod(0o755)
    return str(path)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("echo 'Nmap version 7.93 ( https://nmap.org )'", (7, 93)),
        ("echo 'Nmap version 7.94SVN ( https://nmap.org )'", (7, 94)),
        ("echo of something else", None),
        ("printf '\\377\\376'", None),
    ],
)
def test_what_says_it_is_nmap_is_read(tmp_path: Path, text: str, found: tuple[int, int] | None) -> None:
    assert version(stand_in(tmp_path / "an nmap", text)) == found


def test_one_that_never_ends_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("auditor.run.nmap_found._SECONDS", 1.0)
    path = stand_in(tmp_path / "nmap", f"echo $$ >{tmp_path / 'number'}; exec sleep 60")
    with pytest.raises(CannotTellError, match="did not end"):
        version(path)
    number = int((tmp_path / "number").read_text())
    end = time.monotonic() + 3
    while is_alive(number):
        assert time.monotonic() < end, "it goes on"
        time.sleep(0.02)


def is_alive(number: int) -> bool:
    try:
        told = Path(f"/proc/{number}/stat").read_text(encoding="utf-8")
    except (FileNotFoundError, ProcessLookupError):
        return False
    return told.rpartition(")")[2].split()[0] not in "ZX"
