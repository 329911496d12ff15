"""Files as Notepad, Excel and the shells of Windows save them."""

import codecs
import tomllib
from pathlib import Path

import pytest

from auditor import saved_text

TEXT = "127.0.0.1 # Köln\n北京\n"


@pytest.mark.parametrize(
    "raw",
    [
        TEXT.encode(),
        codecs.BOM_UTF8 + TEXT.replace("\n", "\r\n").encode(),
        codecs.BOM_UTF16_LE + TEXT.encode("utf-16-le"),
        codecs.BOM_UTF16_BE + TEXT.replace("\n", "\r\n").encode("utf-16-be"),
    ],
)
def test_a_mark_in_front_says_what_the_text_is_in_and_is_no_part_of_it(tmp_path: Path, raw: bytes) -> None:
    path = tmp_path / "list.txt"
    path.write_bytes(raw)
    assert saved_text.read(path) == TEXT


@pytest.mark.parametrize("raw", [b"\xff", "北京".encode("gb2312"), codecs.BOM_UTF16_LE + b"a"])
def test_what_is_no_such_text_is_refused(raw: bytes) -> None:
    with pytest.raises(UnicodeDecodeError):
        saved_text.decoded(raw)


def test_lines_of_a_utf_16_file_come_as_utf_8(tmp_path: Path) -> None:
    path = tmp_path / "transcript.jsonl"
    path.write_bytes(codecs.BOM_UTF16_LE + TEXT.encode("utf-16-le"))
    with path.open("rb") as file:
        assert saved_text.is_utf16(file.peek(2))
        assert b"".join(saved_text.utf16_lines(file)).decode() == TEXT


@pytest.mark.parametrize(
    "text",
    ["a = " + "[" * 5000, "a = " + "9" * 5000, "a = " + "{a=" * 5000, "a = 2026-02-31", "a = ", "a\0 = 1"],
)
def test_toml_that_cannot_be_read_is_called_that_however_it_is_built(text: str) -> None:
    with pytest.raises(tomllib.TOMLDecodeError):
        saved_text.toml(text)


@pytest.mark.parametrize(
    "text",
    ["a = 0x" + "f" * 9000, "a" + ".a" * 3000 + " = 1", f"a = '{'x' * 9000}'", "a = [" + "[]," * 9000 + "]"],
)
def test_whatever_a_file_holds_can_be_quoted_in_a_line(text: str) -> None:
    assert len(saved_text.shown(saved_text.toml(text)["a"])) < 300
