"""Findings about published faults."""

from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache

from auditor.knowledge.advisory import Advisory
from auditor.knowledge.book import Book
from auditor.knowledge.context import Context, anything
from auditor.knowledge.firmware import Firmware, Point, is_vrc, numbers
from auditor.knowledge.judge import Judgement, concerns, judge
from auditor.knowledge.subject import Subject, evidence, weakest
from auditor.model import Finding, FindingKind, Severity, Verdict

_ON_THE_NETWORK = frozenset({"network", "adjacent", "login"})
_REACH = {
    "network": "over the network, without an account",
    "adjacent": "from the same local network",
    "login": "with an account on the device",
    "local": "on an operator's computer or with files of the device",
    "physical": "by touching the device",
}
_REMEDY = {
    "update": "Update the firmware",
    "update-software": "Update the product",
    "patch": "Apply the maker's patch package",
    "configure": "Change the settings",
    "replace": "Replace the device",
}
_UNKNOWN = {
    "model": "the model is not known",
    "base_model": "the unit is relabelled, and the maker's own name of the model is not known",
    "relabelled": "the unit is relabelled, and the makers' statements do not speak of its brand",
    "maker": "the maker rests on a single weak sign",
    "brand": "the brand is not known",
    "version": "the firmware version is not known",
    "build_date": "the build date of the firmware is not known",
}


@lru_cache(maxsize=65_536)
def judged(book: Book, subject: Subject) -> tuple[tuple[Advisory, Judgement], ...]:
    """Return every record that has something to say of a device, with its verdict; equal devices share it."""
    bare = replace(subject, firmware=Firmware(), floor=None, weak=frozenset())
    found = ((record, judge(record, subject)) for record in _candidates(book, bare))
    return tuple((record, judgement) for record, judgement in found if judgement is not None)


@lru_cache(maxsize=65_536)
def _candidates(book: Book, subject: Subject) -> tuple[Advisory, ...]:
    """Return the records that can concern a device of this maker, brand, kind and model."""
    records = book.by_maker.get(subject.maker or "", ())
    return tuple(record for record in records if concerns(record, subject))


def findings(context: Context) -> Iterator[Finding]:
    """Yield one finding for each fault that was judged, and one for each reason why others could not be."""
    if context.subject.maker is None:
        yield from _maker_unknown(context)
        return
    open_questions: dict[str, list[tuple[Advisory, Judgement]]] = {}
    for record, judgement in judged(context.book, context.subject):
        if judgement.verdict is not Verdict.NOT_ASSESSED:
            yield _finding(context, record, judgement)
        elif judgement.missing != "statement":  # silence of a record about other firmware is no finding
            open_questions.setdefault(judgement.missing, []).append((record, judgement))
    for missing, pairs in open_questions.items():
        yield _not_assessed(context, missing, pairs)


def _finding(context: Context, record: Advisory, judgement: Judgement) -> Finding:
    priority, why = context.priority(
        FindingKind.ADVISORY,
        judgement.verdict,
        record.severity,
        exploitation=record.exploitation,
        within_reach=record.reach in _ON_THE_NETWORK,
    )
    return Finding(
        device=context.device.key,
        kind=FindingKind.ADVISORY,
        id=record.id,
        title=record.title,
        verdict=judgement.verdict,
        severity=record.severity,
        priority=priority,
        priority_reason=why,
        certainty=context.certainty,
        reason=_sentence(judgement.reason),
        why_it_matters=f"{context.book.effect[record.effect]} It can be used {_REACH[record.reach]}.",
        settles=judgement.settles,
        remedy=_remedy(record, judgement),
        known_exploited=record.known_exploited,
        references=record.references,
        facts=_facts(record, judgement),
        because=context.claims,
    )


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."


@lru_cache(maxsize=65_536)
def _remedy(record: Advisory, judgement: Judgement) -> str:
    if judgement.verdict is Verdict.NOT_AFFECTED:
        return ""
    goal = f" to {judgement.fixed} or later" if judgement.fixed and record.remedy.startswith("update") else ""
    return " ".join(part for part in (f"{_REMEDY[record.remedy]}{goal}.", record.advice) if part)


@lru_cache(maxsize=65_536)
def _facts(record: Advisory, judgement: Judgement) -> tuple[tuple[str, str], ...]:
    fixed, row = judgement.fixed, judgement.row
    facts = (
        ("remedy", record.remedy),
        ("fixed version", fixed.version or "" if fixed else ""),
        ("fixed build", fixed.build.isoformat() if fixed and fixed.build else ""),
        ("listed as", _listed(row.models) if row else ""),
        ("score", f"CVSS {record.score}" if record.score is not None else ""),
        ("exploitation", record.exploitation),
        ("published", f"{record.published}{' (approximately)' if record.published_approximate else ''}"),
        ("confidence of the record", record.confidence),
        ("advisory data of", record.compiled.isoformat()),
    )
    return tuple((name, value) for name, value in facts if value and value != "None")


def _listed(models: tuple[str, ...]) -> str:
    return ", ".join(models[:4]) + (f" and {len(models) - 4} more" if len(models) > 4 else "")


def _not_assessed(context: Context, missing: str, pairs: list[tuple[Advisory, Judgement]]) -> Finding:
    severity = max((record.severity for record, _ in pairs), key=lambda one: one.rank)
    priority, why = context.priority(FindingKind.ADVISORY, Verdict.NOT_ASSESSED, severity)
    claims = evidence(context.device.identity)
    count, names = len(pairs), " ".join(record.id for record, _ in pairs)
    plural = "advisory" if count == 1 else "advisories"
    return Finding(
        device=context.device.key,
        kind=FindingKind.ADVISORY,
        id=f"advisories-not-assessed-{missing.replace('_', '-')}",
        title=f"{count} {plural} could not be assessed",
        verdict=Verdict.NOT_ASSESSED,
        severity=severity,
        priority=priority,
        priority_reason=why,
        certainty=weakest(claims),
        reason=f"{count} {plural} of this maker cannot be judged: {_UNKNOWN.get(missing, missing)}.",
        why_it_matters="What could not be assessed may be as bad as what was found.",
        settles=pairs[0][1].settles,
        facts=(
            ("missing", missing.replace("_", " ")),
            ("advisories", names),
            ("advisory data of", str(context.book.compiled)),
        ),
        because=claims,
    )


def _maker_unknown(context: Context) -> Iterator[Finding]:
    claims, observations = anything(context.device)
    if not claims and not observations:
        return
    priority, why = context.priority(FindingKind.ADVISORY, Verdict.NOT_ASSESSED, Severity.MEDIUM)
    yield Finding(
        device=context.device.key,
        kind=FindingKind.ADVISORY,
        id="advisories-not-assessed-maker",
        title="The maker is not known",
        verdict=Verdict.NOT_ASSESSED,
        severity=Severity.MEDIUM,
        priority=priority,
        priority_reason=why,
        certainty=weakest(claims),
        reason="No advisory can be judged: the maker is not known.",
        why_it_matters="What could not be assessed may be as bad as what was found.",
        settles="who made the device: look at its label, or read its information page with credentials",
        facts=(("missing", "maker"), ("advisory data of", str(context.book.compiled))),
        because=claims,
        observations=observations,
    )


def least(context: Context) -> tuple[Point | None, tuple[str, ...]]:
    """Return the firmware that all advisories for this device ask for, and which advisories those are.

    The version is the highest named, the build date the latest named: what satisfies both satisfies each.
    """
    hits = [
        (record, judgement.fixed)
        for record, judgement in judged(context.book, context.subject)
        if judgement.fixed and judgement.verdict.may_hold
        if record.remedy.startswith("update")
    ]
    return highest_of([point for _, point in hits]), tuple(record.id for record, _ in hits)


def highest_of(points: list[Point]) -> Point | None:
    """Return one goal that satisfies several bounds, None for none of them."""
    named = sorted({one.version for one in points if one.version})
    ordered = [(found, text) for text in named if (found := numbers(text)) is not None]
    version = max(ordered)[1] if ordered else named[-1] if _same_form(named) else None
    build = max((one.build for one in points if one.build), default=None)
    return Point(version, build) if version or build else None


def _same_form(versions: list[str]) -> bool:
    """Tell whether versions that are no plain numbers can be ordered as text: one alone, or VxxxRxxxCxxSPCxxx."""
    return len(versions) == 1 or (len(versions) > 1 and all(is_vrc(one) for one in versions))
