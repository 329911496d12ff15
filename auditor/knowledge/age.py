"""Findings about age: firmware, hardware, and how far the firmware is from where it must be."""

from collections.abc import Iterator
from datetime import date

from auditor.knowledge.advise import least
from auditor.knowledge.context import Context
from auditor.knowledge.firmware import span
from auditor.knowledge.latest import Newest, is_newer, older_than
from auditor.knowledge.lifecycle import Threshold
from auditor.knowledge.subject import evidence, weakest
from auditor.model import Claim, Finding, FindingKind, Severity, Verdict

_NO_LIST = "no list of the maker's firmware is at hand: see auditor knowledge import-firmware"


def findings(context: Context) -> Iterator[Finding]:
    """Yield findings on age for devices of the makers we know advisories of."""
    if context.subject.maker not in context.book.by_maker:
        return
    yield from _firmware(context)
    yield from _minimum(context)
    yield from _newest(context)
    yield from _hardware(context)


def _make(
    context: Context,
    name: str,
    title: str,
    verdict: Verdict,
    severity: Severity,
    claims: tuple[Claim, ...],
    reason: str,
    *,
    why: str = "",
    settles: str = "",
    remedy: str = "",
    facts: tuple[tuple[str, str], ...] = (),
) -> Finding:
    priority, because = context.priority(FindingKind.LIFECYCLE, verdict, severity)
    return Finding(
        device=context.device.key,
        kind=FindingKind.LIFECYCLE,
        id=name,
        title=title,
        verdict=verdict,
        severity=severity,
        priority=priority,
        priority_reason=because,
        certainty=weakest(claims),
        reason=reason,
        why_it_matters=why,
        settles=settles,
        remedy=remedy,
        facts=tuple((label, value) for label, value in facts if value),
        because=claims,
    )


def _firmware(context: Context) -> Iterator[Finding]:
    identity, built, floor = context.device.identity, context.subject.firmware.build, context.subject.floor
    ages, name, known = context.book.lifecycle, "firmware-age", ("newest known", _known(context))
    claims = evidence(identity, ("build_date", "firmware", "model"))
    if built is None:
        held = evidence(identity, ("firmware_floor", "firmware", "model", "maker"))
        young = floor is not None and floor >= _limit(context, ages.firmware[-1])
        verdict = Verdict.NOT_AFFECTED if young else Verdict.NOT_ASSESSED
        reason = f"The firmware cannot be older than {floor}." if young else "The build date is not known."
        settles = "" if young else "the build date: read it with credentials"
        title = "Age of the firmware" if young else "Age of the firmware not known"
        yield _make(
            context, name, title, verdict, Severity.LOW, held, reason, settles=settles, facts=(known,)
        )
        return
    days = (context.today - built.last).days
    facts = (("build date", str(built)), ("age in days", str(days)), known)
    reason = f"The firmware was built {built}, {_age(days)} before {context.today}."
    hit = next((one for one in ages.firmware if older_than(built, context.today, one.older_than)), None)
    if hit is None:
        yield _make(
            context,
            name,
            "Age of the firmware",
            Verdict.NOT_AFFECTED,
            Severity.INFO,
            claims,
            reason,
            facts=facts,
        )
        return
    remedy = ages.firmware_remedy
    yield _make(
        context,
        name,
        hit.title,
        Verdict.AFFECTED,
        hit.severity,
        claims,
        reason,
        why=hit.why,
        remedy=remedy,
        facts=facts,
    )


def _limit(context: Context, threshold: Threshold) -> date:
    return date.fromordinal(context.today.toordinal() - threshold.older_than)


def _age(days: int) -> str:
    if days < 62:
        return f"{days} days"
    return f"{days // 30} months" if days < 730 else f"{days / 365.25:.1f} years"


def _minimum(context: Context) -> Iterator[Finding]:
    """Yield the line the firmware must reach: the newest fix among the advisories that concern the device."""
    goal, names = least(context)
    if goal is None:
        return
    claims = evidence(context.device.identity, ("model", "base_model", "firmware", "build_date", "maker"))
    facts = (
        ("fixed version", goal.version or ""),
        ("fixed build", goal.build.isoformat() if goal.build else ""),
        ("advisories", " ".join(names)),
        ("advisory data of", context.book.compiled.isoformat()),
    )
    reason = f"{len(names)} advisories ask for {goal} or later; the device shows {context.subject.firmware}."
    yield _make(
        context,
        "firmware-minimum",
        f"Firmware must reach {goal}",
        Verdict.AFFECTED,
        Severity.INFO,
        claims,
        reason,
        why="Below this line at least one known fault is or may be open. Newer may exist; this is what is needed.",
        remedy=f"Update to {goal} or later.",
        facts=facts,
    )


def _held(context: Context) -> Newest | None:
    return context.latest.newest(context.subject.models) if context.latest else None


def _known(context: Context) -> str:
    newest = _held(context)
    if context.latest is None:
        return _NO_LIST
    if newest is None:
        return f"none for this model in {context.latest.source} of {context.latest.as_of}"
    since = f", not older than {newest.not_before}" if newest.not_before else ""
    return f"{newest.version}{since} ({context.latest.source} of {context.latest.as_of})"


def _newest(context: Context) -> Iterator[Finding]:
    newest, version = _held(context), context.subject.firmware.version
    if newest is None or context.latest is None or version is None or not is_newer(newest, version):
        return
    claims = evidence(context.device.identity, ("model", "firmware"))
    reason = f"The device shows {version}; the newest seen for this model is {_known(context)}."
    yield _make(
        context,
        "firmware-newer-exists",
        "Newer firmware exists",
        Verdict.AFFECTED,
        Severity.LOW,
        claims,
        reason,
        remedy=context.book.lifecycle.firmware_remedy,
        facts=(("newest known", _known(context)),),
    )


def _hardware(context: Context) -> Iterator[Finding]:
    claim = context.device.identity.claim("production_date")
    made = span(claim.value) if claim else None
    if claim is None or made is None:
        return
    facts = (("production date", str(made)),)
    for one in context.book.lifecycle.hardware:
        if older_than(made, context.today, one.older_than):
            reason = f"The serial number says that the device was made {made}."
            remedy = context.book.lifecycle.hardware_remedy
            yield _make(
                context,
                "hardware-age",
                one.title,
                Verdict.AFFECTED,
                one.severity,
                (claim,),
                reason,
                why=one.why,
                remedy=remedy,
                facts=facts,
            )
            return
