"""Judging what a run found against advisories, exposures and a policy, and keeping the findings."""

from datetime import date

from auditor.knowledge import assess, chosen_policy, knowledge_book
from auditor.model import Finding, Verdict
from auditor.store import Store

_COUNTS = frozenset({Verdict.AFFECTED, Verdict.POSSIBLY_AFFECTED})


def judge(store: Store, run: str, *, today: date, policy: str | None = None) -> tuple[Finding, ...]:
    """Assess every granted device of a run, keep its findings and return them all."""
    book = knowledge_book()
    chosen = chosen_policy(policy, book) if policy else None
    found = [
        (device.key, assess(device, book=book, policy=chosen, today=today))
        for device in store.devices(run, with_bytes=False)
        if device.granted and device.identity.claims
    ]
    store.all_findings(run, found)
    return tuple(finding for _, findings in found for finding in findings)


def worst(findings: tuple[Finding, ...]) -> int:
    """Return the rank of the worst finding that holds or may hold; 0 for none."""
    return max((one.severity.rank for one in findings if one.verdict in _COUNTS), default=0)
