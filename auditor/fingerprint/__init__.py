"""What replies mean: rules from fingerprints/, matched against observations, combined into an identity."""

from auditor.fingerprint.at_hand import have_at_hand
from auditor.fingerprint.engine import Finding as RuleHit
from auditor.fingerprint.engine import hits
from auditor.fingerprint.explain import explain
from auditor.fingerprint.identify import identify, suspected
from auditor.fingerprint.lint import lint
from auditor.fingerprint.load import data_digest, rules
from auditor.fingerprint.logins import logins
from auditor.fingerprint.marks import is_placeholder, marks
from auditor.fingerprint.named_ports import Form, NamingField, named_ports
from auditor.fingerprint.pages import pages
from auditor.fingerprint.parts import Part, parts
from auditor.fingerprint.rule import DataError, Rule, RuleBook
from auditor.fingerprint.vocabulary import Vocabulary, vocabulary

__all__ = [
    "DataError",
    "Form",
    "NamingField",
    "Part",
    "Rule",
    "RuleBook",
    "RuleHit",
    "Vocabulary",
    "data_digest",
    "explain",
    "have_at_hand",
    "hits",
    "identify",
    "is_placeholder",
    "lint",
    "logins",
    "marks",
    "named_ports",
    "pages",
    "parts",
    "rules",
    "suspected",
    "vocabulary",
]
