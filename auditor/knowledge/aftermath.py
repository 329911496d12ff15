"""What a later run can and cannot say about work an earlier one asked for: what was not looked at again stays open."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from auditor.model import Device, Endpoint, Finding, FindingKind, Status, Transport, Verdict

_OPEN = frozenset({Verdict.AFFECTED, Verdict.POSSIBLY_AFFECTED})
_STREAMS = frozenset({Transport.TCP, Transport.TLS})


@dataclass(frozen=True, slots=True)
class Look:
    """How closely a run looked."""

    swept: frozenset[int] = frozenset()
    """TCP ports tried at every address it reached."""


def left_open(former: Iterable[Device], now: Mapping[str, Device], look: Look) -> Iterator[Device]:
    """Yield earlier devices with those of their findings that the later run neither saw again nor settled.

    `now` are the devices the later run heard, by key.
    """
    for device in former:
        later = now.get(device.key)
        left = tuple(one for one in device.findings if later is None or not settled(one, later, look))
        if left:
            yield replace(device, findings=left)


def settled(finding: Finding, later: Device, look: Look) -> bool:
    """Tell whether a later run says what became of a finding: found again, or looked at and gone."""
    again = [one for one in later.findings if one.id == finding.id]
    if finding.verdict is Verdict.NOT_ASSESSED:
        return True  # an open question is asked again by whoever judges, or has found its answer
    if any(one.verdict in _OPEN for one in again):
        return finding.verdict is Verdict.POSSIBLY_AFFECTED or any(
            one.verdict is finding.verdict for one in again
        )
    if any(one.verdict is Verdict.NOT_AFFECTED for one in again):
        return True
    if finding.kind is FindingKind.RESTRICTION:
        return later.identity.value("maker") is not None
    if finding.kind is FindingKind.EXPOSURE:
        return _looked_again(finding, later, look)
    return not any(one.verdict is Verdict.NOT_ASSESSED and one.kind is finding.kind for one in later.findings)


def _looked_again(finding: Finding, later: Device, look: Look) -> bool:
    """Tell whether any place the finding was seen at was asked again, or swept and found closed."""
    asked = {
        (_stream(one.endpoint), one.endpoint.port)
        for one in later.exchanges
        if one.status not in {Status.WITHHELD, Status.BUG}
    }
    places = set(_places(finding))
    return any(
        (_stream(place), place.port) in asked or (_stream(place) and place.port in look.swept)
        for place in places
    )


def _stream(endpoint: Endpoint) -> bool:
    return endpoint.transport in _STREAMS


def _places(finding: Finding) -> Iterator[Endpoint]:
    for observation in finding.observations:
        yield observation.exchange.endpoint
    for claim in finding.because:
        for match in claim.because:
            yield match.observation.exchange.endpoint


def still_meant(device: Device, judged: Iterable[Finding], *, same_policy: bool) -> Device:
    """Return an earlier device with the findings that today's knowledge would still make of it.

    What vanished because a record or the policy changed is nobody's work done. `judged` are today's findings
    for it, without instruments; findings about instruments are kept as they are under the same policy.
    """
    meant = {one.id for one in judged if one.verdict is not Verdict.NOT_AFFECTED}
    kept = tuple(
        one
        for one in device.findings
        if (same_policy if one.kind is FindingKind.RESTRICTION else one.id in meant)
    )
    return replace(device, findings=kept)
