"""What an identity and its observations mean for the owner, and the work that follows."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from auditor.model.conversation import Observation
from auditor.model.identity import Certainty, Claim


class FindingKind(StrEnum):
    """The four questions an owner asks."""

    ADVISORY = "advisory"
    RESTRICTION = "restriction"
    EXPOSURE = "exposure"
    LIFECYCLE = "lifecycle"


class Verdict(StrEnum):
    """What can be said. `not affected` needs every input the rule asks for."""

    AFFECTED = "affected"
    POSSIBLY_AFFECTED = "possibly affected"
    NOT_AFFECTED = "not affected"
    NOT_ASSESSED = "not assessed"

    @property
    def may_hold(self) -> bool:
        """Whether it says that a finding holds or may hold."""
        return self in MAY_HOLD


MAY_HOLD = (Verdict.AFFECTED, Verdict.POSSIBLY_AFFECTED)
"""Verdicts of findings that hold or may hold."""


class Severity(StrEnum):
    """How bad it is if it is so. Ordered by `rank`."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    INFO = "info"

    @property
    def rank(self) -> int:
        """5 for critical down to 1 for info."""
        return _SEVERITIES[self]


class Priority(StrEnum):
    """When somebody must act. Ordered by `rank`."""

    ACT_NOW = "act now"
    THIS_WEEK = "this week"
    PLAN = "plan"
    WATCH = "watch"

    @property
    def rank(self) -> int:
        """4 for act now down to 1 for watch."""
        return _PRIORITIES[self]


_SEVERITIES = {one: 5 - place for place, one in enumerate(Severity)}
_PRIORITIES = {one: 4 - place for place, one in enumerate(Priority)}


@dataclass(frozen=True, slots=True)
class Reference:
    """Where it is written."""

    label: str
    url: str = ""


ACCEPTANCE_ENDED = "acceptance ended"
"""The fact that says that a finding was accepted and is no longer."""


@dataclass(frozen=True, slots=True)
class Acceptance:
    """The word of an owner that a finding is accepted for a time; it changes nothing of the finding itself."""

    reason: str
    by: str
    until: date
    """The last day on which it counts."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One statement about one device that its owner can act on or be at ease about."""

    device: str
    kind: FindingKind
    id: str
    """`CVE-2021-36260`, `us-ndaa-889-a`, `telnet-open`, `firmware-age`."""
    title: str
    verdict: Verdict
    severity: Severity
    priority: Priority
    priority_reason: str
    certainty: Certainty
    reason: str
    """Why this verdict, in one sentence with the values compared."""
    why_it_matters: str = ""
    settles: str = ""
    """For `possibly affected` and `not assessed`: the one thing that would settle it."""
    remedy: str = ""
    known_exploited: date | None = None
    references: tuple[Reference, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()
    """Further named facts: instrument, clause, in force from, fixed build, age in days."""
    because: tuple[Claim, ...] = ()
    observations: tuple[Observation, ...] = ()
    accepted: Acceptance | None = None
    """Set where the owner accepts it on the day asked for."""

    @property
    def counts(self) -> bool:
        """Whether it holds or may hold, and the owner does not accept it."""
        return self.verdict.may_hold and self.accepted is None

    def __post_init__(self) -> None:
        if not self.because and not self.observations:
            message = f"finding {self.id} on {self.device} has no evidence"
            raise ValueError(message)


@dataclass(frozen=True, slots=True)
class WorkOrder:
    """One thing one person can do. `id` is made from site, action and target, so it survives re-runs."""

    id: str
    action: str
    """`update`, `close-service`, `isolate`, `replace`, `ask-supplier`, `configure`, `investigate`."""
    title: str
    site: str
    devices: tuple[str, ...]
    priority: Priority
    priority_reason: str
    effort: str
    """`minutes`, `hours`, `days`, `project`."""
    steps: tuple[str, ...]
    check: str
    """The command that re-checks just these devices."""
    findings: tuple[str, ...]
    """`device id` pairs joined by a blank, of the findings this order answers."""
    target: str = ""
    """The version to reach, the service to close, the fact to get."""
    state: str = "open"
    """`open`, `done`, `partly done`, `new`, `accepted`: all of it that is left, or `not heard`: nobody can look whether the work was done."""
    done: tuple[str, ...] = ()
    unheard: tuple[str, ...] = ()
    """Devices that were silent, replaced or not asked when somebody last looked; `devices` are those that are there."""
    accepted: tuple[str, ...] = ()
    """Devices at which the owner accepts every finding that asks for this work: not to do, and not done."""
