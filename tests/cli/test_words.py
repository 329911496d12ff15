"""What every command says and how it ends."""

import errno
import os
import subprocess
import sys
import time
from pathlib import Path

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.cli import program, run
from auditor.cli._words import Exit, Judge, number, shown, shown_bytes
from auditor.cli._writing import write_whole


def test_what_is_counted_is_named_by_its_number() -> None:
    assert [number(count, "device") for count in (0, 1, 2)] == ["0 devices", "1 device", "2 devices"]
    assert [number(count, "address") for count in (1, 4096)] == ["1 address", "4,096 addresses"]


@given(st.text())
def test_text_from_devices_never_moves_a_cursor_nor_reorders_text(text: str) -> None:
    safe = shown(text)
    assert safe.isprintable()
    assert not set(safe) & set("\x1b\x9b\u202e\u2066\u200b\ufeff\r\n\x07\x08")


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("\x1b]0;owned\x07", "\\x1b]0;owned\\x07"),
        ("a\u202eb", "a\\u{202e}b"),
        ("two\nlines\r", "two\\nlines\\r"),
        ("Überwachung 摄像机", "Überwachung 摄像机"),
    ],
)
def test_what_is_hidden_is_shown(text: str, safe: str) -> None:
    assert shown(text) == safe


@given(st.binary(max_size=300))
def test_bytes_from_devices_are_shown_as_safe_lines(data: bytes) -> None:
    assert all(line.isprintable() for line in shown_bytes(data))


def test_long_text_is_cut() -> None:
    assert shown("x" * 100, 10) == "x" * 9 + "…"


def test_a_bug_of_ours_ends_with_70_and_hides_its_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    with Judge() as judge:
        raise ZeroDivisionError("oh")
    assert judge.code == Exit.BUG
    assert "our fault" in (said := capsys.readouterr().err)
    assert "Traceback" not in said
    with Judge(verbose=True) as judge:
        raise ZeroDivisionError("oh")
    assert "Traceback" in capsys.readouterr().err


def test_ctrl_c_ends_with_130() -> None:
    with Judge() as judge:
        raise KeyboardInterrupt
    assert judge.code == Exit.INTERRUPTED


def test_wrong_usage_ends_with_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["nonsense"]) == Exit.USAGE
    assert run(["scan", "--frobnicate"]) == Exit.USAGE
    assert "frobnicate" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    [
        ["runs", "a\x1b[2J\x07"],
        ["a\x1b]0;x\x07"],
        ["devices", "--as-of", "\u202ex"],
        ["init", "--days", "\x1b[2J"],
    ],
)
def test_a_word_that_is_wrong_is_said_without_what_would_act_on_a_terminal(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(words) == Exit.USAGE
    said = capsys.readouterr().err
    assert "Error: " in said
    assert all(line.isprintable() for line in said.splitlines())


def test_the_name_of_a_file_that_is_written_is_said_without_what_would_act(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["init", str(tmp_path / "a\u202e\x1b.toml")]) == Exit.DONE
    assert "a\\u{202e}\\x1b.toml written" in capsys.readouterr().err


def _all(group: click.Group, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    context = click.Context(group)
    found = []
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        found.append((*path, name))
        if isinstance(command, click.Group):
            found += _all(command, (*path, name))
    return found


@pytest.mark.parametrize("words", _all(program), ids=" ".join)
def test_every_help_ends_in_an_example_and_takes_the_common_options(
    words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([*words, "--help"]) == Exit.DONE
    said = capsys.readouterr().out
    command: click.Command | None = program
    for name in words:
        assert isinstance(command, click.Group)
        command = command.get_command(click.Context(command), name)
    if not isinstance(command, click.Group):
        assert "Example" in said.strip().split("\n\n")[-1]
    assert "--verbose" in said
    assert "--no-color" in said


def test_every_command_has_a_summary_in_its_first_line() -> None:
    folder = Path(__file__).resolve().parents[2] / "auditor" / "cli"
    for path in folder.glob("[!_]*.py"):
        first = path.read_text(encoding="utf-8").splitlines()[0]
        assert first.startswith(f'"""`auditor {path.stem.rstrip("_").replace("_", "-")}`: '), path.name


def test_help_starts_at_once() -> None:
    times = []
    for _ in range(3):
        began = time.perf_counter()
        subprocess.run(
            [sys.executable, "-c", "from auditor.cli import main; main()", "--help"],
            check=True,
            capture_output=True,
        )
        times.append(time.perf_counter() - began)
    # 0.08 s alone on this machine; the bound leaves room for neighbours.
    assert min(times) < 1.0


def test_help_imports_no_network_and_no_database() -> None:
    code = (
        "import sys; from auditor.cli import run; run(['--help']); "
        "sys.exit(any(name in sys.modules for name in ('auditor.net', 'sqlite_utils', 'asyncio', 'yaml')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, capture_output=True).returncode == 0


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_prints_a_script(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["completion", shell]) == Exit.DONE
    said = capsys.readouterr()
    assert "_AUDITOR_COMPLETE" in said.out
    assert "to keep it" in said.err


@pytest.mark.parametrize(("words", "said"), [(["--version"], False), (["fingerprints", "list", "-v"], True)])
def test_what_a_library_warns_of_is_shown_with_v_only(words: list[str], said: bool) -> None:
    program_text = (
        "import atexit, sys, warnings, auditor.cli\n"
        "atexit.register(warnings.warn, 'country of three letters')\n"
        f"sys.argv = ['auditor', *{words!r}]\n"
        "auditor.cli.main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", program_text], capture_output=True, text=True, timeout=60, check=True
    )
    assert ("country of three letters" in done.stderr) is said


ODD = "\x1b]0;owned\x07 \u202e\nauditor: all is well"
PROGRAM = """
import logging, sys, warnings
import click
from auditor.cli import completion, main
odd = sys.argv.pop()
def command(**_):
    logging.getLogger("auditor.x").warning("cannot be read: %s", odd)
    logging.getLogger("auditor.x").info("news: %s", odd)
    logging.getLogger("library").error("%d", odd)
    warnings.warn(odd)
    try:
        raise ValueError(odd)
    except ValueError:
        logging.getLogger("library").exception("it failed")
    raise click.UsageError(odd.split("\\n")[0])
completion.command.callback = command
main()
"""


@pytest.mark.parametrize("verbose", [(), ("-v",)])
def test_what_is_logged_or_warned_of_passes_the_same_sieve(verbose: tuple[str, ...]) -> None:
    done = subprocess.run(
        (sys.executable, "-c", PROGRAM, *verbose, "completion", "bash", ODD),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == Exit.USAGE
    assert all(line.isprintable() for line in done.stderr.split("\n")), done.stderr
    assert "cannot be read: \\x1b]0;owned\\x07 \\u{202e}\\nauditor: all is well\n" in done.stderr
    assert "library: '%d' " in done.stderr
    assert "    ValueError" in done.stderr
    assert not any(line.startswith("auditor: ") for line in done.stderr.splitlines()), "nobody poses as us"
    is_verbose = bool(verbose)
    assert ("auditor.x: news: " in done.stderr) is is_verbose
    assert ("UserWarning" in done.stderr) is is_verbose


def test_a_file_keeps_its_owner_and_what_cannot_be_replaced_is_written_in_place(tmp_path: Path) -> None:
    file = tmp_path / "report.md"
    file.write_text("old")
    if os.geteuid() == 0:
        os.chown(file, 1000, 1001)
    before = file.stat()
    write_whole(file, b"new", "choose another")
    assert file.read_text() == "new"
    assert (file.stat().st_uid, file.stat().st_gid) == (before.st_uid, before.st_gid)


def test_where_a_file_may_not_be_replaced_it_is_written_in_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "report.md"
    file.write_text("an older and longer text")

    def busy(self: Path, target: Path) -> Path:
        raise OSError(errno.EBUSY, "Device or resource busy", str(self), None, str(target))

    monkeypatch.setattr(Path, "replace", busy)
    write_whole(file, b"new", "choose another")
    assert file.read_text() == "new"
    assert [one.name for one in tmp_path.iterdir()] == ["report.md"]


def test_symbolic_links_in_a_circle_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a").symlink_to(tmp_path / "b")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    assert run(["init", "--force", str(tmp_path / "a")]) == Exit.USAGE
    assert "/a" in capsys.readouterr().err
