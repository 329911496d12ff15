"""Workbooks and packed files: what is read of them, and what they may not do to memory, time and terminal."""

import gzip
import io
import tracemalloc
import zipfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.cli._evidence import Problems
from auditor.intake import EvidenceError, Problem
from auditor.intake.register_csv import Entry, entries
from auditor.intake.workbook import sheets

BOOK = '<workbook xmlns:r="urn:r"><sheets><sheet name="cams" sheetId="1" r:id="a"/></sheets></workbook>'
RELATIONS = '<Relationships><Relationship Id="a" Target="worksheets/sheet1.xml"/></Relationships>'


def made(sheet: str, **others: str) -> bytes:
    """Return a workbook of one sheet from its XML; other parts by name, `__` for a slash."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", BOOK)
        archive.writestr("xl/_rels/workbook.xml.rels", RELATIONS)
        archive.writestr("xl/worksheets/sheet1.xml", sheet)
        for name, text in others.items():
            archive.writestr(f"xl/{name}.xml", text)
    return file.getvalue()


def rows(raw: bytes, told: list[Problem] | None = None) -> list[tuple[int, list[str]]]:
    problems = told if told is not None else []
    return [row for sheet in sheets(io.BytesIO(raw), "x.xlsx", problems.append) for row in sheet.rows()]


def listed(path: Path) -> tuple[list[Entry], list[str]]:
    problems: list[Problem] = []
    return list(entries(path, problems.append)), [str(one) for one in problems]


def test_cells_come_out_as_people_see_them() -> None:
    book = openpyxl.Workbook()
    book.active.append(["192.0.2.1", 80, 1.5, True, datetime(2026, 1, 2, 3, 4, 5), None, "Größe"])  # noqa: DTZ001
    book.active["AB3"] = "far"
    file = io.BytesIO()
    book.save(file)
    first, third = rows(file.getvalue())
    assert first == (1, ["192.0.2.1", "80", "1.5", "TRUE", "2026-01-02 03:04:05", "", "Größe"])
    assert third == (3, [""] * 27 + ["far"])


def test_texts_in_pieces_are_joined_and_phonetic_hints_left_out() -> None:
    shared = "<sst><si><r><t>cam</t></r><r><t>era</t></r><rPh><t>hint</t></rPh></si></sst>"
    sheet = '<sheetData><row><c t="s"><v>0</v></c><c t="inlineStr"><is><t>b</t></is></c><c t="s"><v>9</v></c></row></sheetData>'
    assert rows(made(sheet, sharedStrings=shared)) == [(1, ["camera", "b"])]


def test_escapes_of_excel_are_undone_and_no_control_character_comes_through() -> None:
    sheet = '<sheetData><row><c t="str"><v>a_x000D_\n_x001B_[2Jb_x005F_c</v></c></row></sheetData>'
    assert rows(made(sheet)) == [(1, ["a\n [2Jb_c"])]


def test_a_zip_that_lists_files_without_end_is_refused(tmp_path: Path) -> None:
    end = b"PK\x05\x06" + bytes(8) + (40 * 1024 * 1024).to_bytes(4, "little") + bytes(6)
    (tmp_path / "list.zip").write_bytes(b"PK\x03\x04" + bytes(41 * 1024 * 1024) + end)
    with pytest.raises(EvidenceError, match="its list of files is"):
        listed(tmp_path / "list.zip")


def test_a_list_on_the_second_sheet_is_found_and_the_first_is_named(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.title = "Cover"
    book.active.append(["Cameras"])
    for title, number in (("North", 1), ("South", 2)):
        sheet = book.create_sheet(title)
        sheet.append(["IP", "Model"])
        sheet.append([f"192.0.2.{number}", "x"])
    book.save(tmp_path / "list.xlsx")
    found, problems = listed(tmp_path / "list.xlsx")
    assert [(one.address, one.place) for one in found] == [
        ("192.0.2.1", "sheet 'North', row 2"),
        ("192.0.2.2", "sheet 'South', row 2"),
    ]
    assert problems[0] == "list.xlsx: sheet 'Cover': no heading we know; it is not read"


def hostile() -> Iterator[tuple[str, bytes, str]]:
    yield (
        "texts",
        made("<sheetData/>", sharedStrings="<sst>" + "<si><t>a</t></si>" * 2_000_100 + "</sst>"),
        "would unpack",
    )
    yield "cells", made("<sheetData><row>" + "<c/>" * 6_000_000 + "</row></sheetData>"), "would unpack"
    yield (
        "rows",
        made('<sheetData><row r="9999999"><c t="str"><v>x</v></c></row></sheetData>'),
        "a row beyond",
    )
    yield "tag", made('<sheetData><row a="' + "xyz" * 700_000 + '"/></sheetData>'), "one tag"
    yield "entities", made('<!DOCTYPE a [<!ENTITY b "bb">]><sheetData>&b;</sheetData>'), "document type"
    yield "cut", made('<sheetData><row><c t="str"><v>x</v></c></row><row'), "no element found"


@pytest.mark.parametrize(("raw", "why"), [pytest.param(raw, why, id=name) for name, raw, why in hostile()])
def test_a_workbook_made_to_fill_the_memory_does_not(raw: bytes, why: str) -> None:
    told: list[Problem] = []
    tracemalloc.start()
    try:
        rows(raw, told)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 24 * 1024 * 1024
    assert any(why in one.what for one in told) or why == "no element found"


def test_very_many_cells_within_bounds_are_read_in_a_piece_of_memory() -> None:
    """What common libraries make a thousandfold of: tens of thousands of texts, and rows of many cells."""
    shared = "<sst>" + "".join(f"<si><t>text {number}</t></si>" for number in range(30_000)) + "</sst>"
    row = "<row>" + '<c t="s"><v>77</v></c>' * 600 + "</row>"
    raw = made(f"<sheetData>{row * 20}</sheetData>", sharedStrings=shared)
    tracemalloc.start()
    try:
        count = sum(len(cells) for _, cells in rows(raw))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert count == 20 * 512
    assert peak < 12 * 1024 * 1024


def test_control_characters_of_a_workbook_are_escaped_where_they_are_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sheet = '<sheetData><row><c t="inlineStr"><is><t>IP</t></is></c></row><row><c t="inlineStr"><is><t>\u009b31mred\u009d</t></is></c></row></sheetData>'
    (tmp_path / "list.xlsx").write_bytes(made(sheet))
    list(entries(tmp_path / "list.xlsx", Problems().tell))
    said = capsys.readouterr().err
    assert "is not an address" in said
    assert "\u009b" not in said


def test_tables_in_a_zip_are_read_one_by_one_and_what_is_none_is_said(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "lists.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a/north.csv", "IP;Model\n192.0.2.1;x\n")
        archive.writestr("a/south.csv", "IP;Model\n192.0.2.2;x\n")
        archive.writestr("__MACOSX/a/._south.csv", "junk")
        archive.writestr("zeros.csv", bytes(16 * 1024 * 1024))
        archive.writestr("old.xls", b"\xd0\xcf\x11\xe0" + bytes(64))
    found, problems = listed(tmp_path / "lists.zip")
    assert [one.address for one in found] == ["192.0.2.1", "192.0.2.2"]
    assert any(one.startswith("north.csv: table: ") for one in problems)
    assert any("old.xls" in one and "save it as .xlsx or CSV" in one for one in problems)


def test_a_packed_list_is_read_and_its_damage_said(tmp_path: Path) -> None:
    raw = gzip.compress(b"IP;Model\n" + b"".join(b"192.0.2.%d;x\n" % number for number in range(1, 200)))
    (tmp_path / "list.csv.gz").write_bytes(raw[:-40])
    found, problems = listed(tmp_path / "list.csv.gz")
    assert len(found) > 20
    assert any("cannot be unpacked any further" in one for one in problems)


@settings(max_examples=40, deadline=None)
@given(place=st.integers(0, 2**16), octet=st.integers(0, 255), cut=st.integers(0, 400))
def test_a_damaged_workbook_is_read_or_refused_in_words(
    tmp_path_factory: pytest.TempPathFactory, place: int, octet: int, cut: int
) -> None:
    raw = bytearray(
        made(
            '<sheetData><row><c t="str"><v>IP</v></c></row><row><c t="str"><v>192.0.2.1</v></c></row></sheetData>'
        )
    )
    raw[place % len(raw)] = octet
    path = tmp_path_factory.mktemp("damaged") / "list.xlsx"
    path.write_bytes(bytes(raw[: len(raw) - cut % 300]))
    try:
        assert len(listed(path)[0]) <= 1
    except EvidenceError as error:
        assert "list.xlsx" in str(error)  # noqa: PT017  either outcome is right; this one must name the file
