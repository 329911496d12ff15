"""The linter: each check catches the mistake it is there for, and a good file passes."""

from pathlib import Path

import pytest

from auditor.fingerprint import lint

GOOD = """
vendor: Northcam
maker: axis
rules:
  - id: northcam.rtsp.server
    field: rtsp.server
    pattern: '^NC-Stream/(?P<firmware>\\d+\\.\\d+)'
    claims: {maker: axis, kind: camera}
    certainty: firm
    searched: {date: 2026-03-01, found: 'code by "NC-Stream": only this maker'}
    source: 'bench capture'
    examples:
      - {text: NC-Stream/4.2 (Linux), firmware: '4.2'}
    not: [NCX-Stream/4.2]
"""
SEARCHED = "    searched: {date: 2026-03-01, found: 'code by \"NC-Stream\": only this maker'}\n"


def complaints(folder: Path, text: str, kind: str = "vendors") -> list[str]:
    (folder / kind).mkdir(exist_ok=True)
    path = folder / kind / "northcam.yaml"
    path.write_text(text, encoding="utf-8")
    return lint(path)


def test_a_good_file_has_no_complaints(tmp_path: Path) -> None:
    assert complaints(tmp_path, GOOD) == []


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("firmware: '4.2'}", "firmware: '4.3'}", "and the example says"),
        ("(Linux), firmware: '4.2'}", "(Linux)}", "no example says which firmware"),
        ("text: NC-Stream/4.2", "text: XC-Stream/4.2", "does not read its example"),
        ("NCX-Stream/4.2]", "NC-Stream/4.2]", "which `not:` forbids"),
        ("    not: [NCX-Stream/4.2]\n", "", "has no `not:`"),
        ("maker: axis, kind", "maker: nobody, kind", "maker 'nobody' is not in vocabulary.yaml"),
        ("kind: camera", "kind: gadget", "kind 'gadget' is not in vocabulary.yaml"),
        ("field: rtsp.server", "field: rtsp.colour", "field 'rtsp.colour' is not in vocabulary.yaml"),
        ("'^NC-Stream", "'NC-Stream", "does not begin with ^"),
        ("field: rtsp.server", "field: http.title", "reads the beginning of a title"),
        (
            f"    certainty: firm\n{SEARCHED}    source: 'bench capture'\n",
            f"    source: 'bench capture'\n    certainty: firm\n{SEARCHED}",
            "in this order",
        ),
        (SEARCHED, "", "claims a maker more than tentatively"),
        (f"certainty: firm\n{SEARCHED}", "certainty: tentative\n", ""),
        (
            f"maker: axis, kind: camera}}\n    certainty: firm\n{SEARCHED}",
            "kind: camera}\n    certainty: firm\n",
            "",
        ),
        (SEARCHED, "    sole: 'its name'\n", "says in `sole` that nobody else gives this"),
        (SEARCHED, f"    sole: 'its name'\n{SEARCHED}", ""),
        (SEARCHED, f"{SEARCHED}    origin: nobody-knows\n", "is not in origins.yaml"),
        (SEARCHED, f"{SEARCHED}    origin: web-page-words\n", "it can only be tentative about the maker"),
        (f"certainty: firm\n{SEARCHED}", "certainty: tentative\n    origin: web-page-words\n", ""),
        ("source: 'bench capture'", "source: ' '", "empty source"),
        ("(Linux)", "(Linux)", ""),
    ],
)
def test_each_mistake_is_named(tmp_path: Path, old: str, new: str, complaint: str) -> None:
    found = complaints(tmp_path, GOOD.replace(old, new))
    assert any(complaint in one for one in found) if complaint else not found
    assert all("northcam.yaml" in one for one in found)


def test_an_example_of_another_maker_is_found(tmp_path: Path) -> None:
    text = GOOD.replace("'^NC-Stream/(?P<firmware>\\d+\\.\\d+)'", "'^Rtsp Server/(?P<firmware>\\d\\.\\d)'")
    text = text.replace("NC-Stream/4.2 (Linux)", "Rtsp Server/4.2").replace("'4.2'", "'4.2'")
    assert any("is also read by" in one and "of another maker" in one for one in complaints(tmp_path, text))


def test_a_pattern_that_hostile_text_slows_down_is_found(tmp_path: Path) -> None:
    text = GOOD.replace("'^NC-Stream/(?P<firmware>\\d+\\.\\d+)'", "'^\\w*\\w*!(?P<firmware>\\d)'")
    text = text.replace("text: NC-Stream/4.2 (Linux), firmware: '4.2'", "text: NC!4, firmware: '4'")
    text = text.replace("field: rtsp.server", "field: rtsp.realm")
    assert any("make the pattern simpler" in one for one in complaints(tmp_path, text))


def test_a_page_full_of_the_words_of_a_pattern_with_gaps_is_found_to_slow_it_down(tmp_path: Path) -> None:
    gaps = "'video-icon[\\s\\S]{0,500}t_name[\\s\\S]{0,500}t_user'"
    text = GOOD.replace(
        "'^NC-Stream/(?P<firmware>\\d+\\.\\d+)'", f"{gaps}\n    unanchored: 'the words stand inside'"
    )
    text = text.replace("text: NC-Stream/4.2 (Linux), firmware: '4.2'", "text: video-icon t_name t_user")
    text = text.replace("field: rtsp.server", "field: http.body")
    assert any("make the pattern simpler" in one for one in complaints(tmp_path, text))


def test_rules_on_hearsay_can_only_be_tentative(tmp_path: Path) -> None:
    assert any("only be tentative" in one for one in complaints(tmp_path, GOOD, "nursery"))


def test_ids_are_sorted_and_named_once(tmp_path: Path) -> None:
    again = GOOD.split("rules:\n")[1]
    assert any("sorted by id" in one for one in complaints(tmp_path, GOOD + again))


def test_data_that_cannot_be_loaded_is_one_complaint(tmp_path: Path) -> None:
    assert len(complaints(tmp_path, "vendor: Northcam\nrules: 7\n")) == 1
