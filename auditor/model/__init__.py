"""The nouns that flow between the rooms: frozen values and closed sets, nothing that acts."""

from auditor.model.conversation import (
    HEARD,
    NOT_THERE,
    WRITTEN,
    Endpoint,
    Exchange,
    Observation,
    Protocol,
    Sighting,
    Status,
    Transport,
)
from auditor.model.device import Coverage, Device, Retirement, Run, Standing, State, Withheld
from auditor.model.finding import (
    ACCEPTANCE_ENDED,
    MAY_HOLD,
    Acceptance,
    Finding,
    FindingKind,
    Priority,
    Reference,
    Severity,
    Verdict,
    WorkOrder,
)
from auditor.model.identity import Certainty, Claim, Contradiction, Identity, Kind, Match
from auditor.model.login import Account, Call, LoginForm, Outcome, Reason
from auditor.model.marks import Marks
from auditor.model.permission import Grant, Method, Pace
from auditor.model.plan import Page, Plan

__all__ = [
    "ACCEPTANCE_ENDED",
    "HEARD",
    "MAY_HOLD",
    "NOT_THERE",
    "WRITTEN",
    "Acceptance",
    "Account",
    "Call",
    "Certainty",
    "Claim",
    "Contradiction",
    "Coverage",
    "Device",
    "Endpoint",
    "Exchange",
    "Finding",
    "FindingKind",
    "Grant",
    "Identity",
    "Kind",
    "LoginForm",
    "Marks",
    "Match",
    "Method",
    "Observation",
    "Outcome",
    "Pace",
    "Page",
    "Plan",
    "Priority",
    "Protocol",
    "Reason",
    "Reference",
    "Retirement",
    "Run",
    "Severity",
    "Sighting",
    "Standing",
    "State",
    "Status",
    "Transport",
    "Verdict",
    "Withheld",
    "WorkOrder",
]
