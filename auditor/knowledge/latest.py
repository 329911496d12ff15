"""Newest firmware seen for a model in a public index the operator imported; none is shipped."""

import json
import re
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from auditor.knowledge.document import DataError, Node, read
from auditor.knowledge.firmware import Order, Span, numbers, span
from auditor.knowledge.subject import normal_model

_STAMP = re.compile(r"[_-](\d{6})(?!\d)")
_CUT = re.compile(r"V(\d+(?:\.\d+)+)")


@dataclass(frozen=True, slots=True)
class Newest:
    """The highest version seen for a model, and a day it is at least as new as."""

    version: str
    not_before: date | None = None


@dataclass(frozen=True, slots=True)
class FirmwareIndex:
    """What an imported list says, and of which day it is."""

    as_of: date
    source: str
    models: dict[str, Newest]

    def newest(self, models: tuple[str, ...]) -> Newest | None:
        """Return the newest firmware for the first of these model names the list knows."""
        return next((self.models[name] for name in models if name in self.models), None)


def is_newer(newest: Newest, version: str) -> bool | None:
    """Tell whether the list knows a newer version than the one a device has; None when not comparable."""
    theirs, ours = numbers(newest.version), numbers(version)
    if theirs is None or ours is None:
        return None
    width = max(len(theirs), len(ours))
    return theirs + (0,) * (width - len(theirs)) > ours + (0,) * (width - len(ours))


def convert(path: Path, as_of: date, source: str) -> FirmwareIndex:
    """Read a list of firmware rows as public archives publish them, and reduce it to the newest per model.

    Each row has `model`, `version`, and where known `date`, `filename` or `download_url`, and
    `supported_models`. Of two dates that differ the earlier counts: it is a lower bound.
    """
    node = read(path)
    rows = node.nodes("rows") if isinstance(node.values.get("rows"), list) else _keyed(node)
    best: dict[str, Newest] = {}
    for row in rows:
        found = _newest(row)
        if found is not None:
            for model in (row.text("model", ""), *row.texts("supported_models")):
                _keep(best, normal_model(model), found)
    if not best:
        raise DataError(f"{path.name}: no row with a model and a version; is it a firmware index?")
    return FirmwareIndex(as_of, source, best)


def _keyed(node: Node) -> tuple[Node, ...]:
    return tuple(
        Node(node.file, key, {str(name): value for name, value in row.items()})
        for key, row in node.values.items()
        if isinstance(row, dict) and "version" in row
    )


def _newest(row: Node) -> Newest | None:
    name = f"{row.text('filename', '')} {row.text('download_url', '')}"
    version = row.text("version", "").strip()
    fuller = _CUT.search(name)
    if fuller and fuller.group(1).startswith(version.lstrip("Vv")):
        version = fuller.group(1)
    if row.flag("is_beta") or numbers(version) is None:
        return None
    stamp = _STAMP.search(name)
    days = [one for one in (span(row.text("date", "")), span(stamp.group(1)) if stamp else None) if one]
    return Newest(version, min(one.first for one in days) if days else None)


def _keep(best: dict[str, Newest], model: str, found: Newest) -> None:
    if not model:
        return
    held = best.get(model)
    newer = held is None or is_newer(found, held.version)
    same = held is not None and not newer and not is_newer(held, found.version)
    if newer or (
        same and held is not None and (found.not_before or date.min) > (held.not_before or date.min)
    ):
        best[model] = found


def save(index: FirmwareIndex, path: Path) -> None:
    """Write a reduced list; OSError leaves the one that was there."""
    models = {
        name: [one.version, one.not_before.isoformat() if one.not_before else None]
        for name, one in sorted(index.models.items())
    }
    form = {"schema": 1, "as_of": index.as_of.isoformat(), "source": index.source, "models": models}
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.new")
    try:
        unfinished.write_text(json.dumps(form) + "\n", encoding="utf-8")
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def load(path: Path) -> FirmwareIndex:
    """Read a reduced list."""
    node = read(path)
    as_of, models = node.day("as_of"), node.node("models")
    if as_of is None or models is None:
        raise node.fail(
            "is no imported firmware index; make one with: auditor knowledge import-firmware FILE"
        )
    found: dict[str, Newest] = {}
    for name, value in models.values.items():
        if not isinstance(value, list) or len(value) != 2 or not isinstance(value[0], str):
            raise models.fail(f"{name}: must be [version, day]")
        day = Node(models.file, f"{models.place}.{name}", {"day": value[1]}).day("day")
        found[name] = Newest(value[0], day)
    return FirmwareIndex(as_of, node.text("source"), found)


def older_than(built: Span, today: date, days: int) -> bool:
    """Tell whether something is surely older than that many days."""
    return built.against(today - timedelta(days=days)) is Order.BEFORE
