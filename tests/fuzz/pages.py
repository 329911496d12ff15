"""Everything that is written of devices, as targets for the fuzzer: reports and exports of a town whose texts are hostile."""

import csv
import io
import json
import random
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import cache, partial
from html.parser import HTMLParser
from typing import Any
from xml.parsers import expat

from auditor.exports import exports
from auditor.model import Device, Run
from auditor.reporting import Context, Evidence
from tests.fuzz.commands import check_terminal
from tests.fuzz.target import Target
from tests.reporting import town

_PLACES = (3, 5, 6, 8)
"""Devices of the town: a dispute, two addresses, a hostile name, something only supposed, every verdict."""
_MARK = "zz9mark"
"""The name of a tag and an attribute that no page of ours has."""
_HOSTILE = (
    f"<{_MARK} {_MARK}=1>", f'"><{_MARK}>', f"' {_MARK}='", f'" {_MARK}="', f"</script><{_MARK}>", f"</style><{_MARK}>", f"--><{_MARK}>",
    f"]]><{_MARK}>", "&lt;", "&#60;", f"javascript:{_MARK}", f"[a](javascript:{_MARK})", f"\n# {_MARK}\n", f"\n\n| {_MARK} |", f"`{_MARK}`", f"``` \n{_MARK}",
    f"![{_MARK}](x)", f"\n- {_MARK}", "=1+1", "+1", "@x", "\t=1", "\r=1", "\x1b[2J", "\x07", "\x00", "\u202e", "\u2028", "\x85", "\ud800", "\ufffe",
    "\U000e0041", "{{ 7*7 }}", "{% raw %}", "%s", "{0}", "", " ", "\n", "9" * 400, "a" * 3000, "://", "https://[", "http://x\n", "2026-13-45", "hall/", "/",
    "::1%eth0", "1.2.3.4.5", "-", "null", "\u0660", "\u0301" * 40, "_x0041_", "'", ",", ";", "\\", "\\|", "|", "<", ">", "&",
)  # fmt: skip
_FORMULA = tuple("=+-@\t\r\n|%＝＋－＠")
"""What spreadsheets take for the beginning of a formula (OWASP, CSV Injection)."""
_VOID = frozenset(
    [
        "area",
        "base",
        "br",
        "col",
        "embed",
        "hr",
        "img",
        "input",
        "link",
        "meta",
        "source",
        "track",
        "wbr",
        "path",
        "circle",
        "rect",
        "line",
        "use",
        "polyline",
    ]
)
_SCHEMES = ("#", "http://", "https://", "mailto:", "data:image/")


def targets() -> Iterator[Target]:
    """Yield one target for each format, found by walking the exports; pages for print are laid out by another program."""
    checks: dict[str, Callable[[bytes], None]] = {
        "html": _page, "md": _markdown, "csv": _table, "xlsx": _workbook, "json": _object, "jsonl": _lines, "transcript": _lines, "nmap": _xml,
    }  # fmt: skip
    for name in exports():
        if name != "pdf":
            yield Target(f"auditor.exports.{name}", partial(_written, name, checks[name]), _seeds, slow=True)


def _seeds() -> tuple[bytes, ...]:
    chance = random.Random(7)
    return tuple(
        bytes((number, chance.randrange(256))) + chance.choice(_HOSTILE).encode("utf-8", "surrogatepass")
        for number in range(64)
    )


@cache
def _town() -> tuple[Run, tuple[Device, ...]]:
    return town.run(), (
        *(town.town_device(place) for place in _PLACES),
        town.unidentified(1),
        town.outsider(),
    )


class _Rewriter:
    """Puts hostile texts in the place of some of a value's texts: the same one for the same text, so that keys still fit."""

    def __init__(self, data: bytes) -> None:
        self._chance = random.Random(data)
        self._often = (0.02, 0.1, 0.4, 1.0)[data[0] % 4 if data else 0]
        self._own = data[2:2050].decode("utf-8", "surrogateescape" if data[:1] > b"\xc0" else "replace")
        self._known: dict[str, str] = {}

    def __call__(self, value: Any) -> Any:
        if isinstance(value, Enum):
            return value
        if isinstance(value, str):
            return self._known.get(value) or self._known.setdefault(value, self._text(value))
        if isinstance(value, tuple):
            return tuple(map(self, value))
        if is_dataclass(value) and not isinstance(value, type):
            given = {one.name: self(getattr(value, one.name)) for one in fields(value) if one.init}
            return type(value)(**given)
        return value

    def _text(self, text: str) -> str:
        roll = self._chance.random
        if roll() > self._often:
            return text
        other = self._own if roll() < 0.4 else _HOSTILE[int(roll() * len(_HOSTILE))]
        return (other, text + other, other + text)[int(roll() * 3)]


def _written(name: str, check: Callable[[bytes], None], data: bytes) -> None:
    """Write a hostile town in one format, and check what was written."""
    rewritten = _Rewriter(data)
    run, found = _town()
    run, found = rewritten(run), rewritten(found)
    which = data[1] if len(data) > 1 else 0
    context: Context = rewritten(
        town.context(found, redact=bool(which & 1), redact_addresses=bool(which & 2), evidence=list(Evidence)[which // 4 % len(Evidence)])
    )  # fmt: skip
    out = io.BytesIO()
    exports()[name].write(run, found, out, context=context)
    check(out.getvalue())


class _Reader(HTMLParser):
    """Reads a page: its tags in their order, its attributes, and that each is closed."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: Counter[str] = Counter()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        if tag == "li" and self.open[-1:] == ["li"]:
            self.open.pop()
        if tag not in _VOID:
            self.open.append(tag)
        for name, value in attrs:
            if _MARK in tag or _MARK in name or name.startswith("on"):
                raise AssertionError(f"<{tag} {name}> is nothing we write")
            if name in {"href", "src", "action"} and value and not value.startswith(_SCHEMES):
                raise AssertionError(f"{name}={value[:80]!r}")
        if _MARK in tag:
            raise AssertionError(f"<{tag}> is nothing we write")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in _VOID:
            return
        if tag in {"ul", "ol"} and self.open[-1:] == ["li"]:
            self.open.pop()
        if not self.open or self.open.pop() != tag:
            raise AssertionError(f"</{tag}> closes nothing, at {self.getpos()}")


def _page(written: bytes) -> None:
    text = written.decode()
    check_terminal(text.replace("\t", " "))
    reader = _Reader()
    reader.feed(text)
    reader.close()
    if reader.open or reader.tags["script"] != 1 or reader.tags["style"] != 1:
        raise AssertionError(f"{reader.open[:5]} stay open, {reader.tags['script']} scripts")


def _markdown(written: bytes) -> None:
    text = written.decode()
    check_terminal(text.replace("\t", " "))
    for line in text.split("\n"):
        bare = _outside_code(line)
        for wrong in (f"<{_MARK}", f"](javascript:{_MARK}", f"# {_MARK}"):
            if bare.startswith(wrong) or (wrong in bare and bare[bare.index(wrong) - 1] != "\\"):
                raise AssertionError(f"{wrong!r} stands in {line[:200]!r}")


def _outside_code(line: str) -> str:
    """Return a line without its code spans: from a fence of so many backticks to the next of as many."""
    kept, at = [], 0
    while (start := line.find("`", at)) >= 0:
        if start and line[start - 1] == "\\":
            kept.append(line[at : start + 1])
            at = start + 1
            continue
        size = len(line[start:]) - len(line[start:].lstrip("`"))
        end = start + size
        while (end := line.find("`" * size, end)) >= 0:
            run = len(line[end:]) - len(line[end:].lstrip("`"))
            if run == size:
                break
            end += run
        if end < 0:
            raise AssertionError(f"a code span does not end: {line[start : start + 80]!r}")
        kept.append(line[at:start])
        at = end + size
    return "".join((*kept, line[at:]))


def _table(written: bytes) -> None:
    text = written.decode("utf-8-sig")
    check_terminal(text.replace("\r\n", "\n"))
    rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    if len(rows) != 1 + len(_PLACES) + 2 or len({len(row) for row in rows}) != 1:
        raise AssertionError(f"{len(rows)} rows of {sorted({len(row) for row in rows})} cells")
    for row in rows:
        for cell in row:
            if cell.startswith(_FORMULA):
                raise AssertionError(f"a cell is a formula: {cell[:80]!r}")


def _workbook(written: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(written)) as archive:
        for name in archive.namelist():
            content = archive.read(name)
            _xml(content)
            if b"<f>" in content or b"<f " in content:
                raise AssertionError(f"{name} holds a formula")
            if name.endswith(".rels") and b'TargetMode="External"' in content:
                raise AssertionError(f"{name} leads elsewhere")


def _xml(written: bytes) -> None:
    def start(tag: str, given: dict[str, str]) -> None:
        if _MARK in tag or any(_MARK in name for name in given):
            raise AssertionError(f"<{tag}> is nothing we write")

    parser = expat.ParserCreate()
    parser.StartElementHandler = start
    parser.Parse(written, True)


def _object(written: bytes) -> None:
    check_terminal(written.decode())
    json.loads(written)


def _lines(written: bytes) -> None:
    check_terminal(written.decode())
    for line in written.splitlines():
        if not isinstance(json.loads(line), dict):
            raise TypeError(line[:80])
