"""What the owner of an audit accepts for a time: `[[accept]]` tables of a policy file, and what they say of a finding.

An accepted finding keeps its verdict, severity and priority. It says who accepted it, why and until when, and from the
day after the last one on it counts as before.
"""

import difflib
import hashlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from auditor.knowledge.document import Node
from auditor.model import ACCEPTANCE_ENDED, Acceptance, Device, Finding, Verdict

_KEYS = ("finding", "device", "site", "reason", "by", "until")
_MAC_DIGITS = 12

FURTHER = frozenset(
    {
        "firmware-age", "firmware-minimum", "firmware-newer-exists", "hardware-age", "shared-serial", "shared-mac",
        *(
            f"advisories-not-assessed-{one}"
            for one in ("model", "base-model", "relabelled", "maker", "brand", "version", "build-date", "firmware")
        ),
    }
)  # fmt: skip
"""Ids of findings that come from no record of their own."""


@dataclass(frozen=True, slots=True)
class Accept:
    """One finding that the owner accepts at one device, or at one site."""

    finding: str
    acceptance: Acceptance
    device: str = ""
    """Key, address, serial number or MAC address; "" for every device of the site."""
    site: str = ""

    def covers(self, device: Device, finding: Finding) -> bool:
        """Tell whether this finding of this device is meant."""
        return finding.id == self.finding and self.meets(device)

    def meets(self, device: Device) -> bool:
        """Tell whether the device is meant."""
        at_site = not self.site or self.site == device.site
        return at_site and (not self.device or _is_named(device, self.device))


def _is_named(device: Device, name: str) -> bool:
    if name in (device.key, device.address):
        return True
    serial, mac = device.identity.value("serial"), device.identity.value("mac")
    if serial is not None and serial.casefold() == name.casefold():
        return True
    wanted = _digits(name)
    return mac is not None and len(wanted) == _MAC_DIGITS and _digits(mac) == wanted


def _digits(mac: str) -> str:
    plain = mac.casefold().translate(str.maketrans("", "", ":-. "))
    return plain if all(one in "0123456789abcdef" for one in plain) else ""


def accept_from(node: Node, known: Collection[str]) -> Accept:
    """Read one `[[accept]]` table; `known` are the ids that findings can have. Raises DataError with its place."""
    node.known(_KEYS)
    finding, device, site = node.text("finding"), node.text("device", "").strip(), node.text("site", "")
    if finding not in known:
        near = difflib.get_close_matches(finding, known, n=1)
        hint = f"did you mean {near[0]!r}?" if near else "`auditor findings` prints the id of each finding"
        raise node.fail(f"finding: no finding has the id {finding!r}, and patterns are not read; {hint}")
    if not device and not site:
        raise node.fail("device or site is missing: say where it is accepted")
    for key in ("reason", "by"):
        if not node.text(key, "").strip():
            raise node.fail(f"{key} is missing: say {'why' if key == 'reason' else 'who'} accepts it")
    until = node.day("until")
    if until is None:
        raise node.fail("until is missing: give the last day on which it is accepted, as in 2026-11-22")
    return Accept(
        finding, Acceptance(node.text("reason").strip(), node.text("by").strip(), until), device, site
    )


def digest_of(accepts: Iterable[Accept]) -> str:
    """Return a short name for exactly these acceptances, "" for none."""
    spelled = sorted(repr(one) for one in accepts)
    return hashlib.sha256("\n".join(spelled).encode()).hexdigest()[:12] if spelled else ""


def accepting(
    device: Device, findings: Iterable[Finding], accepts: Sequence[Accept], day: date
) -> tuple[Finding, ...]:
    """Return the findings of a device with what holds of these acceptances on a day; earlier such words are renewed."""
    return tuple(_accepting(device, one, accepts, day) for one in findings)


def _accepting(device: Device, finding: Finding, accepts: Sequence[Accept], day: date) -> Finding:
    plain = _plain(finding)
    if finding.verdict is Verdict.NOT_AFFECTED:
        return plain
    meant = [one.acceptance for one in accepts if one.covers(device, finding)]
    if not meant:
        return plain
    return as_of(replace(plain, accepted=max(meant, key=lambda one: one.until)), day)


def _plain(finding: Finding) -> Finding:
    if finding.accepted is None and all(name != ACCEPTANCE_ENDED for name, _ in finding.facts):
        return finding
    return replace(
        finding, accepted=None, facts=tuple(one for one in finding.facts if one[0] != ACCEPTANCE_ENDED)
    )


def as_of(finding: Finding, day: date) -> Finding:
    """Return a finding as it stands on a day: past its last day an acceptance counts no longer, and a fact says so."""
    word = finding.accepted
    if word is None or day <= word.until:
        return finding
    ended = (ACCEPTANCE_ENDED, f"accepted by {word.by}, ended on {word.until.isoformat()}")
    return replace(finding, accepted=None, facts=(*finding.facts, ended))
