"""IPv6 neighbour discovery: who has which IPv6 address on a segment. Source: RFC 4861 section 4.3, 4.4."""

import ipaddress
from dataclasses import dataclass

_ICMPV6 = 58
_ADVERTISEMENT = 136
_TARGET_ADDRESS = 2
_HEAD, _OPTIONS = 40, 64


@dataclass(frozen=True, slots=True)
class Advertisement:
    """A device's word on which hardware address has which of its IPv6 addresses."""

    mac: str
    address: str


def parse(packet: bytes) -> Advertisement | None:
    """Read an IPv6 packet that advertises a neighbour; None for anything else."""
    if (
        len(packet) < _OPTIONS
        or packet[0] >> 4 != 6
        or packet[6] != _ICMPV6
        or packet[_HEAD] != _ADVERTISEMENT
    ):
        return None
    if packet[7] != 255:  # came through a router: forged
        return None
    target = str(ipaddress.IPv6Address(packet[48:64]))
    at = _OPTIONS
    while at + 8 <= len(packet) and packet[at + 1]:
        if packet[at] == _TARGET_ADDRESS:
            return Advertisement(packet[at + 2 : at + 8].hex(":"), target)
        at += 8 * packet[at + 1]
    return None
