"""SSDP on UDP 1900: a search for UPnP root devices. Source: UPnP Device Architecture 1.1 section 1.3."""

from collections.abc import AsyncIterator

from auditor.model import Method, Protocol, Sighting
from auditor.net import Field, Heard, Question, inquire
from auditor.wire import ssdp

METHOD = Method.SSDP
PROTOCOL = Protocol.SSDP


def discover(field: Field) -> AsyncIterator[Sighting]:
    """Yield a sighting for each different answer."""
    return inquire(field, question())


def question() -> Question:
    """Return the question."""
    search = ssdp.search("upnp:rootdevice")

    def read(reply: bytes) -> Heard | None:
        answer = ssdp.parse(reply)
        if answer is None or answer.reason == "M-SEARCH":
            return None
        return Heard(search if answer.status is not None else b"")

    return Question(METHOD, PROTOCOL, 1900, (search,), read, group="239.255.255.250")
