"""Matches combined into claims, each as sure as its independent witnesses make it; contradictions are kept."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache

from auditor.fingerprint.engine import Finding
from auditor.fingerprint.names import names
from auditor.fingerprint.normalise import sameness
from auditor.fingerprint.origins import origins
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
    _explain_away(bids)
    return bids


def _explain_away(bids: dict[str, list[_Bid]]) -> None:
    """Take out makers for which only texts speak that the products of the device's known maker give as well."""
    makers = bids.get("maker", [])
    known = {bid.value for bid in makers if not _is_tentative(bid)}
    if known:
        bids["maker"] = [bid for bid in makers if bid.value in known or not _is_given_by(known, bid)]


def _is_given_by(makers: set[str], bid: _Bid) -> bool:
    shared = [
        origins()[one.rule.origin].makers if one.rule.origin in origins() else () for one in bid.findings
    ]
    return all(makers.intersection(others) for others in shared)


def _deny(bids: dict[str, list[_Bid]], findings: Sequence[Finding]) -> None:
    """Take out makers that a rule rules out, and the brands of their name, unless one firm sign speaks for them.

    A rule that names the maker and rules its name out says whose label it is not: the brand alone is taken out.
    """
    brands = {slug for finding in findings for slug in finding.rule.denies}
    makers = {
        slug
        for finding in findings
        for slug in finding.rule.denies
        if ("maker", slug) not in finding.match.claims
    }
    for name, denied, is_weak in (("maker", makers, _is_tentative), ("brand", brands, _has_no_firm_sign)):
        if not denied:
            continue
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
    return _maker_weighed(bid) if name == "maker" else _told_weighed(bid, is_read_once=name in _WORDS)


def _maker_weighed(bid: _Bid) -> Certainty:
    """Weigh what names a maker: signs that others may give add up to nothing more than a hint.

    Certain is a sign that is the maker's own and said to be certain, or one beside a second witness. Firm is one that is
    the maker's own, or two firm ones of independent origin.
    """
    firm = [one for one in bid.findings if one.match.certainty is not Certainty.TENTATIVE]
    own = [one.match.certainty for one in bid.findings if one.rule.sole and not one.match.is_weak]
    is_borne_out = _are_several(firm, bid.value)
    if Certainty.CERTAIN in own or (own and is_borne_out):
        return Certainty.CERTAIN
    return Certainty.FIRM if own or is_borne_out else Certainty.TENTATIVE


def _are_several(findings: Sequence[Finding], maker: str) -> bool:
    """Tell whether two of them are of independent origin and read two texts: one text read twice is one witness.

    Where not all are of one origin and not all read one text, there are two that differ in both.
    """
    return _many({_witness(one, maker) for one in findings}) and _many({_text(one) for one in findings})


def _many(things: Collection[object]) -> bool:
    return len(things) >= _ENOUGH


def _witness(finding: Finding, maker: str) -> str:
    """Name the origin of a sign. A seller's name is one, wherever the device shows it: it says who sold the device."""
    return "label" if not finding.rule.maker and names().is_label(maker) else finding.rule.witness


def _text(finding: Finding) -> tuple[str, str, str]:
    observation = finding.match.observation
    return observation.exchange.id, observation.field, observation.value


_WORDS = frozenset({"brand", "kind"})
"""Claims that a single word makes: two rules that read it are one witness. A model's form bears out the field it stands in."""


def _told_weighed(bid: _Bid, *, is_read_once: bool) -> Certainty:
    """Weigh what a device tells of itself: one firm sign or two weak ones are firm, two firm ones are certain."""
    firm = {one.rule.witness for one in bid.findings if one.match.certainty is not Certainty.TENTATIVE}
    counted = [one for one in bid.findings if not one.match.is_weak]
    weak = {one.rule.witness for one in counted} - firm
    is_borne_out = _many(weak) and not (is_read_once and not _many({_text(one) for one in counted}))
    if any(one.match.certainty is Certainty.CERTAIN for one in bid.findings) or _many(firm):
        return Certainty.CERTAIN
    return Certainty.FIRM if firm or is_borne_out else Certainty.TENTATIVE


_ENOUGH = 2
"""Independent witnesses that bear each other out."""


def _strength(name: str, bid: _Bid) -> tuple[int, int, int, int, int, int, int]:
    return (
        _is_told_after_login(bid),
        _certainty(name, bid).rank,
        max(one.match.certainty.rank for one in bid.findings),
        _is_said_twice(bid) if name == "maker" else False,
        max(bool(one.rule.maker) for one in bid.findings),
        len({one.rule.witness for one in bid.findings}),
        len(bid.value) if name == "firmware" else 0,
    )


def _is_said_twice(bid: _Bid) -> bool:
    """Tell whether two texts name the maker, be they of one origin: one sign that others share does not take it away."""
    return _many({_text(one) for one in bid.findings if one.match.certainty is not Certainty.TENTATIVE})


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
