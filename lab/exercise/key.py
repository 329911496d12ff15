"""The answers: what the questions' conditions find among the devices of a variant."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lab.exercise.conditions import holds
from lab.exercise.model import ExerciseError, Kind, Question, Row
from lab.exercise.variant import Variant


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer to one question, right or not, in the one form all answers are compared in."""

    text: str = ""
    """Of a value or count."""
    addresses: frozenset[str] = frozenset()
    cells: tuple[tuple[str, str, str], ...] = ()
    """Of a table: (address, field, value), sorted."""

    def __bool__(self) -> bool:
        return bool(self.text or self.addresses or self.cells)


def answer(question: Question, rows: Sequence[Row]) -> Answer:
    """Answer a question from rows, which may be the truth or somebody's export."""
    meant = [row for row in rows if holds(question.where, row)]
    if question.kind is Kind.COUNT:
        return Answer(text=str(len(meant)))
    if question.kind is Kind.ADDRESSES:
        return Answer(addresses=frozenset(row.address for row in meant))
    if question.kind is Kind.VALUE:
        return Answer(text=" ".join(sorted({row.field(question.fields[0]) for row in meant} - {""})))
    return Answer(
        cells=tuple(
            sorted(
                (row.address, name, row.field(name))
                for row in meant
                for name in question.fields
                if row.field(name)
            )
        )
    )


def key(variant: Variant) -> Mapping[str, Answer]:
    """Return the right answers by question; ExerciseError when a question has none in this variant."""
    found = {}
    for question in variant.exercise.questions:
        right = answer(question, variant.rows)
        if not right or (
            question.kind is Kind.VALUE and " " in right.text and question.fields[0] == "address"
        ):
            raise ExerciseError(f"{variant.exercise.path}: question {question.id} has no one answer: {right}")
        found[question.id] = right
    return found
