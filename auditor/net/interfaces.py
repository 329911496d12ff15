"""What this machine knows of its own network interfaces; Linux."""

import fcntl
import socket  # noqa: TID251 - net owns the sockets
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Interface, IPv6Address, IPv6Interface
from pathlib import Path

_SIOCGIFFLAGS = 0x8913
_SIOCGIFADDR = 0x8915
_SIOCGIFNETMASK = 0x891B
_IF_INET6 = Path("/proc/net/if_inet6")
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


def addresses(here: Interface) -> tuple[IPv4Interface | IPv6Interface, ...]:
    """Return the addresses an interface has, with the networks they are in: its first of IPv4, all of IPv6.

    Source: netdevice(7); Linux, if_inet6_seq_show.
    """
    request = struct.pack("256s", here.name.encode()[:15])
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            mask = socket.inet_ntoa(fcntl.ioctl(sock, _SIOCGIFNETMASK, request)[20:24])
    except OSError:
        mask = "255.255.255.255"  # it is gone
    return (IPv4Interface(f"{here.address}/{mask}"), *_addresses_v6(here.name))


def _addresses_v6(name: str) -> Iterator[IPv6Interface]:
    try:
        lines = _IF_INET6.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return
    for line in lines:
        number, _, prefix, _, _, holder = line.split()
        if holder == name:
            yield IPv6Interface(f"{IPv6Address(bytes.fromhex(number))}/{int(prefix, 16)}")
