"""Tables others made, CSV or Excel, packed or not, row by row: whatever separator, character set or place of the heading.

How a table was read is said (character set, separator, which row is the heading), and of every row that gave nothing why.
"""

import io
import unicodedata
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import chain, islice
from pathlib import Path
from typing import BinaryIO

from auditor.intake import archive, charset_choice, grid, workbook
from auditor.intake.evidence import EvidenceError, Problem, Tell
from auditor.intake.secret_words import is_secret_heading, without_secrets

MAX_COLUMNS = workbook.MAX_COLUMNS
MAX_CELL = workbook.MAX_CELL
"""Characters kept of one cell."""
_HEADING_WITHIN = 20
"""Rows in which the heading is looked for: lists begin with a title or the date."""
_OLD_EXCEL = b"\xd0\xcf\x11\xe0"
_OPEN_DOCUMENT = b"mimetypeapplication/vnd.oasis.opendocument"
_LARGEST_WORKBOOK = 64 * 1024 * 1024
_SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
_MOST_SAID = 12

Line = tuple[int, list[str]]
"""The number of a row and its cells."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its number in its sheet or file, and the cells by their plain heading.

    No cell holds a password that can be told for one: columns with such a heading are not read.
    """

    number: int
    cells: Mapping[str, str]

    def first(self, names: Iterable[str]) -> str:
        """Return the first cell that has something under one of these headings, or an empty text."""
        return next((value for name in _plains(tuple(names)) if (value := self.cells.get(name, ""))), "")


@dataclass(frozen=True, slots=True)
class Known:
    """Plain headings: those by one of which a row is a heading at all, and all that a table of this kind may have."""

    telling: frozenset[str]
    all: frozenset[str]
    hint: str = "`auditor import csv --map` reads any table once you say which column is what"
    """What to do where no heading is known."""

    def worth(self, cells: Iterable[str]) -> int:
        """Return how many headings a row has that are known, 0 where none of them is telling."""
        names = {plain(cell) for cell in islice(cells, MAX_COLUMNS)}
        return len(names & self.all) if names & self.telling else 0


def plain(heading: str) -> str:
    """Return a heading without case, accents, blanks and punctuation: `Numéro de série` is `numerodeserie`."""
    folded = unicodedata.normalize("NFKD", heading[:512].casefold())
    return "".join(character for character in folded if character.isalnum())[:128]


@lru_cache(maxsize=4096)
def _plains(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(map(plain, names))


@dataclass(slots=True)
class Table:
    """One table that has a heading we know."""

    name: str
    """The name of the file it is in, which for a packed one is the inner file's."""
    sheet: str
    headings: tuple[str, ...]
    """As they are written, in the order of the columns."""
    at: int
    """The number of the heading's row."""
    how: str
    """How it was read, in words."""
    tell: Tell
    within: str = ""
    _lines: Iterator[Line] = field(default_factory=lambda: iter(()))
    _read: int = 0
    _reasons: Counter[str] = field(default_factory=Counter)

    @property
    def plain_headings(self) -> tuple[str, ...]:
        """The headings as rows name their cells; of several alike the first bears the name, the others are empty."""
        seen: set[str] = set()
        return tuple(
            "" if (name := plain(one)) in seen or seen.add(name) else name  # type: ignore[func-returns-value]
            for one in self.headings[:MAX_COLUMNS]
        )

    def present(self, names: Iterable[str]) -> tuple[str, ...]:
        """Return those of the headings that this table has, so that its rows are not asked for others."""
        here = set(self.plain_headings)
        return tuple(name for name in names if plain(name) in here)

    def rows(self) -> Iterator[Row]:
        """Yield the rows below the heading, and say at their end how many there were and which gave nothing."""
        named_alike = zip(self.headings, self.plain_headings, strict=False)
        names = tuple("" if is_secret_heading(written) else name for written, name in named_alike)
        again = [one.casefold() for one in self.headings]
        for number, cells in self._lines:
            if not any(cells):
                continue
            self._read += 1
            if cells[0].casefold() == again[0] and [cell.casefold() for cell in cells[: len(again)]] == again:
                self._reasons["the heading once more"] += 1
                continue
            if any(cells[len(names) :]):
                beyond = sum(1 for cell in cells[len(names) :] if cell)
                self.problem(number, f"has {beyond} cells beyond the last heading; they are not read")
            named = zip(names, cells, strict=False)
            yield Row(
                number, {name: without_secrets(value[:MAX_CELL]) for name, value in named if name and value}
            )
        self._sum_up()

    def leave_out(self, row: Row, reason: str, stated: str = "") -> None:
        """Say that a row gives nothing, and why; `reason` is counted, `stated` is what stands there."""
        self._reasons[reason] += 1
        self.problem(row.number, f"{f'{stated[:64]!r} ' if stated else ''}{reason}; the row is left out")

    def problem(self, number: int, what: str) -> None:
        """Say something of a row."""
        place = f"sheet {self.sheet!r}, row {number}" if self.sheet else f"row {number}"
        self.tell(Problem(self.name, place, what))

    def _sum_up(self) -> None:
        left = sum(self._reasons.values())
        why = ", ".join(f"{count} × {reason}" for reason, count in self._reasons.most_common(_MOST_SAID))
        gave = f"; {left} gave nothing: {why}" if left else ""
        words = f"{self.how}; {_rows(self._read)}{gave}"
        self.tell(
            Problem(self.name, f"sheet {self.sheet!r}" if self.sheet else "table", words, is_count=True)
        )


def tables(path: Path, tell: Tell, *, known: Known) -> Iterator[Table]:
    """Yield every table of a file whose heading is known. EvidenceError where there is none, or the file is none."""
    found = 0
    passed: list[str] = []
    refused: list[EvidenceError] = []
    for part in archive.parts(path, tell):
        try:
            for table in _of_part(part, tell, known, passed):
                found += 1
                yield table
        except EvidenceError as error:
            refused.append(error)
    if refused and not found:
        raise refused[0]
    for each in refused:
        tell(Problem(path.name, "left out", str(each)))
    if not found:
        seen = f" (there: {'; '.join(passed[:3])})" if passed else ""
        raise EvidenceError(
            f"{path.name}: no heading we know in its first {_HEADING_WITHIN} rows{seen}; is it the right kind of file? "
            f"{known.hint}"
        )


def _of_part(part: archive.Part, tell: Tell, known: Known, passed: list[str]) -> Iterator[Table]:
    with part.open() as file:
        start = file.read(64)
    if start.startswith(_OLD_EXCEL):
        raise EvidenceError(f"{part.told}: is an Excel file of the old kind (.xls); save it as .xlsx or CSV")
    if _OPEN_DOCUMENT in start:
        raise EvidenceError(f"{part.told}: is an OpenDocument file; save it as .xlsx or CSV")
    if start.lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"<", b"{")):
        raise EvidenceError(
            f"{part.told}: is a web page, XML or JSON and no table, whatever its name; open it and save it as .xlsx or CSV"
        )
    if start.startswith(b"PK"):
        yield from _of_workbook(part, tell, known, passed)
    else:
        yield from _of_text(part, tell, known, passed)


def _of_workbook(part: archive.Part, tell: Tell, known: Known, passed: list[str]) -> Iterator[Table]:
    with part.open() as file:
        book = _unpacked_workbook(part, file) if part.within else file
        sheets = workbook.sheets(book, part.told, tell)
        for sheet in sheets:
            how = f"a{' hidden' if sheet.hidden else ''} sheet of a workbook" + (
                f" with {len(sheets)}" if len(sheets) > 1 else ""
            )
            table = _with_heading(
                part, sheet.name if len(sheets) > 1 else "", sheet.rows(), how, known, tell, passed
            )
            if table is not None:
                yield table
            elif len(sheets) > 1:
                tell(
                    Problem(
                        part.told,
                        f"sheet {sheet.name!r}",
                        "no heading we know; it is not read",
                        is_count=True,
                    )
                )


def _unpacked_workbook(part: archive.Part, file: BinaryIO) -> BinaryIO:
    """Return a workbook that is packed itself. EvidenceError where it is too large, or another packed file."""
    book = io.BytesIO(file.read(_LARGEST_WORKBOOK + 1))
    if book.getbuffer().nbytes > _LARGEST_WORKBOOK:
        raise EvidenceError(f"{part.told}: is larger than {_LARGEST_WORKBOOK} bytes; unpack it first")
    try:
        is_workbook = archive.WORKBOOK in zipfile.ZipFile(book).namelist()
    except archive.BROKEN:
        is_workbook = False
    if not is_workbook:
        raise EvidenceError(f"{part.told}: is a packed file within a packed file; unpack it first")
    return book


def _of_text(part: archive.Part, tell: Tell, known: Known, passed: list[str]) -> Iterator[Table]:
    with part.open() as file:
        choice = charset_choice.choose(file)

    def trouble(number: int, what: str) -> None:
        tell(Problem(part.told, f"row {number}", what))

    with io.TextIOWrapper(part.open(), encoding=choice.codec, errors="replace", newline=None) as text:
        numbered = grid.lines(text.readline, trouble)
        sample = list(islice(numbered, _HEADING_WITHIN + 10))
        by = grid.separator((line for _, line in sample), known.worth)
        if sample and grid.says_separator(sample[0][1]):
            del sample[0]
        how = choice.name + (f" ({choice.because})" if choice.because else "")
        how = f"read as {how}, with {_SEPARATORS.get(by, repr(by))} between cells"
        records = grid.records(chain(sample, numbered), by, trouble)
        table = _with_heading(part, "", records, how, known, tell, passed)
        if table is not None:
            yield table


def _with_heading(
    part: archive.Part,
    sheet: str,
    lines: Iterator[Line],
    how: str,
    known: Known,
    tell: Tell,
    passed: list[str],
) -> Table | None:
    """Return the table below the row that has most of the known headings, the first of equals; None without any."""
    start = list(islice(lines, _HEADING_WITHIN))
    place, (number, cells) = max(
        enumerate(start), key=lambda one: (known.worth(one[1][1]), -one[0]), default=(0, (0, []))
    )
    if not known.worth(cells):
        # A row with numbers is no heading, and what stands in it may be a password that nothing tells for one.
        widest = max((cells for _, cells in start), key=lambda one: sum(map(bool, one)), default=[])
        if any(widest) and not any(character.isdigit() for cell in widest for character in cell):
            passed.append(", ".join(" ".join(cell[:32].split()) for cell in widest[:_MOST_SAID] if cell))
        return None
    headings = tuple(cell[:128] for cell in cells[:MAX_COLUMNS])
    above = sum(1 for _, row in start[:place] if any(row))
    how = f"{how}; heading in row {number}{f', {_rows(above)} above it' if above else ''}"
    table = Table(
        part.name, sheet, headings, number, how, tell, part.within, chain(start[place + 1 :], lines)
    )
    _say_twice(table, known)
    return table


def _rows(count: int) -> str:
    return f"{count} row" if count == 1 else f"{count} rows"


def _say_twice(table: Table, known: Known) -> None:
    """Say which headings that matter several columns have: the first of them is read."""
    counted: dict[str, list[int]] = {}
    for column, heading in enumerate(table.headings, 1):
        counted.setdefault(plain(heading), []).append(column)
    for name, columns in counted.items():
        if name in known.all and len(columns) > 1:
            heading = table.headings[columns[0] - 1]
            places = " and ".join(map(str, columns[:8]))
            table.problem(
                table.at,
                f"{len(columns)} columns are headed {heading!r} ({places}); the first is read, the others are not",
            )
