"""Where what is printed goes: a pipe nobody reads on, a full disk, nowhere; none of it is our fault, and none is exit 1."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from auditor.store import Access, Store
from tests.run.test_picture import INFO, A, Town, info

FULL = Path("/dev/full")


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    with Store.open(tmp_path_factory.mktemp("streams") / "a.sqlite", Access.CREATE) as store:
        Town(store).run((A, INFO, info("498117063", "V5.4.0")), whole=True)
    return store.path


def _ended(words: tuple[str, ...], path: Path, **streams: object) -> tuple[int, str]:
    given = [*words, "--db", str(path)] if words[0] in {"devices", "export"} else list(words)
    done = subprocess.run(  # type: ignore[call-overload]
        [sys.executable, "-m", "auditor.cli", *given],
        check=False,
        **{"stderr": subprocess.PIPE, **streams},
    )
    return done.returncode, (done.stderr or b"").decode()


COMMANDS = (("devices",), ("export", "jsonl"), ("--help",))


@pytest.mark.parametrize("words", COMMANDS)
def test_a_pipe_that_nobody_reads_on_is_no_failure(words: tuple[str, ...], path: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        assert _ended(words, path, stdout=writing)[0] == 0
    finally:
        os.close(writing)


@pytest.mark.skipif(not FULL.exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize("words", COMMANDS)
def test_a_full_disk_behind_stdout_is_said(words: tuple[str, ...], path: Path) -> None:
    with FULL.open("wb") as full:
        code, said = _ended(words, path, stdout=full)
    assert code == 2
    assert "what is to be printed cannot be written: No space left on device" in said
    assert "our fault" not in said


@pytest.mark.skipif(not FULL.exists(), reason="this system has no /dev/full")
def test_a_command_does_its_work_though_nobody_hears_what_it_says_beside(path: Path) -> None:
    with FULL.open("wb") as full:
        assert _ended(("devices",), path, stdout=subprocess.DEVNULL, stderr=full)[0] == 0
        assert _ended(("no-such-command",), path, stdout=subprocess.DEVNULL, stderr=full)[0] == 2


def test_closed_streams_are_no_failure(path: Path) -> None:
    line = f'exec "$0" -m auditor.cli devices --db "{path}" >&- 2>&-'
    assert subprocess.run(["/bin/sh", "-c", line, sys.executable], check=False).returncode == 0


def test_a_character_set_that_lacks_a_character_gets_it_spelt_out(path: Path, tmp_path: Path) -> None:
    odd = tmp_path / "Kam\u00e9ra.sqlite"
    odd.write_bytes(path.read_bytes())
    code, said = _ended(
        ("report", "--format", "md", "-o", str(tmp_path / "Kam\u00e9ra"), "--db", str(odd)),
        path,
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
    )
    assert (code, "written" in said) == (0, True)
