"""Names that are no text, as a file of another system has them, and halves of characters: kept spelt out, never our fault."""

import os
from pathlib import Path

import pytest

from auditor.cli import run as command
from auditor.store import Access, Store
from tests.run.test_picture import INFO, A, Town, info

ODD = os.fsdecode(b"t\xff")
LIST = "IPv4 Address,Device Type,Software Version,Device Serial No.\n192.0.2.7,NC-1,V1.2.3build 200101,NC-1TEST000000001\n"


def _file(folder: Path, name: str, text: str) -> str:
    path = folder / name
    try:
        path.write_text(text, encoding="utf-8")
    except OSError:
        pytest.skip("this file system takes no such name")
    return str(path)


def test_evidence_in_a_file_whose_name_is_no_text_is_imported(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    db = str(tmp_path / "a.sqlite")
    given = _file(tmp_path, f"{ODD}.csv", LIST)
    assert command(["import", "sadp", "--no-scope", "--site", ODD, "--db", db, given]) == 0
    capsys.readouterr()
    assert command(["devices", "--all", "--json", "--db", db]) == 0
    assert '"site": "t\\\\udcff"' in capsys.readouterr().out


def test_a_transcript_with_half_a_character_is_identified(tmp_path: Path) -> None:
    line = '{"schema_version":1,"device":"\\ud800x","observed":{"tls.subject":"\\ud800"}}\n'
    assert command(["identify", "--transcript", _file(tmp_path, f"{ODD}.jsonl", line)]) == 0


def test_names_given_on_the_command_line_may_be_no_text(tmp_path: Path) -> None:
    with Store.open(tmp_path / "a.sqlite", Access.CREATE) as store:
        Town(store).run((A, INFO, info("498117063", "V5.4.0")))
    db = ("--db", str(store.path))
    for words in (["show", ODD], ["devices", "--site", ODD], ["findings", "--run", ODD], ["compare", ODD],
                  ["retire", A, "--reason", ODD, "--by", ODD]):  # fmt: skip
        assert command([*words, *db]) in {0, 2}, words
    with Store.open(tmp_path / "a.sqlite", Access.READ) as store:
        assert [word.reason for word in store.words()] == ["t\\udcff"]
