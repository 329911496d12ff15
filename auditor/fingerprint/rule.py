"""A rule: which text in which field says what about a device, how surely, and who says so."""

import re
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from pathlib import Path

from auditor.model import Certainty

TEXT_BOUND = 8_192
"""Characters of a value that rules look at; pages have their own bound."""
PAGE_BOUND = 65_536
PAGE_FIELDS = ("http.body", "page.")


class DataError(Exception):
    """A data file says something the program cannot use. The text names file, rule and remedy."""


@lru_cache(maxsize=4096)
def compiled(pattern: str) -> re.Pattern[str]:
    """Return the compiled pattern; compiling waits until a value may match, which keeps starting fast."""
    return re.compile(pattern)


def bounded(name: str, value: str) -> str:
    """Return as much of a field's value as rules look at."""
    return value[: PAGE_BOUND if name.startswith(PAGE_FIELDS) else TEXT_BOUND]


def covers(pattern: str, name: str) -> bool:
    """Tell whether a rule's field, which may end in `*`, means this observed field."""
    return name.startswith(pattern[:-1]) if pattern.endswith("*") else name == pattern


@dataclass(frozen=True, slots=True)
class Condition:
    """A text that must be found in one of these fields. `needs` is a literal looked for first."""

    fields: tuple[str, ...]
    pattern: str
    needs: str = ""

    def match(self, name: str, value: str) -> re.Match[str] | None:
        """Return the match of the pattern in an observed value, or None."""
        if not any(covers(one, name) for one in self.fields):
            return None
        return self.found(bounded(name, value))

    def found(self, text: str) -> re.Match[str] | None:
        """Return the match in a text that is already known to be of the right field and bounded."""
        if self.needs and self.needs not in text:
            return None
        return compiled(self.pattern).search(text)


@dataclass(frozen=True, slots=True)
class Example:
    """A text that the rule must read, with the values that come out of it; `beside` are other fields."""

    text: str
    values: tuple[tuple[str, str], ...] = ()
    beside: tuple[tuple[str, str], ...] = ()
    field: str = ""
    """Which of the rule's fields the text is in; the first one when empty."""


@dataclass(frozen=True, slots=True)
class Search:
    """When somebody looked for products of others that give a sign, and what was found."""

    on: date
    found: str


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing a vendor's products say of themselves. Read from YAML; see docs/fingerprints.md."""

    id: str
    vendor: str
    condition: Condition
    claims: tuple[tuple[str, str], ...]
    certainty: Certainty
    source: str
    beside: tuple[Condition, ...] = ()
    """Conditions (`with`) that other fields of the same exchange must meet."""
    without: tuple[Condition, ...] = ()
    """Conditions that no field of the same exchange may meet."""
    sole: str = ""
    """Why nobody else's product gives this: enough alone to name the maker. Empty where others may."""
    searched: Search | None = None
    """The search for counter-examples; every rule that claims a maker at firm or certain has one."""
    origin: str = ""
    """Where the text comes from if not from the maker: a name in origins.yaml, whose products of others give it too."""
    group: str = ""
    """Signals of one group are one witness; by default the protocol the field belongs to."""
    denies: tuple[str, ...] = ()
    """Makers, and brands of their name, that this text rules out where only weak signals speak for them."""
    unanchored: str = ""
    nursery: bool = False
    maker: str = ""
    """The maker the rule's file is about; empty for files that are about no maker."""
    examples: tuple[Example, ...] = ()
    nots: tuple[str, ...] = ()

    @property
    def witness(self) -> str:
        """Name the source this rule draws on, so that one source is not counted twice."""
        return self.origin or self.group or self.condition.fields[0].split(".", 1)[0]

    @property
    def concluded(self) -> bool:
        """Tell whether the rule reads earlier conclusions instead of observations."""
        return self.condition.fields[0].startswith(("claim.", "mac.registrant"))


@dataclass(frozen=True, slots=True)
class Vendor:
    """One vendor file: whose products it is about and under which names others sell them."""

    name: str
    maker: str
    also_sold_as: tuple[str, ...]
    path: Path
    nursery: bool
    rules: tuple[Rule, ...]


@dataclass(frozen=True, slots=True)
class RuleBook:
    """All rules, indexed by the field they look at."""

    vendors: tuple[Vendor, ...]
    exact: dict[str, tuple[Rule, ...]] = field(default_factory=dict)
    prefixed: tuple[tuple[str, Rule], ...] = ()
    seen: dict[str, tuple[Rule, ...]] = field(default_factory=dict, compare=False)
    by_id: dict[str, Rule] = field(default_factory=dict, compare=False)

    @property
    def rules(self) -> tuple[Rule, ...]:
        """Every rule of every vendor, vendors and rules in order of name."""
        return tuple(rule for vendor in self.vendors for rule in vendor.rules)

    def about(self, name: str) -> tuple[Rule, ...]:
        """Return the rules that look at this field."""
        known = self.seen.get(name)
        if known is None:
            known = self.exact.get(name, ()) + tuple(
                rule for prefix, rule in self.prefixed if name.startswith(prefix)
            )
            if len(self.seen) < 20_000:
                self.seen[name] = known
        return known


def book_of(vendors: tuple[Vendor, ...]) -> RuleBook:
    """Return the vendors' rules as an indexed book."""
    exact: dict[str, list[Rule]] = {}
    prefixed: list[tuple[str, Rule]] = []
    by_id: dict[str, Rule] = {}
    for vendor in vendors:
        for rule in vendor.rules:
            by_id[rule.id] = rule
            for name in rule.condition.fields:
                if name.endswith("*"):
                    prefixed.append((name[:-1], rule))
                else:
                    exact.setdefault(name, []).append(rule)
    return RuleBook(
        vendors=vendors,
        exact={name: tuple(found) for name, found in exact.items()},
        prefixed=tuple(prefixed),
        by_id=by_id,
    )
