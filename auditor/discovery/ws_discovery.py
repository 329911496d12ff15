"""WS-Discovery on UDP 3702: a Probe for video transmitters, and one for devices to those who kept silent.

Some devices answer only one of the two types, and some only XML on one line. Source: ONVIF Core
Specification section 7.3; edgexfoundry/device-onvif-camera issue 134.
"""

import uuid
from collections.abc import AsyncIterator

from auditor.model import Method, Protocol, Sighting
from auditor.net import Field, Heard, Question, inquire
from auditor.wire import ws_discovery

METHOD = Method.WS_DISCOVERY
PROTOCOL = Protocol.WSD

_TYPES = ("dn:NetworkVideoTransmitter", "tds:Device")


def discover(field: Field) -> AsyncIterator[Sighting]:
    """Yield a sighting for each different answer to either Probe."""
    return inquire(field, question(tuple(f"urn:uuid:{uuid.uuid4()}" for _ in _TYPES)))


def question(message_ids: tuple[str, ...]) -> Question:
    """Return the question with a message id for each type asked for."""
    probes = {name: ws_discovery.probe(name, types) for name, types in zip(message_ids, _TYPES, strict=True)}

    def read(reply: bytes) -> Heard | None:
        found = ws_discovery.matches(reply)
        if not found:
            return None
        related = found[0].relates_to.strip()
        return Heard(probes.get(related, b""))

    return Question(METHOD, PROTOCOL, 3702, tuple(probes.values()), read, group="239.255.255.250", retry=True)
