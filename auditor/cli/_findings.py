"""What `findings` and `assess` share: the full form of a finding, filters, and lines for people."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import click

from auditor.cli._forms import SCHEMA_VERSION
from auditor.cli._presence import named
from auditor.cli._words import shown
from auditor.model import (
    ACCEPTANCE_ENDED,
    Acceptance,
    Claim,
    Device,
    Finding,
    Observation,
    Priority,
    Severity,
)


@dataclass(frozen=True, slots=True)
class Filter:
    """Which findings are wanted; what is empty does not filter."""

    kinds: tuple[str, ...] = ()
    verdicts: tuple[str, ...] = ()
    sites: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()
    severity: Severity | None = None
    """At least so bad."""
    priority: Priority | None = None
    """At least so urgent."""

    def wants(self, device: Device, finding: Finding) -> bool:
        """Tell whether a finding is asked for."""
        return (
            (not self.kinds or finding.kind in self.kinds)
            and (not self.verdicts or finding.verdict in self.verdicts)
            and (not self.sites or device.site in self.sites)
            and (not self.ids or finding.id.lower() in self.ids)
            and (self.severity is None or finding.severity.rank >= self.severity.rank)
            and (self.priority is None or finding.priority.rank >= self.priority.rank)
        )

    def of(self, devices: Iterable[Device]) -> Iterator[tuple[Device, Finding]]:
        """Yield the wanted findings of devices."""
        return ((device, one) for device in devices for one in device.findings if self.wants(device, one))


def form(device: Device, finding: Finding) -> dict[str, object]:
    """Give a finding in full, with what it rests on."""
    return {
        "schema_version": SCHEMA_VERSION,
        "device": device.key,
        "site": device.site,
        "address": device.address,
        "kind": finding.kind.value,
        "id": finding.id,
        "title": finding.title,
        "verdict": finding.verdict.value,
        "severity": finding.severity.value,
        "priority": finding.priority.value,
        "priority_reason": finding.priority_reason,
        "certainty": finding.certainty.value,
        "reason": finding.reason,
        "why_it_matters": finding.why_it_matters,
        "settles": finding.settles,
        "remedy": finding.remedy,
        "known_exploited": finding.known_exploited.isoformat() if finding.known_exploited else None,
        "references": [{"label": one.label, "url": one.url} for one in finding.references],
        "facts": dict(finding.facts),
        "accepted": _acceptance(finding.accepted),
        "because": [_claim(one) for one in finding.because],
        "observations": [_observation(one) for one in finding.observations],
    }


def _acceptance(word: Acceptance | None) -> dict[str, object] | None:
    return {"reason": word.reason, "by": word.by, "until": word.until.isoformat()} if word else None


def acceptance_words(finding: Finding) -> str:
    """Say that a finding is accepted, or was; "" where nobody accepted it. Safe to print."""
    if word := finding.accepted:
        return f"accepted until {word.until.isoformat()} by {shown(word.by)}: {shown(word.reason)}"
    ended = dict(finding.facts).get(ACCEPTANCE_ENDED, "")
    return shown(ended) and f"{ACCEPTANCE_ENDED}: {shown(ended)}"


def _claim(one: Claim) -> dict[str, object]:
    rules = sorted({match.rule for match in one.because})
    exchanges = sorted({match.observation.exchange.id for match in one.because})
    return {
        "claim": one.name,
        "value": one.value,
        "certainty": one.certainty.value,
        "rules": rules,
        "exchanges": exchanges,
    }


def _observation(one: Observation) -> dict[str, object]:
    return {"field": one.field, "value": one.value, "exchange": one.exchange.id}


def lines(device: Device, finding: Finding) -> Iterator[str]:
    """Yield the lines a person reads, safe to print."""
    priority = "accepted" if finding.accepted else finding.priority.upper()
    urgency = f"{priority:<9}  {finding.severity:<8}  {finding.verdict:<17}"
    yield f"{urgency}  {named(device)}  {finding.id}  {shown(finding.title)}"
    yield f"    {shown(finding.reason)}"
    if words := acceptance_words(finding):
        yield f"    {words[0].upper()}{words[1:]}"
    if finding.settles:
        yield f"    What would settle it: {shown(finding.settles)}"
    if finding.remedy:
        yield f"    {shown(finding.remedy)}"


def urgent_first(pairs: Iterable[tuple[Device, Finding]]) -> list[tuple[Device, Finding]]:
    """Sort findings of many devices: the most urgent first, then the worst, then by device; accepted ones last."""
    return sorted(
        pairs,
        key=lambda pair: (
            pair[1].accepted is not None,
            -pair[1].priority.rank,
            -pair[1].severity.rank,
            pair[0].key,
            pair[1].id,
        ),
    )


def print_lines(pairs: Iterable[tuple[Device, Finding]]) -> None:
    """Write findings for people to stdout."""
    for device, finding in pairs:
        for line in lines(device, finding):
            click.echo(line)
