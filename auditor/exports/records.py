"""The run, its devices and work orders as records: the form of the JSON exports."""

import base64
from typing import TypeAlias

from auditor.exports.cells import stamp
from auditor.model import Acceptance, Account, Claim, Coverage, Device, Exchange, Finding, Run, WorkOrder
from auditor.reporting import Context

Record: TypeAlias = dict[str, object]

SCHEMA_VERSION = 1
_MAIN_CLAIMS = ("maker", "brand", "kind", "model", "firmware", "build_date", "serial", "mac", "web_version")


def run_record(run: Run, context: Context) -> Record:
    """Return who allowed what, when, with which data, and how far it got."""
    return {
        "schema_version": SCHEMA_VERSION,
        "record": "run",
        "id": run.id,
        "version": run.version,
        "scope_digest": run.scope_digest,
        "data_digest": run.data_digest,
        "started": stamp(run.started),
        "ended": stamp(run.ended) or None,
        "complete": run.complete,
        "state": run.state,
        "authorisation": run.authorisation,
        "issued_by": run.issued_by,
        "contact": run.contact,
        "valid_from": stamp(run.valid_from) or None,
        "valid_until": stamp(run.valid_until) or None,
        "sites": list(run.sites),
        "notes": list(run.notes),
        "coverage": _coverage(run.coverage),
        "tlp": context.options.tlp.mark,
        "redacted": is_redacted(context),
        "policy": context.options.policy or None,
        "runs": [
            {"id": one.id, "started": stamp(one.started), "state": one.state, "sort": one.sort}
            for one in context.behind.runs
        ],
        "audited_whole": {site: stamp(at) or None for site, at in context.behind.audited},
        "data": [
            {
                "name": age.label,
                "as_of": age.as_of.isoformat() if age.as_of else None,
                "records": age.records,
                "note": age.note,
            }
            for age in context.ages
        ],
    }


def is_redacted(context: Context) -> bool:
    """Tell whether this copy masks anything."""
    return context.options.redact or context.options.redact_addresses


def _coverage(coverage: Coverage | None) -> Record | None:
    if coverage is None:
        return None
    return {
        "granted": coverage.granted,
        "swept": coverage.swept,
        "answered": coverage.answered,
        "silent": coverage.silent,
        "withheld": [
            {"reason": one.reason, "addresses": one.addresses, "questions": one.questions}
            for one in coverage.withheld
        ],
        "outside": coverage.outside,
    }


def device_record(device: Device, context: Context) -> Record:
    """Return one device: claims that are not held are null, never left out."""
    identity = device.identity
    record: Record = {
        "schema_version": SCHEMA_VERSION,
        "record": "device",
        "device": device.key,
        "site": device.site,
        "address": device.address,
        "addresses": list(device.addresses),
        "in_scope": device.granted,
    }
    for name in _MAIN_CLAIMS:
        claim = identity.claim(name)
        record[name] = _claim(claim) if claim else None
    record["more"] = {c.name: _claim(c) for c in identity.claims if c.name not in _MAIN_CLAIMS}
    record["contradictions"] = [
        {"name": one.name, "held": _claim(one.held), "against": _claim(one.against)}
        for one in identity.contradictions
    ]
    record["ports"] = [{"transport": transport, "port": port} for transport, port in device.ports]
    record["first_seen"] = stamp(device.first_seen) or None
    record["last_seen"] = stamp(device.last_seen) or None
    record["source"] = device.source
    record["state"] = "retired" if device.is_retired else device.standing.state.value
    record["state_since"] = stamp(device.standing.since) or None
    record["in_its_place"] = device.standing.by or None
    record["behind"] = device.behind or None
    record["retired"] = _retirement(device)
    record["accounts"] = [_account(one) for one in device.accounts]
    record["findings"] = [_finding(finding) for finding in device.findings]
    record["observations"] = [
        {"field": one.field, "value": one.value, "exchange": one.exchange.id} for one in device.observations
    ]
    record["exchanges"] = [_exchange(one, is_redacted(context)) for one in device.exchanges]
    return record


def _retirement(device: Device) -> Record | None:
    word = device.retired
    if word is None:
        return None
    return {
        "at": stamp(word.at),
        "by": word.by,
        "reason": word.reason,
        "replaced_by": word.replaced_by or None,
    }


def _account(one: Account) -> Record:
    return {
        "entry": one.entry,
        "outcome": one.outcome,
        "reason": one.reason or None,
        "protocol": one.protocol or None,
        "endpoint": one.endpoint or None,
        "answered": one.answered,
        "calls": one.calls,
        "not_allowed": list(one.barred),
        "at": stamp(one.at) or None,
    }


def _claim(claim: Claim) -> Record:
    return {
        "value": claim.value,
        "certainty": claim.certainty,
        "because": [
            {
                "rule": match.rule,
                "field": match.observation.field,
                "value": match.observation.value,
                "exchange": match.observation.exchange.id,
            }
            for match in claim.because
        ],
    }


def _finding(finding: Finding) -> Record:
    return {
        "kind": finding.kind,
        "id": finding.id,
        "title": finding.title,
        "verdict": finding.verdict,
        "severity": finding.severity,
        "priority": finding.priority,
        "priority_reason": finding.priority_reason,
        "certainty": finding.certainty,
        "reason": finding.reason,
        "why_it_matters": finding.why_it_matters,
        "settles": finding.settles,
        "remedy": finding.remedy,
        "known_exploited": finding.known_exploited.isoformat() if finding.known_exploited else None,
        "references": [{"label": one.label, "url": one.url} for one in finding.references],
        "accepted": _acceptance(finding.accepted),
        "facts": [{"name": name, "value": value} for name, value in finding.facts],
        "because": [claim.name for claim in finding.because],
        "observations": [
            {"field": one.field, "value": one.value, "exchange": one.exchange.id}
            for one in finding.observations
        ],
    }


def _acceptance(word: Acceptance | None) -> Record | None:
    return {"reason": word.reason, "by": word.by, "until": word.until.isoformat()} if word else None


def _exchange(exchange: Exchange, withheld: bool) -> Record:
    record: Record = {
        "id": exchange.id,
        "probe": exchange.probe,
        "protocol": exchange.protocol,
        "transport": exchange.endpoint.transport,
        "address": exchange.endpoint.address,
        "port": exchange.endpoint.port,
        "status": exchange.status,
        "at": stamp(exchange.at) or None,
        "seconds": exchange.seconds,
        "cut": exchange.cut,
        "detail": exchange.detail,
        "source": exchange.source,
    }
    if withheld:
        return {**record, "withheld": True}
    record |= _bytes("request", exchange.request) | _bytes("reply", exchange.reply)
    record["sha256"] = exchange.sha256
    if exchange.observed:
        record["observed"] = [{"field": name, "value": value} for name, value in exchange.observed]
    return record


def _bytes(name: str, data: bytes) -> Record:
    """Return bytes exactly: as text where they are UTF-8, as base64 where they are not."""
    try:
        return {name: data.decode("utf-8")}
    except UnicodeDecodeError:
        return {f"{name}_base64": base64.b64encode(data).decode("ascii")}


def order_record(order: WorkOrder) -> Record:
    """Return one work order."""
    return {
        "schema_version": SCHEMA_VERSION,
        "record": "work order",
        "id": order.id,
        "action": order.action,
        "title": order.title,
        "site": order.site,
        "devices": list(order.devices),
        "priority": order.priority,
        "priority_reason": order.priority_reason,
        "effort": order.effort,
        "steps": list(order.steps),
        "check": order.check,
        "target": order.target,
        "state": order.state,
        "done": list(order.done),
        "unheard": list(order.unheard),
        "accepted": list(order.accepted),
        "findings": list(order.findings),
    }
