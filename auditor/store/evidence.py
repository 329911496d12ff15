"""Claims and findings as rows, each pointing at the observation it rests on, and back again."""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Any

from auditor.model import (
    Acceptance,
    Certainty,
    Claim,
    Contradiction,
    Exchange,
    Finding,
    FindingKind,
    Identity,
    Match,
    Observation,
    Priority,
    Reference,
    Severity,
    Verdict,
)
from auditor.store.rows import Row

HELD, AGAINST, SET_ASIDE = "held", "against", "set aside"
"""Roles of a claim row: part of the identity; contradicts one; contradicted without being part of it."""

Place = tuple[str, str, int]
"""Where an observation is: exchange, field, and which of the values of that field in it."""


@dataclass(slots=True)
class Shelf:
    """The observations of one device in one run, each with its place."""

    by_place: dict[Place, Observation] = field(default_factory=dict)
    shown: set[Place] = field(default_factory=set)
    """What a reader saw; the rest was derived, such as the registrant of a MAC address."""
    spelt: dict[int, tuple[Claim, str]] = field(default_factory=dict)
    """Claims already spelt for a finding, by identity; the claim is kept so that the identity stays its own."""
    read: dict[str, tuple[Claim, ...]] = field(default_factory=dict)
    """Claims already read for a finding, by their spelling: most findings of a device rest on the same ones."""
    _places: dict[tuple[str, str, str], Place] = field(default_factory=dict)
    _count: dict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))

    def put(self, observation: Observation) -> Place:
        """Give an observation its place; the same value of the same field of the same exchange has one."""
        name = (observation.exchange.id, observation.field, observation.value)
        if name not in self._places:
            number = self._count[name[:2]]
            self._count[name[:2]] += 1
            self._places[name] = (*name[:2], number)
            self.by_place[self._places[name]] = observation
        return self._places[name]

    def show(self, observation: Observation) -> None:
        """Give an observation that a reader made its place."""
        self.shown.add(self.put(observation))

    def observations(self) -> tuple[Observation, ...]:
        """Return what readers saw, in order."""
        return tuple(one for place, one in self.by_place.items() if place in self.shown)

    def recall(self, rows: Iterable[Row]) -> None:
        """Take up the places of stored observations alone, so that others are numbered after them."""
        for row in rows:
            self._places[row["exchange"], row["field"], row["value"]] = (
                row["exchange"],
                row["field"],
                row["nth"],
            )
            self._count[row["exchange"], row["field"]] += 1

    def load(self, rows: Iterable[Row], exchanges: Mapping[str, Exchange]) -> None:
        """Fill the shelf with stored observations."""
        for row in rows:
            exchange = exchanges.get(row["exchange"])
            if exchange is not None:
                place = self.put(Observation(row["field"], row["value"], exchange))
                if not row["derived"]:
                    self.shown.add(place)


def shelf_of(observations: Iterable[Observation]) -> Shelf:
    """Return a shelf with what readers saw, in order."""
    shelf = Shelf()
    for observation in observations:
        shelf.show(observation)
    return shelf


def observation_rows(shelf: Shelf, run: str, device: int) -> list[dict[str, Any]]:
    """Spell all observations of a shelf."""
    return [
        {"run": run, "exchange": place[0], "field": place[1], "nth": place[2], "device": device, "value": one.value,
         "derived": int(place not in shelf.shown)}
        for place, one in shelf.by_place.items()
    ]  # fmt: skip


def claim_rows(shelf: Shelf, run: str, device: int, identity: Identity) -> list[dict[str, Any]]:
    """Spell an identity: what is held, then each contradiction, pointing by number of line at what it is against."""
    rows = [_claim_row(shelf, run, device, claim, HELD, None) for claim in identity.claims]
    held = {claim.name: number for number, claim in enumerate(identity.claims)}
    for contradiction in identity.contradictions:
        number = held.get(contradiction.name)
        if number is None or identity.claims[number] != contradiction.held:
            number = len(rows)
            rows.append(_claim_row(shelf, run, device, contradiction.held, SET_ASIDE, None))
        rows.append(_claim_row(shelf, run, device, contradiction.against, AGAINST, number))
    return rows


def _claim_row(
    shelf: Shelf, run: str, device: int, claim: Claim, role: str, against: int | None
) -> dict[str, Any]:
    return {
        "run": run,
        "device": device,
        "name": claim.name,
        "value": claim.value,
        "certainty": claim.certainty.value,
        "role": role,
        "against": against,
        "because": json.dumps([_match_form(shelf, match) for match in claim.because]),
    }


def _match_form(shelf: Shelf, match: Match) -> dict[str, object]:
    exchange, name, nth = shelf.put(match.observation)
    return {
        "rule": match.rule,
        "source": match.source,
        "certainty": match.certainty.value,
        "nursery": match.nursery,
        "claims": match.claims,
        "exchange": exchange,
        "field": name,
        "nth": nth,
    }


def _match_of(shelf: Shelf, form: Mapping[str, Any]) -> Match | None:
    observation = shelf.by_place.get((form["exchange"], form["field"], form["nth"]))
    if observation is None:
        return None
    return Match(
        rule=form["rule"],
        observation=observation,
        claims=tuple((name, value) for name, value in form["claims"]),
        certainty=Certainty(form["certainty"]),
        nursery=form["nursery"],
        source=form["source"],
    )


def _claim_of(shelf: Shelf, row: Row) -> Claim:
    matches = (_match_of(shelf, form) for form in json.loads(row["because"]))
    return Claim(
        row["name"],
        row["value"],
        Certainty(row["certainty"]),
        tuple(match for match in matches if match is not None),
    )


def identity_of(shelf: Shelf, device: str, rows: Sequence[Row]) -> Identity:
    """Read an identity; rows are those of one device in one run, in order of writing."""
    claims = [_claim_of(shelf, row) for row in rows]
    return Identity(
        device,
        claims=tuple(claim for claim, row in zip(claims, rows, strict=True) if row["role"] == HELD),
        contradictions=tuple(
            Contradiction(claim.name, claims[row["against"]], claim)
            for claim, row in zip(claims, rows, strict=True)
            if row["role"] == AGAINST
        ),
    )


def finding_row(shelf: Shelf, run: str, device: int, finding: Finding) -> dict[str, Any]:
    """Spell a finding."""
    return {
        "run": run,
        "device": device,
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
        "links": _links_text(finding.references),
        "facts": _facts_text(finding.facts),
        "because": _because_text(shelf, run, device, finding.because),
        "observations": (
            json.dumps([shelf.put(one) for one in finding.observations]) if finding.observations else "[]"
        ),
        "accepted": _acceptance_text(finding.accepted),
    }


@lru_cache(maxsize=16_384)
def _links_text(references: tuple[Reference, ...]) -> str:
    """Spell where it is written; many devices share a record and with it this text."""
    return json.dumps([[one.label, one.url] for one in references])


@lru_cache(maxsize=16_384)
def _facts_text(facts: tuple[tuple[str, str], ...]) -> str:
    return json.dumps(facts)


def _because_text(shelf: Shelf, run: str, device: int, claims: tuple[Claim, ...]) -> str:
    """Spell the claims a finding rests on; most findings of a device rest on the same ones."""
    return f"[{', '.join(_spelt(shelf, run, device, one) for one in claims)}]"


def _spelt(shelf: Shelf, run: str, device: int, claim: Claim) -> str:
    known = shelf.spelt.get(id(claim))
    if known is None:
        text = json.dumps(_claim_row(shelf, run, device, claim, HELD, None))
        known = shelf.spelt[id(claim)] = (claim, text)
    return known[1]


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    """Yield pairs of texts; ValueError where they are anything else."""
    for name, value in json.loads(text):
        if not isinstance(name, str) or not isinstance(value, str):
            raise ValueError(f"{text[:80]!r} holds what is no text")  # noqa: TRY004  a damaged record, as others
        yield name, value


def _told(row: Row, name: str) -> str:
    """Return a text that every finding was written with; ValueError where it was lost."""
    text = row[name]
    if not isinstance(text, str):
        raise ValueError(f"it has lost its {name}")  # noqa: TRY004  as above
    return text


@lru_cache(maxsize=16_384)
def _links(text: str) -> tuple[Reference, ...]:
    return tuple(Reference(label, url) for label, url in _pairs(text))


@lru_cache(maxsize=16_384)
def _facts(text: str) -> tuple[tuple[str, str], ...]:
    return tuple(_pairs(text))


def _because(shelf: Shelf, text: str) -> tuple[Claim, ...]:
    known = shelf.read.get(text)
    if known is None:
        known = shelf.read[text] = tuple(_claim_of(shelf, one) for one in json.loads(text))
    return known


def _shown(shelf: Shelf, text: str) -> tuple[Observation, ...]:
    if text == "[]":
        return ()
    places = ((exchange, name, nth) for exchange, name, nth in json.loads(text))
    return tuple(shelf.by_place[one] for one in places if one in shelf.by_place)


def finding_of(shelf: Shelf, device: str, row: Row) -> Finding:
    """Read a finding."""
    return Finding(
        device=device,
        kind=FindingKind(row["kind"]),
        id=row["id"],
        title=_told(row, "title"),
        verdict=Verdict(row["verdict"]),
        severity=Severity(row["severity"]),
        priority=Priority(row["priority"]),
        priority_reason=_told(row, "priority_reason"),
        certainty=Certainty(row["certainty"]),
        reason=_told(row, "reason"),
        why_it_matters=_told(row, "why_it_matters"),
        settles=_told(row, "settles"),
        remedy=_told(row, "remedy"),
        known_exploited=date.fromisoformat(row["known_exploited"]) if row["known_exploited"] else None,
        references=_links(row["links"]),
        facts=_facts(row["facts"]),
        because=_because(shelf, row["because"]),
        observations=_shown(shelf, row["observations"]),
        accepted=_acceptance(row["accepted"] if "accepted" in row.keys() else None),  # noqa: SIM118  sqlite3.Row
    )


def _acceptance_text(word: Acceptance | None) -> str | None:
    return json.dumps([word.reason, word.by, word.until.isoformat()]) if word else None


def _acceptance(text: str | None) -> Acceptance | None:
    """Read an acceptance; rows of before there were any have none."""
    if not text:
        return None
    reason, by, until = json.loads(text)
    return Acceptance(str(reason), str(by), date.fromisoformat(until))
