"""What this machine knows of its own network interfaces; Linux, IPv4."""

import fcntl
import socket  # noqa: TID251 - net owns the sockets
import struct
from dataclasses import dataclass

_SIOCGIFFLAGS = 0x8913
_SIOCGIFADDR = 0x8915
_IFF_UP = 0x1
_IFF_BROADCAST = 0x2
_IFF_LOOPBACK = 0x8


@dataclass(frozen=True, slots=True)
class Interface:
    """An interface that is up and has an IPv4 address."""

    name: str
    index: int
    address: str
    loopback: bool
    broadcast: bool


def interface(name: str) -> Interface | None:
    """Return the interface of that name, or None when it is missing, down or without an IPv4 address."""
    request = struct.pack("256s", name.encode()[:15])
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            (flags,) = struct.unpack_from("H", fcntl.ioctl(sock, _SIOCGIFFLAGS, request), 16)
            address = socket.inet_ntoa(fcntl.ioctl(sock, _SIOCGIFADDR, request)[20:24])
        index = socket.if_nametoindex(name)
    except OSError:
        return None
    if not flags & _IFF_UP:
        return None
    return Interface(name, index, address, bool(flags & _IFF_LOOPBACK), bool(flags & _IFF_BROADCAST))
