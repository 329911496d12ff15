"""SSDP on UDP 1900: a search for UPnP root devices, then one for embedded devices that answer no other.

Source: UPnP Device Architecture 1.1 section 1.3; discovery code of network cameras for the second target.
"""

from collections.abc import AsyncIterator

from auditor.model import Method, Protocol, Sighting
from auditor.net import Field, Heard, Question, inquire
from auditor.wire import ssdp

METHOD = Method.SSDP
PROTOCOL = Protocol.SSDP

_EMBEDDED = "urn:schemas-upnp-org:service:EmbeddedNetDeviceControl:1"
_XML_ANSWER = b"<multicastSearchResult"
_ROOT_WITHIN = 512


def discover(field: Field) -> AsyncIterator[Sighting]:
    """Yield a sighting for each different answer."""
    return inquire(field, question())


def question() -> Question:
    """Return the question."""
    search = ssdp.search("upnp:rootdevice")
    embedded = ssdp.search(_EMBEDDED)

    def read(reply: bytes) -> Heard | None:
        answer = ssdp.parse(reply)
        if answer is None or answer.reason == "M-SEARCH":
            return None
        if _XML_ANSWER in reply[:_ROOT_WITHIN]:
            return Heard(embedded)
        return Heard(search if answer.status is not None else b"")

    return Question(METHOD, PROTOCOL, 1900, (search, embedded), read, group="239.255.255.250", retry=True)
