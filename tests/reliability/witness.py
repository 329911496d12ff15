"""What tests saw a situation do to the program, written down once and compared ever after: the table of docs/reliability.md.

`situations.yaml` says by name what is done; `outcomes.yaml` says what came of it, and is written by the tests alone:
AUDITOR_RELIABILITY=write pytest tests/reliability tests/run/test_owed.py, then `make docs`.
"""

import os
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).parent
SITUATIONS = HERE / "situations.yaml"
OUTCOMES = HERE / "outcomes.yaml"
_SAME = (
    (re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{6}"), "RUN"),
    (re.compile(r"process \d+ on \S+, since [\d: -]+ UTC"), "process N on HOST, since TIME"),
    (re.compile(r"\b[0-9a-f]{32}\b"), "ID"),
    (re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC"), "TIME"),
)
"""What differs from one time to the next, and what stands for it."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was seen: how the command ended and its first line, what is in the database, what comes of going on."""

    ended: str
    said: str
    left: str
    then: str


@dataclass(slots=True)
class Witness:
    """Compares what a test saw with what is written down, or writes it down."""

    writes: bool = os.environ.get("AUDITOR_RELIABILITY") == "write"
    known: dict[str, dict[str, str]] = field(default_factory=lambda: read(OUTCOMES))

    def saw(self, name: str, outcome: Outcome) -> None:
        """Take what came of a situation; AssertionError where it is not what is written down."""
        assert name in names(), f"{name} is in no group of {SITUATIONS.name}"
        seen = asdict(outcome)
        if self.writes:
            written = {**read(OUTCOMES), name: seen}
            ordered = {one: written[one] for one in names() if one in written}
            OUTCOMES.write_text(yaml.safe_dump(ordered, sort_keys=False, width=110, allow_unicode=True))
            return
        assert seen == self.known.get(name), f"{name}: not what docs/reliability.md says of it"


def read(path: Path) -> dict[str, Any]:
    """Read one of the two files; an outcome is a mapping of the four words of Outcome."""
    return yaml.safe_load(path.read_text(encoding="utf-8")) or {} if path.exists() else {}


def names() -> tuple[str, ...]:
    """Return the name of every situation, in the order of the table."""
    return tuple(name for group in read(SITUATIONS).values() for name in group)


def same(text: str, folder: Path) -> str:
    """Return a line without what differs from one time to the next."""
    text = text.replace(f"{folder}/", "").replace(str(folder), ".")
    for pattern, word in _SAME:
        text = pattern.sub(word, text)
    return text.strip()


def table() -> Iterator[str]:
    """Yield the lines of the table in docs/reliability.md: a heading for each group, a row for each situation."""
    seen = read(OUTCOMES)
    for group, situations in read(SITUATIONS).items():
        yield f"\n## {group}\n"
        yield "| what happens | how the command ends, and its first line | what is left | what comes of going on |"
        yield "|---|---|---|---|"
        for name, does in situations.items():
            one = seen[name]
            said = f": {_quoted(_cell(one['said']))}" if one["said"] else ""
            yield f"| {_cell(does)} | {_cell(one['ended'])}{said} | {_cell(one['left'])} | {_cell(one['then'])} |"


def _quoted(text: str) -> str:
    return f"`` {text} ``" if "`" in text else f"`{text}`"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
