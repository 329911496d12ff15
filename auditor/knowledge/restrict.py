"""Findings about legal instruments the owner chose."""

import re
from collections.abc import Iterator
from datetime import date
from functools import lru_cache

from auditor.knowledge.context import Context
from auditor.knowledge.firmware import Order
from auditor.knowledge.restriction import Restriction
from auditor.knowledge.subject import evidence
from auditor.model import Certainty, Claim, Finding, FindingKind, Verdict

_DECISIONS = frozenset({"law", "policy", "own rule"})


def findings(context: Context) -> Iterator[Finding]:
    """Yield what each chosen instrument means for the device; nothing for makers it does not concern."""
    held = context.device.identity.claim("maker")
    if held is None:
        return
    said: set[str] = set()
    for maker in (held, *_contradicted(context)):
        for one in _concerning(context, maker):
            if one[0].id not in said:
                said.add(one[0].id)
                yield _finding(context, *one, maker, held)


def _contradicted(context: Context) -> Iterator[Claim]:
    """Yield the makers that other answers of the device name, and that are not held to be its maker."""
    yield from (one.against for one in context.device.identity.contradictions if one.name == "maker")


def _concerning(context: Context, maker: Claim) -> Iterator[tuple[Restriction, str]]:
    """Yield the chosen instruments that concern a maker and are in force, with their effect on it."""
    for one in context.policy.restrictions:
        effect = one.on(maker.value)
        if effect is None and not one.makers and (one.brands or one.kinds or one.models):
            effect = "restricted"
        if effect is None or one.ended(context.today) or one.nature == "proposal":
            continue
        if one.begun(context.today) is Order.BEFORE or not _selected(one, context):
            continue
        yield one, effect


def _selected(one: Restriction, context: Context) -> bool:
    """Tell whether brand, kind and model are among those an instrument names, where it names any."""
    subject = context.subject
    if one.brands and subject.brand not in one.brands:
        return False
    if one.kinds and subject.kind not in one.kinds:
        return False
    if not one.models:
        return True
    return any(re.match(re.escape(wanted), model) for wanted in one.models for model in subject.models)


def _finding(context: Context, one: Restriction, effect: str, maker: Claim, held: Claim) -> Finding:
    """Say what an instrument means for the device; `held` is the maker it is held to be of."""
    verdict, reason, settles = (
        _verdict(context, one, effect, maker) if maker is held else _disputed(one, maker, held)
    )
    priority, why = context.priority(FindingKind.RESTRICTION, verdict, one.severity)
    claims = evidence(context.device.identity, ("maker", "brand", "model", "kind", "cloud_link"))
    rests_on = f"{maker.value}, {maker.certainty}"
    policy = f"{context.policy.name} {context.policy.version}".strip()
    asks = effect == "restricted" or (effect == "conditional" and not one.trigger)
    return Finding(
        device=context.device.key,
        kind=FindingKind.RESTRICTION,
        id=one.id,
        title=one.title,
        verdict=verdict,
        severity=one.severity,
        priority=priority,
        priority_reason=why,
        certainty=maker.certainty,
        reason=reason,
        why_it_matters=f"{one.jurisdiction}: {one.effect}. It binds {one.scope}, and nobody else.",
        settles=settles,
        remedy="Plan the replacement."
        if asks and one.nature in _DECISIONS
        else "Take it into the risk analysis.",
        references=one.references,
        facts=_facts(one, effect, rests_on, policy, context.today),
        because=claims if maker is held else (maker, *claims),
    )


def _disputed(one: Restriction, maker: Claim, held: Claim) -> tuple[Verdict, str, str]:
    on = one.instrument if one.clause in one.instrument else f"{one.instrument}, {one.clause}"
    reason = (
        f"To be clarified: what answers here is held to be of {held.value}, but another answer names {maker.value}, "
        f"and {on} concerns that maker."
    )
    return Verdict.POSSIBLY_AFFECTED, reason, "who made the device: its answers name several makers"


def _verdict(context: Context, one: Restriction, effect: str, maker: Claim) -> tuple[Verdict, str, str]:
    on = one.instrument if one.clause in one.instrument else f"{one.instrument}, {one.clause}"
    if maker.certainty is Certainty.TENTATIVE:
        reason = (
            f"To be clarified: the maker rests on signs that others may share, and {on} concerns that maker."
        )
        return Verdict.POSSIBLY_AFFECTED, reason, "who made the device: a sign that is the maker's own"
    rival = _rival(context, one, maker)
    if rival is not None:
        reason = f"To be clarified: {on} concerns {maker.value}, and another answer of the device names {rival.value} as surely."
        return Verdict.POSSIBLY_AFFECTED, reason, "who made the device: its answers name several makers"
    if one.begun(context.today) is Order.UNCLEAR:
        reason = f"{on} came into force in this month; the day is not known to us."
        return Verdict.POSSIBLY_AFFECTED, reason, "the day on which the instrument came into force"
    if one.trigger is not None:
        return _triggered(context, one, on)
    if effect == "conditional":
        return _for_a_purpose(context, one, on)
    if effect == "restricted":
        since = f" since {one.since}" if one.starts else ""
        return Verdict.AFFECTED, f"{on} concerns this maker{since}.", ""
    return Verdict.AFFECTED, f"For information: {on} concerns or touches this maker.", ""


def _rival(context: Context, one: Restriction, maker: Claim) -> Claim | None:
    """Return a maker that another answer names as surely, and that the instrument does not concern."""
    return next(
        (
            other
            for other in _contradicted(context)
            if other.certainty.rank >= maker.certainty.rank and one.on(other.value) is None
        ),
        None,
    )


def _triggered(context: Context, one: Restriction, on: str) -> tuple[Verdict, str, str]:
    assert one.trigger is not None
    held = context.device.identity.claim(one.trigger.claim)
    if held is None:
        reason = f"{on} applies where {one.trigger.why}; whether that is so was not seen."
        return Verdict.POSSIBLY_AFFECTED, reason, one.trigger.why
    if held.value == one.trigger.value:
        return Verdict.AFFECTED, f"{on} applies: {one.trigger.why}.", ""
    if held.certainty is Certainty.TENTATIVE:
        return Verdict.POSSIBLY_AFFECTED, f"{on} may apply: {one.trigger.why}.", one.trigger.why
    return Verdict.NOT_AFFECTED, f"{on} does not apply: {held.name.replace('_', ' ')} is {held.value}.", ""


def _for_a_purpose(context: Context, one: Restriction, on: str) -> tuple[Verdict, str, str]:
    met = [purpose for purpose in one.purposes if purpose in context.policy.purposes]
    if met:
        return Verdict.AFFECTED, f"{on} concerns this maker for this use: {', '.join(met)}.", ""
    if not one.purposes:
        return (
            Verdict.POSSIBLY_AFFECTED,
            f"{on} concerns this maker under conditions.",
            "whether its conditions hold",
        )
    reason = f"{on} concerns this maker only for: {'; '.join(one.purposes)}. The policy names no such use."
    return (
        Verdict.POSSIBLY_AFFECTED,
        reason,
        "what the equipment is used for: write it into the policy (purposes)",
    )


@lru_cache(maxsize=4096)
def _facts(
    one: Restriction, effect: str, rests_on: str, policy: str, today: date
) -> tuple[tuple[str, str], ...]:
    facts = (
        ("jurisdiction", one.jurisdiction),
        ("status", one.nature),
        ("instrument", one.instrument),
        ("clause", one.clause),
        ("in force from", one.since),
        ("in force until", one.ends.isoformat() if one.ends else ""),
        ("as of", today.isoformat()),
        ("effect on this maker", effect),
        ("scope", one.scope),
        ("subsidiaries and affiliates", one.affiliates),
        ("maker rests on", rests_on),
        ("policy", policy),
        ("confidence of the record", one.confidence),
        ("not checked by us", one.not_checked),
        ("note", one.note),
        ("restriction data of", one.compiled.isoformat() if one.compiled else ""),
    )
    return tuple((name, value) for name, value in facts if value)


def binds(finding: Finding) -> bool:
    """Tell whether a finding says that the owner must replace the device."""
    facts = dict(finding.facts)
    asks = facts.get("effect on this maker") in {"restricted", "conditional"}
    return finding.verdict is Verdict.AFFECTED and asks and facts.get("status") in _DECISIONS
