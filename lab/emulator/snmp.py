"""Answer SNMP: v2c (and v1) Get and GetNext for lab communities, v3 engine discovery for anybody."""

from collections.abc import Callable, Iterable, Sequence

_GET, _NEXT, _RESPONSE, _REPORT = 0xA0, 0xA1, 0xA2, 0xA8
_UNKNOWN_ENGINES = "1.3.6.1.6.3.15.1.1.4.0"
_MISSING = bytes((0x81, 0x00))
_END = bytes((0x82, 0x00))


class _MalformedError(Exception):
    pass


def answer(
    request: bytes,
    oids: Sequence[tuple[str, str]],
    communities: Iterable[str],
    fill: Callable[[str], str],
) -> bytes:
    """Return the reply datagram, empty for silence: an agent does not answer unknown communities."""
    try:
        (_, message), *_ = _items(request)
        version, *rest = _items(message)
        if int.from_bytes(version[1], "big") == 3:
            return _engine(rest, dict(oids).get("engine", ""))
        community, (kind, pdu), *_ = rest
        if kind not in {_GET, _NEXT} or community[1].decode("latin-1") not in communities:
            return b""
        return _response(version, community, kind, pdu, [(oid, fill(value)) for oid, value in oids])
    except (_MalformedError, ValueError, IndexError):
        return b""


def _response(
    version: tuple[int, bytes],
    community: tuple[int, bytes],
    kind: int,
    pdu: bytes,
    oids: Sequence[tuple[str, str]],
) -> bytes:
    number, _, _, (_, binds) = _items(pdu)
    ordered = sorted(((_key(oid), value) for oid, value in oids if oid != "engine"), key=lambda one: one[0])
    answered = b""
    for _, bind in _items(binds):
        asked = _key(_oid_text(_items(bind)[0][1]))
        if kind == _GET:
            found = next(((oid, value) for oid, value in ordered if oid == asked), None)
        else:
            found = next(((oid, value) for oid, value in ordered if oid > asked), None)
        name = found[0] if found else asked
        value = _value(found[1]) if found else (_MISSING if kind == _GET else _END)
        answered += _tlv(0x30, _tlv(0x06, _oid_bytes(name)) + value)
    fields = _tlv(*number) + _tlv(0x02, b"\0") + _tlv(0x02, b"\0") + _tlv(0x30, answered)
    return _tlv(0x30, _tlv(*version) + _tlv(*community) + _tlv(_RESPONSE, fields))


def _engine(rest: Sequence[tuple[int, bytes]], engine: str) -> bytes:
    """Report our engine id to a v3 asker that does not know it yet (RFC 3414 section 4)."""
    if not engine or len(rest) < 3:
        return b""
    number = _items(rest[0][1])[0]
    identity = bytes.fromhex(engine)
    head = _tlv(*number) + _tlv(0x02, b"\x05\xc0") + _tlv(0x04, b"\0") + _tlv(0x02, b"\x03")
    security = _tlv(0x04, identity) + _tlv(0x02, b"\x01") + _tlv(0x02, b"\x64") + _tlv(0x04, b"") * 3
    bind = _tlv(0x30, _tlv(0x06, _oid_bytes(_key(_UNKNOWN_ENGINES))) + _tlv(0x41, b"\x01"))
    report = _tlv(_REPORT, _tlv(0x02, b"\0") * 3 + _tlv(0x30, bind))
    scoped = _tlv(0x30, _tlv(0x04, identity) + _tlv(0x04, b"") + report)
    return _tlv(0x30, _tlv(0x02, b"\x03") + _tlv(0x30, head) + _tlv(0x04, _tlv(0x30, security)) + scoped)


def _items(data: bytes) -> list[tuple[int, bytes]]:
    """Split BER bytes into (tag, content); _MalformedError when a length does not fit."""
    found: list[tuple[int, bytes]] = []
    at = 0
    while at < len(data):
        if at + 2 > len(data):
            raise _MalformedError
        tag, length = data[at], data[at + 1]
        at += 2
        if length & 0x80:
            size = length & 0x7F
            length = int.from_bytes(data[at : at + size], "big")
            at += size
        if at + length > len(data):
            raise _MalformedError
        found.append((tag, data[at : at + length]))
        at += length
    return found


def _tlv(tag: int, content: bytes) -> bytes:
    if len(content) < 0x80:
        return bytes((tag, len(content))) + content
    size = (len(content).bit_length() + 7) // 8
    return bytes((tag, 0x80 | size)) + len(content).to_bytes(size, "big") + content


def _key(oid: str) -> tuple[int, ...]:
    return tuple(int(part) for part in oid.strip(".").split("."))


def _oid_bytes(oid: tuple[int, ...]) -> bytes:
    coded = bytes((oid[0] * 40 + oid[1],))
    for part in oid[2:]:
        septets = [part & 0x7F]
        while part := part >> 7:
            septets.append(part & 0x7F | 0x80)
        coded += bytes(reversed(septets))
    return coded


def _oid_text(coded: bytes) -> str:
    parts = [coded[0] // 40, coded[0] % 40]
    value = 0
    for byte in coded[1:]:
        value = value << 7 | byte & 0x7F
        if not byte & 0x80:
            parts.append(value)
            value = 0
    return ".".join(map(str, parts))


def _value(text: str) -> bytes:
    if text.startswith("oid:"):
        return _tlv(0x06, _oid_bytes(_key(text[4:])))
    if text.startswith("int:"):
        number = int(text[4:])
        return _tlv(0x02, number.to_bytes(number.bit_length() // 8 + 1, "big"))
    if text.startswith("hex:"):
        return _tlv(0x04, bytes.fromhex(text[4:]))
    return _tlv(0x04, text.encode())
