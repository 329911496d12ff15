"""Excel workbooks (.xlsx) as cells, sheet by sheet, in a bounded amount of memory whatever the file promises.

Read with the standard library alone: common libraries hold all shared texts, and whole rows, as objects, so that a file
of a megabyte takes gigabytes. Source: ECMA-376 part 1, sections 18.3 (sheets), 18.4 (shared texts), 18.8 (formats).
"""

import re
import zipfile
from array import array
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import BinaryIO
from xml.parsers import expat

from auditor.intake.archive import BROKEN, WORKBOOK, opened_zip
from auditor.intake.evidence import EvidenceError, Problem, Tell

MAX_COLUMNS = 512
MAX_CELL = 65_536
"""Characters kept of one cell; Excel itself holds 32,767."""
_MAX_ROWS = 1_048_576
_MAX_SHEETS = 256
_MAX_TEXTS = 2_000_000
_MAX_TEXT_BYTES = 64 * 1024 * 1024
_PIECE = 65_536
_MAX_TOKEN = 1024 * 1024
"""Bytes of one tag: more is held by the XML reader before it says anything."""
_SMALL = 16 * 1024 * 1024
"""Bytes of a part that only describes the others."""
_LARGE = 256 * 1024 * 1024
_MAX_RATIO = 250
"""Large parts of real workbooks pack to a hundredth at best."""
_DATES = frozenset({*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)})
"""Formats built into Excel that show a number as a date or a time (ECMA-376 18.8.30)."""
_DAY_0 = datetime(1899, 12, 30)  # noqa: DTZ001  a sheet has no zone
_DAY_OF_1904 = datetime(1904, 1, 1)  # noqa: DTZ001  as above
_NOT_FORMAT = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]')
_ESCAPED = re.compile(r"_x(00[01][0-9A-Fa-f]|005[Ff])_")
_UNESCAPED = {9: "\t", 10: "\n", 13: "", 0x5F: "_"}
"""ECMA-376 22.9.2.19 (ST_Xstring)."""
_REFERENCE = re.compile(r"([A-Z]{1,3})[0-9]")


class Refused(Exception):  # noqa: N818  it ends a part, and is told as a problem
    """A part of a workbook breaks its bounds or its form; the message says how."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet: its name, whether it is hidden, and its rows, which are read when they are asked for."""

    name: str
    hidden: bool
    rows: Callable[[], Iterator[tuple[int, list[str]]]]


def sheets(file: BinaryIO, name: str, tell: Tell) -> tuple[Sheet, ...]:
    """Return the sheets of a workbook in their order. EvidenceError when it cannot be opened as one."""
    try:
        archive = opened_zip(file)
        book = _Book(archive, name, tell)
        book.describe()
    except (*BROKEN, Refused, KeyError) as error:
        raise EvidenceError(
            f"{name}: is no Excel file that can be opened ({error}); save it again"
        ) from error
    return tuple(
        Sheet(title, hidden, lambda part=part, title=title: book.rows(part, title))  # type: ignore[misc]
        for title, hidden, part in book.listed
    )


class _Texts:
    """Shared texts, held as one run of bytes and where each ends."""

    def __init__(self) -> None:
        self._bytes = bytearray()
        self._ends = array("Q")

    def add(self, text: str) -> None:
        """Keep one more text; Refused beyond the bounds."""
        self._bytes += text.encode("utf-8", "replace")
        self._ends.append(len(self._bytes))
        if len(self._ends) > _MAX_TEXTS or len(self._bytes) > _MAX_TEXT_BYTES:
            raise Refused(f"more than {_MAX_TEXTS} shared texts or {_MAX_TEXT_BYTES} bytes of them")

    def get(self, number: int) -> str:
        """Return a text by its number, an empty one for a number that none has."""
        if not 0 <= number < len(self._ends):
            return ""
        start = self._ends[number - 1] if number else 0
        return self._bytes[start : self._ends[number]].decode("utf-8", "replace")


@dataclass(slots=True)
class _Book:
    archive: zipfile.ZipFile
    name: str
    tell: Tell
    listed: list[tuple[str, bool, str]] = field(default_factory=list)
    """Title, hidden, and the name of the part, of each sheet."""
    _since_1904: bool = False
    _texts: _Texts | None = None
    _formats: list[bool] = field(default_factory=list)
    """By number of a cell's format: whether it shows a date."""

    def describe(self) -> None:
        """Read which sheets there are, and where."""
        targets: dict[str, str] = {}

        def relation(tag: str, given: dict[str, str]) -> None:
            if tag == "Relationship" and len(targets) < 4096:
                targets[given.get("Id", "")] = given.get("Target", "")

        found: list[tuple[str, str, str]] = []

        def sheet(tag: str, given: dict[str, str]) -> None:
            if tag == "sheet" and len(found) < _MAX_SHEETS:
                found.append((given.get("name", "")[:64], given.get("state", ""), given.get("id", "")))
            elif tag == "workbookPr":
                self._since_1904 = given.get("date1904", "").lower() in {"1", "true"}

        for part, told in (("xl/_rels/workbook.xml.rels", relation), (WORKBOOK, sheet)):
            for _ in _parsed(self.archive, part, _SMALL, _Attributes(told)):
                pass
        for title, state, number in found:
            target = targets.get(number, "")
            part = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
            if "worksheets/" in part:  # not a chart sheet
                self.listed.append((title, state in {"hidden", "veryHidden"}, part))

    def rows(self, part: str, title: str) -> Iterator[tuple[int, list[str]]]:
        """Yield the rows of one sheet by their number; where it breaks, the rows before are kept and it is said."""
        self._prepare()
        reading = _Rows(self._value)
        try:
            for _ in _parsed(self.archive, part, _LARGE, reading):
                yield from reading.take()
            yield from reading.take()
        except (*BROKEN, Refused, KeyError) as error:
            yield from reading.take()
            place = f"sheet {title!r}, row {reading.number + 1}"
            self.tell(
                Problem(self.name, place, f"cannot be read any further ({error}); the rows before are kept")
            )

    def _prepare(self) -> None:
        """Read shared texts and formats once; a workbook without them, or with damaged ones, is read without."""
        if self._texts is not None:
            return
        self._texts = _Texts()
        for part, most, handler in (
            ("xl/sharedStrings.xml", _LARGE, _SharedTexts(self._texts)),
            ("xl/styles.xml", _SMALL, _Formats(self._formats)),
        ):
            if part not in self.archive.namelist():
                continue
            try:
                for _ in _parsed(self.archive, part, most, handler):
                    pass
            except (*BROKEN, Refused) as error:
                self.tell(
                    Problem(
                        self.name, part, f"cannot be read any further ({error}); what depends on it is empty"
                    )
                )

    def _value(self, kind: str, style: str, text: str) -> str:
        """Return a cell as people see it: shared texts looked up, dates as such, whole numbers without a fraction."""
        if kind == "s":
            is_number = text.isascii() and text.isdigit() and len(text) < 9
            return _plain(self._texts.get(int(text))) if self._texts and is_number else ""
        if kind == "b":
            return {"1": "TRUE", "0": "FALSE"}.get(text, text)
        if kind in {"", "n"} and text:
            number = int(style) if style.isascii() and style.isdigit() and len(style) < 7 else 0
            return _number(
                text, is_date=number < len(self._formats) and self._formats[number], old=self._since_1904
            )
        return _plain(text)


def _plain(text: str) -> str:
    """Return a text with Excel's `_xHHHH_` for what XML cannot hold undone; line breaks stay, other controls are blanks."""
    text = _ESCAPED.sub(lambda found: _UNESCAPED.get(int(found[1], 16), " "), text) if "_x" in text else text
    return text[:MAX_CELL].strip()


def _number(text: str, *, is_date: bool, old: bool) -> str:
    """Return a number as people see it."""
    try:
        value = float(text)
    except ValueError:
        return text[:64]
    if is_date and 0 <= value < 2_958_466:  # the last day of the year 9999
        with suppress(OverflowError, ValueError):
            return str((_DAY_OF_1904 if old else _DAY_0) + timedelta(seconds=round(value * 86400)))
    return str(int(value)) if value.is_integer() and abs(value) < 1e18 else text[:64]


class _Handler:
    """What is called as a part is read."""

    def start(self, tag: str, given: dict[str, str]) -> None:
        """Begin an element; its name is local."""

    def end(self, tag: str) -> None:
        """End an element; its name is local."""

    def text(self, text: str) -> None:
        """Take a piece of text."""


def _parsed(archive: zipfile.ZipFile, part: str, most: int, handler: _Handler) -> Iterator[None]:
    """Read a part piece by piece, and yield after each. Refused for document types, overlong tags and parts."""
    info = archive.getinfo(part)
    if info.file_size > most or (
        info.file_size > _SMALL and info.file_size > _MAX_RATIO * info.compress_size
    ):
        raise Refused(f"{part} would unpack from {info.compress_size} to {info.file_size} bytes")
    parser, read = expat.ParserCreate(), 0
    parser.StartElementHandler = lambda tag, given: handler.start(_local(tag), given)
    parser.EndElementHandler = lambda tag: handler.end(_local(tag))
    parser.CharacterDataHandler = handler.text
    parser.StartDoctypeDeclHandler = _refuse_document_type
    with archive.open(part) as file:
        while piece := file.read(_PIECE):
            read += len(piece)
            try:
                parser.Parse(piece, False)
            except expat.ExpatError as error:
                raise Refused(str(error)) from error
            if read - parser.CurrentByteIndex > _MAX_TOKEN:
                raise Refused(f"one tag of {part} is longer than {_MAX_TOKEN} bytes")
            yield


def _refuse_document_type(*_given: object) -> None:
    raise Refused("it declares a document type, which no workbook has")


def _local(name: str) -> str:
    return name.rpartition(":")[2] if ":" in name else name


class _Attributes(_Handler):
    """Hands over each element that only has attributes, these by their local names."""

    def __init__(self, told: Callable[[str, dict[str, str]], None]) -> None:
        self._told = told

    def start(self, tag: str, given: dict[str, str]) -> None:
        self._told(tag, {_local(name): value for name, value in given.items()})


class _Gathering(_Handler):
    """Gathers the text of some elements, but not of phonetic hints beside them (rPh)."""

    OF = frozenset({"t"})

    def __init__(self) -> None:
        self._open = False
        self._hints = 0
        self._said: list[str] = []
        self._size = 0

    def start(self, tag: str, given: dict[str, str]) -> None:
        del given
        self._hints += tag == "rPh"
        self._open = tag in self.OF and not self._hints

    def end(self, tag: str) -> None:
        self._hints -= tag == "rPh"
        self._open = False

    def text(self, text: str) -> None:
        if self._open and self._size < MAX_CELL:
            self._said.append(text[: MAX_CELL - self._size])
            self._size += len(self._said[-1])

    def _whole(self) -> str:
        text, self._said, self._size = "".join(self._said), [], 0
        return text


class _SharedTexts(_Gathering):
    """Reads the shared texts."""

    def __init__(self, texts: _Texts) -> None:
        super().__init__()
        self._texts = texts

    def end(self, tag: str) -> None:
        super().end(tag)
        if tag == "si":
            self._texts.add(self._whole())


class _Formats(_Handler):
    """Reads which formats of cells show dates."""

    def __init__(self, formats: list[bool]) -> None:
        self._formats = formats
        self._own: dict[str, bool] = {}
        self._in_cells = False

    def start(self, tag: str, given: dict[str, str]) -> None:
        if tag == "numFmt" and len(self._own) < 65_536:
            shown = _NOT_FORMAT.sub("", given.get("formatCode", "")[:256]).lower()
            self._own[given.get("numFmtId", "")] = (
                any(letter in shown for letter in "ydhs") and "general" not in shown
            )
        elif tag == "cellXfs":
            self._in_cells = True
        elif tag == "xf" and self._in_cells and len(self._formats) < 65_536:
            number = given.get("numFmtId", "")
            built_in = number.isascii() and number.isdigit() and len(number) < 5 and int(number) in _DATES
            self._formats.append(self._own.get(number, built_in))

    def end(self, tag: str) -> None:
        if tag == "cellXfs":
            self._in_cells = False


class _Rows(_Gathering):
    """Reads the rows of a sheet."""

    OF = frozenset({"v", "t"})

    def __init__(self, value: Callable[[str, str, str], str]) -> None:
        super().__init__()
        self.number = 0
        self._value = value
        self._cells: list[str] = []
        self._kind = self._style = ""
        self._column = 0
        self._done: list[tuple[int, list[str]]] = []

    def take(self) -> list[tuple[int, list[str]]]:
        """Return the rows that were read since it was last asked."""
        done, self._done = self._done, []
        return done

    def start(self, tag: str, given: dict[str, str]) -> None:
        super().start(tag, given)
        if tag == "row":
            stated = given.get("r", "")
            self.number = (
                int(stated) if stated.isascii() and stated.isdigit() and len(stated) < 8 else self.number + 1
            )
            if self.number > _MAX_ROWS:
                raise Refused(f"a row beyond {_MAX_ROWS}")
            self._cells, self._column = [], 0
        elif tag == "c":
            named = _REFERENCE.match(given.get("r", ""))
            self._column = _column(named.group(1)) if named else self._column + 1
            self._kind, self._style = given.get("t", ""), given.get("s", "")
            self._whole()

    def end(self, tag: str) -> None:
        super().end(tag)
        if tag == "c" and self._column <= MAX_COLUMNS:
            value = self._value(self._kind, self._style, self._whole())
            if value:
                self._cells += [""] * (self._column - len(self._cells))
                self._cells[self._column - 1] = value
        elif tag == "row" and self._cells:
            self._done.append((self.number, self._cells))


def _column(letters: str) -> int:
    """Return the number of a column, from 1: `A` is 1, `AA` is 27."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number
