"""What later answers say of a finding made earlier: only what was asked again, and no longer shows it, is settled."""

from collections.abc import Iterable

from auditor.model import Device, Finding, FindingKind, Verdict


def is_settled(finding: Finding, rested_on: Iterable[str], now: Device) -> bool:
    """Tell whether a finding made earlier is settled for good, by what the device says now.

    `rested_on` names the exchanges the finding rested on. `now` holds, for each question, the newest answer. The
    questions must have been put again: an answer that still counts has not been replaced. That the device no longer
    tells what would be needed to judge settles nothing.
    """
    names = frozenset(rested_on)
    counting = {one.id for one in now.exchanges}
    replaced = names - counting
    again = [one for one in now.findings if one.id == finding.id]
    if not names or any(one.verdict is not Verdict.NOT_AFFECTED for one in again):
        return False
    if again:
        return bool(replaced)
    return replaced == names and _is_told(finding, now)


def _is_told(finding: Finding, now: Device) -> bool:
    """Tell whether the device tells what a finding of this kind is judged by, so that its absence means something."""
    identity = now.identity
    match finding.kind:
        case FindingKind.EXPOSURE:
            return True
        case FindingKind.RESTRICTION:
            return identity.value("maker") is not None and not identity.contradictions
        case FindingKind.ADVISORY:
            return all(identity.value(name) for name in ("maker", "model", "firmware"))
        case FindingKind.LIFECYCLE:
            is_open = any(
                one.verdict is Verdict.NOT_ASSESSED and one.kind is FindingKind.LIFECYCLE
                for one in now.findings
            )
            return identity.value("firmware") is not None and not is_open
