"""Whether a pattern stays quick on texts made to slow it down."""

from collections.abc import Iterator
from time import process_time

from auditor.fingerprint.rule import PAGE_BOUND, PAGE_FIELDS, TEXT_BOUND, Condition, Rule, bounded

LIMIT_SECONDS = 0.25
"""What one pattern may take on one text of full length, on a slow machine."""


def slow_texts(rule: Rule) -> Iterator[tuple[str, float]]:
    """Give the hostile texts on which a condition of the rule takes longer than the limit, and how long."""
    for condition in (rule.condition, *rule.beside, *rule.without):
        for name, text in hostile_texts(rule, condition):
            seconds = _seconds(condition, text)
            if seconds > LIMIT_SECONDS:
                yield name, seconds


def hostile_texts(rule: Rule, condition: Condition) -> Iterator[tuple[str, str]]:
    """Give long texts: runs of one sign, and the rule's own examples repeated and cut short."""
    bound = PAGE_BOUND if condition.fields[0].startswith(PAGE_FIELDS) else TEXT_BOUND
    for sign in ("a", "A", "0", " ", "-", ".", "A0", "0.", "a b", '"', "\r\n", "é", "D", "P"):
        yield f"a run of {sign!r}", (condition.needs + sign * bound)[:bound]
    for example in rule.examples[:3]:
        half = example.text[: max(1, len(example.text) // 2)]
        yield "its example repeated", (example.text * bound)[:bound]
        yield "half its example repeated", (half * bound)[:bound]
        yield "its example with a long tail", (example.text + example.text[-1:] * bound + "\x00")[:bound]


def _seconds(condition: Condition, text: str) -> float:
    begin = process_time()
    condition.found(bounded(condition.fields[0], text))
    return process_time() - begin
