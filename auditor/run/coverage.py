"""Counting how far a run got, from its own log: what a resumed run did before counts too."""

import json
import logging
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from auditor.model import Coverage, Withheld
from auditor.net import Field, is_owed
from auditor.scope import Scope
from auditor.store.rows import DAMAGE, counted

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Swept:
    """What came of one chunk: addresses of which every port was tried, and what was left out and why."""

    swept: int
    withheld: tuple[tuple[str, int], ...] = ()
    """(reason, addresses)."""
    unasked: int = 0
    """Of these, addresses whose ports were not all tried for reasons of our own."""
    questions: tuple[tuple[str, int], ...] = ()
    """(reason of our own, addresses) that some other question of the search was not put to."""

    @property
    def is_owing(self) -> bool:
        """Whether the chunk is to be searched again, for what was withheld for reasons of our own."""
        return bool(self.unasked or self.questions)

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


BY_HARDWARE_ADDRESS = "excluded by the scope, by hardware address"
"""Addresses at which somebody excluded was met by ARP."""


def from_fields(fields: Sequence[Field]) -> Swept:
    """Sum up the fields of all methods over one chunk: what two methods were both refused counts once."""
    swept = max((one.swept for one in fields), default=0)
    left_out: Counter[str] = Counter()
    questions: Counter[str] = Counter()
    for field in fields:
        for one in field.withheld():
            counts = questions if is_owed(one.reason) and not field.sweeps else left_out
            counts[one.reason] = max(counts[one.reason], one.addresses)
    unasked = len(frozenset[str]().union(*not_tried(fields).values()))
    return Swept(
        max(0, swept - unasked), tuple(sorted(left_out.items())), unasked, tuple(sorted(questions.items()))
    )


def not_tried(fields: Iterable[Field]) -> Mapping[str, frozenset[str]]:
    """Return by reason of our own the addresses of which not every port was tried."""
    found: dict[str, frozenset[str]] = {}
    for field in fields:
        for reason, addresses in field.unasked().items() if field.sweeps else ():
            found[reason] = found.get(reason, frozenset()) | addresses
    return found


def coverage(
    scope: Scope,
    at: datetime,
    chunks: Mapping[str, Swept],
    *,
    answered: int,
    outside: int,
    owed: Mapping[str, Sequence[str]] | None = None,
) -> Coverage:
    """Return how far a run got; what was not reached at all is withheld, too.

    `owed`: by subject that answered, the reason of each question that was withheld from it for reasons of our own.
    """
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
    reached += sum(one.unasked for one in chunks.values()) + reasons[BY_HARDWARE_ADDRESS]
    if granted > reached:
        reasons["not swept: the run ended before or sweeping is not allowed"] += granted - reached
    return Coverage(
        granted=granted,
        swept=swept,
        answered=answered,
        silent=max(0, swept - answered),
        withheld=(
            *(Withheld(reason, reasons[reason]) for reason in sorted(reasons)),
            *_questions(chunks.values(), owed or {}),
        ),
        outside=outside,
    )


def _questions(chunks: Iterable[Swept], owed: Mapping[str, Sequence[str]]) -> Iterator[Withheld]:
    """Say which questions were withheld from addresses that were reached otherwise."""
    searching: Counter[str] = Counter()
    for one in chunks:
        searching.update(dict(one.questions))
    for reason, count in sorted(searching.items()):
        yield Withheld(f"{reason} (while searching)", count, count)
    asking: Counter[str] = Counter()
    holders: Counter[str] = Counter()
    for reasons in owed.values():
        asking.update(reasons)
        holders.update(set(reasons))
    for reason, count in sorted(asking.items()):
        yield Withheld(reason, holders[reason], count)
