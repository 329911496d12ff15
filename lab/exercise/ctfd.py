"""Export an exercise for CTFd: the CSV its import of challenges reads, one challenge a question.

Source of the form: CTFd's own reader (load_challenges_csv): columns name, description, category, value, type, state,
max_attempts, flags, tags, hints. It splits flags, tags and hints at every comma, so none of ours holds one.
"""

import csv
import io

from lab.exercise.key import Answer, key
from lab.exercise.model import Kind, Question
from lab.exercise.variant import Variant

COLUMNS = (
    "name",
    "description",
    "category",
    "value",
    "type",
    "state",
    "max_attempts",
    "flags",
    "tags",
    "hints",
)
ATTEMPTS = 10
_FORMS = {
    Kind.COUNT: "Answer with a number.",
    Kind.VALUE: "Answer with the text alone.",
    Kind.ADDRESSES: "Answer with the addresses in ascending order, one blank between them.",
    Kind.TABLE: "Answer with the values in this order, each with its address, separated by blanks: ",
}


def challenges(variant: Variant) -> str:
    """Return the CSV of one variant: CTFd marks exactly, so a challenge gives all its points or none."""
    exercise, right = variant.exercise, key(variant)
    text = io.StringIO(newline="")
    table = csv.writer(text)
    table.writerow(COLUMNS)
    for question in exercise.questions:
        table.writerow(
            (
                f"{exercise.title} ({question.id})",
                _description(variant, question),
                exercise.title,
                question.points,
                "standard",
                "visible",
                ATTEMPTS,
                flag(question, right[question.id]),
                _plain(f"{exercise.level},variant {variant.seed}", keep=True),
                _plain(question.hint),
            )
        )
    return text.getvalue()


def flag(question: Question, right: Answer) -> str:
    """Return the one text that is right, in the form the description asks for."""
    if question.kind is Kind.ADDRESSES:
        return " ".join(sorted(right.addresses, key=_number))
    if question.kind is Kind.TABLE:
        ordered = sorted(right.cells, key=lambda cell: (_number(cell[0]), question.fields.index(cell[1])))
        addresses = dict.fromkeys(address for address, _, _ in ordered)
        return _plain(
            " ".join(
                " ".join([address, *(value for at, _, value in ordered if at == address)])
                for address in addresses
            )
        )
    return _plain(right.text)


def _description(variant: Variant, question: Question) -> str:
    form = _FORMS[question.kind]
    if question.kind is Kind.TABLE:
        form += f"address {' '.join(question.fields)}; leave out what a device does not show."
    brief = variant.exercise.brief.replace("${network}", variant.exercise.network).strip()
    return f"{question.ask}\n\n{form}\n\n---\n\n{brief}"


def _number(address: str) -> tuple[int, ...]:
    return tuple(int(part) for part in address.split("."))


def _plain(text: str, *, keep: bool = False) -> str:
    return text if keep else text.replace(",", ";")
