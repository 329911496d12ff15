"""ARP: who has which IPv4 address on a segment. Source: RFC 826, RFC 5227."""

import ipaddress
import struct
from dataclasses import dataclass

_BODY = struct.Struct("!HHBBH6s4s6s4s")
_ETHERNET, _IPV4 = 1, 0x0800


@dataclass(frozen=True, slots=True)
class Packet:
    """One request (operation 1) or answer (2): what its sender says of itself."""

    operation: int
    mac: str
    address: str
    """Of the sender; 0.0.0.0 where it only looks whether an address is free."""
    target: str


def parse(data: bytes) -> Packet | None:
    """Read the body of an ARP frame; None for anything else."""
    if len(data) < _BODY.size:
        return None
    hardware, protocol, hardware_size, size, operation, mac, address, _, target = _BODY.unpack_from(data)
    if (hardware, protocol, hardware_size, size) != (_ETHERNET, _IPV4, 6, 4):
        return None
    return Packet(
        operation, mac.hex(":"), str(ipaddress.IPv4Address(address)), str(ipaddress.IPv4Address(target))
    )
