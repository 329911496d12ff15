"""Read a trainee's answers: the form filled in by hand, or the auditor's own export (CSV or JSON Lines)."""

import csv
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from lab.exercise.key import Answer, answer
from lab.exercise.model import ExerciseError, Kind, Question, Row
from lab.exercise.variant import Variant

FIELDS = ("maker", "brand", "kind", "model", "firmware", "build_date", "serial", "mac")


def read_answers(path: Path, variant: Variant) -> Mapping[str, Answer]:
    """Read answers by question id; ExerciseError says what is wrong and where."""
    try:
        if path.suffix in {".csv", ".jsonl"}:
            found = _from_csv(path) if path.suffix == ".csv" else _from_json_lines(path)
            rows = [variant.known(row, affected=row.affected) for row in found]
            return {one.id: answer(one, rows) for one in variant.exercise.questions}
        return _by_hand(path, variant)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, yaml.YAMLError) as error:
        raise ExerciseError(f"{path}: cannot be read as answers: {error}") from error


def form(variant: Variant) -> str:
    """Return the form to fill in by hand."""
    blank: dict[Kind, object] = {Kind.COUNT: None, Kind.VALUE: None, Kind.ADDRESSES: [], Kind.TABLE: {}}
    lines = [
        f"# {variant.exercise.title}. Addresses: a list. Tables: 192.0.2.7: {{maker: …, model: …}} for each device.",
        f"exercise: {variant.exercise.id}",
        f"seed: {variant.seed}",
        "answers:",
    ]
    for question in variant.exercise.questions:
        lines.append(f"  # {question.ask}")
        if question.kind is Kind.TABLE:
            lines.append(f"  # fields: {', '.join(question.fields)}")
        lines.append(f"  {question.id}: {json.dumps(blank[question.kind])}")
    return "\n".join(lines) + "\n"


def _by_hand(path: Path, variant: Variant) -> Mapping[str, Answer]:
    stated = yaml.safe_load(path.read_text(encoding="utf-8"))
    if not isinstance(stated, dict):
        raise TypeError(
            "it is no mapping; start from the answers.yaml that `auditor-lab exercise start` writes"
        )
    if stated.get("exercise", variant.exercise.id) != variant.exercise.id:
        raise ValueError(f"these are answers to {stated['exercise']}")
    if int(stated.get("seed", variant.seed)) != variant.seed:
        raise ValueError(f"these are answers to seed {stated['seed']}, not {variant.seed}")
    given = stated.get("answers") or {}
    known = {one.id for one in variant.exercise.questions}
    if unknown := sorted(set(given) - known):
        raise ValueError(f"there is no question {', '.join(unknown)}; there are {', '.join(sorted(known))}")
    return {one.id: _hand_answer(one, given.get(one.id)) for one in variant.exercise.questions}


def _hand_answer(question: Question, given: Any) -> Answer:  # noqa: ANN401 - straight from YAML
    if given is None:
        return Answer()
    if question.kind is Kind.ADDRESSES:
        listed = given if isinstance(given, list) else str(given).replace(",", " ").split()
        return Answer(addresses=frozenset(str(one).strip() for one in listed))
    if question.kind is Kind.TABLE:
        return Answer(
            cells=tuple(
                sorted(
                    (str(address), str(name), str(value))
                    for address, fields in given.items()
                    for name, value in (fields or {}).items()
                    if name in question.fields and value is not None
                )
            )
        )
    return Answer(text=str(given).strip())


def _from_csv(path: Path) -> Iterator[Row]:
    """Read the auditor's table: one device a line, ids of findings separated by blanks."""
    with path.open(encoding="utf-8-sig", newline="") as stream:
        for line in csv.DictReader(stream):
            yield Row(
                address=_unguarded(line["address"]),
                fields=tuple((name, _unguarded(line[name])) for name in FIELDS if line.get(name)),
                affected=frozenset((line.get("affected") or "").split()),
            )


def _unguarded(cell: str) -> str:
    """Take away the apostrophe that keeps a spreadsheet from calculating a cell."""
    return cell.removeprefix("'")


def _from_json_lines(path: Path) -> Iterator[Row]:
    """Read the auditor's records: one device a line, each claim with its value."""
    with path.open(encoding="utf-8") as stream:
        for text in stream:
            stated = json.loads(text)
            if "address" not in stated or "maker" not in stated:
                continue
            claims = {name: stated.get(name) for name in FIELDS}
            yield Row(
                address=str(stated["address"]),
                fields=tuple(
                    (name, str(claim["value"]))
                    for name, claim in claims.items()
                    if claim and claim.get("value")
                ),
                affected=frozenset(
                    str(one["id"]) for one in stated.get("findings") or () if one.get("verdict") == "affected"
                ),
            )
