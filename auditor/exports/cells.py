"""Rows for spreadsheets: which columns, and how a cell is kept from acting."""

from collections.abc import Iterable
from datetime import UTC, datetime

from auditor.model import Acceptance, Device, Finding, Verdict
from auditor.reporting import one_line
from auditor.reporting.accounts import account_question
from auditor.reporting.counting import urgency

_CLAIMS = ("maker", "brand", "kind", "model", "firmware", "build_date")
_PLAIN_CLAIMS = ("serial", "mac", "web_version", "device_name")

DEVICE_COLUMNS = (
    "device",
    "site",
    "address",
    "in_scope",
    *(column for name in _CLAIMS for column in (name, f"{name}_certainty")),
    *_PLAIN_CLAIMS,
    "contradictions",
    "priority",
    "affected",
    "possibly_affected",
    "not_assessed",
    "not_affected",
    "open_ports",
    "first_seen",
    "last_seen",
    "source",
    "state",
    "state_since",
    "behind",
    "accepted",
    "account",
    "accounts",
    "settings",
)
"""Findings are listed by id, separated by blanks. `priority` is "not judged" where there are no findings.

`accepted` are those of the others that the owner accepts. `account` is how the most telling of the owner's accounts
fared (`Outcome`), "" where there was none; `accounts` says it of each in words; `settings` is "read", "read in part" or
"not read", also where there was no account. New columns come last: programs may count on the place of the others.
"""

FINDING_COLUMNS = (
    "device",
    "site",
    "address",
    "kind",
    "finding",
    "title",
    "verdict",
    "severity",
    "priority",
    "certainty",
    "reason",
    "settles",
    "remedy",
    "known_exploited",
    "references",
    "accepted",
    "accepted_by",
    "accepted_until",
    "accepted_reason",
)

# What spreadsheets take for the beginning of a formula or a command, in ASCII and full width.
# Source: OWASP, CSV Injection.
_STARTS = tuple("=+-@\t\r\n|%＝＋－＠")
_MOST_CELL = 32_000
"""Spreadsheets hold 32,767 characters in a cell."""


def guarded(text: str) -> str:
    """Return the text as a cell that is shown and never calculated."""
    bare = text.lstrip(" \u00a0\u200b\ufeff'\"")
    shown = one_line(text)[:_MOST_CELL]
    if bare.startswith(_STARTS) or shown.startswith(_STARTS) or text.startswith("'"):
        return f"'{shown}"
    return shown


def device_cells(device: Device) -> tuple[str, ...]:
    """Return one device's cells in the order of DEVICE_COLUMNS, not yet guarded."""
    identity = device.identity
    cells = [device.key, device.site, device.address, "yes" if device.granted else "no"]
    for name in _CLAIMS:
        claim = identity.claim(name)
        cells += [claim.value, claim.certainty.value] if claim else ["", ""]
    cells += [identity.value(name) or "" for name in _PLAIN_CLAIMS]
    cells.append(
        "; ".join(f"{one.name}: {one.held.value} / {one.against.value}" for one in identity.contradictions)
    )
    worst = urgency(device)
    cells.append("not judged" if not device.findings else worst.value if worst else _calm(device))
    verdicts = (
        Verdict.AFFECTED,
        Verdict.POSSIBLY_AFFECTED,
        Verdict.NOT_ASSESSED,
        Verdict.NOT_AFFECTED,
    )
    cells += [_ids(device.findings, verdict) for verdict in verdicts]
    cells.append(
        " ".join(
            f"{port}/{transport}" for transport, port in sorted(device.ports, key=lambda p: (p[1], p[0]))
        )
    )
    cells += [stamp(device.first_seen), stamp(device.last_seen), device.source]
    cells += ["retired" if device.is_retired else device.standing.state.value]
    cells += [stamp(device.standing.since), device.behind]
    cells.append(" ".join(sorted({one.id for one in device.findings if one.accepted})))
    return (*cells, *_account_cells(device))


def _account_cells(device: Device) -> tuple[str, str, str]:
    """Return how the owner's accounts fared, and whether settings were read."""
    outcome = device.accounts[0].outcome.value if device.accounts else ""
    settings = {"": "read", "settings-partly": "read in part"}.get(account_question(device), "not read")
    return (
        outcome,
        "; ".join(one.words for one in device.accounts),
        settings if device.accounts else "not read",
    )


def _calm(device: Device) -> str:
    return "accepted" if any(one.accepted for one in device.findings) else "none"


def _ids(findings: Iterable[Finding], verdict: Verdict) -> str:
    return " ".join(sorted(finding.id for finding in findings if finding.verdict is verdict))


def finding_cells(device: Device, finding: Finding) -> tuple[str, ...]:
    """Return one finding's cells in the order of FINDING_COLUMNS, not yet guarded."""
    return (
        device.key,
        device.site,
        device.address,
        finding.kind,
        finding.id,
        finding.title,
        finding.verdict,
        finding.severity,
        finding.priority,
        finding.certainty,
        finding.reason,
        finding.settles,
        finding.remedy,
        finding.known_exploited.isoformat() if finding.known_exploited else "",
        " ".join(reference.url or reference.label for reference in finding.references),
        *_acceptance(finding.accepted),
    )


def _acceptance(word: Acceptance | None) -> tuple[str, str, str, str]:
    """Return whether the owner accepts a finding, who said so, until when, and why."""
    return ("yes", word.by, word.until.isoformat(), word.reason) if word else ("no", "", "", "")


def stamp(moment: datetime | None) -> str:
    """Return a moment as RFC 3339 in UTC, or nothing."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z") if moment else ""
