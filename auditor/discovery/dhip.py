"""DHIP on UDP 37810: one search, to every address, the group and the broadcast address.

Source: julienblitte/UniversalScanner Dahua2.cs; public captures.
"""

from collections.abc import AsyncIterator

from auditor.model import Method, Protocol, Sighting
from auditor.net import Field, Heard, Question, inquire
from auditor.wire import dhip

METHOD = Method.DHIP
PROTOCOL = Protocol.DHIP


def discover(field: Field) -> AsyncIterator[Sighting]:
    """Yield a sighting for each different answer."""
    return inquire(field, question())


def question() -> Question:
    """Return the question."""
    search = dhip.search()

    def read(reply: bytes) -> Heard | None:
        answer = dhip.parse(reply)
        return Heard(search, answer.mac or None) if answer else None

    return Question(METHOD, PROTOCOL, 37810, (search,), read, group="239.255.255.251", broadcast=True)
