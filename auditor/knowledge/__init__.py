"""What identities mean: published faults, instruments, exposures, ages, priorities, and the work that follows."""

from auditor.knowledge.acceptance import accepting
from auditor.knowledge.acceptance import as_of as accepted_as_of
from auditor.knowledge.acceptance import digest_of as digest_of_accepts
from auditor.knowledge.aftermath import is_settled
from auditor.knowledge.assess import assess, fails
from auditor.knowledge.book import Age, Book, Brand, chosen_policy, knowledge_book
from auditor.knowledge.document import DataError
from auditor.knowledge.latest import FirmwareIndex
from auditor.knowledge.lint import lint
from auditor.knowledge.plan import plan, progress
from auditor.knowledge.policy import Policy
from auditor.knowledge.restrict import binds
from auditor.knowledge.shared_mark import MARK_CLAIMS, with_shared_marks

policy = chosen_policy
"""Return a policy from a file or by the name of a shipped one."""

__all__ = [
    "MARK_CLAIMS",
    "Age",
    "Book",
    "Brand",
    "DataError",
    "FirmwareIndex",
    "Policy",
    "accepted_as_of",
    "accepting",
    "assess",
    "binds",
    "chosen_policy",
    "digest_of_accepts",
    "fails",
    "is_settled",
    "knowledge_book",
    "lint",
    "plan",
    "policy",
    "progress",
    "with_shared_marks",
]
