"""Everything there is to say of one device, worst first."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date

from auditor.knowledge import advise, age, expose, restrict
from auditor.knowledge.acceptance import accepting
from auditor.knowledge.book import Book, chosen_policy, knowledge_book
from auditor.knowledge.context import Context, is_reachable
from auditor.knowledge.latest import FirmwareIndex
from auditor.knowledge.policy import Policy
from auditor.knowledge.subject import INPUTS, evidence, subject, weakest
from auditor.model import Device, Finding, Severity, Verdict

_ORDER = {verdict: number for number, verdict in enumerate(Verdict)}


def assess(
    device: Device,
    *,
    book: Book | None = None,
    policy: Policy | None = None,
    today: date,
    latest: FirmwareIndex | None = None,
) -> tuple[Finding, ...]:
    """Return the findings for a device, the most urgent first.

    `today` is the day for which it is asked: ages, certificates and instruments are judged as of it.
    Without a policy no restriction is applied.
    """
    book = book or knowledge_book()
    context = Context(
        device=device,
        subject=subject(device.identity),
        book=book,
        policy=policy or chosen_policy("none", book),
        today=today,
        latest=latest,
        reachable=is_reachable(device),
        claims=evidence(device.identity),
        certainty=weakest(evidence(device.identity, INPUTS)),
    )
    bound = tuple(restrict.findings(context))
    context = replace(context, restricted=any(restrict.binds(one) for one in bound))
    every = (*bound, *advise.findings(context), *expose.findings(context), *age.findings(context))
    found = accepting(device, every, context.policy.accepts, today)
    return tuple(sorted(found, key=by_urgency))


def by_urgency(finding: Finding) -> tuple[int, int, int, str]:
    """Sort key of findings: the most urgent first."""
    return -finding.priority.rank, -finding.severity.rank, _ORDER[finding.verdict], finding.id


def fails(findings: Iterable[Finding], at: Severity) -> bool:
    """Tell whether a finding is at or above a severity: what `--fail-on` asks.

    Affected and possibly affected count; not affected, not assessed, and what the owner accepts do not.
    """
    return any(one.counts and one.severity.rank >= at.rank for one in findings)
