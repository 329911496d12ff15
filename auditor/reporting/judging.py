"""What the findings say over all devices: explained once each, laws and orders apart."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from auditor.model import Certainty, Device, Finding, FindingKind, Verdict
from auditor.reporting.context import Words
from auditor.reporting.grouping import groups, shared_facts, shared_remedy
from auditor.reporting.texts import Texts
from auditor.reporting.values import Concerned, Explained, Instrument

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

    @property
    def open(self) -> tuple[tuple[Device, Finding], ...]:
        """The devices of which it is true, may be true, or could not be said."""
        return tuple(pair for pair in self.devices if pair[1].verdict is not Verdict.NOT_AFFECTED)


def judged(devices: Iterable[Device]) -> tuple[Judged, ...]:
    """Gather the findings of devices by id, in the order of their ids."""
    found: dict[str, list[tuple[Device, Finding]]] = {}
    for device in devices:
        for finding in device.findings:
            found.setdefault(finding.id, []).append((device, finding))
    return tuple(Judged(_clearest(pairs), tuple(pairs)) for _, pairs in sorted(found.items()))


def _clearest(pairs: list[tuple[Device, Finding]]) -> Finding:
    """Return the finding that says most: affected before possibly before the rest."""
    order = list(Verdict)
    return min((finding for _, finding in pairs), key=lambda finding: order.index(finding.verdict))


def explained(found: Iterable[Judged], words: Words, texts: Texts) -> tuple[Explained, ...]:
    """Return one explanation for each finding that is, may be, or could not be said to be so.

    Instruments are told apart from these: see `instruments`.
    """
    made = [
        _explained(one, words, texts)
        for one in found
        if one.first.verdict is not Verdict.NOT_AFFECTED and one.first.kind is not FindingKind.RESTRICTION
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


def _explained(one: Judged, words: Words, texts: Texts) -> Explained:
    apart, rest = groups(one.open, words, texts)
    return Explained(
        one.first.id,
        anchor("f", one.first.id),
        one.first.kind,
        one.first.title,
        one.first.severity,
        one.first.why_it_matters,
        shared_remedy(one.open),
        one.first.known_exploited,
        one.count(Verdict.AFFECTED),
        one.count(Verdict.POSSIBLY_AFFECTED),
        one.count(Verdict.NOT_ASSESSED),
        sum(1 for _, finding in one.open if finding.accepted),
        shared_facts(one.open, texts),
        tuple((reference.label, _web(reference.url)) for reference in one.first.references),
        apart,
        rest,
    )


def instruments(found: Iterable[Judged], words: Words, texts: Texts) -> tuple[Instrument, ...]:
    """Return the laws, orders and guidelines that concern any device, with counts by maker and certainty."""
    made = []
    for one in found:
        if one.first.kind is not FindingKind.RESTRICTION:
            continue
        open_ = one.open
        if open_:
            unclear = sum(1 for _, finding in open_ if not _is_named(finding))
            made.append(
                Instrument(
                    one.first.id,
                    anchor("f", one.first.id),
                    one.first.title,
                    tuple(fact for fact in shared_facts(open_, texts) if fact[0] not in _SAID_ELSEWHERE),
                    tuple((reference.label, _web(reference.url)) for reference in one.first.references),
                    one.first.why_it_matters,
                    len(open_) - unclear,
                    unclear,
                    _by_maker(open_, words),
                    _settling(open_),
                )
            )
    return tuple(made)


_SAID_ELSEWHERE = frozenset({"maker rests on", "effect on this maker", "policy"})


def _is_named(finding: Finding) -> bool:
    return finding.verdict is Verdict.AFFECTED and finding.certainty is not Certainty.TENTATIVE


def _by_maker(pairs: tuple[tuple[Device, Finding], ...], words: Words) -> tuple[Concerned, ...]:
    counts: Counter[tuple[str, str, str]] = Counter()
    for device, finding in pairs:
        slug = device.identity.value("maker")
        effect = dict(finding.facts).get("effect on this maker", "")
        place = finding.certainty.value if _is_named(finding) else "unclear"
        counts[words.maker(slug) if slug else "", effect, place] += 1
    rows = sorted({(maker, effect) for maker, effect, _ in counts}, key=lambda row: (row[0].casefold(), row))
    return tuple(
        Concerned(
            maker,
            effect,
            counts[maker, effect, Certainty.CERTAIN.value],
            counts[maker, effect, Certainty.FIRM.value],
            counts[maker, effect, "unclear"],
        )
        for maker, effect in rows
    )


def _settling(pairs: tuple[tuple[Device, Finding], ...]) -> tuple[tuple[str, int], ...]:
    counts = Counter(finding.settles for _, finding in pairs if finding.settles and not _is_named(finding))
    return tuple(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))


def _web(url: str) -> str:
    """Return the address when it is an ordinary web address: nothing else becomes a link."""
    return url if url.startswith(("https://", "http://")) else ""
