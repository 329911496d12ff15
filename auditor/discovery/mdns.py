"""mDNS on UDP 5353: which of the services that cameras announce are there. Source: RFC 6762 section 5.1 and 5.5."""

from collections.abc import AsyncIterator

from auditor.model import Method, Protocol, Sighting
from auditor.net import Field, Heard, Question, inquire
from auditor.wire import mdns

METHOD = Method.MDNS
PROTOCOL = Protocol.MDNS

_SERVICES = (
    "_http._tcp.local",
    "_rtsp._tcp.local",
    "_onvif._tcp.local",
    "_psia._tcp.local",
    "_CGI._tcp.local",
)


def discover(field: Field) -> AsyncIterator[Sighting]:
    """Yield a sighting for each different answer."""
    return inquire(field, question())


def question() -> Question:
    """Return the question."""
    query = mdns.query(_SERVICES)

    def read(reply: bytes) -> Heard | None:
        return Heard(query) if mdns.parse(reply) else None

    return Question(METHOD, PROTOCOL, 5353, (query,), read, group="224.0.0.251")
