"""The older discovery on UDP 5050, which equipment too old for DHIP still answers.

To every address, and to the broadcast address where an interface is granted; answers may be broadcast.
Source: julienblitte/UniversalScanner Dahua1.cs.
"""

from collections.abc import AsyncIterator

from auditor.model import Method, Protocol, Sighting
from auditor.net import Field, Heard, Question, inquire
from auditor.wire import dahua_5050

METHOD = Method.DAHUA_5050
PROTOCOL = Protocol.DAHUA_5050


def discover(field: Field) -> AsyncIterator[Sighting]:
    """Yield a sighting for each different answer."""
    return inquire(field, question())


def question() -> Question:
    """Return the question."""
    search = dahua_5050.search()

    def read(reply: bytes) -> Heard | None:
        answer = dahua_5050.parse(reply)
        return Heard(search, answer.mac or None) if answer else None

    return Question(METHOD, PROTOCOL, 5050, (search,), read, broadcast=True, listen=True)
