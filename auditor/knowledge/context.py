"""What all kinds of findings share about one device while it is assessed."""

from dataclasses import dataclass
from datetime import date

from auditor.knowledge.book import Book
from auditor.knowledge.latest import FirmwareIndex
from auditor.knowledge.policy import Policy
from auditor.knowledge.priority import Case
from auditor.knowledge.subject import Subject
from auditor.model import Certainty, Claim, Device, FindingKind, Observation, Priority, Severity, Verdict


@dataclass(frozen=True, slots=True)
class Context:
    """One device, the knowledge it is held against, and the day it is done."""

    device: Device
    subject: Subject
    book: Book
    policy: Policy
    today: date
    latest: FirmwareIndex | None
    reachable: bool
    restricted: bool = False
    claims: tuple[Claim, ...] = ()
    """The claims advisories rest on."""
    certainty: Certainty = Certainty.TENTATIVE
    """That of the weakest input."""

    def priority(
        self,
        kind: FindingKind,
        verdict: Verdict,
        severity: Severity,
        *,
        exploitation: str = "none",
        within_reach: bool = True,
    ) -> tuple[Priority, str]:
        """Return when to act and why, from the tree."""
        case = Case(kind, verdict, severity, exploitation, self.reachable and within_reach, self.restricted)
        branch = self.book.priorities.decide(case)
        return branch.priority, branch.because


def is_reachable(device: Device) -> bool:
    """Tell whether the device answered on the network at an address of the scope."""
    return device.granted and bool(device.ports or device.exchanges or device.observations)


def anything(device: Device) -> tuple[tuple[Claim, ...], tuple[Observation, ...]]:
    """Return some evidence that the device exists, for findings that say what is not known of it.

    Where no reply told anything, how one question ended is evidence enough that it was put.
    """
    if device.identity.claims:
        return device.identity.claims[:1], ()
    return (), device.observations[:1] or ended(device)[:1]


def ended(device: Device, port: int | None = None) -> tuple[Observation, ...]:
    """Return how the questions put to a device, or to one of its ports, ended."""
    return tuple(
        Observation("exchange.status", one.status.value, one)
        for one in device.exchanges
        if port is None or one.endpoint.port == port
    )
