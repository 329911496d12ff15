"""Counting how far a run got, from its own log: what a resumed run did before counts too."""

import json
import logging
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from auditor.model import Coverage, Withheld
from auditor.net import Field
from auditor.scope import Scope
from auditor.store.rows import DAMAGE, counted

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Swept:
    """What came of one chunk: addresses of which every port was tried, and what was left out and why."""

    swept: int
    withheld: tuple[tuple[str, int], ...] = ()

    def text(self) -> str:
        """Spell it for the run's log."""
        return json.dumps({"swept": self.swept, "withheld": self.withheld})


def swept_of(text: str) -> Swept:
    """Read what a run's log says of a chunk."""
    try:
        found = json.loads(text)
        return Swept(
            counted(found["swept"]),
            tuple((str(reason), counted(count)) for reason, count in found["withheld"]),
        )
    except DAMAGE as error:
        logger.warning("what came of a chunk cannot be read and counts as not swept: %r: %s", text, error)
        return Swept(0)


def from_fields(fields: Iterable[Field]) -> Swept:
    """Sum up the fields of all methods over one chunk: what two methods were both refused counts once."""
    swept, left_out = 0, Counter[str]()
    for field in fields:
        swept = max(swept, field.swept)
        for one in field.withheld():
            left_out[one.reason] = max(left_out[one.reason], one.addresses)
    return Swept(swept, tuple(sorted(left_out.items())))


def coverage(
    scope: Scope, at: datetime, chunks: Mapping[str, Swept], *, answered: int, outside: int
) -> Coverage:
    """Return how far a run got; what was not reached at all is withheld, too."""
    granted = scope.count(at=at)
    swept = sum(one.swept for one in chunks.values())
    reasons: Counter[str] = Counter()
    for one in chunks.values():
        for reason, count in one.withheld:
            reasons[reason] += count
    excluded = scope.excluded_count(at=at)
    if excluded:
        reasons["excluded by the scope"] += excluded
    reached = swept + sum(count for reason, count in reasons.items() if reason.startswith("not swept"))
    if granted > reached:
        reasons["not swept: the run ended before or sweeping is not allowed"] += granted - reached
    return Coverage(
        granted=granted,
        swept=swept,
        answered=answered,
        silent=max(0, swept - answered),
        withheld=tuple(Withheld(reason, reasons[reason]) for reason in sorted(reasons)),
        outside=outside,
    )
