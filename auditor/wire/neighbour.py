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


def solicitation(mac: str, address: str, target: str) -> bytes:
    """Return the whole frame that asks the few devices that can have `target` whether they do."""
    from scapy.layers.inet6 import ICMPv6ND_NS, ICMPv6NDOptSrcLLAddr, IPv6  # noqa: PLC0415  slow to load
    from scapy.layers.l2 import Ether  # noqa: PLC0415

    number = int(ipaddress.IPv6Address(target))
    group = ipaddress.IPv6Address(int(ipaddress.IPv6Address("ff02::1:ff00:0")) | number & 0xFFFFFF)
    to = "33:33:" + group.packed[-4:].hex(":")
    frame = Ether(src=mac, dst=to) / IPv6(src=address, dst=str(group), hlim=255)
    return bytes(frame / ICMPv6ND_NS(tgt=target) / ICMPv6NDOptSrcLLAddr(lladdr=mac))


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
