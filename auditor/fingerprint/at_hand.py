"""Reading all data at once: a run that is short of descriptors later must not miss a file then."""

from auditor.fingerprint.load import rules
from auditor.fingerprint.logins import logins
from auditor.fingerprint.marks import shared
from auditor.fingerprint.named_ports import named_ports
from auditor.fingerprint.names import names
from auditor.fingerprint.origins import origins
from auditor.fingerprint.pages import pages
from auditor.fingerprint.registry import registrant
from auditor.fingerprint.vocabulary import vocabulary


def have_at_hand() -> None:
    """Read every file that identifying needs, and keep it; DataError where one is wrong."""
    for read in (rules, logins, shared, named_ports, names, origins, pages, vocabulary):
        read()
    registrant("00:00:5e:00:53:01")
