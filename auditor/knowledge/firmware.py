"""Comparing firmware: version schemes, build dates, and what cannot be compared."""

import re
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

# Numbers of versions have at most thirteen digits; what a device shows beyond eighteen is no version.
_DOTTED = re.compile(r"V?\s*(\d{1,18}(?:\.\d{1,18})*)(?:[-_ ](?:SP)?(\d{1,3})(?!\d))?", re.IGNORECASE)
_VRC = re.compile(r"V(\d{1,18})\s*R(\d{1,18})\s*C(\d{1,18})(?!\d)(?:\s*SPC(\d{1,18})(?!\d))?", re.IGNORECASE)
_TRAILING_DATE = re.compile(
    r"(?:[\s,._-]*build(?:\s*date)?\s*[:_]?\s*|[._])(\d{4}-\d{2}-\d{2}|20\d{6}|\d{6})(?!\d)", re.IGNORECASE
)
_RELEASE_MARK = re.compile(r"\.[RT]$")


class Scheme(StrEnum):
    """How the versions of one statement are compared. The statement's data names its scheme."""

    TRIPLE = "triple-then-build"
    """Numbers between dots, compared as integers; the build date decides between equal ones."""
    BRANCH = "branch-then-build"
    """Comparable only where the first two numbers agree; then the build date alone decides."""
    WHOLE = "whole-version-then-build"
    """Comparable only where the whole version agrees; then the build date alone decides."""
    VRC = "vrcspc"
    """VxxxRxxxCxxSPCxxx, compared from left to right; without SPC it is less precise than with it."""
    BUILD = "build-only"
    """Only the build date counts."""


class Order(StrEnum):
    """Where a firmware stands against a bound."""

    BEFORE = "before"
    EQUAL = "equal"
    AFTER = "after"
    FOREIGN = "foreign"
    """Another branch or another way of counting: nothing follows."""
    UNCLEAR = "unclear"
    """Readable, but not precise enough to tell."""


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """The first and the last day something can have happened; one day where it is known to the day."""

    first: date
    last: date

    def __str__(self) -> str:
        return self.first.isoformat() if self.first == self.last else f"{self.first} to {self.last}"

    def against(self, day: date) -> Order:
        """Say on which side of a day the span lies."""
        if self.last < day:
            return Order.BEFORE
        if self.first > day:
            return Order.AFTER
        return Order.EQUAL if self.first == self.last else Order.UNCLEAR


def span(text: str | None) -> Span | None:
    """Read a build date: YYYY-MM-DD, YYYYMMDD, YYMMDD or a month YYYY-MM; None when it is none of them."""
    stripped = (text or "").strip()
    try:
        if found := re.fullmatch(r"(20\d\d)-(\d\d)", stripped):
            return _month(int(found.group(1)), int(found.group(2)))
        if found := re.fullmatch(r"(20\d\d)-(\d\d)-(\d\d)|(20\d\d)(\d\d)(\d\d)", stripped):
            year, month, day = (int(part) for part in found.groups() if part)
            return _day(year, month, day)
        if found := re.fullmatch(r"(\d\d)(\d\d)(\d\d)", stripped):
            return _day(2000 + int(found.group(1)), int(found.group(2)), int(found.group(3)))
    except ValueError:
        return None
    return None


def _day(year: int, month: int, day: int) -> Span:
    known = date(year, month, day)
    return Span(known, known)


def _month(year: int, month: int) -> Span:
    first = date(year, month, 1)
    return Span(first, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1))


@dataclass(frozen=True, slots=True)
class Point:
    """One end of a statement's range: a version, a build date, or both."""

    version: str | None = None
    build: date | None = None

    def __str__(self) -> str:
        parts = (self.version or "", f"build {self.build}" if self.build else "")
        return " ".join(part for part in parts if part) or "any"


@dataclass(frozen=True, slots=True)
class Firmware:
    """What a device says of its firmware; either part may be unknown."""

    version: str | None = None
    build: Span | None = None

    def __str__(self) -> str:
        if self.version is None and self.build is None:
            return "firmware unknown"
        return f"firmware {self.version or 'of unknown version'}" + (
            f" build {self.build}" if self.build else ""
        )


def firmware(version: str | None, build: str | None) -> Firmware:
    """Read version and build as claimed; a date that stands inside the version counts when none is claimed."""
    text = (version or "").strip() or None
    built = span(build)
    if text and (found := _TRAILING_DATE.search(text)):
        inside = span(found.group(1))
        if inside:
            text = text[: found.start()].strip() or None
            built = built or inside
    return Firmware(text, built)


def numbers(version: str) -> tuple[int, ...] | None:
    """Return the numbers of a dotted version, a trailing -6 or _SP2 as one more; None where there are none."""
    text = version.strip()
    found = _DOTTED.match(text)
    if not found or re.match(r"[.\w]", text[found.end() :].lstrip("_")):
        return None
    parts = tuple(int(part) for part in found.group(1).split("."))
    return (*parts, int(found.group(2))) if found.group(2) else parts


def _ordered(left: tuple[int, ...], right: tuple[int, ...]) -> Order:
    width = max(len(left), len(right))
    one, other = (part + (0,) * (width - len(part)) for part in (left, right))
    if one == other:
        return Order.EQUAL
    return Order.BEFORE if one < other else Order.AFTER


def _branch(version: str) -> tuple[int, ...] | None:
    found = re.match(r"V?\s*(\d{1,18})\.(\d{1,18})(?!\d)", version.strip(), re.IGNORECASE)
    return (int(found.group(1)), int(found.group(2))) if found else None


def plain(version: str) -> str:
    """Return a version for comparing letter by letter: upper case, no V, no release mark."""
    bare = re.sub(r"^V\s*(?=\d)", "", version.strip().upper())
    return _RELEASE_MARK.sub("", bare)


def _triples(version: str, bound: str) -> Order:
    left, right = numbers(version), numbers(bound)
    return Order.FOREIGN if left is None or right is None else _ordered(left, right)


def _vrc(version: str, bound: str) -> Order:
    left, right = _VRC.search(version), _VRC.search(bound)
    if left is None or right is None:
        return Order.FOREIGN
    heads = tuple(tuple(int(part) for part in found.groups()[:3]) for found in (left, right))
    order = _ordered(*heads)
    if order is not Order.EQUAL or right.group(4) is None:
        return order
    return Order.UNCLEAR if left.group(4) is None else _ordered((int(left.group(4)),), (int(right.group(4)),))


def is_vrc(version: str) -> bool:
    """Tell whether a version has the form VxxxRxxxCxxSPCxxx."""
    return _VRC.fullmatch(version.strip()) is not None


def _same_line(scheme: Scheme, version: str, bound: str) -> bool:
    if scheme is Scheme.WHOLE:
        return plain(version) == plain(bound)
    branch = _branch(version)
    return branch is not None and branch == _branch(bound)


def compare(scheme: Scheme, held: Firmware, bound: Point) -> Order:
    """Say where a device's firmware stands against a bound; UNCLEAR also where an input is missing."""
    if scheme is Scheme.BUILD or bound.version is None:
        return _against_build(held, bound)
    if held.version is None:
        return Order.UNCLEAR
    if scheme in {Scheme.BRANCH, Scheme.WHOLE}:
        if not _same_line(scheme, held.version, bound.version):
            return Order.FOREIGN
        return _against_build(held, bound) if bound.build else _triples(held.version, bound.version)
    order = (_vrc if scheme is Scheme.VRC else _triples)(held.version, bound.version)
    if order is Order.EQUAL and bound.build is not None:
        return _against_build(held, bound)
    return order


def _against_build(held: Firmware, bound: Point) -> Order:
    if held.build is None or bound.build is None:
        return Order.UNCLEAR
    return held.build.against(bound.build)


def is_exactly(scheme: Scheme, held: Firmware, bound: Point) -> bool:
    """Tell whether the device runs exactly the named firmware."""
    if held.version is None or bound.version is None:
        return False
    same = plain(held.version) == plain(bound.version)
    if scheme is Scheme.TRIPLE and not same:
        same = _triples(held.version, bound.version) is Order.EQUAL
    if not same or bound.build is None:
        return same
    return held.build is not None and held.build.against(bound.build) is Order.EQUAL


def highest(scheme: Scheme, points: tuple[Point, ...]) -> Point | None:
    """Return the bound that satisfies all of them where they can be ordered, None for none."""
    best: Point | None = None
    for point in points:
        held = Firmware(point.version, Span(point.build, point.build) if point.build else None)
        if best is None or compare(scheme, held, best) is Order.AFTER:
            best = point
    return best
