"""Identities, devices and exchanges as JSON objects for programs; the forms are promises (schema_version)."""

import base64
from collections.abc import Mapping
from datetime import UTC, datetime

from auditor.model import (
    Account,
    Claim,
    Contradiction,
    Device,
    Exchange,
    Finding,
    Identity,
    Match,
    Retirement,
    Run,
)

SCHEMA_VERSION = 1
FIRST_CLAIMS = (
    "maker", "brand", "kind", "model", "firmware", "build_date", "serial", "mac", "web_version",
)  # fmt: skip
"""Claims every identity names, null where nothing is held; the others come under `more`."""

_SHOWN = 512
"""Characters of an observation quoted as a reason; the whole is in the exchange."""


def moment(at: datetime | None) -> str | None:
    """Write a time: RFC 3339, UTC, with Z."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z") if at else None


def match(found: Match) -> dict[str, object]:
    """Give a reason: the rule with its source, and the words of the device it holds for."""
    observation = found.observation
    return {
        "rule": found.rule,
        "source": found.source,
        "certainty": found.certainty.value,
        "nursery": found.nursery,
        "field": observation.field,
        "observed": observation.value[:_SHOWN],
        "exchange": observation.exchange.id,
    }


def claim(held: Claim | None) -> dict[str, object] | None:
    """Give a claim with its certainty and reasons; null for none."""
    if held is None:
        return None
    return {
        "value": held.value,
        "certainty": held.certainty.value,
        "because": [match(one) for one in held.because],
    }


def identity(known: Identity) -> dict[str, object]:
    """Give an identity: the first claims by name, all others under `more`."""
    others = [one for one in known.claims if one.name not in FIRST_CLAIMS]
    return {
        "schema_version": SCHEMA_VERSION,
        "device": known.device,
        **{name: claim(known.claim(name)) for name in FIRST_CLAIMS},
        "more": {one.name: claim(one) for one in others},
        "contradictions": [contradiction(one) for one in known.contradictions],
    }


def contradiction(one: Contradiction) -> dict[str, object]:
    """Give both sides of a contradiction."""
    return {"name": one.name, "held": claim(one.held), "against": claim(one.against)}


def device(one: Device) -> dict[str, object]:
    """Give a device as listed: who it is, where and when it was seen."""
    return {
        **identity(one.identity),
        "device": one.key,
        "site": one.site,
        "address": one.address,
        "addresses": list(one.addresses),
        "ports": [{"transport": transport, "port": port} for transport, port in one.ports],
        "first_seen": moment(one.first_seen),
        "last_seen": moment(one.last_seen),
        "source": one.source,
        "granted": one.granted,
        "state": "retired" if one.is_retired else one.standing.state.value,
        "state_since": moment(one.retired.at if one.retired and one.is_retired else one.standing.since),
        "in_its_place": one.standing.by or None,
        "behind": one.behind or None,
        "retired": retirement(one.retired),
        "account": account(one.accounts[0]) if one.accounts else None,
    }


def retirement(one: Retirement | None) -> dict[str, object] | None:
    """Give somebody's word that a device was retired; null for none."""
    if one is None:
        return None
    return {"at": moment(one.at), "by": one.by, "reason": one.reason, "replaced_by": one.replaced_by or None}


def device_in_full(one: Device) -> dict[str, object]:
    """Give a device with everything that was asked and said."""
    return {
        **device(one),
        "observations": [
            {"field": seen.field, "value": seen.value, "exchange": seen.exchange.id}
            for seen in one.observations
        ],
        "exchanges": [exchange(each) for each in one.exchanges],
        "findings": [finding(each) for each in one.findings],
        "accounts": [account(each) for each in one.accounts],
    }


def account(one: Account) -> dict[str, object]:
    """Give how one entry of the credentials fared at one device."""
    return {
        "entry": one.entry,
        "outcome": one.outcome.value,
        "reason": one.reason or None,
        "protocol": one.protocol or None,
        "endpoint": one.endpoint or None,
        "calls": one.calls,
        "answered": one.answered,
        "not_allowed": list(one.barred),
        "at": moment(one.at),
        "run": one.run,
        "words": one.words,
    }


def exchange(one: Exchange) -> dict[str, object]:
    """Give an exchange with its bytes in base64."""
    return {
        "id": one.id,
        "probe": one.probe,
        "protocol": one.protocol.value,
        "endpoint": str(one.endpoint),
        "status": one.status.value,
        "detail": one.detail,
        "at": moment(one.at),
        "seconds": round(one.seconds, 6),
        "cut": one.cut,
        "source": one.source,
        "sha256": one.sha256,
        "request_base64": base64.b64encode(one.request).decode(),
        "reply_base64": base64.b64encode(one.reply).decode(),
    }


def finding(one: Finding) -> dict[str, object]:
    """Give a finding in short."""
    return {
        "kind": one.kind.value,
        "id": one.id,
        "title": one.title,
        "verdict": one.verdict.value,
        "severity": one.severity.value,
        "priority": one.priority.value,
        "certainty": one.certainty.value,
        "reason": one.reason,
    }


def run(one: Run) -> dict[str, object]:
    """Give a run with how far it got."""
    coverage: Mapping[str, object] | None = None
    if one.coverage is not None:
        coverage = {
            "granted": one.coverage.granted,
            "swept": one.coverage.swept,
            "answered": one.coverage.answered,
            "silent": one.coverage.silent,
            "outside": one.coverage.outside,
            "withheld": [
                {"reason": each.reason, "addresses": each.addresses, "questions": each.questions}
                for each in one.coverage.withheld
            ],
        }
    return {
        "schema_version": SCHEMA_VERSION,
        "run": one.id,
        "state": one.state,
        "complete": one.complete,
        "started": moment(one.started),
        "ended": moment(one.ended),
        "version": one.version,
        "scope_digest": one.scope_digest,
        "data_digest": one.data_digest,
        "authorisation": one.authorisation,
        "issued_by": one.issued_by,
        "contact": one.contact,
        "sites": list(one.sites),
        "coverage": coverage,
        "notes": list(one.notes),
    }
