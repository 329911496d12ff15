"""What runs judged before: found again by its verdict, with the names of the answers it rested on."""

import logging
from pathlib import Path

import pytest

from auditor.model import Certainty, Finding, FindingKind, Priority, Severity, Verdict
from auditor.store import Access, Store
from tests.store.test_store import a_run, keep


def judged(path: Path) -> Store:
    """Store a run that heard a device and judged it once to be affected, and once not."""
    store = Store.open(path, Access.CREATE)
    store.begin(a_run())
    keep(store, "r1", "10.0.0.5", maker="m", model="X-1")
    (held,) = store.held("r1")
    device = held.device
    found = [
        Finding(
            device=device.key, kind=FindingKind.ADVISORY, id=name, title="t", verdict=verdict,
            severity=Severity.HIGH, priority=Priority.PLAN, priority_reason="p", certainty=Certainty.FIRM,
            reason="r", because=(device.identity.claims[0],), observations=device.observations,
        )
        for name, verdict in (("CVE-2000-0001", Verdict.AFFECTED), ("CVE-2000-0002", Verdict.NOT_AFFECTED))
    ]  # fmt: skip
    store.all_findings("none", [(held.number, "r1", found)])
    return store


def test_a_judgement_is_found_by_its_verdict_and_names_what_it_rested_on(tmp_path: Path) -> None:
    with judged(tmp_path / "a.sqlite") as store:
        (one,) = store.judgements([Verdict.AFFECTED])
        assert (one.key, one.run, one.id, one.verdict) == ("hall/10.0.0.5", "r1", "CVE-2000-0001", "affected")
        (past,) = store.past_findings(one)
        assert past.finding.id == "CVE-2000-0001"
        assert past.exchanges == {exchange.id for exchange in store.asked("r1")}


def test_a_damaged_judgement_is_named_and_passed_over(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with judged(tmp_path / "a.sqlite") as store:
        (one,) = store.judgements([Verdict.AFFECTED])
        store.db.conn.execute("UPDATE finding SET because = '[[' WHERE id = 'CVE-2000-0001'")
        with caplog.at_level(logging.WARNING):
            assert store.past_findings(one) == ()
        assert "finding CVE-2000-0001 of hall/10.0.0.5 cannot be read" in caplog.text
