"""Keeping what was concluded of devices, each with exactly the evidence that it was concluded from."""

import json
import sqlite3
import zlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from auditor.model import Finding, Identity, Observation
from auditor.store.evidence import Shelf, claim_rows, finding_row, observation_rows, shelf_of
from auditor.store.rows import insert

_AT_ONCE = 200
"""Devices whose findings are written together."""


@dataclass(frozen=True, slots=True)
class Conclusion:
    """What was concluded of a device from exactly the exchanges that `evidence` names."""

    number: int
    run: str
    """The run all the evidence is from; "" where it is from several."""
    last: str
    """The newest run that heard it."""
    evidence: str
    identity: Identity
    observations: tuple[Observation, ...]
    findings: tuple[Finding, ...] = ()
    basis: str | None = None


Judged = tuple[int, Shelf, Sequence[Finding]]
"""A device by number, where its observations are, and what is to be said of it."""


@dataclass(frozen=True, slots=True)
class Concluding:
    """Puts conclusions in place of what was held before; the caller holds the transaction."""

    connection: sqlite3.Connection

    def conclude(
        self, run: str, number: int, evidence: str, basis: str | None, body: bytes | None = None
    ) -> None:
        """Write down from exactly which exchanges a device's claims were concluded, and by what it was judged."""
        self.connection.execute(
            "INSERT OR REPLACE INTO concluded (device, run, evidence, basis, body) VALUES (?, ?, ?, ?, ?)",
            (number, run, evidence, basis, body),
        )

    def keep(self, one: Conclusion) -> None:
        """Write down what was concluded: in the tables of its run, or where it rests on several, beside them."""
        if not one.run:
            self._keep_mixed(one)
            return
        self.replace_identity(one.run, one.number, one.identity, one.observations)
        if one.findings:
            shelf = shelf_of(one.observations)
            claim_rows(shelf, one.run, one.number, one.identity)
            self.replace_findings(one.run, ((one.number, shelf, one.findings),))
        self.conclude(one.run, one.number, one.evidence, one.basis)

    def _keep_mixed(self, one: Conclusion) -> None:
        """Keep what rests on several runs; its findings also as those of the newest, for who looks back or at tables."""
        self.conclude("", one.number, one.evidence, one.basis, _packed(one))
        self.connection.execute("DELETE FROM finding WHERE run = ? AND device = ?", (one.last, one.number))
        self.connection.execute(
            "UPDATE concluded SET basis = NULL WHERE device = ? AND run = ?", (one.number, one.last)
        )
        insert(
            self.connection,
            "finding",
            [finding_row(Shelf(), one.last, one.number, each) for each in one.findings],
        )

    def all_findings(self, basis: str, found: Iterable[tuple[int, str, Sequence[Finding]]]) -> None:
        """Put findings of many devices in place, and write down by what they were made; see `Store.all_findings`."""
        waiting = iter(found)
        while batch := list(islice(waiting, _AT_ONCE)):
            by_run: dict[str, list[tuple[int, Sequence[Finding]]]] = defaultdict(list)
            for number, run, said in batch:
                by_run[run].append((number, said))
            for run, some in by_run.items():
                shelves = self._shelves(run, {number for number, _ in some})
                self.replace_findings(run, ((number, shelves[number], said) for number, said in some))
                self.connection.executemany(
                    "UPDATE concluded SET basis = ? WHERE device = ? AND run = ?",
                    [(basis, number, run) for number, _ in some],
                )

    def _shelves(self, run: str, numbers: Iterable[int]) -> dict[int, Shelf]:
        """Return the places of the observations of some devices."""
        shelves = {number: Shelf() for number in numbers}
        marks = ",".join(str(int(number)) for number in shelves)
        rows = self.connection.execute(
            f"SELECT * FROM observation WHERE run = ? AND device IN ({marks}) ORDER BY rowid",  # noqa: S608  integers
            (run,),
        )
        for row in rows.fetchall():
            shelves[row["device"]].recall((row,))
        return shelves

    def replace_identity(
        self, run: str, number: int, identity: Identity, observations: Sequence[Observation]
    ) -> None:
        """Put an identity and its observations in place of what the run held of the device."""
        shelf = shelf_of(observations)
        claims = claim_rows(shelf, run, number, identity)
        for table in ("finding", "claim", "observation"):
            self.connection.execute(
                f"DELETE FROM {table} WHERE run = ? AND device = ?",  # noqa: S608  one of the names above
                (run, number),
            )
        insert(self.connection, "observation", observation_rows(shelf, run, number), ignore=True)
        insert(self.connection, "claim", claims)

    def replace_findings(self, run: str, judged: Iterable[Judged]) -> None:
        """Put findings in place of what the run held of some devices."""
        observations: list[dict[str, Any]] = []
        rows: list[dict[str, Any]] = []
        numbers: list[str] = []
        for number, shelf, findings in judged:
            before = len(shelf.by_place)
            rows += [finding_row(shelf, run, number, finding) for finding in findings]
            numbers.append(str(int(number)))
            if len(shelf.by_place) > before:
                observations += observation_rows(shelf, run, number)
        self.connection.execute(
            f"DELETE FROM finding WHERE run = ? AND device IN ({','.join(numbers)})",  # noqa: S608  integers
            (run,),
        )
        insert(self.connection, "observation", observations, ignore=True)
        insert(self.connection, "finding", rows)


def _packed(one: Conclusion) -> bytes:
    """Spell a conclusion that rests on several runs, in the form of the tables' rows."""
    shelf = shelf_of(one.observations)
    claims = claim_rows(shelf, "", one.number, one.identity)
    findings = [finding_row(shelf, "", one.number, each) for each in one.findings]
    rows = {"observation": observation_rows(shelf, "", one.number), "claim": claims, "finding": findings}
    return zlib.compress(json.dumps(rows).encode(), 6)
