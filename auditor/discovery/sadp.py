"""SADP on UDP 37020: the two inquiries there are, to every address and to the group.

Old firmware sends its answer to the group, so that is heard, too. Source: julienblitte/UniversalScanner
doc/protocols; public captures.
"""

import uuid
from collections.abc import AsyncIterator

from auditor.model import Method, Protocol, Sighting
from auditor.net import Field, Heard, Question, inquire
from auditor.wire import sadp

METHOD = Method.SADP
PROTOCOL = Protocol.SADP


def discover(field: Field) -> AsyncIterator[Sighting]:
    """Yield a sighting for each different answer to either inquiry."""
    return inquire(field, question(str(uuid.uuid4()).upper(), str(uuid.uuid4()).upper()))


def question(first: str, second: str) -> Question:
    """Return the question with a UUID for each of its two inquiries."""
    inquiries = {
        first: sadp.inquiry(first, sadp.Kind.INQUIRY),
        second: sadp.inquiry(second, sadp.Kind.INQUIRY_V32),
    }

    def read(reply: bytes) -> Heard | None:
        answer = sadp.parse(reply)
        if answer is None:
            return None
        echoed = (answer.field("Uuid") or "").strip().upper()
        return Heard(inquiries.get(echoed, b""), answer.field("MAC") or None)

    return Question(
        METHOD,
        PROTOCOL,
        37020,
        tuple(inquiries.values()),
        read,
        group="239.255.255.250",
        broadcast=True,
        listen=True,
    )
