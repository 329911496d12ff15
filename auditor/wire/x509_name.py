"""Names in certificates as text, each attribute by itself, whatever string type it is in. Source: RFC 5280 4.1.2.4, RFC 4514."""

import re
from collections.abc import Iterator

from auditor.wire import ber, charset

MAX_ATTRIBUTES = 64
"""Attributes kept of one name."""
MAX_VALUE = 1024
"""Bytes read of one attribute."""

_SET = 0x31
_BMP_STRING = 0x1E
_UNIVERSAL_STRING = 0x1C
# NumericString, PrintableString, TeletexString, VideotexString, IA5String, GraphicString, VisibleString, GeneralString,
# UTF8String and OCTET STRING: devices write the same bytes under any of them.
_TEXT = frozenset({0x04, 0x0C, 0x12, 0x13, 0x14, 0x15, 0x16, 0x19, 0x1A, 0x1B})
_SHORT = {
    "2.5.4.3": "CN",
    "2.5.4.6": "C",
    "2.5.4.7": "L",
    "2.5.4.8": "ST",
    "2.5.4.9": "STREET",
    "2.5.4.10": "O",
    "2.5.4.11": "OU",
    "0.9.2342.19200300.100.1.1": "UID",
    "0.9.2342.19200300.100.1.25": "DC",
}
_SPECIAL = re.compile(r'[\\"+,;<>]')
# An attribute type below 2.5.4 with the head of its value, for a name whose lengths do not add up.
_ATTRIBUTE = re.compile(rb"\x06\x03\x55\x04[\x03-\x3f]")


def text(content: bytes) -> str:
    """Return a name as in `CN=192.168.1.108,OU=…,C=CN`, most specific first; `content` is what its sequence holds.

    An attribute that cannot be read is left out, and so is one that the end of the bytes cuts off.
    """
    parts = list(_parts(content))
    read = ",".join(reversed([one for one in parts if one]))
    return read if all(parts) else max(read, salvaged(content), key=len)


def salvaged(data: bytes) -> str:
    """Return the name that the attributes found in any bytes make, in the form of `text`; empty when there are none."""
    found = (_attribute(data[each.start() : each.start() + MAX_VALUE]) for each in _ATTRIBUTE.finditer(data))
    kept = [one for one, _ in zip((one for one in found if one), range(MAX_ATTRIBUTES), strict=False)]
    return ",".join(reversed(kept))


def _parts(content: bytes) -> Iterator[str]:
    """Yield each relative name in the order of the bytes; one of several attributes is joined by plus signs."""
    for count, each in enumerate(ber.elements(content)):
        if count == MAX_ATTRIBUTES:
            return
        pairs = ber.elements(each.content) if each.tag == _SET else ()
        yield "+".join(one for one in (_attribute(pair.content) for pair in pairs) if one)


def _attribute(content: bytes) -> str:
    """Return `TYPE=value` of one attribute, or nothing."""
    parts = ber.elements(content)
    kind, value = next(parts, None), next(parts, None)
    if kind is None or value is None or kind.tag != ber.OID or not value.whole:
        return ""
    oid = ber.oid(kind.content)
    return f"{_SHORT.get(oid, oid)}={escaped(string(value))}" if oid else ""


def string(value: ber.Element) -> str:
    """Return the text of one value by its string type; other types in hexadecimal behind a `#`."""
    content = value.content[:MAX_VALUE]
    if value.tag == _BMP_STRING and _is_wide(content, 2):
        return content.decode("utf-16-be", "replace")
    if value.tag == _UNIVERSAL_STRING and _is_wide(content, 4):
        return content.decode("utf-32-be", "replace")
    if value.tag in _TEXT or value.tag in {_BMP_STRING, _UNIVERSAL_STRING}:
        return charset.decode(content)
    return f"#{content.hex()}"


def _is_wide(content: bytes, width: int) -> bool:
    """Tell whether bytes are characters of that width, and not plain letters under the wrong type."""
    return len(content) % width == 0 and not (content.isascii() and b"\x00" not in content)


def escaped(value: str) -> str:
    """Return a value with the signs escaped that would end it. Source: RFC 4514 section 2.4."""
    value = _SPECIAL.sub(lambda found: f"\\{found.group()}", value).replace("\x00", "\\00")
    if value[:1] in {"#", " "} and not re.fullmatch(r"#(?:[0-9a-f]{2})+", value):
        value = f"\\{value}"
    return f"{value[:-1]}\\ " if value.endswith(" ") and len(value) > 1 else value
