"""What `assess` and `knowledge` share: where an imported firmware list lies, and forms of records."""

from pathlib import Path

import click

from auditor.knowledge import FirmwareIndex
from auditor.knowledge.advisory import Advisory, Row
from auditor.knowledge.latest import load
from auditor.knowledge.restriction import Restriction


def index_path() -> Path:
    """Return where an imported firmware list is kept for this user."""
    return Path(click.get_app_dir("auditor")) / "firmware-index.json"


def index_at(path: Path | None) -> FirmwareIndex | None:
    """Return the list in a file, or the one this user imported, or None."""
    if path is not None:
        return load(path)
    kept = index_path()
    return load(kept) if kept.is_file() else None


def row_form(row: Row) -> dict[str, object]:
    """Give one row of an advisory."""
    return {
        "models": list(row.models),
        "patterns": [one.pattern for one in row.patterns],
        "exact": [str(one) for one in row.exact],
        "from": str(row.lower) if row.lower else None,
        "to" if row.closed else "before": str(row.upper) if row.upper else None,
        "fixed": str(row.fixed) if row.fixed else None,
        "whole series": not row.series,
    }


def advisory_form(one: Advisory) -> dict[str, object]:
    """Give an advisory for programs."""
    return {
        "schema_version": 1,
        "id": one.id,
        "title": one.title,
        "makers": sorted(one.makers),
        "brands": sorted(one.brands),
        "kinds": sorted(one.kinds),
        "severity": one.severity.value,
        "score": one.score,
        "effect": one.effect,
        "known_exploited": one.known_exploited.isoformat() if one.known_exploited else None,
        "exploitation": one.exploitation,
        "scheme": one.scheme.value,
        "confidence": one.confidence,
        "rows": [row_form(row) for row in one.rows],
        "references": [reference.url for reference in one.references],
        "compiled": one.compiled.isoformat(),
    }


def restriction_form(one: Restriction) -> dict[str, object]:
    """Give an instrument for programs."""
    return {
        "schema_version": 1,
        "id": one.id,
        "title": one.title,
        "jurisdiction": one.jurisdiction,
        "instrument": one.instrument,
        "clause": one.clause,
        "status": one.nature,
        "in_force_from": one.since or None,
        "in_force_until": one.ends.isoformat() if one.ends else None,
        "makers": dict(one.makers),
        "scope": one.scope,
        "effect": one.effect,
        "purposes": list(one.purposes),
        "confidence": one.confidence,
        "references": [reference.url for reference in one.references],
        "compiled": one.compiled.isoformat() if one.compiled else None,
    }


def advisory_lines(one: Advisory, effect: str) -> list[str]:
    """Give an advisory for people."""
    score = f", CVSS {one.score}" if one.score is not None else ""
    lines = [
        f"{one.id}  {one.title}",
        f"{one.severity}{score}; makers: {', '.join(sorted(one.makers))}; kinds: {', '.join(sorted(one.kinds))}",
        effect,
    ]
    if one.known_exploited:
        lines.append(f"Attackers use it: in the CISA list since {one.known_exploited}.")
    for row in one.rows:
        ends = [f"from {row.lower}" if row.lower else ""]
        ends += [f"exactly {' or '.join(map(str, row.exact))}" if row.exact else ""]
        ends += [f"{'up to' if row.closed else 'before'} {row.upper}" if row.upper else ""]
        ends += [f"first fixed {row.fixed}" if row.fixed else "", "every firmware" if row.every else ""]
        lines.append(f"  {', '.join(row.models)}: {', '.join(end for end in ends if end) or 'not stated'}")
    if one.advice:
        lines.append(one.advice)
    lines += [f"  {reference.url or reference.label}" for reference in one.references]
    return [*lines, f"Record of {one.compiled}, confidence {one.confidence}."]


def restriction_lines(one: Restriction) -> list[str]:
    """Give an instrument for people."""
    force = f"in force from {one.since}" if one.starts else "date not known"
    lines = [
        f"{one.id}  {one.title}",
        f"{one.jurisdiction}; {one.nature}; {force}{f' until {one.ends}' if one.ends else ''}",
        f"{one.instrument}{f'; {one.clause}' if one.clause else ''}",
        f"Binds: {one.scope}. Effect: {one.effect}.",
        "Makers: " + ", ".join(f"{maker} ({effect})" for maker, effect in one.makers),
    ]
    if one.purposes:
        lines.append(f"Only for: {'; '.join(one.purposes)}")
    if one.not_checked:
        lines.append(f"Not checked by us: {one.not_checked}")
    lines += [f"  {reference.url}" for reference in one.references]
    return [*lines, f"Record of {one.compiled}, confidence {one.confidence}."]
