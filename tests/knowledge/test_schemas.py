"""The published JSON Schemas accept every shipped file and refuse slips."""

import json
import tomllib
from datetime import date
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from auditor import resources

ROOT = resources.fingerprints()
FILES = [
    *(("advisory", path) for path in sorted((ROOT / "advisories").glob("*.yaml"))),
    *(("restriction", path) for path in sorted((ROOT / "restrictions").glob("*.yaml"))),
    *(("policy", path) for path in sorted((ROOT / "policies").glob("*.toml"))),
    ("exposures", ROOT / "exposures.yaml"),
    ("marks", ROOT / "marks.yaml"),
    ("names", ROOT / "names.yaml"),
    ("origins", ROOT / "origins.yaml"),
    ("priorities", ROOT / "priorities.yaml"),
    ("remediation", ROOT / "remediation.yaml"),
]


def _schema(name: str) -> Any:
    return json.loads((ROOT / "schemas" / f"{name}.json").read_text())


def _plain(value: Any) -> Any:
    """Write dates as JSON has them."""
    if isinstance(value, dict):
        return {key: _plain(below) for key, below in value.items()}
    if isinstance(value, list):
        return [_plain(below) for below in value]
    return value.isoformat() if isinstance(value, date) else value


def _content(path: Path) -> Any:
    text = path.read_text(encoding="utf-8")
    return _plain(tomllib.loads(text) if path.suffix == ".toml" else yaml.load(text, Loader=yaml.CSafeLoader))


def test_every_shipped_file_is_as_its_schema_says() -> None:
    wrong = []
    validators = {name: jsonschema.Draft202012Validator(_schema(name)) for name, _ in FILES}
    for name, path in FILES:
        wrong += [f"{path.name}: {error.message}" for error in validators[name].iter_errors(_content(path))]
    assert wrong == []
    assert len(FILES) == 141 + 29 + 6 + 6


@pytest.mark.parametrize(
    "slip",
    [
        {"severity": "terrible"},
        {"rows": []},
        {"rows": [{"models": ["X"], "patterns": ["X"]}]},
        {"makres": ["x"]},
        {"examples": []},
    ],
)
def test_a_slip_in_an_advisory_is_refused(slip: dict[str, Any]) -> None:
    good = _content(ROOT / "advisories" / "CVE-2021-36260.yaml")
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**good, **slip}, _schema("advisory"))
