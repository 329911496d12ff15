"""SNMP messages: the engine discovery that needs no login, and replies of all versions. Source: RFC 1901, 3416, 3414."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from auditor.wire import ber, charset

MAX_VARBINDS = 256
"""Objects read of one message."""

_VERSIONS = {0: "1", 1: "2c", 3: "3"}
_PDUS = {
    0xA0: "get", 0xA1: "get-next", 0xA2: "response", 0xA3: "set", 0xA5: "get-bulk", 0xA6: "inform", 0xA7: "trap",
    0xA8: "report",
}  # fmt: skip
_QUESTIONS = frozenset({"get", "get-next", "get-bulk", "set", "inform"})
_REPORTABLE = 0x04
_IP_ADDRESS = 0x40
_COUNTERS = frozenset({0x41, 0x42, 0x43, 0x46, 0x47})
# The system group, whose octets are text in whatever character set. Source: RFC 3418.
_SYSTEM = "1.3.6.1.2.1.1."
_ADDRESS_LENGTHS = frozenset({6, 8})
_ABSENT = frozenset({ber.NULL, 0x80, 0x81, 0x82})
_MAX_VALUE = 4096


@dataclass(frozen=True, slots=True)
class Message:
    """One message: its version as people write it, and the objects it tells. A community is never kept."""

    version: str
    pdu: str
    varbinds: tuple[tuple[str, str], ...] = ()
    engine_id: bytes = b""
    context_id: bytes = b""
    """Whose objects it tells, in version 3, where that is another engine: somebody passes its words on."""
    wants_answer: bool = False
    """The sender wants an answer: the engine named is the one that is asked, and not the sender's. RFC 3412 section 6.4."""


def engine_discovery(message_id: int = 0x4A3B2C) -> bytes:
    """Return the empty SNMPv3 question that every agent answers with its engine identifier. Source: RFC 3414 4."""
    number = message_id & 0x7FFFFFFF
    empty = ber.encode(ber.OCTETS, b"")
    header = _number(number) + _number(0xFFE3) + ber.encode(ber.OCTETS, b"\x04") + _number(3)
    security = ber.encode(ber.SEQUENCE, empty + _number(0) + _number(0) + empty + empty + empty)
    pdu = ber.encode(0xA0, _number(number) + _number(0) + _number(0) + ber.encode(ber.SEQUENCE, b""))
    scoped = ber.encode(ber.SEQUENCE, empty + empty + pdu)
    return ber.encode(
        ber.SEQUENCE,
        _number(3) + ber.encode(ber.SEQUENCE, header) + ber.encode(ber.OCTETS, security) + scoped,
    )


def _number(value: int) -> bytes:
    return ber.encode(ber.INTEGER, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def parse(reply: bytes) -> Message | None:
    """Read one message of any version, or return None when it is none."""
    parts = ber.inside(reply)
    if len(parts) < 3 or parts[0].tag != ber.INTEGER:
        return None
    version = _VERSIONS.get(ber.integer(parts[0].content))
    if version is None:
        return None
    if version == "3":
        return _secured(parts)
    return _told(version, parts[2])


def without_user(message: bytes) -> bytes:
    """Return a message without its community, or its user and what is signed and sealed; anything else as it is."""
    parts = ber.inside(message)
    if len(parts) < 3 or parts[0].tag != ber.INTEGER:
        return message
    version, second, third = parts[0], parts[1], parts[2]
    if ber.integer(version.content) != 3:
        if second.tag != ber.OCTETS or not second.content:
            return message
        return _joined(version, ber.Element(ber.OCTETS, b""), *parts[2:])
    security = ber.inside(third.content)
    if len(security) < 6 or not any(one.content for one in security[3:6]):
        return message
    nobody = ber.encode(ber.OCTETS, b"") * 3
    known = b"".join(ber.encode(one.tag, one.content) for one in security[:3])
    inside = ber.Element(ber.OCTETS, ber.encode(ber.SEQUENCE, known + nobody))
    scoped = (one if one.tag == ber.SEQUENCE else ber.Element(one.tag, b"") for one in parts[3:])
    return _joined(version, second, inside, *scoped)


def _joined(*parts: ber.Element) -> bytes:
    return ber.encode(ber.SEQUENCE, b"".join(ber.encode(one.tag, one.content) for one in parts))


def _secured(parts: tuple[ber.Element, ...]) -> Message:
    security = ber.inside(parts[2].content) if parts[2].tag == ber.OCTETS else ()
    engine = security[0].content[:32] if security else b""
    scoped = tuple(ber.elements(parts[3].content)) if len(parts) > 3 and parts[3].tag == ber.SEQUENCE else ()
    context = scoped[0].content[:32] if scoped else b""
    told = (
        _told("3", scoped[2], engine or context)
        if len(scoped) > 2
        else Message("3", "", (), engine or context)
    )
    return replace(
        told,
        context_id=context if engine and context != engine else b"",
        wants_answer=_wants_answer(parts[1], told.pdu),
    )


def _wants_answer(header: ber.Element, pdu: str) -> bool:
    """Tell whether it is a question: by what it holds, or, where that is sealed, by its flags."""
    flags = tuple(ber.elements(header.content))[2:3]
    if pdu:
        return pdu in _QUESTIONS
    return bool(flags and flags[0].content and flags[0].content[0] & _REPORTABLE)


def _told(version: str, pdu: ber.Element, engine: bytes = b"") -> Message:
    fields = tuple(ber.elements(pdu.content))
    bindings = fields[3].content if len(fields) > 3 else b""
    return Message(version, _PDUS.get(pdu.tag, ""), tuple(_varbinds(bindings)), engine)


def _varbinds(data: bytes) -> Iterator[tuple[str, str]]:
    for count, binding in enumerate(ber.elements(data)):
        pair = tuple(ber.elements(binding.content))
        if count >= MAX_VARBINDS:
            return
        if len(pair) > 1 and pair[0].tag == ber.OID and pair[1].tag not in _ABSENT:
            name = ber.oid(pair[0].content)
            yield name, _value(pair[1], is_text=name.startswith(_SYSTEM))


def _value(element: ber.Element, *, is_text: bool) -> str:
    content = element.content[:_MAX_VALUE]
    if element.tag == ber.INTEGER:
        return str(ber.integer(content))
    if element.tag in _COUNTERS:
        return str(int.from_bytes(content[:16], "big"))
    if element.tag == ber.OID:
        return ber.oid(content)
    if element.tag == _IP_ADDRESS and len(content) == 4:
        return ".".join(str(octet) for octet in content)
    return _readable(content, is_text=is_text)


def _readable(content: bytes, *, is_text: bool) -> str:
    """Return text where it is text, and hexadecimal where it is not, as a MAC address in a string object."""
    bare = content.rstrip(b"\x00")
    try:
        text = bare.decode("utf-8")
    except UnicodeDecodeError:
        if not is_text or len(content) in _ADDRESS_LENGTHS:
            return content.hex()
        text = charset.decode(bare)
    return text if all(char.isprintable() or char in "\r\n\t" for char in text) else content.hex()
