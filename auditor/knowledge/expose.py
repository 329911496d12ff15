"""Findings about what stands open."""

from collections.abc import Iterator

from auditor.knowledge.context import Context, anything, ended
from auditor.knowledge.exposure import Exposure, Seen, Sign, seen, signs
from auditor.knowledge.subject import evidence
from auditor.model import Certainty, Claim, Device, Finding, FindingKind, Observation, Verdict


def findings(context: Context) -> Iterator[Finding]:
    """Yield one finding for each rule that held."""
    what = seen(context.device, context.today)
    for rule in context.book.exposures:
        finding = _finding(context, rule, what)
        if finding is not None:
            yield finding


def _finding(context: Context, rule: Exposure, what: Seen) -> Finding | None:
    found = signs(rule, what)
    if not found:
        return None
    claims, observations = _evidence(context.device, found)
    if not claims and not observations:
        return None
    priority, why = context.priority(FindingKind.EXPOSURE, Verdict.AFFECTED, rule.severity)
    menu = rule.menu(context.subject.maker)
    facts = (("service", rule.service), ("setting", rule.setting), ("menu", menu), ("seen", _seen(found)))
    return Finding(
        device=context.device.key,
        kind=FindingKind.EXPOSURE,
        id=rule.id,
        title=rule.title,
        verdict=Verdict.AFFECTED,
        severity=rule.severity,
        priority=priority,
        priority_reason=why,
        certainty=_certainty(found),
        reason=f"{rule.title}: {_seen(found)}.",
        why_it_matters=rule.why,
        remedy=rule.remedy,
        facts=tuple((name, value) for name, value in facts if value),
        because=claims,
        observations=observations,
    )


def _seen(found: tuple[Sign, ...]) -> str:
    """Say in one line what was seen, at most three things."""
    words: list[str] = []
    for sign in found[:3]:
        if sign.observation is not None:
            words.append(f"{sign.observation.field} = {sign.observation.value[:80]!r}")
        elif sign.claim is not None:
            words.append(f"{sign.claim.name.replace('_', ' ')} is {sign.claim.value}")
        elif sign.port is not None:
            words.append(f"port {sign.port[1]}/{sign.port[0]} answered")
    return ", ".join(words)


def _evidence(device: Device, found: tuple[Sign, ...]) -> tuple[tuple[Claim, ...], tuple[Observation, ...]]:
    claims = tuple(sign.claim for sign in found if sign.claim is not None)
    observations = [sign.observation for sign in found if sign.observation is not None]
    for sign in found:
        if sign.port is not None:
            observations += _at_port(device, sign.port)
    if not claims and not observations:
        claims = evidence(device.identity, ("maker", "model", "mac"))
        observations = list(device.observations[:1])
    if not claims and not observations:
        claims, other = anything(device)
        observations = list(other)
    return claims, tuple(observations)


def _at_port(device: Device, port: tuple[str, int]) -> list[Observation]:
    """Return what was observed at a port, at most one thing, else how a question put to it ended."""
    seen = [one for one in device.observations if one.exchange.endpoint.port == port[1]]
    return (seen or list(ended(device, port[1])))[:1]


def _certainty(found: tuple[Sign, ...]) -> Certainty:
    """Say how sure it is: what was observed is certain, a claim as sure as it is, a bare port firm."""
    if any(sign.observation is not None for sign in found):
        return Certainty.CERTAIN
    ranked = [sign.claim.certainty if sign.claim is not None else Certainty.FIRM for sign in found]
    return max(ranked, key=lambda certainty: certainty.rank)
