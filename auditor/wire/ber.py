"""The tag-length-value shape under SNMP messages and certificates. Source: ITU-T X.690, definite lengths only."""

from collections.abc import Iterator
from dataclasses import dataclass

INTEGER = 0x02
OCTETS = 0x04
NULL = 0x05
OID = 0x06
SEQUENCE = 0x30

MAX_ELEMENTS = 1024
"""Elements read of one sequence."""
_MAX_OID_ARCS = 128


@dataclass(frozen=True, slots=True)
class Element:
    """One tag and the bytes it holds; `whole` tells that all announced bytes were there."""

    tag: int
    content: bytes
    whole: bool = True


def elements(data: bytes) -> Iterator[Element]:
    """Yield the elements one after the other; stop where the form ends. The last may be cut."""
    at = 0
    for _ in range(MAX_ELEMENTS):
        if at + 2 > len(data):
            return
        tag, length, start = data[at], data[at + 1], at + 2
        if length == 0x80 or length > 0x84:  # the indefinite form, or more than four length octets
            return
        if length > 0x80:
            octets = length & 0x7F
            length = int.from_bytes(data[start : start + octets], "big")
            start += octets
        if start > len(data):
            return
        yield Element(tag, data[start : start + length], start + length <= len(data))
        at = start + length


def inside(data: bytes, tag: int = SEQUENCE) -> tuple[Element, ...]:
    """Return what the first element holds, or nothing when it has another tag."""
    first = next(elements(data), None)
    return tuple(elements(first.content)) if first and first.tag == tag else ()


def encode(tag: int, content: bytes) -> bytes:
    """Return one element; content of up to 65,535 bytes."""
    if len(content) < 0x80:
        return bytes((tag, len(content))) + content
    if len(content) < 0x100:
        return bytes((tag, 0x81, len(content))) + content
    return bytes((tag, 0x82)) + len(content).to_bytes(2, "big") + content


def integer(content: bytes) -> int:
    """Return a signed number of at most sixteen bytes; longer ones are cut."""
    return int.from_bytes(content[:16], "big", signed=True)


def oid(content: bytes) -> str:
    """Return an object identifier in dotted form; empty when there is none."""
    arcs: list[int] = []
    value = 0
    for octet in content[: _MAX_OID_ARCS * 5]:
        value = (value & 0x1FFFFFFF) << 7 | (octet & 0x7F)
        if not octet & 0x80:
            arcs.append(value)
            value = 0
        if len(arcs) == _MAX_OID_ARCS:
            break
    if not arcs:
        return ""
    first = min(arcs[0] // 40, 2)
    return ".".join(str(arc) for arc in (first, arcs[0] - 40 * first, *arcs[1:]))
