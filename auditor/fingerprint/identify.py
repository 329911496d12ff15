"""From observations to an identity: rules on what was said, then rules on what that concluded."""

from collections.abc import Iterable
from dataclasses import dataclass

from auditor.fingerprint.engine import Finding, hits
from auditor.fingerprint.hearsay import heard
from auditor.fingerprint.load import rules
from auditor.fingerprint.registry import registrant
from auditor.fingerprint.rule import RuleBook
from auditor.fingerprint.verdict import conclude
from auditor.model import Claim, Contradiction, Identity, Observation

_ROUNDS = 4
"""A serial may hold a model, which holds a kind and a brand; deeper chains are not evidence any more."""


@dataclass(frozen=True, slots=True)
class Study:
    """What the rules make of a device's answers: who it is, and the makers that anything points to."""

    identity: Identity
    suspected: frozenset[str] = frozenset()


def study(device: str, observations: Iterable[Observation], book: RuleBook | None = None) -> Study:
    """Return everything the rules conclude of one device, and whom any answer points to, however weakly."""
    found, claims, against = _studied(list(observations), book or rules())
    makers = frozenset(value for one in found for name, value in one.match.claims if name == "maker")
    return Study(Identity(device, claims, against), makers)


def identify(device: str, observations: Iterable[Observation], book: RuleBook | None = None) -> Identity:
    """Return everything the rules conclude of one device, each claim with its evidence."""
    return study(device, observations, book).identity


def suspected(observations: Iterable[Observation]) -> frozenset[str]:
    """Return the makers that any answer points to, however weakly, for choosing further questions."""
    return study("", observations).suspected


def findings(observations: list[Observation], book: RuleBook) -> list[Finding]:
    """Return every rule that holds, those on conclusions included."""
    return _studied(observations, book)[0]


_Studied = tuple[list[Finding], tuple[Claim, ...], tuple[Contradiction, ...]]


def _studied(observations: list[Observation], book: RuleBook) -> _Studied:
    said = heard(observations)
    observations = said.observations
    found = list(hits(book, observations, doubtful=said.doubtful))
    asked: set[tuple[str, str, str]] = set()
    for _ in range(_ROUNDS):
        claims, against = conclude(found)
        maker = next((claim.value for claim in claims if claim.name == "maker"), "")
        fresh = [one for one in _concluded(claims) if (maker, one.field, one.value) not in asked]
        if not fresh:
            return found, claims, against
        asked |= {(maker, one.field, one.value) for one in fresh}
        more = [
            one
            for one in hits(book, fresh, (*observations, *_concluded(claims)), doubtful=said.doubtful)
            if _applies(one, maker) and one not in found
        ]
        found += more
    return found, *conclude(found)


def _applies(finding: Finding, maker: str) -> bool:
    """A vendor's grammar of models and serials is read only where that vendor is held to be the maker."""
    rule = finding.rule
    return not rule.maker or rule.maker == maker or any(name == "maker" for name, _ in rule.claims)


def _concluded(claims: Iterable[Claim]) -> Iterable[Observation]:
    """Give held claims as observations of their strongest evidence, and the registrant of a MAC."""
    given = []
    for claim in claims:
        evidence = claim.because[0].observation
        given.append(Observation(f"claim.{claim.name}", claim.value, evidence.exchange))
        if claim.name == "mac" and (name := registrant(claim.value)):
            given.append(Observation("mac.registrant", name, evidence.exchange))
    return given
