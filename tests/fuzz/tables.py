"""What reads tables and the results of scanners, as targets for the fuzzer: files of any bytes, and their smaller parts."""

import io
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path

from auditor.intake import EvidenceError, charset_choice, grid, kinds, register_csv, workbook
from auditor.intake.addresses import told
from tests.fuzz.target import Target

_MOST = 1024
"""Bytes that are read as a file: what breaks a reader is in its first kilobyte, and each takes a file to be written."""
_ROW = b"IP;MAC;Serial;Model;timestamp;banner\n192.0.2.1;02:00:00:00:00:01;AB12345678;x;2026-03-01;login:\n"


def targets() -> Iterator[Target]:
    """Yield the targets, each named by what it reads."""
    feeds: dict[str, Callable[[bytes], None]] = {
        "register": _register,
        "listed": _listed,
        "workbook": _workbook,
        "scans": _scans,
        "grid": _grid,
        "charset_choice": _charset,
        "addresses": _addresses,
    }
    yield from (Target(f"auditor.intake.{name}", feed) for name, feed in feeds.items())


@cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory()


def _written(data: bytes) -> Path:
    path = Path(_folder().name) / "list"
    path.write_bytes(data[: _MOST + len(_ROW)])
    return path


def _register(data: bytes) -> None:
    """Read bytes as a register, and as what follows its first rows."""
    for head in (b"", _ROW):
        with suppress(EvidenceError):
            for entry in register_csv.entries(_written(head + data), lambda _: None):
                if entry.address and told(entry.address).addresses != (entry.address,):
                    raise AssertionError(entry)


def _listed(data: bytes) -> None:
    """Read bytes as the rows of each kind of table there is."""
    for name in ("shadowserver", "sadp", "configtool"):
        with suppress(EvidenceError):
            for exchange in kinds()[name].read(
                _written(_ROW.replace(b";", b",") + data), lambda _: None, None
            ):
                if not exchange.device:
                    raise AssertionError(exchange)


def _scans(data: bytes) -> None:
    """Read bytes as results of a scanner, alone and behind a line of each form."""
    for head in (
        b"",
        b"<nmaprun>",
        b"open tcp 80 192.0.2.1 1767225600\n",
        b'{"ip": "192.0.2.1", "port": 80}\n',
    ):
        with suppress(EvidenceError):
            for exchange in kinds()["nmap"].read(_written(head + data), lambda _: None, None):
                if not exchange.device:
                    raise AssertionError(exchange)


def _workbook(data: bytes) -> None:
    """Read bytes as a workbook, and as the parts of one."""
    data = data[:_MOST]
    book = io.BytesIO()
    with zipfile.ZipFile(book, "w") as archive:
        archive.writestr(
            "xl/workbook.xml", '<workbook xmlns:r="u"><sheets><sheet name="a" r:id="a"/></sheets></workbook>'
        )
        archive.writestr(
            "xl/_rels/workbook.xml.rels",
            '<Relationships><Relationship Id="a" Target="worksheets/s.xml"/></Relationships>',
        )
        archive.writestr("xl/worksheets/s.xml", b"<sheetData>" + data)
        archive.writestr("xl/sharedStrings.xml", b"<sst><si><t>" + data)
        archive.writestr("xl/styles.xml", b"<styleSheet><cellXfs>" + data)
    for raw in (data, book.getvalue()):
        with suppress(EvidenceError):
            for sheet in workbook.sheets(io.BytesIO(raw), "x", lambda _: None):
                for _, cells in sheet.rows():
                    if len(cells) > workbook.MAX_COLUMNS:
                        raise AssertionError(len(cells))


def _grid(data: bytes) -> None:
    text = io.StringIO(data.decode("utf-8", "replace"), newline=None)
    numbered = list(grid.lines(text.readline, lambda *_: None))
    for by in grid.SEPARATORS:
        found = list(grid.records(numbered, by, lambda *_: None))
        if [number for number, _ in found] != sorted({number for number, _ in found}):
            raise AssertionError("a line came twice, or out of its order")


def _charset(data: bytes) -> None:
    data.decode(charset_choice.choose(io.BytesIO(data)).codec, "replace")


def _addresses(data: bytes) -> None:
    for line in data.decode("utf-8", "replace").split("\n"):
        for address in told(line).addresses:
            if told(address).addresses != (address,):
                raise AssertionError(address)
