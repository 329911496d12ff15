"""The command line's own words, as a target for the fuzzer: any words behind any command that sends nothing."""

import shlex
import tempfile
from collections.abc import Iterator
from contextlib import chdir, suppress
from functools import cache
from pathlib import Path
from typing import cast

import click

from auditor.cli import program
from auditor.cli._words import Judge
from tests.fuzz.commands import check_terminal, ran
from tests.fuzz.databases import whole
from tests.fuzz.files import POLICY, SCOPE
from tests.fuzz.target import Target
from tests.fuzz.transcripts import LINES

_SENDING = frozenset({"scan", "listen"})
"""Commands of which the words alone are read: what they do is for tests that hold a network."""
_MOST = 24
_HARMLESS = str.maketrans({"/": "|", "\0": " "})
_SPOKEN = (
    "devices --db a.sqlite --maker hikvision --site hall --as-of 2026-04-01 --jsonl", "show 127.0.0.11 --db a.sqlite --json",
    "findings --db a.sqlite --severity high --kind advisory --json", "plan --db a.sqlite --json", "runs --db a.sqlite",
    "compare --db a.sqlite run-1 run-2 --json", "gap register.csv --db a.sqlite --map address=IP --json", "completion bash",
    "report --db a.sqlite --format csv,md --title x --tlp green --redact -o out", "export jsonl --db a.sqlite --run run-2",
    "scope check scope.toml", "scope show scope.toml --json", "scope explain 192.0.2.7 --scope scope.toml", "init new.toml --network 192.0.2.0 --days 3",
    "identify t.jsonl --json", "import csv register.csv --db b.sqlite", "import pcap t.jsonl --db b.sqlite --at 2026-01-01",
    "knowledge show CVE-2021-36260 --json", "knowledge status", "fingerprints explain App-webs --field http.server", "fingerprints list --maker axis",
    "assess --db a.sqlite --policy policy.toml --dry-run", "retire hall:x --db a.sqlite --by me --reason old", "purge --db a.sqlite --scope scope.toml",
    "scan --scope scope.toml --db a.sqlite -p 80,443,8000-8010 --max-rate 10 --max-time 5m --site hall --methods tcp,http --dry-run 192.0.2.0",
    "listen --scope scope.toml --site hall --interface lo --seconds 1", "--version", "--help", "-v devices --help",
)  # fmt: skip


def targets() -> Iterator[Target]:
    """Yield the target."""
    yield Target("auditor.cli.words", _words, lambda: tuple(line.encode() for line in _SPOKEN), slow=True)


@cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory()


def _prepared() -> Path:
    """Return a folder with a file for everything a command reads, as it was before the last one."""
    folder = Path(_folder().name)
    for file in folder.iterdir():
        with suppress(OSError):
            file.unlink()
    (folder / "a.sqlite").write_bytes(whole().read_bytes())
    (folder / "scope.toml").write_bytes(SCOPE)
    (folder / "policy.toml").write_bytes(POLICY)
    (folder / "register.csv").write_text("IP;Serial\n127.0.0.11;498117063\n")
    (folder / "t.jsonl").write_bytes(b"".join(LINES))
    return folder


def _words(data: bytes) -> None:
    """Split a line into words as a shell does, and run it where it can harm nothing: no word holds a slash."""
    line = data[:1024].decode("utf-8", "surrogateescape").translate(_HARMLESS)
    try:
        words = shlex.split(line)
    except ValueError:
        words = line.split()
    words = [one for one in words[:_MOST] if ".." not in one]
    with chdir(_prepared()):
        if _SENDING.intersection(words):
            with Judge(), suppress(click.ClickException, click.exceptions.Exit):
                _understood(words)
            return
        ended = ran(words)
    check_terminal(ended.err)


def _understood(words: list[str]) -> None:
    """Read the words of a command, and do nothing of what they say."""
    at = next(place for place, one in enumerate(words) if one in _SENDING)
    context = program.make_context("auditor", words[:at] or ["runs"], resilient_parsing=True)
    group = cast("click.Group", program)
    command = group.get_command(context, words[at])
    if command is not None:
        with suppress(SystemExit):
            command.make_context(words[at], words[at + 1 :], parent=context)
