"""Score answers: partial credit, and the reason for every point that is not given."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lab.exercise.key import Answer, key
from lab.exercise.model import Kind, Question
from lab.exercise.variant import Variant

NEAR = 1
"""A count that is off by so much is worth half."""


@dataclass(frozen=True, slots=True)
class Mark:
    """What one answer is worth and why."""

    question: str
    points: float
    of: int
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Result:
    """What all answers together are worth."""

    marks: tuple[Mark, ...]

    @property
    def points(self) -> float:
        """Points given."""
        return sum(mark.points for mark in self.marks)

    @property
    def of(self) -> int:
        """Points there are."""
        return sum(mark.of for mark in self.marks)


def score(variant: Variant, answers: Mapping[str, Answer]) -> Result:
    """Score answers by question id; a question without one is worth nothing."""
    right = key(variant)
    return Result(
        tuple(
            _mark(question, answers.get(question.id, Answer()), right[question.id])
            for question in variant.exercise.questions
        )
    )


def _mark(question: Question, given: Answer, right: Answer) -> Mark:
    if not given:
        return Mark(question.id, 0.0, question.points, ("no answer",))
    share, reasons = _SHARES[question.kind](given, right)
    return Mark(question.id, round(question.points * share, 2), question.points, tuple(reasons))


def _count(given: Answer, right: Answer) -> tuple[float, Sequence[str]]:
    if given.text == right.text:
        return 1.0, ()
    if not given.text.isdigit():
        return 0.0, (f"{given.text!r} is not a whole number",)
    off = int(given.text) - int(right.text)
    how = f"{abs(off)} too {'many' if off > 0 else 'few'}"
    return (0.5, (f"{how}: half the points",)) if abs(off) <= NEAR else (0.0, (how,))


def _addresses(given: Answer, right: Answer) -> tuple[float, Sequence[str]]:
    """Every right address earns its share, every wrong one costs one."""
    hit, missed = given.addresses & right.addresses, right.addresses - given.addresses
    wrong = given.addresses - right.addresses
    reasons = [f"missed: {', '.join(sorted(missed))}"] if missed else []
    if wrong:
        reasons.append(f"not one of them: {', '.join(sorted(wrong))}")
    return max(0.0, (len(hit) - len(wrong)) / len(right.addresses)), reasons


def _value(given: Answer, right: Answer) -> tuple[float, Sequence[str]]:
    if _plain(given.text) == _plain(right.text):
        return 1.0, ()
    return 0.0, (f"{given.text!r} is not the answer",)


def _table(given: Answer, right: Answer) -> tuple[float, Sequence[str]]:
    """Every right cell earns its share; a device that does not belong there costs one cell."""
    wanted = {(address, name): value for address, name, value in right.cells}
    said = {(address, name): value for address, name, value in given.cells}
    good = sum(_plain(said.get(cell, "")) == _plain(value) for cell, value in wanted.items())
    extra = {address for address, _ in said} - {address for address, _ in wanted}
    reasons = []
    for (address, name), value in wanted.items():
        if not said.get((address, name)):
            reasons.append(f"{address}: {name} is missing")
        elif _plain(said[address, name]) != _plain(value):
            reasons.append(f"{address}: {name} is not {said[address, name]!r}")
    reasons += [f"{address}: does not belong into the table" for address in sorted(extra)]
    return max(0.0, (good - len(extra)) / len(wanted)), reasons


_SHARES = {Kind.COUNT: _count, Kind.ADDRESSES: _addresses, Kind.VALUE: _value, Kind.TABLE: _table}


def _plain(text: str) -> str:
    return " ".join(text.lower().split())
