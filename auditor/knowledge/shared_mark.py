"""Findings about marks that several devices tell alike: the one kind of finding that needs more than one device."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from auditor.knowledge.assess import by_urgency
from auditor.knowledge.book import Book, knowledge_book
from auditor.knowledge.context import is_reachable
from auditor.knowledge.priority import Case
from auditor.model import Device, Finding, FindingKind, Severity, Verdict

SHARED = frozenset({"shared-serial", "shared-mac"})
"""Ids of these findings. They ask for no work on the device: they say what its mark is good for."""
_MOST_NAMED = 12


@dataclass(frozen=True, slots=True)
class _Mark:
    id: str
    claim: str
    title: str
    words: str
    remedy: str


_MARKS = (
    _Mark(
        "shared-serial",
        "serial",
        "One serial number told by several devices",
        "serial number",
        "Take the serial numbers from the labels into the inventory, beside the address of each device.",
    ),
    _Mark(
        "shared-mac",
        "mac",
        "One hardware address told by several devices",
        "hardware address",
        "Take the hardware addresses from the switch, and the serial numbers from the labels, into the inventory.",
    ),
)

MARK_CLAIMS = tuple(one.claim for one in _MARKS)
"""Claims of which two devices that hold the same value share a mark."""


def with_shared_marks(devices: Iterable[Device], book: Book | None = None) -> Iterator[Device]:
    """Yield the devices, and with those that share a mark a finding that says so; earlier such findings are renewed.

    Only devices that are there and inside the scope are compared, all that are given at once.
    """
    found = tuple(devices)
    told = _told(found)
    for device in found:
        alike = tuple(_findings(device, told, book or knowledge_book()))
        own = tuple(one for one in device.findings if one.id not in SHARED)
        is_news = alike or len(own) < len(device.findings)
        yield replace(device, findings=tuple(sorted((*own, *alike), key=by_urgency))) if is_news else device


def _told(devices: Sequence[Device]) -> dict[tuple[str, str], list[str]]:
    """Return who tells which mark: (id of the finding, value) -> addresses."""
    told: dict[tuple[str, str], list[str]] = {}
    for device in devices:
        if device.granted and device.is_present:
            for mark in _MARKS:
                if value := device.identity.value(mark.claim):
                    told.setdefault((mark.id, value.casefold()), []).append(device.address)
    return {key: addresses for key, addresses in told.items() if len(addresses) > 1}


def _findings(device: Device, told: dict[tuple[str, str], list[str]], book: Book) -> Iterator[Finding]:
    for mark in _MARKS:
        claim = device.identity.claim(mark.claim)
        addresses = told.get((mark.id, claim.value.casefold())) if claim else None
        if not claim or not addresses or not (device.granted and device.is_present):
            continue
        case = Case(
            FindingKind.EXPOSURE, Verdict.AFFECTED, Severity.INFO, "none", is_reachable(device), False
        )
        branch = book.priorities.decide(case)
        yield Finding(
            device=device.key,
            kind=FindingKind.EXPOSURE,
            id=mark.id,
            title=mark.title,
            verdict=Verdict.AFFECTED,
            severity=Severity.INFO,
            priority=branch.priority,
            priority_reason=branch.because,
            certainty=claim.certainty,
            reason=f"{_named(addresses)} tell the same {mark.words}, so it does not tell them apart.",
            why_it_matters=(
                f"An inventory, a warranty or a proof of replacement that goes by this {mark.words} can mean another "
                "device. Such devices are counted one by one, by their addresses."
            ),
            remedy=mark.remedy,
            facts=(("told by", f"{len(addresses)} devices"),),
            because=(claim,),
        )


def _named(addresses: Sequence[str]) -> str:
    shown = list(addresses[:_MOST_NAMED])
    if len(addresses) > len(shown):
        return f"{', '.join(shown)} and {len(addresses) - len(shown)} more"
    return f"{', '.join(shown[:-1])} and {shown[-1]}"
