"""What the kernel knows of who has which address on our own segments, and what it costs it to find out.

The first packet to an address on an attached network makes the kernel ask by ARP (IPv6: neighbour solicitation) three
times, a second apart, on its own; what is sent meanwhile asks nothing more. So a first packet counts as three, and an
address that nobody has is left alone for a while. Source: ip-sysctl (mcast_solicit, retrans_time_ms), rtnetlink(7).
"""

import ipaddress
import socket  # noqa: TID251 - net owns the sockets
import struct
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeAlias

TRIES = 3
"""How often the kernel asks who has an address: net.ipv4.neigh.default.mcast_solicit."""
_HOLDS = 15.0
"""Seconds for which it holds that nobody has an address."""
_FRESH = 0.25
_ROUTES_FRESH = 2.0
_GETNEIGH, _NEWNEIGH, _DONE, _ERROR = 30, 28, 3, 2
_DUMP = 0x301
"""NLM_F_REQUEST | NLM_F_ROOT | NLM_F_MATCH."""
_DST = 1
_FAILED, _NOARP = 0x20, 0x40
_REJECT = 0x200

Net: TypeAlias = tuple[int, int, int]
"""Version, network and mask as numbers."""
State = tuple[str, int]


class Resolution:
    """The kernel's table of neighbours, looked at a few times a second at most."""

    def __init__(
        self,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        table: Callable[[], Iterator[State]] | None = None,
        attached: Callable[[], Iterator[Net]] | None = None,
    ) -> None:
        self._monotonic = monotonic
        self._table = table or neighbours
        self._attached = attached or networks
        self._networks: tuple[Net, ...] = ()
        self._networks_at = self._looked = float("-inf")
        self._known: set[str] = set()
        self._nobody: dict[str, float] = {}
        """By address, until when nobody has it."""

    def is_absent(self, address: str) -> bool:
        """Tell whether the kernel has asked for an address on our segment lately, and nobody has it."""
        if not self.is_attached(address):
            return False
        self._look()
        return self._nobody.get(address, float("-inf")) > self._monotonic()

    def cost(self, address: str) -> int:
        """Return how many packets of the kernel's own a packet to an address brings about before it leaves."""
        if not self.is_attached(address):
            return 0
        self._look()
        if address in self._known:
            return 0
        self._known.add(address)  # the next one finds it being asked for
        return TRIES

    def is_attached(self, address: str) -> bool:
        """Tell whether an address is on a segment of ours: reached by a route without a gateway."""
        now = self._monotonic()
        if now - self._networks_at >= _ROUTES_FRESH:
            self._networks, self._networks_at = tuple(self._attached()), now
        if not self._networks:
            return False
        version, number = _number(address)
        return any(version == one and number & mask == network for one, network, mask in self._networks)

    def _look(self) -> None:
        now = self._monotonic()
        if now - self._looked < _FRESH:
            return
        self._looked = now
        self._nobody = {one: until for one, until in self._nobody.items() if until > now}
        known = set()
        for address, state in self._table():
            if not state & _FAILED:
                known.add(address)
                self._nobody.pop(address, None)
            elif address in self._known:
                self._nobody[address] = now + _HOLDS
        self._known = known


def _number(address: str) -> tuple[int, int]:
    read = ipaddress.ip_address(address)
    return read.version, int(read)


def neighbours() -> Iterator[State]:
    """Yield each address the kernel has asked for, with its state (NUD_…); nothing where it does not tell."""
    try:
        with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as sock:
            sock.settimeout(0.5)
            sock.send(struct.pack("=IHHIIBxxxiHBB", 28, _GETNEIGH, _DUMP, 1, 0, 0, 0, 0, 0, 0))
            while True:
                told = sock.recv(1 << 18)
                for kind, body in _messages(told):
                    if kind in {_DONE, _ERROR}:
                        return
                    if kind == _NEWNEIGH:
                        yield from _neighbour(body)
    except (AttributeError, OSError):
        return


def _messages(told: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield kind and body of each netlink message. Source: netlink(7)."""
    place = 0
    while place + 16 <= len(told):
        size, kind = struct.unpack_from("=IH", told, place)
        if size < 16:
            return
        yield kind, told[place + 16 : place + size]
        place += (size + 3) & ~3


def _neighbour(body: bytes) -> Iterator[State]:
    """Yield address and state of one RTM_NEWNEIGH: struct ndmsg, then attributes. Source: rtnetlink(7)."""
    if len(body) < 12:
        return
    family, (state,) = body[0], struct.unpack_from("=H", body, 8)
    place = 12
    while place + 4 <= len(body):
        size, kind = struct.unpack_from("=HH", body, place)
        value = body[place + 4 : place + size]
        if kind == _DST and family in {socket.AF_INET, socket.AF_INET6} and len(value) in {4, 16}:
            if not state & _NOARP:
                yield str(ipaddress.ip_address(value)), state
            return
        place += max(4, (size + 3) & ~3)


def networks(
    routes: Path = Path("/proc/net/route"), routes_v6: Path = Path("/proc/net/ipv6_route")
) -> Iterator[Net]:
    """Yield the networks that are on a segment of ours: routes without a gateway. Source: proc(5)."""
    try:
        for line in routes.read_text(encoding="utf-8", errors="surrogateescape").splitlines()[1:]:
            row = line.split()
            gateway, mask = int(row[2], 16), int(row[7], 16)
            if not gateway and mask and row[0] != "lo" and not int(row[3], 16) & _REJECT:
                yield 4, socket.ntohl(int(row[1], 16)), socket.ntohl(mask)
    except (OSError, ValueError, IndexError):
        pass
    try:
        for line in routes_v6.read_text(encoding="utf-8", errors="surrogateescape").splitlines():
            row = line.split()
            length = int(row[1], 16)
            is_ours = row[9] != "lo" and not int(row[4], 16) and not int(row[8], 16) & _REJECT
            if is_ours and 0 < length < 128 and not row[0].startswith("ff"):
                yield 6, int(row[0], 16), ((1 << length) - 1) << (128 - length)
    except (OSError, ValueError, IndexError):
        pass
