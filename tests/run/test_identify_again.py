"""`auditor identify --db` takes away nothing that a stored claim or finding rests on, and leaves a database that reads."""

import json
import sqlite3
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path

import pytest

from auditor.cli import run as command
from auditor.model import Exchange
from auditor.run.imports import Importer, unscoped
from auditor.run.judge import judge
from tests.run.test_behind import AXIS, DAHUA, NOON, OTHER, imported, reply

READERS: tuple[tuple[str, ...], ...] = (
    ("plan",), ("devices", "--all"), ("devices", "--json"), ("findings",), ("report", "--format", "md", "-o", "report"),
    ("export", "jsonl", "-o", "out.jsonl"), ("runs",), ("assess",),
)  # fmt: skip
EVIDENCE: dict[str, tuple[tuple[Exchange, ...], tuple[Exchange, ...]]] = {
    "two devices behind one address": (
        (reply(80, AXIS), reply(81, DAHUA), reply(80, OTHER, address="192.0.2.10")),
        (),
    ),
    "one serial number at two addresses": ((reply(80, DAHUA), reply(80, DAHUA, address="192.0.2.10")), ()),
    "answers of two runs": ((reply(80, DAHUA),), (reply(80, DAHUA, 9), reply(81, DAHUA, 9))),
    "a second device found later": ((reply(80, DAHUA),), (reply(81, AXIS, 9),)),
}


def hanging(path: Path) -> list[tuple[str, ...]]:
    """Return what claims and findings rest on that is not there; what rests on several runs is kept whole elsewhere."""
    with closing(sqlite3.connect(path)) as db:
        there = {tuple(row) for row in db.execute("SELECT run, exchange, field, nth FROM observation")}
        mixed = {row[0] for row in db.execute("SELECT device FROM concluded WHERE run = ''")}
        wanted = [
            (run, match["exchange"], match["field"], match["nth"])
            for run, because in db.execute("SELECT run, because FROM claim")
            for match in json.loads(because)
        ]
        for run, device, because, seen in db.execute(
            "SELECT run, device, because, observations FROM finding"
        ):
            if device not in mixed:
                matches = (match for claim in json.loads(because) for match in json.loads(claim["because"]))
                wanted += [(run, one["exchange"], one["field"], one["nth"]) for one in matches]
                wanted += [(run, *place) for place in json.loads(seen)]
    return [one for one in wanted if one not in there]


@pytest.mark.parametrize("name", EVIDENCE)
def test_a_database_that_was_identified_again_reads_as_before(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    first, second = EVIDENCE[name]
    store, run = imported(tmp_path, *first)
    with store:
        judge(store, run.id, today=date(2026, 11, 28), policy="us-federal")
        if second:
            importer = Importer(store, unscoped("hall"), lambda: NOON + timedelta(days=1))
            importer.take_all(second)
            judge(store, importer.finish().id, today=date(2026, 11, 28), policy="us-federal")
        runs = [one.id for one in store.runs()]
    db = ("--db", str(store.path))
    for narrowed in ((), *(("--run", one) for one in runs), ()):
        assert command(("identify", *db, *narrowed)) == 0
        assert hanging(store.path) == []
    assert {words: command((*words, *db)) for words in READERS} == dict.fromkeys(READERS, 0)
