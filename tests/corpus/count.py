"""Judgements counted: by protocol and fidelity, by rule, and by how sure the maker was said to be."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from auditor.model import Certainty
from tests.corpus.judge import Judged, Verdict

FIELDS = (
    "maker", "firm", "model", "firmware", "build_date", "serial", "mac", "brand", "kind", "alarm", "hint", "named",
)  # fmt: skip
"""Columns of the table; `firm` counts, of the makers named right, those more than tentative."""


@dataclass(slots=True)
class Row:
    """How many devices a row is about, and what was counted for each field."""

    devices: int = 0
    counted: Counter[tuple[str, Verdict]] = field(default_factory=Counter)

    def of(self, name: str) -> tuple[int, int, int]:
        """Return right, wrong and missed."""
        right, wrong, missed = (self.counted[name, verdict] for verdict in Verdict)
        return right, wrong, missed


def counted(devices: Iterable[Judged], key: Callable[[Judged], str]) -> dict[str, Row]:
    """Return a row for each value of the key, sorted, and one for `all` at the end."""
    rows: dict[str, Row] = {}
    total = Row()
    for one in devices:
        for row in (rows.setdefault(key(one), Row()), total):
            _count(row, one)
    return dict(sorted(rows.items())) | {"all": total}


def _count(row: Row, one: Judged) -> None:
    row.devices += 1
    for judgement in one.judgements:
        row.counted[judgement.field, judgement.verdict] += 1
        if (
            judgement.field == "maker"
            and judgement.verdict is Verdict.RIGHT
            and one.certainty is not Certainty.TENTATIVE
        ):
            row.counted["firm", Verdict.RIGHT] += 1


def by_rule(devices: Iterable[Judged], fields: frozenset[str]) -> dict[str, list[str]]:
    """Return for each rule the devices of which it helped to claim something wrong in one of these fields."""
    blamed: dict[str, list[str]] = {}
    for one in devices:
        for judgement in one.judgements:
            if judgement.field in fields and judgement.verdict is Verdict.WRONG:
                for rule in judgement.rules:
                    blamed.setdefault(rule, []).append(
                        f"{one.want.device} ({judgement.wanted}, not {judgement.claimed})"
                    )
    return dict(sorted(blamed.items(), key=lambda item: (-len(item[1]), item[0])))


@dataclass(frozen=True, slots=True)
class Decidable:
    """Of the three makers' replies that tell their maker, how many were named rightly; and which tell nothing, with what is in them."""

    right: int
    total: int
    silent: tuple[tuple[str, str], ...]


def decidable(devices: Iterable[Judged]) -> Decidable:
    """Count apart the replies that nobody could name (undecidable.yaml); one that is named all the same counts as any other."""
    listed = yaml.safe_load(Path(__file__).with_name("undecidable.yaml").read_text(encoding="utf-8"))
    why = {one["device"]: one["why"] for one in listed}
    ours = {one.want.device: one for one in devices if one.is_ours}
    silent = {name: why[name] for name, one in ours.items() if name in why and one.certainty is None}
    right = sum(
        judgement.verdict is Verdict.RIGHT
        for one in ours.values()
        for judgement in one.judgements
        if judgement.field == "maker"
    )
    return Decidable(right, len(ours) - len(silent), tuple(sorted(silent.items())))


@dataclass(frozen=True, slots=True)
class Calibration:
    """Of the makers claimed at one certainty, how many were right and wrong, and how many nobody can check."""

    certainty: Certainty
    right: int
    wrong: int
    unknown: int


def calibration(devices: Sequence[Judged], makers: frozenset[str] | None = None) -> tuple[Calibration, ...]:
    """Return the calibration of claimed makers, surest first; with `makers`, only of claims that name one of these."""
    found = []
    for certainty in (Certainty.CERTAIN, Certainty.FIRM, Certainty.TENTATIVE):
        claimed = [
            one.is_named_rightly
            for one in devices
            if one.certainty is certainty and (makers is None or one.identity.value("maker") in makers)
        ]
        found.append(Calibration(certainty, claimed.count(True), claimed.count(False), claimed.count(None)))
    return tuple(found)
