"""Whether a pattern stays quick on texts made to slow it down."""

import re
from collections.abc import Iterator
from time import process_time

from auditor.fingerprint.rule import PAGE_BOUND, PAGE_FIELDS, TEXT_BOUND, Condition, Rule, bounded

LIMIT_SECONDS = 0.25
"""What one pattern may take on one text of full length, on a slow machine."""
_MOST_WORDS = 8
_WORD = re.compile(r"(?<![\\{(?])(?:[\w/<>=\"' -]|\\[./<>-]){3,}")
"""Words that stand in a pattern as they are; what is no word there does no harm."""


def slow_texts(rule: Rule) -> Iterator[tuple[str, float]]:
    """Give, for each condition of the rule, a hostile text on which it takes longer than the limit, and how long."""
    for condition in (rule.condition, *rule.beside, *rule.without):
        for name, text in hostile_texts(rule, condition):
            seconds = _seconds(condition, text)
            if seconds > LIMIT_SECONDS:
                yield name, seconds
                break


def hostile_texts(rule: Rule, condition: Condition) -> Iterator[tuple[str, str]]:
    """Give long texts: runs of one sign, of the pattern's own words, and of the rule's examples, repeated and cut short."""
    bound = PAGE_BOUND if condition.fields[0].startswith(PAGE_FIELDS) else TEXT_BOUND
    for sign in ("a", "A", "0", " ", "-", ".", "A0", "0.", "a b", '"', "\r\n", "é", "D", "P"):
        yield f"a run of {sign!r}", (condition.needs + sign * bound)[:bound]
    yield from _of_words(condition, bound)
    for example in rule.examples[:3]:
        half = example.text[: max(1, len(example.text) // 2)]
        yield "its example repeated", (example.text * bound)[:bound]
        yield "half its example repeated", (half * bound)[:bound]
        yield "its example with a long tail", (example.text + example.text[-1:] * bound + "\x00")[:bound]


def _of_words(condition: Condition, bound: int) -> Iterator[tuple[str, str]]:
    """Give each word of the pattern again and again, and all together with the last ones left out.

    A pattern with gaps between its words tries every pair of places where two of them stand.
    """
    words = list(dict.fromkeys(word.replace("\\", "") for word in _WORD.findall(condition.pattern)))[
        :_MOST_WORDS
    ]
    for word in words:
        yield f"a run of {word!r}", (condition.needs + word * bound)[:bound]
    for left in range(1, len(words)):
        yield f"its words but {words[left]!r}", (condition.needs + "".join(words[:left]) * bound)[:bound]


def _seconds(condition: Condition, text: str) -> float:
    begin = process_time()
    condition.found(bounded(condition.fields[0], text))
    return process_time() - begin
