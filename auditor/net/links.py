"""Whether this machine had a link when nobody answered: behind a pulled cable everybody is silent.

The kernel takes packets for an interface without carrier and loses them without a word, so that only the interface
itself tells. Linux, IPv4; of IPv6 and of what lies behind a working link nothing is known here.
"""

import errno
import fcntl
import socket  # noqa: TID251 - net owns the sockets
import struct
import time
from collections.abc import Callable
from pathlib import Path

from auditor.net.owed import MACHINE
from auditor.net.pace import subnet_of

NO_LINK = f"{MACHINE}: its link was down"
_SIOCGIFFLAGS = 0x8913
_IFF_UP = 0x1
_IFF_RUNNING = 0x40
_FRESH = 0.1
"""Seconds for which a look at an interface holds."""


class Links:
    """The interfaces that lead to what was asked, and when each was last seen without a link."""

    def __init__(
        self,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        leads: Callable[[str], str | None] | None = None,
        has_link: Callable[[str], bool] | None = None,
    ) -> None:
        self._monotonic = monotonic
        self._leads = leads or interface_to
        self._has_link = has_link or _has_link
        self._names: dict[str, str] = {}
        """By subnet, as first found: later the route may be gone with the link."""
        self._looked: dict[str, float] = {}
        self._down: dict[str, float] = {}

    def look(self) -> None:
        """Look at every interface in use; call it a few times a second while questions are out."""
        for name in self._looked:
            self._look(name)

    def was_down(self, address: str, since: float) -> bool:
        """Tell whether the link to an address was down at a moment since, by the monotonic clock."""
        subnet = subnet_of(address)
        name = self._names.get(subnet)
        if name is None:
            name = self._leads(address)
            if name is None:
                return False
            self._names[subnet] = name
        return self.was_without(name, since)

    def was_without(self, name: str, since: float) -> bool:
        """Tell whether an interface was without a link at a moment since."""
        self._look(name)
        return self._down.get(name, float("-inf")) >= since

    def _look(self, name: str) -> None:
        now = self._monotonic()
        if now - self._looked.get(name, float("-inf")) < _FRESH:
            return
        self._looked[name] = now
        if not self._has_link(name):
            self._down[name] = now


def interface_to(address: str, routes: Path = Path("/proc/net/route")) -> str | None:
    """Return the interface that packets to an IPv4 address leave by, None where that cannot be told.

    Source: proc(5), /proc/net/route, the main table: name, destination and in the eighth column mask, in hexadecimal,
    in the machine's own order of bytes.
    """
    if ":" in address or address.startswith("127."):
        return None
    (wanted,) = struct.unpack("=I", socket.inet_aton(address))
    try:
        rows = [line.split() for line in routes.read_text(encoding="ascii").splitlines()[1:]]
        leading = [
            (int(row[7], 16).bit_count(), row[0])
            for row in rows
            if wanted & int(row[7], 16) == int(row[1], 16)
        ]
    except (OSError, ValueError, IndexError):
        return None
    return max(leading)[1] if leading else None


def _has_link(name: str) -> bool:
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            (flags,) = struct.unpack_from("H", fcntl.ioctl(sock, _SIOCGIFFLAGS, _request(name)), 16)
    except OSError as error:
        return error.errno != errno.ENODEV  # the interface was taken away; of anything else nothing follows
    return bool(flags & _IFF_UP and flags & _IFF_RUNNING)


def _request(name: str) -> bytes:
    return struct.pack("256s", name.encode()[:15])
