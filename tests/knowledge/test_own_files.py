"""Files of knowledge that an owner brings: what they hold may be anything, and what is wrong is said with the place."""

import re
from datetime import date
from pathlib import Path

import pytest

from auditor.knowledge import records
from auditor.knowledge.document import DataError, read
from auditor.knowledge.latest import convert, load, save
from auditor.resources import fingerprints

DEEP = "[" * 100_000


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.yaml", "day: 2026-13-45"), ("a.yaml", "day: 2026-02-30 25:00:00"), ("a.yaml", f"a: {DEEP}"), ("a.yaml", "a: !!python/name:os.system"),
        ("a.json", f'{{"a": {"9" * 5000}}}'), ("a.json", f'{{"a": {DEEP}'), ("a.toml", f"a = {'9' * 5000}"), ("a.toml", f"a = {DEEP}"),
    ],
)  # fmt: skip
def test_what_no_parser_can_hold_is_named_with_its_file(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(DataError, match=f"{name}: not readable as"):
        read(tmp_path / name)


@pytest.mark.parametrize("pattern", ["^a{99999999999}", "^" + "(" * 3000 + ")" * 3000, "^("])
def test_a_pattern_that_is_none_is_named(tmp_path: Path, pattern: str) -> None:
    shipped = next(
        one
        for one in sorted((fingerprints() / "advisories").glob("*.yaml"))
        if "patterns: ['^" in one.read_text("utf-8")
    )
    text, path = shipped.read_text("utf-8"), tmp_path / shipped.name
    path.write_text(re.sub(r"patterns: \['[^']+'", lambda _: f"patterns: ['{pattern}'", text, count=1))
    with pytest.raises(DataError, match="pattern '"):
        records.load(path)


def test_a_message_quotes_little_of_what_doubles_at_every_level(tmp_path: Path) -> None:
    levels = "\n".join(f"a{number}: &a{number} [*a{number - 1}, *a{number - 1}]" for number in range(1, 40))
    (tmp_path / "a.yaml").write_text(f"a0: &a0 x\n{levels}\n")
    with pytest.raises(DataError) as caught:
        read(tmp_path / "a.yaml").text("a39")
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize(
    "entry", ['["5.4.5", "2017-1-23"]', '["5.4.5", "soon"]', '["5.4.5", 7]', "[5, null]", '["5"]', "7"]
)
def test_an_index_of_firmware_with_a_wrong_entry_names_it(tmp_path: Path, entry: str) -> None:
    path = tmp_path / "firmware.json"
    path.write_text(f'{{"schema": 1, "as_of": "2026-11-01", "source": "x", "models": {{"ds2": {entry}}}}}')
    with pytest.raises(DataError, match=r"models.*ds2"):
        load(path)


def test_a_list_of_firmware_with_half_characters_is_kept_and_read_again(tmp_path: Path) -> None:
    (tmp_path / "rows.json").write_text(
        '{"rows": [{"model": "X\\ud800", "version": "1.2.3"}, {"model": "Y", "version": "%s"}]}'
        % ("9" * 5000)
    )
    index = convert(tmp_path / "rows.json", date(2026, 11, 1), "maker")
    save(index, tmp_path / "index.json")
    assert load(tmp_path / "index.json") == index
    assert len(index.models) == 1
