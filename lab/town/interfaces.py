"""This machine's interfaces, and the few changes a lab router makes to its own: in its container or namespace only."""

import fcntl
import ipaddress
import socket  # noqa: TID251 - the lab reads and sets its own interfaces' addresses
import struct

_GET_ADDRESS, _SET_ADDRESS, _SET_MASK = 0x8915, 0x8916, 0x891C
_DELETE_ROUTE = 0x890C
_UP, _GATEWAY = 0x1, 0x2
_ROUTE_SIZE = 120
"""Bytes of the kernel's struct rtentry on 64-bit machines."""


def interfaces() -> dict[str, str]:
    """Return the IPv4 address of every interface that has one, by name."""
    found = {}
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        for _, name in socket.if_nameindex():
            try:
                said = fcntl.ioctl(control, _GET_ADDRESS, struct.pack("16s240x", name.encode()))
            except OSError:
                continue  # an interface without an IPv4 address
            found[name] = socket.inet_ntoa(said[20:24])
    return found


def interface_in(cidr: str) -> str | None:
    """Return the name of the interface whose address is in the network."""
    space = ipaddress.IPv4Network(cidr)
    for name, address in interfaces().items():
        if ipaddress.IPv4Address(address) in space:
            return name
    return None


def add_address(interface: str, number: int, address: str, mask: str) -> None:
    """Give an interface one more address; PermissionError without the right to."""
    name = f"{interface}:{number}".encode()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        for request, value in ((_SET_ADDRESS, address), (_SET_MASK, mask)):
            sockaddr = struct.pack("HH4s8x", socket.AF_INET, 0, socket.inet_aton(value))
            fcntl.ioctl(control, request, struct.pack("16s16s", name, sockaddr))


def drop_default_routes() -> None:
    """Take away every default route, so that nothing can leave the lab."""
    nowhere = struct.pack("HH4s8x", socket.AF_INET, 0, b"\0" * 4)
    route = struct.pack("L16s16s16sH6xL", 0, nowhere, nowhere, nowhere, _UP | _GATEWAY, 0)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        for _ in range(8):
            try:
                fcntl.ioctl(control, _DELETE_ROUTE, route.ljust(_ROUTE_SIZE, b"\0"))
            except ProcessLookupError:
                return  # none is left
