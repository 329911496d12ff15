"""Advisory records: what a maker or a finder said about which firmware of which models."""

import re
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from auditor.knowledge.firmware import Point, Scheme
from auditor.model import Reference, Severity

REMEDIES = ("update", "update-software", "patch", "configure", "replace")
REACHES = ("network", "adjacent", "login", "local", "physical")
EXPLOITATIONS = ("known", "public", "none")
EXPECTATIONS = ("affected", "possibly affected", "not affected", "not assessed", "nothing")


def _fixed_letters(pattern: str) -> int:
    text = re.sub(r"\(\?!.*?\)|\(\?:[^()]*\)\?", "", pattern)
    text = re.sub(r"\[[^]]*\](?:\{[^}]*\}|[*+?])?|\\d(?:\{[^}]*\}|[*+?])?|\.[*+]", "", text)
    text = re.sub(r"\(\?:([^|()]*)[^()]*\)", r"\1", text)
    text = re.sub(r".\?", "", text)
    return len(re.sub(r"[\^\\$]", "", text))


@dataclass(frozen=True, eq=False)
class Row:
    """One line of a statement: these models, this range of firmware."""

    models: tuple[str, ...]
    """As the statement prints them, with its wildcards."""
    patterns: tuple[re.Pattern[str], ...]
    """Ours, made from the above, anchored at the start; empty where the statement names no model."""
    exact: tuple[Point, ...] = ()
    lower: Point | None = None
    upper: Point | None = None
    closed: bool = False
    """True where the upper end itself is affected."""
    fixed: Point | None = None
    below_is_safe: bool = False
    """The statement says in words that what is older than the lower end is not affected."""
    after_is_safe: bool = True
    series: bool = False
    """The statement says "certain models of the series"."""
    every: bool = False
    """The statement names models and no firmware."""
    unstated: bool = False
    """The statement names neither models nor firmware."""

    @cached_property
    def literals(self) -> tuple[int, ...]:
        """How many characters each pattern fixes: the measure of how specific it is."""
        return tuple(_fixed_letters(pattern.pattern) for pattern in self.patterns)

    def specific(self, model: str) -> int | None:
        """Return how specifically the row names this model, None when it does not."""
        hits = [n for n, pattern in zip(self.literals, self.patterns, strict=True) if pattern.match(model)]
        return max(hits) if hits else None

    @cached_property
    def bounds(self) -> tuple[Point, ...]:
        """Every end the row is compared with."""
        ends = (self.lower, self.upper, self.fixed)
        return (*self.exact, *(point for point in ends if point is not None))

    @cached_property
    def _named(self) -> frozenset[str]:
        version = {"version"} if any(point.version for point in self.bounds) else set()
        return frozenset(version | ({"build_date"} if any(point.build for point in self.bounds) else set()))

    def needs(self, scheme: Scheme) -> frozenset[str]:
        """Name what must be known of a device to decide the row: version, build_date."""
        return self._named - {"version"} if scheme is Scheme.BUILD else self._named


@dataclass(frozen=True, slots=True)
class Suspect:
    """Devices the statement does not list and does not clear either."""

    kinds: frozenset[str]
    built_before: date
    why: str


@dataclass(frozen=True, slots=True)
class Example:
    """A device, and what the record must say of it. Every example is a test."""

    why: str
    maker: str
    brand: str
    kind: str | None
    model: str | None
    firmware: str | None
    build_date: str | None
    expect: str


@dataclass(frozen=True, eq=False)
class Advisory:
    """One published fault and how to tell whether a device has it."""

    id: str
    title: str
    makers: frozenset[str]
    brands: frozenset[str]
    kinds: frozenset[str]
    is_software: bool
    effect: str
    severity: Severity
    reach: str
    scheme: Scheme
    confidence: str
    remedy: str
    rows: tuple[Row, ...]
    examples: tuple[Example, ...]
    references: tuple[Reference, ...]
    compiled: date
    score: float | None = None
    published: date | None = None
    published_approximate: bool = False
    known_exploited: date | None = None
    exploitation: str = "none"
    advice: str = ""
    condition: str = ""
    suspect: Suspect | None = None
    vendor_advisory: str = ""
    weakness: str = ""
    exploited_checked: date | None = None
    """To which day the list of known exploited faults was read."""
