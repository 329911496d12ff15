"""SNMP version 2c questions, and what may be kept of the answers: the objects asked for, never the community. Source: RFC 1901, 3416."""

from collections.abc import Iterable, Sequence

from auditor.wire import ber

_GET = 0xA0
_NEXT = 0xA1
_VERSION_2C = 1
_ABSENT = frozenset({ber.NULL, 0x80, 0x81, 0x82})


def get(oids: Sequence[str], community: str, request: int) -> bytes:
    """Return a Get for the objects, at most about thirty; `request` is any number that fits 31 bits."""
    return _message(community.encode("utf-8"), ber.encode(_GET, pdu(oids, request)))


def get_next(oids: Sequence[str], community: str, request: int) -> bytes:
    """Return a GetNext: asks for the object that follows each of these, as the next row of a table's columns."""
    return _message(community.encode("utf-8"), ber.encode(_NEXT, pdu(oids, request)))


def pdu(oids: Sequence[str], request: int) -> bytes:
    """Return the inside of a Get, whatever the version of the message around it."""
    asked = b"".join(
        ber.encode(ber.SEQUENCE, ber.encode(ber.OID, _oid_content(oid)) + ber.encode(ber.NULL, b""))
        for oid in oids
    )
    return number(request) + number(0) + number(0) + ber.encode(ber.SEQUENCE, asked)


def kept(reply: bytes, oids: Iterable[str], columns: Iterable[str] = ()) -> bytes:
    """Return an answer without its community, holding the objects asked for and those in the columns; empty when it is none."""
    parts = ber.inside(reply)
    if len(parts) < 3 or parts[0].tag != ber.INTEGER or ber.integer(parts[0].content) != _VERSION_2C:
        return b""
    fields = tuple(ber.elements(parts[2].content))
    if len(fields) < 4:
        return b""
    wanted, inside = set(oids), tuple(f"{column}." for column in columns)
    told = b"".join(
        ber.encode(ber.SEQUENCE, binding.content)
        for binding in ber.elements(fields[3].content)
        if _is_told(tuple(ber.elements(binding.content)), wanted, inside)
    )
    head = b"".join(ber.encode(each.tag, each.content[:8]) for each in fields[:3])
    return _message(b"", ber.encode(parts[2].tag, head + ber.encode(ber.SEQUENCE, told)))


def _is_told(pair: tuple[ber.Element, ...], wanted: set[str], inside: tuple[str, ...]) -> bool:
    if len(pair) != 2 or not pair[1].whole or pair[1].tag in _ABSENT:
        return False
    name = ber.oid(pair[0].content)
    return name in wanted or name.startswith(inside)


def _oid_content(oid: str) -> bytes:
    """Return the octets of an object identifier in dotted form."""
    first, second, *rest = (int(part) for part in oid.strip(".").split("."))
    coded = bytearray()
    for arc in (40 * first + second, *rest):
        septets = [arc & 0x7F]
        while arc := arc >> 7:
            septets.append(arc & 0x7F | 0x80)
        coded += bytes(reversed(septets))
    return bytes(coded)


def _message(community: bytes, pdu: bytes) -> bytes:
    return ber.encode(ber.SEQUENCE, number(_VERSION_2C) + ber.encode(ber.OCTETS, community) + pdu)


def number(value: int) -> bytes:
    """Return a whole number that is not negative."""
    return ber.encode(ber.INTEGER, value.to_bytes(value.bit_length() // 8 + 1, "big"))
