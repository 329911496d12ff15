"""Where a device's firmware stands against one row of a statement."""

from enum import StrEnum

from auditor.knowledge.advisory import Row
from auditor.knowledge.firmware import Firmware, Order, Point, Scheme, compare, is_exactly
from auditor.knowledge.subject import Subject


class Position(StrEnum):
    """The places a firmware can have relative to what a row states, worst first."""

    INSIDE = "inside"
    MISSING = "missing"
    """Version or build date is not known."""
    UNCLEAR = "unclear"
    """Known, but not precisely enough: only the month, or a version without its patch level."""
    GAP = "gap"
    """Above the last affected, below the first fixed."""
    BELOW = "below"
    """Older than the lower end: the statement says nothing of it."""
    OLDER = "older"
    """Older than the one build that was named."""
    FOREIGN = "foreign"
    """Another branch: no comparison is possible."""
    STILL = "still"
    """After the end, and the statement does not say that it was ever fixed."""
    OTHER = "other"
    """Another build than the one named; the statement says nothing of it."""
    UNSTATED = "unstated"
    SAFE_BELOW = "safe below"
    PAST = "past"
    """At or above the first fixed."""


_ORDER = list(Position)


def missing(row: Row, scheme: Scheme, held: Firmware) -> tuple[str, ...]:
    """Name what the row asks for and the device does not show, in reading order."""
    known = {"version": held.version is not None, "build_date": held.build is not None}
    return tuple(name for name in ("version", "build_date") if name in row.needs(scheme) and not known[name])


def position(row: Row, scheme: Scheme, subject: Subject) -> Position:
    """Say where the device stands against this row."""
    held = subject.firmware
    if row.unstated:
        return Position.UNSTATED
    if row.every:
        return Position.INSIDE
    if missing(row, scheme, held):
        return Position.PAST if _floor_clears(row, scheme, subject) else Position.MISSING
    return _exact(row, scheme, held) if row.exact else _ranged(row, scheme, held)


def _floor_clears(row: Row, scheme: Scheme, subject: Subject) -> bool:
    """Tell whether a date the build cannot be older than already lies at or after the first fixed date.

    Valid only where the row asks for nothing but the build date, and only in this direction.
    """
    end = row.fixed or row.upper
    if subject.floor is None or "firmware_floor" in subject.weak or row.exact or not row.after_is_safe:
        return False
    if row.needs(scheme) != {"build_date"} or end is None or end.build is None:
        return False
    reached = subject.floor > end.build if end is row.upper and row.closed else subject.floor >= end.build
    return reached and (row.upper is None or row.upper.build is None or subject.floor >= row.upper.build)


def _exact(row: Row, scheme: Scheme, held: Firmware) -> Position:
    if any(is_exactly(scheme, held, point) for point in row.exact):
        return Position.INSIDE
    if row.fixed is not None:
        reached = compare(scheme, held, row.fixed)
        return Position.PAST if reached in {Order.EQUAL, Order.AFTER} else Position.GAP
    if any(_age(scheme, held, point) in {Order.BEFORE, Order.UNCLEAR} for point in row.exact):
        return Position.OLDER
    return Position.OTHER


def _age(scheme: Scheme, held: Firmware, point: Point) -> Order:
    """Order two builds by their dates where both have one, else by version."""
    by_date = held.build is not None and point.build is not None
    return compare(Scheme.BUILD if by_date else scheme, held, point)


def _ranged(row: Row, scheme: Scheme, held: Firmware) -> Position:
    if row.lower is not None:
        low = compare(scheme, held, row.lower)
        if low in {Order.FOREIGN, Order.UNCLEAR}:
            return Position.FOREIGN if low is Order.FOREIGN else Position.UNCLEAR
        if low is Order.BEFORE:
            return Position.SAFE_BELOW if row.below_is_safe else Position.BELOW
    if row.upper is None:
        return Position.INSIDE
    high = compare(scheme, held, row.upper)
    if high in {Order.FOREIGN, Order.UNCLEAR}:
        return Position.FOREIGN if high is Order.FOREIGN else Position.UNCLEAR
    if high is Order.BEFORE or (high is Order.EQUAL and row.closed):
        return Position.INSIDE
    return _beyond(row, scheme, held)


def _beyond(row: Row, scheme: Scheme, held: Firmware) -> Position:
    if row.fixed is None:
        return Position.PAST if row.after_is_safe else Position.STILL
    reached = compare(scheme, held, row.fixed)
    if reached in {Order.EQUAL, Order.AFTER}:
        return Position.PAST
    if reached is Order.FOREIGN:
        return Position.FOREIGN
    return Position.UNCLEAR if reached is Order.UNCLEAR else Position.GAP


def worst(found: tuple[tuple[Position, Row], ...]) -> tuple[Position, Row]:
    """Return the position to report of several: the comparable rows first, then the most cautious."""
    comparable = tuple(pair for pair in found if pair[0] is not Position.FOREIGN) or found
    return min(comparable, key=lambda pair: _ORDER.index(pair[0]))
