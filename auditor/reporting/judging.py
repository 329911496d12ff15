"""What the findings say over all devices: explained once each, laws and orders apart."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from auditor.model import Device, Finding, FindingKind, Verdict
from auditor.reporting.context import Words
from auditor.reporting.values import Explained, Instrument

_NOT_ANCHOR = re.compile(r"[^a-z0-9]+")


def anchor(prefix: str, name: str) -> str:
    """Return a name usable as the target of a link."""
    return f"{prefix}-{_NOT_ANCHOR.sub('-', name.lower()).strip('-')}"


@dataclass(frozen=True, slots=True)
class Judged:
    """All findings of one id, with the devices they were said of."""

    first: Finding
    devices: tuple[tuple[Device, Finding], ...]

    def count(self, verdict: Verdict) -> int:
        """Return of how many devices this verdict was given."""
        return sum(1 for _, finding in self.devices if finding.verdict is verdict)


def judged(devices: Iterable[Device]) -> tuple[Judged, ...]:
    """Gather the findings of granted devices by id, in the order of their ids."""
    found: dict[str, list[tuple[Device, Finding]]] = {}
    for device in devices:
        if device.granted:
            for finding in device.findings:
                found.setdefault(finding.id, []).append((device, finding))
    return tuple(Judged(_clearest(pairs), tuple(pairs)) for _, pairs in sorted(found.items()))


def _clearest(pairs: list[tuple[Device, Finding]]) -> Finding:
    """Return the finding that says most: affected before possibly before the rest."""
    order = list(Verdict)
    return min((finding for _, finding in pairs), key=lambda finding: order.index(finding.verdict))


def explained(found: Iterable[Judged]) -> tuple[Explained, ...]:
    """Return one explanation for each finding that is, may be, or could not be said to be so."""
    made = [
        Explained(
            one.first.id,
            anchor("f", one.first.id),
            one.first.kind,
            one.first.title,
            one.first.severity,
            one.first.why_it_matters,
            one.first.remedy,
            one.first.known_exploited,
            one.count(Verdict.AFFECTED),
            one.count(Verdict.POSSIBLY_AFFECTED),
            one.count(Verdict.NOT_ASSESSED),
            one.first.facts,
            tuple((reference.label, _web(reference.url)) for reference in one.first.references),
        )
        for one in found
        if one.first.verdict is not Verdict.NOT_AFFECTED
    ]
    severities = ("critical", "high", "medium", "low", "info")
    made.sort(
        key=lambda one: (
            not (one.affected or one.possibly),
            one.known_exploited is None,
            severities.index(one.severity),
            -(one.affected + one.possibly),
            one.id,
        )
    )
    return tuple(made)


def instruments(found: Iterable[Judged], words: Words) -> tuple[Instrument, ...]:
    """Return the laws, orders and guidelines that concern any device, with counts by maker."""
    made = []
    for one in found:
        if one.first.kind is not FindingKind.RESTRICTION or one.first.verdict is Verdict.NOT_AFFECTED:
            continue
        concerned: Counter[str] = Counter()
        unclear: Counter[str] = Counter()
        for device, finding in one.devices:
            if finding.verdict is Verdict.NOT_AFFECTED:
                continue
            slug = device.identity.value("maker")
            where = concerned if finding.verdict is Verdict.AFFECTED else unclear
            where[words.maker(slug) if slug else ""] += 1
        makers = sorted(concerned.keys() | unclear.keys(), key=str.casefold)
        made.append(
            Instrument(
                one.first.id,
                one.first.title,
                one.first.facts,
                tuple((reference.label, _web(reference.url)) for reference in one.first.references),
                one.first.why_it_matters,
                concerned.total(),
                unclear.total(),
                tuple((maker, concerned[maker], unclear[maker]) for maker in makers),
            )
        )
    return tuple(made)


def _web(url: str) -> str:
    """Return the address when it is an ordinary web address: nothing else becomes a link."""
    return url if url.startswith(("https://", "http://")) else ""
