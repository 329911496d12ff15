"""Observations against rules: every rule that holds, with the values it yields."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from auditor.fingerprint.names import names
from auditor.fingerprint.normalise import normalised
from auditor.fingerprint.rule import Condition, Rule, RuleBook, bounded
from auditor.fingerprint.vocabulary import vocabulary
from auditor.model import Certainty, Match, Observation

_SLOT = re.compile(r"\{(\w+)(?::(\w+))?\}")


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule that held, and the match it makes."""

    rule: Rule
    match: Match


def hits(
    book: RuleBook,
    observations: Sequence[Observation],
    context: Iterable[Observation] = (),
    *,
    doubtful: frozenset[str] = frozenset(),
) -> Iterator[Finding]:
    """Give every rule that holds for these observations; `context` is seen by conditions only.

    `doubtful` names exchanges of which it is not sure who speaks: what they claim is tentative, whatever the rule.
    """
    everything = (*observations, *context)
    for observation in observations:
        for read in _readings(book, observation.field, observation.value):
            found = _held(read, observation, everything)
            if found is not None:
                yield _doubted(found) if observation.exchange.id in doubtful else found


def _doubted(found: Finding) -> Finding:
    return Finding(found.rule, replace(found.match, certainty=Certainty.TENTATIVE, doubtful=True))


def hold(rule: Rule, observation: Observation, everything: Sequence[Observation]) -> Finding | None:
    """Return what a rule yields for an observation, or None when it does not hold."""
    first = rule.condition.found(bounded(observation.field, observation.value))
    return _held(_reading(rule, first), observation, everything) if first is not None else None


@dataclass(frozen=True, slots=True)
class _Reading:
    """A rule whose own text was found in a value: the groups it took, and the match that makes if nothing else counts."""

    rule: Rule
    groups: dict[str, str | None]
    claims: tuple[tuple[str, str], ...]


def _readings(book: RuleBook, name: str, value: str) -> tuple[_Reading, ...]:
    """Return what the rules read in a value; devices of one make say the same, so it is remembered."""
    known = _REMEMBERED.get((id(book), name, value))
    if known is None or known[0] is not book:
        text = bounded(name, value)
        found = ((rule, rule.condition.found(text)) for rule in book.about(name))
        known = book, tuple(_reading(rule, match) for rule, match in found if match is not None)
        if len(value) <= _SHORT:
            if len(_REMEMBERED) >= _MOST:
                _REMEMBERED.clear()
            _REMEMBERED[id(book), name, value] = known
    return known[1]


def _reading(rule: Rule, match: re.Match[str]) -> _Reading:
    groups = match.groupdict()
    return _Reading(rule, groups, () if rule.beside else tuple(_claims(rule, groups)))


_REMEMBERED: dict[tuple[int, str, str], tuple[RuleBook, tuple[_Reading, ...]]] = {}
_SHORT = 1024
"""Characters of a value that is remembered."""
_MOST = 8192
"""Values remembered at a time."""


def _held(read: _Reading, observation: Observation, everything: Sequence[Observation]) -> Finding | None:
    """Return what a rule yields for an observation, or None when what else it asks for does not hold."""
    rule, groups, claims = read.rule, read.groups, read.claims
    if rule.beside:
        groups = dict(groups)
        for condition in rule.beside:
            other = _beside(condition, observation, everything)
            if other is None:
                return None
            groups |= {name: text for name, text in other.groupdict().items() if text is not None}
        claims = tuple(_claims(rule, groups))
    if any(_beside(condition, observation, everything) for condition in rule.without):
        return None
    return Finding(rule, _match(rule, observation, claims))


def _beside(
    condition: Condition, observation: Observation, everything: Sequence[Observation]
) -> re.Match[str] | None:
    for other in everything:
        concluded = other.field.startswith("claim.")
        if not concluded and other.exchange.id != observation.exchange.id:
            continue
        found = condition.match(other.field, other.value)
        if found is not None:
            return found
    return None


def _match(rule: Rule, observation: Observation, claims: tuple[tuple[str, str], ...]) -> Match:
    return Match(
        rule=rule.id,
        observation=observation,
        claims=claims,
        certainty=Certainty.TENTATIVE if rule.nursery else rule.certainty,
        nursery=rule.nursery,
        source=rule.source,
    )


def _claims(rule: Rule, groups: dict[str, str | None]) -> Iterator[tuple[str, str]]:
    words = vocabulary()
    known = words.known("claims")
    stated = dict(rule.claims)
    pairs = [(name, text) for name, text in groups.items() if name in known and name not in stated]
    pairs += [(name, _filled(text, groups)) for name, text in rule.claims]
    for name, text in pairs:
        value = normalised(name, text) if text is not None else None
        if value is not None:
            yield name, words.brand_slug(value) if name == "brand" else value


def _filled(template: str, groups: dict[str, str | None]) -> str | None:
    """Fill `{group}`, `{group:int}` and `{group:ascii}`; None when a group took no part."""
    if "{" not in template:
        return template
    parts = {name: groups.get(name) for name, _ in _SLOT.findall(template)}
    if not all(parts.values()):
        return None
    return _SLOT.sub(lambda slot: _converted(str(parts[slot[1]]), slot[2]), template)


_NAMED: dict[str, Callable[[str], str]] = {
    "maker": lambda text: names().maker(text),
    "builder": lambda text: names().builder(text),
    "enterprise": lambda text: names().enterprise(text),
}
"""Forms that give the maker a text names, or nothing."""


def _converted(text: str, form: str | None) -> str:
    if form == "int":
        return str(int(text))
    if form in _NAMED:
        return _NAMED[form](text)
    if form == "ascii":
        digits = re.sub(r"[^0-9A-Fa-f]", "", text)
        return bytes.fromhex(digits[: len(digits) // 2 * 2]).decode("ascii", "replace")
    return text
