"""DHCP messages as a client sends them: who it is, before it has an address. Source: RFC 2131, RFC 2132."""

import ipaddress
from dataclasses import dataclass

from auditor.wire import charset

MAX_OPTIONS = 128

_COOKIE = b"\x63\x82\x53\x63"
_OPTIONS_AT = 240
_END, _PAD = 255, 0
_HOST_NAME, _REQUESTED, _TYPE, _PARAMETERS, _VENDOR_CLASS, _FQDN = 12, 50, 53, 55, 60, 81
_TYPES = {
    1: "discover",
    2: "offer",
    3: "request",
    4: "decline",
    5: "ack",
    6: "nak",
    7: "release",
    8: "inform",
}


@dataclass(frozen=True, slots=True)
class Message:
    """One message. `mac` is the client's, `address` the one it has or is given, `asked` the one it only asks for."""

    type: str
    from_client: bool
    mac: str
    address: str
    host_name: str
    vendor_class: str
    parameters: tuple[int, ...]
    asked: str = ""


def parse(data: bytes) -> Message | None:
    """Read a message; None for anything else. Options end where their form ends."""
    if len(data) < _OPTIONS_AT or data[0] not in {1, 2} or data[236:240] != _COOKIE:
        return None
    options = _options(data)
    kind = options.get(_TYPE, b"")[:1]
    mac = data[28:34].hex(":") if data[1] == 1 and data[2] == 6 else ""
    name = options.get(_HOST_NAME, b"") or options.get(_FQDN, b"")[3:]
    return Message(
        type=_TYPES.get(kind[0] if kind else 0, ""),
        from_client=data[0] == 1,
        mac=mac,
        address=_address(data[12:16]) or _address(data[16:20]),
        host_name=_text(name),
        vendor_class=_text(options.get(_VENDOR_CLASS, b"")),
        parameters=tuple(options.get(_PARAMETERS, b"")),
        asked=_address(options.get(_REQUESTED, b"")),
    )


def _options(data: bytes) -> dict[int, bytes]:
    found: dict[int, bytes] = {}
    at = _OPTIONS_AT
    while at + 1 < len(data) and data[at] != _END and len(found) < MAX_OPTIONS:
        if data[at] == _PAD:
            at += 1
            continue
        found.setdefault(data[at], data[at + 2 : at + 2 + data[at + 1]])
        at += 2 + data[at + 1]
    return found


def _address(four: bytes) -> str:
    return str(ipaddress.IPv4Address(four)) if len(four) == 4 and any(four) else ""


def _text(value: bytes) -> str:
    return charset.decode(value).strip("\x00 ")
