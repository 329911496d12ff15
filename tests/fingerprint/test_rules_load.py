"""Reading vendor files: what is not understood is refused, naming file and rule."""

from pathlib import Path

import pytest

from auditor.fingerprint import DataError
from auditor.fingerprint.load import raw_rules, read_folder, read_vendor

GOOD = """
vendor: Northcam
maker: axis
rules:
  - id: northcam.rtsp.server
    field: rtsp.server
    pattern: '^NC-Stream/(?P<firmware>\\d+\\.\\d+)'
    claims: {maker: axis, kind: camera}
    certainty: firm
    source: 'bench capture'
    examples:
      - {text: NC-Stream/4.2 (Linux), firmware: '4.2'}
    not: [NCX-Stream/4.2]
"""


def written(folder: Path, text: str, kind: str = "vendors") -> Path:
    (folder / kind).mkdir(exist_ok=True)
    path = folder / kind / "northcam.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_vendor_file_becomes_rules(tmp_path: Path) -> None:
    vendor = read_vendor(written(tmp_path, GOOD))
    assert (vendor.name, vendor.maker, vendor.nursery) == ("Northcam", "axis", False)
    (rule,) = vendor.rules
    assert rule.condition.fields == ("rtsp.server",)
    assert rule.claims == (("maker", "axis"), ("kind", "camera"))
    assert rule.witness == "rtsp"
    assert rule.examples[0].values == (("firmware", "4.2"),)


def test_rules_in_the_nursery_are_marked(tmp_path: Path) -> None:
    assert read_vendor(written(tmp_path, GOOD, "nursery")).rules[0].nursery


def test_a_folder_is_walked_and_needs_no_list(tmp_path: Path) -> None:
    written(tmp_path, GOOD)
    book = read_folder(tmp_path)
    assert [rule.id for rule in book.about("rtsp.server")] == ["northcam.rtsp.server"]
    assert book.about("http.server") == ()


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("    certainty: firm\n", "    certainty: sure\n", "certainty is one of certain, firm, tentative"),
        ("    source: 'bench capture'\n", "", "has no 'source'"),
        ("    field: rtsp.server\n", "    field: rtsp.server\n    colour: red\n", "unknown key 'colour'"),
        ("'^NC-Stream/(?P<firmware>", "'^NC-Stream/((?P<firmware>", "is no regular expression"),
        ("'^NC-Stream/(?P<firmware>", "'^NC-Stream/x{99999999999}(?P<firmware>", "is no regular expression"),
        (
            "      - {text: NC-Stream/4.2 (Linux), firmware: '4.2'}",
            "      - {firmware: '4.2'}",
            "an example is a text",
        ),
        ("rules:\n", "colour: red\nrules:\n", "unknown key 'colour'"),
        ("vendor: Northcam\n", "", "has no 'vendor'"),
        ("maker: axis\n", "maker: axis\nalso_sold_as: 7\n", "'also_sold_as' is a list"),
        ("{maker: axis, kind: camera}", "[maker]", "'claims' is a mapping"),
        ("{maker: axis, kind: camera}", "", "'claims' is a mapping"),
        ("not: [NCX-Stream/4.2]", "not: 7", "'not' is a list"),
        ("    certainty", "    with: {field: rtsp.realm}\n    certainty", "'with' is a list"),
        ("    certainty", "    with: [5]\n    certainty", "a condition is a mapping"),
        ("    certainty", "    denies: axis\n    certainty", "'denies' is a list"),
        ("firmware: '4.2'}", "with: 5}", "'with' is a mapping"),
    ],
)
def test_what_is_not_understood_is_refused(tmp_path: Path, old: str, new: str, complaint: str) -> None:
    path = written(tmp_path, GOOD.replace(old, new))
    with pytest.raises(DataError, match=r"northcam\.yaml") as refused:
        read_vendor(path)
    assert complaint in str(refused.value)


def test_yaml_that_cannot_be_read_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"northcam\.yaml: not readable as YAML"):
        read_vendor(written(tmp_path, "vendor: [\n"))


def test_a_key_written_twice_is_refused(tmp_path: Path) -> None:
    path = written(
        tmp_path, GOOD.replace("    certainty: firm\n", "    certainty: firm\n    certainty: firm\n")
    )
    with pytest.raises(DataError, match="'certainty' is written twice"):
        raw_rules(path)


def test_a_list_that_holds_itself_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, GOOD.replace("not: [NCX-Stream/4.2]", "not: &all [*all]"))
    with pytest.raises(DataError, match=r"northcam\.yaml: not readable as YAML"):
        raw_rules(path)
