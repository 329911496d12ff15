"""What runs judged of devices before: the ground on which work is said to be done, or left."""

import json
import logging
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from auditor.model import Endpoint, Exchange, Finding, Observation, Protocol, Status
from auditor.store.evidence import Shelf, finding_of
from auditor.store.rows import DAMAGE, Row

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Judgement:
    """That a run judged a finding to be so of a device."""

    key: str
    number: int
    run: str
    id: str
    verdict: str


def judgements(connection: sqlite3.Connection, verdicts: Iterable[str]) -> Iterator[Judgement]:
    """Yield every time a finding got one of these verdicts, oldest first."""
    rows = connection.execute(
        "SELECT d.key, f.device, f.run, f.id, f.verdict FROM finding f JOIN device d ON d.id = f.device JOIN run r ON r.id = f.run"
        " WHERE f.verdict IN (SELECT value FROM json_each(?)) ORDER BY r.started, r.id, f.row",
        (json.dumps(list(verdicts)),),
    )
    return (Judgement(row["key"], row["device"], row["run"], row["id"], row["verdict"]) for row in rows)


@dataclass(frozen=True, slots=True)
class PastFinding:
    """A finding as a run judged it, and the names of the exchanges it rested on."""

    finding: Finding
    exchanges: frozenset[str]


def past_findings(connection: sqlite3.Connection, one: Judgement) -> Iterator[PastFinding]:
    """Yield the findings a judgement speaks of; their evidence by name alone."""
    rows = connection.execute(
        "SELECT * FROM finding WHERE device = ? AND run = ? AND id = ? AND verdict = ?",
        (one.number, one.run, one.id, one.verdict),
    )
    for row in rows.fetchall():
        try:
            yield _past(row, one.key)
        except DAMAGE as error:
            logger.warning("finding %s of %s cannot be read and is passed over: %s", one.id, one.key, error)


def _past(row: Row, key: str) -> PastFinding:
    names = {one["exchange"] for claim in json.loads(row["because"]) for one in json.loads(claim["because"])}
    names |= {one[0] for one in json.loads(row["observations"])}
    shelf = Shelf()
    for place in json.loads(row["observations"]):
        shelf.by_place[tuple(place)] = Observation(place[1], "", _UNREAD)
    return PastFinding(finding_of(shelf, key, row), frozenset(names))


_UNREAD = Exchange("", "", Protocol.OBSERVED, Endpoint("", 0), b"", b"", Status.ANSWERED)
"""Stands for an exchange of an earlier run that is known by name only."""
