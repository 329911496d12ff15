"""Cells of text tables: separators, quotes as they should be and as they are."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.intake import grid


def cells(text: str, by: str = ";") -> tuple[list[list[str]], list[int]]:
    troubles: list[int] = []
    found = grid.records(enumerate(text.split("\n"), 1), by, lambda number, _what: troubles.append(number))
    return [one for _, one in found], troubles


def test_a_quote_that_is_never_closed_costs_no_row() -> None:
    found, troubles = cells('IP;N;M\n1;"K 1" North;x\n2;24" screen;x\n3;"K 3;x\n4;K 4;x\n5;K 5;x')
    assert [row[0] for row in found] == ["IP", "1", "2", "3", "4", "5"]
    assert troubles == [4]


def test_a_stray_quote_that_another_one_closes_joins_no_rows() -> None:
    found, troubles = cells('IP;N;M\n1;"K 1;x\n2;K" 2;x\n3;"K 3;x\n4;24";x')
    assert [row[0] for row in found] == ["IP", "1", "2", "3", "4"]
    assert troubles == [2, 4]


def test_a_cell_of_several_lines_stays_one() -> None:
    found, troubles = cells('"IP";"N"\n"1";"a; b\n\n""c"""\n"2";"d"')
    assert found == [["IP", "N"], ["1", 'a; b\n\n"c"'], ["2", "d"]]
    assert troubles == []


@pytest.mark.parametrize(
    ("text", "by"),
    [
        ('Name;IP;Place\nA;192.0.2.1;"House 1, floor 2, room 3, left, north"', ";"),
        ("Name\tIP\tPlace\nA, B, C, D\t192.0.2.1\tx", "\t"),
        ("sep=|\nName|IP\na|b", "|"),
        ("Cameras, as of today, in all houses\nIP;Model\n192.0.2.1;x", ";"),
        ("IP\n192.0.2.1", ","),
    ],
)
def test_the_separator_is_the_one_that_makes_a_heading(text: str, by: str) -> None:
    assert (
        grid.separator(text.split("\n"), lambda row: len({"ip", "model"} & {one.lower() for one in row}))
        == by
    )


@pytest.mark.parametrize("unit", ['"a\n', '"a,""b,', '"""b,', '"a"",', '"\n', '"a,\n', '"a" b,', '"",'])
def test_time_grows_with_the_text_and_no_faster(unit: str) -> None:
    def seconds(times: int) -> float:
        started = time.process_time()
        cells(unit * times, ",")
        return time.process_time() - started

    assert any(seconds(12_000) < max(0.03, 9 * seconds(3_000)) for _ in range(3))


@given(st.text(alphabet='a";\n ', max_size=60))
def test_no_line_is_lost(text: str) -> None:
    """Whatever the quotes, every letter comes out again, and quotes only vanish where they quote."""
    found, _ = cells(text)
    assert sum(cell.count("a") for row in found for cell in row) == text.count("a")
