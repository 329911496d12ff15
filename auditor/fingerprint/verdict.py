"""Matches combined into claims: two independent witnesses make certain, contradictions are kept."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache

from auditor.fingerprint.engine import Finding
from auditor.fingerprint.normalise import sameness
from auditor.fingerprint.vocabulary import vocabulary
from auditor.model import Certainty, Claim, Contradiction


@dataclass(slots=True)
class _Bid:
    """One value of one claim, with everything that speaks for it."""

    value: str
    findings: list[Finding] = field(default_factory=list)
    sure: Certainty | None = None
    """How sure it is, once everything that speaks for it is known."""


def conclude(findings: Iterable[Finding]) -> tuple[tuple[Claim, ...], tuple[Contradiction, ...]]:
    """Return one claim per name, the strongest value each, and what stands against them."""
    bids = _bids(findings)
    claims: list[Claim] = []
    against: list[Contradiction] = []
    for name in _in_order(bids):
        ranked = sorted(bids[name], key=lambda bid: _strength(name, bid), reverse=True)
        held = _claim(name, ranked[0])
        claims.append(held)
        against += [
            Contradiction(name, held, _claim(name, bid))
            for bid in ranked[1:]
            if name not in _MANY and _contradicts(ranked[0], bid)
        ]
    return tuple(claims), tuple(against)


_MANY = frozenset({"firmware_floor", "device_name", "clock", "production_date"})
"""Claims of which a device may truthfully show several values."""


def _in_order(bids: dict[str, list[_Bid]]) -> list[str]:
    order = _order()
    return sorted(bids, key=lambda name: order.get(name, len(order)))


@cache
def _order() -> dict[str, int]:
    return {term.name: number for number, term in enumerate(vocabulary().claims)}


def _bids(findings: Iterable[Finding]) -> dict[str, list[_Bid]]:
    known: dict[str, dict[str, _Bid]] = {}
    everything = list(findings)
    for finding in everything:
        for name, value in finding.match.claims:
            known.setdefault(name, {}).setdefault(sameness(name, value), _Bid(value)).findings.append(finding)
    bids = {name: list(said.values()) for name, said in known.items()}
    _deny(bids, everything)
    return bids


def _deny(bids: dict[str, list[_Bid]], findings: Sequence[Finding]) -> None:
    """Take out makers that a rule rules out, and the brands of their name, unless one firm sign speaks for them."""
    denied = {slug for finding in findings for slug in finding.rule.denies}
    if not denied:
        return
    for name, is_weak in (("maker", _is_tentative), ("brand", _has_no_firm_sign)):
        kept = [bid for bid in bids.get(name, ()) if bid.value not in denied or not is_weak(bid)]
        if kept:
            bids[name] = kept
        else:
            bids.pop(name, None)


def _is_tentative(bid: _Bid) -> bool:
    return _certainty("maker", bid) is Certainty.TENTATIVE


def _has_no_firm_sign(bid: _Bid) -> bool:
    """Tell whether a brand rests on hints alone: two of them do not outweigh what the firmware says of itself."""
    return all(one.match.certainty is Certainty.TENTATIVE for one in bid.findings)


def _certainty(name: str, bid: _Bid) -> Certainty:
    """Say how sure a value is, looking once."""
    if bid.sure is None:
        bid.sure = _weighed(name, bid)
    return bid.sure


def _weighed(name: str, bid: _Bid) -> Certainty:
    """Weigh what speaks for a value: sole signals and two independent firm witnesses make certain."""
    firm = {one.rule.witness for one in bid.findings if one.match.certainty is not Certainty.TENTATIVE}
    weak = {one.rule.witness for one in bid.findings if not one.match.nursery} - firm
    if name == "maker":
        certain = any(one.rule.sole and not one.match.nursery for one in bid.findings)
    else:
        certain = any(one.match.certainty is Certainty.CERTAIN for one in bid.findings)
    if certain or len(firm) >= 2:
        return Certainty.CERTAIN
    return Certainty.FIRM if firm or len(weak) >= 2 else Certainty.TENTATIVE


def _strength(name: str, bid: _Bid) -> tuple[int, int, int, int, int, int]:
    return (
        _is_told_after_login(bid),
        _certainty(name, bid).rank,
        max(one.match.certainty.rank for one in bid.findings),
        max(bool(one.rule.maker) for one in bid.findings),
        len({one.rule.witness for one in bid.findings}),
        len(bid.value) if name == "firmware" else 0,
    )


def _is_told_after_login(bid: _Bid) -> bool:
    """Tell whether the device says so itself to its owner, which outranks what it shows to everybody."""
    return any(
        one.match.observation.exchange.is_after_login
        and not one.match.observation.field.startswith("claim.")
        and one.match.certainty is not Certainty.TENTATIVE
        for one in bid.findings
    )


def _claim(name: str, bid: _Bid) -> Claim:
    ordered = sorted(bid.findings, key=lambda one: (-one.match.certainty.rank, one.rule.id))
    matches = dict.fromkeys(one.match for one in ordered)
    return Claim(name, bid.value, _certainty(name, bid), tuple(matches))


def _contradicts(held: _Bid, other: _Bid) -> bool:
    """Tell whether another saying of the device says otherwise; two readings of one saying do not."""
    heard = {_origin(one) for one in held.findings}
    return any(_origin(one) not in heard for one in other.findings)


def _origin(finding: Finding) -> tuple[str, str]:
    observation = finding.match.observation
    if observation.field.startswith(("claim.", "mac.registrant")):
        return observation.exchange.id, ""
    return observation.exchange.id, observation.field
