"""Read exercise files."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from lab.exercise.model import (
    Advisory,
    Condition,
    Exercise,
    ExerciseError,
    Group,
    Handout,
    Kind,
    Question,
)

FOLDER = Path(__file__).resolve().parent.parent / "exercises"
_SETS = {
    "maker": "makers",
    "brand": "brands",
    "kind": "kinds",
    "persona": "personas",
    "tag": "tags",
    "without_tag": "without_tags",
    "shows": "shows",
}
_PLAIN = ("built_before", "built_from", "relabelled", "affected", "unchanged")


def all_exercises(folder: Path = FOLDER) -> tuple[Exercise, ...]:
    """Read every exercise of a folder; ExerciseError names the first file that is wrong."""
    return tuple(read_exercise(path) for path in sorted(folder.glob("*.yaml")))


def exercise(name: str, folder: Path = FOLDER) -> Exercise:
    """Read the exercise of that name; ExerciseError names those there are."""
    path = folder / f"{name}.yaml"
    if not path.exists():
        known = ", ".join(sorted(one.stem for one in folder.glob("*.yaml")))
        raise ExerciseError(f"there is no exercise {name}; there are: {known}")
    return read_exercise(path)


def read_exercise(path: Path) -> Exercise:
    """Read one exercise file; ExerciseError says what is wrong and where."""
    try:
        stated = yaml.safe_load(path.read_text(encoding="utf-8"))
        return _exercise(path, stated)
    except (KeyError, TypeError, ValueError, re.error, yaml.YAMLError) as error:
        raise ExerciseError(f"{path}: is not of the form docs/exercises.md describes: {error!r}") from error


def _exercise(path: Path, stated: Mapping[str, Any]) -> Exercise:
    advisories = stated.get("advisories") or {}
    return Exercise(
        id=path.stem,
        path=path,
        title=str(stated["title"]),
        minutes=int(stated["minutes"]),
        level=str(stated["level"]),
        brief=str(stated["brief"]),
        trainer=str(stated["trainer"]),
        network=str(stated["network"]),
        serves=bool(stated.get("serves", True)),
        groups=tuple(_group(one) for one in stated["town"]),
        questions=tuple(_question(one) for one in stated["questions"]),
        advisories=tuple(
            Advisory(str(name), _condition(one["where"]), str(one["source"]))
            for name, one in advisories.items()
        ),
        handouts=tuple(Handout(one) for one in stated.get("handouts", ())),
        suppliers=tuple(str(one) for one in stated.get("suppliers", ())),
    )


def _group(stated: Mapping[str, Any]) -> Group:
    same = stated.get("where") == "as before"
    before = stated.get("before")
    return Group(
        take=int(stated["take"]),
        where=_condition(stated["before"] if same else stated["where"]),
        before=None if before is None else _condition(before),
        same_as_before=same,
        own_supplier=bool(stated.get("own_supplier", False)),
    )


def _question(stated: Mapping[str, Any]) -> Question:
    return Question(
        id=str(stated["id"]),
        ask=str(stated["ask"]),
        kind=Kind(stated["kind"]),
        points=int(stated["points"]),
        where=_condition(stated["where"]),
        fields=tuple(str(one) for one in stated.get("fields", ())),
        hint=str(stated.get("hint", "")),
        why=str(stated.get("why", "")),
    )


def _condition(stated: Mapping[str, Any]) -> Condition:
    if unknown := sorted(set(stated) - {*_SETS, *_PLAIN, "model"}):
        raise ValueError(
            f"unknown condition {', '.join(unknown)}; known are {', '.join([*_SETS, *_PLAIN, 'model'])}"
        )
    parts: dict[str, Any] = {
        name: str(stated[name]) if name.startswith("built") else stated[name]
        for name in _PLAIN
        if name in stated
    }
    for name, part in _SETS.items():
        if name in stated:
            value = stated[name]
            parts[part] = frozenset(str(one) for one in (value if isinstance(value, list) else [value]))
    if "model" in stated:
        parts["model"] = re.compile(str(stated["model"]))
    return Condition(**parts)
