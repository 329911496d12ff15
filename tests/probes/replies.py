"""What the tests of readers share: replies as recorded exchanges, and what they show by field."""

from auditor import probes
from auditor.model import Endpoint, Exchange, Protocol, Status, Transport

Shown = dict[str, tuple[str, ...]]


def exchange(
    protocol: Protocol,
    reply: bytes,
    request: bytes = b"",
    *,
    status: Status = Status.ANSWERED,
    cut: bool = False,
) -> Exchange:
    endpoint = Endpoint("127.0.0.1", 80, Transport.TCP)
    return Exchange("site/127.0.0.1", "test", protocol, endpoint, request, reply, status, cut=cut)


def shown(protocol: Protocol, reply: bytes | str, request: str = "", *, cut: bool = False) -> Shown:
    data = reply if isinstance(reply, bytes) else reply.encode()
    told: Shown = {}
    for observation in probes.read(exchange(protocol, data, request.encode(), cut=cut)):
        told[observation.field] = (*told.get(observation.field, ()), observation.value)
    return told


def page(body: str, *headers: str, status: str = "200 OK") -> str:
    return "\r\n".join((f"HTTP/1.1 {status}", *headers, "", body))


def get(path: str) -> str:
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
