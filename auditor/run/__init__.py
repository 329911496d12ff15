"""Planning and executing an audit, and judging stored evidence again; exceptions become statuses here."""

from auditor.run.again import Change, Known, known_from
from auditor.run.estimate import Estimate, Sending, estimate
from auditor.run.foreseen_logins import Asking
from auditor.run.login import has_given_up
from auditor.run.plan import Audit
from auditor.run.progress import Progress
from auditor.run.start import INTERRUPTED, Begun, ResumeError, begin, ending, execute, permit, resume

__all__ = [
    "INTERRUPTED",
    "Asking",
    "Audit",
    "Begun",
    "Change",
    "Estimate",
    "Known",
    "Progress",
    "ResumeError",
    "Sending",
    "begin",
    "ending",
    "estimate",
    "execute",
    "has_given_up",
    "known_from",
    "permit",
    "resume",
]
