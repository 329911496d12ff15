"""SADP, the discovery by UDP 37020: the two inquiries there are, and answers however badly formed.

Source: public captures; julienblitte/UniversalScanner doc/protocols.
"""

from dataclasses import dataclass
from enum import StrEnum

from auditor.wire import charset, xml

MAX_FIELDS = 256
"""Fields kept of one answer."""

_ANSWERS = frozenset({"probematch", "hello"})
_QUESTION = "probe"
# Fields that no other XML of our protocols has, for answers whose first bytes are lost.
_TELLING = frozenset({"devicesn", "devicedescription"})


class Kind(StrEnum):
    """The only two questions this program can ask. Every other verb of the protocol changes a device."""

    INQUIRY = "inquiry"
    INQUIRY_V32 = "inquiry_v32"


@dataclass(frozen=True, slots=True)
class Answer:
    """What one device says of itself: the root element's name and the fields in order, as written."""

    root: str
    fields: tuple[tuple[str, str], ...]

    def field(self, name: str) -> str | None:
        """Return the first value of a field, whatever its case, or None."""
        wanted = name.lower()
        return next((value for key, value in self.fields if key.lower() == wanted), None)


def inquiry(uuid: str, kind: Kind) -> bytes:
    """Return an inquiry; the upper-case UUID comes back in the answer, so stale and foreign answers can be told."""
    return (
        f'<?xml version="1.0" encoding="utf-8"?><Probe><Uuid>{xml.escape(uuid)}</Uuid>'
        f"<Types>{Kind(kind).value}</Types></Probe>"
    ).encode()


def parse(reply: bytes) -> Answer | None:
    """Read an answer or a spontaneous hello; None for anything else, our own inquiry come back included.

    Values cut off by the end of the datagram are left out.
    """
    start, end = reply.find(b"<"), reply.rfind(b">")
    if start < 0 or end < start:
        return None
    found = xml.elements(charset.document(reply[start:]))
    if found and found[0].name.lower() == _QUESTION:  # a tool that asks or changes a device names it, too
        return None
    # WS-Discovery has elements of the same names, inside an envelope.
    plain = (each for each in found if "envelope" not in each.path.lower())
    root = next((each.name for each in plain if each.name.lower() in _ANSWERS), None)
    leaves = tuple(
        (each.name, each.text) for each in found if each.name.lower() not in _ANSWERS and not each.cut
    )
    if root is None and not any(name.lower() in _TELLING for name, _ in leaves):
        return None
    return Answer(root or "", leaves[:MAX_FIELDS])
