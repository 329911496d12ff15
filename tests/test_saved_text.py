"""Files as Notepad, Excel and the shells of Windows save them."""

import codecs
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
