"""Tables others made, CSV or Excel, row by row: whatever separator, character set or place of the heading."""

import csv
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from auditor.intake.evidence import EvidenceError, Problem, Tell
from auditor.intake.secret_words import is_secret_heading, without_secrets

MAX_COLUMNS = 512
MAX_CELL = 65_536
"""Characters kept of one cell."""
_HEADING_WITHIN = 20
"""Rows in which the heading is looked for: lists begin with a title or the date."""
_SAMPLE = 65_536
_EXCEL = (b"PK\x03\x04", b"PK\x05\x06")
_OLD_EXCEL = b"\xd0\xcf\x11\xe0"
_CHARACTER_SETS = ("utf-8-sig", "gb18030", "cp1252")
csv.field_size_limit(1024 * 1024)


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its number in the file, and the cells by their plain heading. No cell holds a password we can tell for one."""

    number: int
    cells: Mapping[str, str]

    def first(self, names: Iterable[str]) -> str:
        """Return the first cell that has something under one of these headings, or an empty text."""
        return next((value for name in names if (value := self.cells.get(plain(name), ""))), "")


def plain(heading: str) -> str:
    """Return a heading without case, blanks and punctuation: `Device Serial No.` is `deviceserialno`."""
    return "".join(character for character in heading.casefold() if character.isalnum())[:128]


def rows(path: Path, tell: Tell, *, known: frozenset[str]) -> Iterator[Row]:
    """Yield the rows below the heading, which is the first row with one of the `known` plain headings in it."""
    with path.open("rb") as file:
        start = file.read(_SAMPLE)
    if start[:4] == _OLD_EXCEL:
        raise EvidenceError(f"{path.name}: is an Excel file of the old kind (.xls); save it as .xlsx or CSV")
    lines = _excel(path, tell) if start[:4] in _EXCEL else _csv(path, start, tell)
    heading: tuple[str, ...] = ()
    for number, cells in lines:
        if heading:
            if any(cells):
                named = zip(heading, cells[:MAX_COLUMNS], strict=False)
                yield Row(
                    number,
                    {name: without_secrets(value[:MAX_CELL]) for name, value in named if name and value},
                )
            continue
        names = tuple("" if is_secret_heading(cell) else plain(cell) for cell in cells[:MAX_COLUMNS])
        if known.intersection(names):
            heading = names
        elif number >= _HEADING_WITHIN:
            break
    if not heading:
        raise EvidenceError(
            f"{path.name}: no heading we know in its first {_HEADING_WITHIN} rows; is it the right kind of file? "
            "`auditor import csv --map` reads any table once you say which column is what"
        )


def _csv(path: Path, start: bytes, tell: Tell) -> Iterator[tuple[int, list[str]]]:
    charset = _charset(start)
    with path.open(encoding=charset, errors="replace", newline="") as text:
        lines = csv.reader(_without_nul(text), delimiter=_delimiter(start.decode(charset, "replace")))
        while True:
            try:
                cells = next(lines)
            except StopIteration:
                return
            except csv.Error as error:
                tell(Problem(path.name, f"line {lines.line_num}", f"{error}; the line is left out"))
                continue
            yield lines.line_num, [cell.strip() for cell in cells]


def _without_nul(text: TextIO) -> Iterator[str]:
    return (line.replace("\x00", "") for line in text)


def _charset(start: bytes) -> str:
    if start[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        return "utf-16"
    for name in _CHARACTER_SETS:
        try:
            start[: start.rfind(b"\n") + 1 or len(start)].decode(name)
        except UnicodeDecodeError:
            continue
        return name
    return "latin-1"


def _delimiter(sample: str) -> str:
    """Return the separator that the first lines have most of."""
    head = "\n".join(sample.splitlines()[:_HEADING_WITHIN])
    return max((",", ";", "\t", "|"), key=head.count)


def _excel(path: Path, tell: Tell) -> Iterator[tuple[int, list[str]]]:
    from openpyxl import load_workbook  # noqa: PLC0415  slow to load, rarely needed
    from openpyxl.utils.exceptions import InvalidFileException  # noqa: PLC0415

    broken = (zipfile.BadZipFile, InvalidFileException, KeyError, ValueError, OSError, EOFError, SyntaxError)
    at = 0
    try:
        with path.open("rb") as file:
            sheet = load_workbook(file, read_only=True, data_only=True).worksheets[0]
            for at, cells in enumerate(sheet.iter_rows(values_only=True, max_col=MAX_COLUMNS), 1):
                yield at, ["" if cell is None else str(cell).strip() for cell in cells]
    except (*broken, IndexError, TypeError, AttributeError) as error:
        if not at:
            raise EvidenceError(
                f"{path.name}: is no Excel file that can be opened ({error}); save it again"
            ) from error
        tell(
            Problem(
                path.name, f"row {at + 1}", f"cannot be read any further ({error}); the rows before are kept"
            )
        )
