"""UDP: one socket per device and port, and sockets that hear a segment's multicast and broadcast."""

import asyncio
import socket  # noqa: TID251 - the lab emulates devices; this is its side of the socket
from collections.abc import Callable, Iterable

from lab.emulator.unit import Unit
from lab.persona import Hears, Listener
from lab.sensor.event import EventKind

GROUPS = {
    "sadp": "239.255.255.250",
    "dhip": "239.255.255.251",
    "wsd": "239.255.255.250",
    "ssdp": "239.255.255.250",
    "mdns": "224.0.0.251",
}
"""Where each discovery protocol is asked on a segment."""
MAXIMUM = 65_535
Elsewhere = Callable[[int], socket.socket]


class Mouth:
    """One device's UDP port: hears what is sent to it, and speaks also when a group was asked."""

    __slots__ = ("_elsewhere", "_shift", "_sock", "listener", "unit")

    def __init__(
        self, unit: Unit, listener: Listener, sock: socket.socket, shift: int, elsewhere: Elsewhere
    ) -> None:
        self.unit = unit
        self.listener = listener
        self._sock = sock
        self._shift = shift
        self._elsewhere = elsewhere

    def readable(self) -> None:
        """Take every datagram that waits and answer it."""
        for datagram, peer in _waiting(self._sock):
            if Hears.UNICAST in self.listener.hears:
                self.hear(datagram, peer)

    def hear(self, datagram: bytes, peer: tuple[str, int]) -> None:
        """Answer one datagram, in the device's way."""
        quirks = self.unit.device.persona.quirks
        if self.unit.is_down(self.listener, peer):
            return
        speech = self.unit.device.hear(self.listener, datagram)
        self.unit.tell(EventKind.REQUEST, self.listener, peer, datagram, speech.login)
        if quirks.silent or not speech:
            return
        loop = asyncio.get_running_loop()
        for number in range(max(1, quirks.repeats)):
            if quirks.delay or number:
                loop.call_later(quirks.delay + 0.05 * number, self._send, speech.replies, peer)
            else:
                self._send(speech.replies, peer)

    def _send(self, replies: Iterable[bytes], peer: tuple[str, int]) -> None:
        quirks = self.unit.device.persona.quirks
        port = self.listener.port + self._shift
        group = GROUPS.get(self.listener.protocol)
        for reply in replies:
            try:
                sock = self._elsewhere(port) if quirks.answers_elsewhere else self._sock
                sock.sendto(reply, peer)
                if quirks.remulticast and group:
                    self._sock.sendto(reply, (group, port))
            except OSError:
                # The other side's port is shut, or the segment has no multicast: nobody is listening.
                continue

    def close(self) -> None:
        """Shut the port."""
        asyncio.get_running_loop().remove_reader(self._sock)
        self._sock.close()


class Segment:
    """What is sent to everybody on one interface: a group or the broadcast address, on one port."""

    __slots__ = ("_hears", "_mouths", "_own", "_sock")

    def __init__(self, sock: socket.socket, hears: Hears, mouths: Iterable[Mouth]) -> None:
        self._sock = sock
        self._hears = hears
        self._mouths = tuple(mouths)
        self._own = frozenset(mouth.unit.device.address for mouth in self._mouths)

    def readable(self) -> None:
        """Let every device that notices such datagrams hear what waits."""
        for datagram, peer in _waiting(self._sock):
            if peer[0] in self._own:
                continue  # a device answered to the whole group; that is no question
            for mouth in self._mouths:
                if self._hears in mouth.listener.hears:
                    mouth.hear(datagram, peer)

    def close(self) -> None:
        """Leave the group."""
        asyncio.get_running_loop().remove_reader(self._sock)
        self._sock.close()


def _waiting(sock: socket.socket) -> Iterable[tuple[bytes, tuple[str, int]]]:
    while True:
        try:
            datagram, peer = sock.recvfrom(MAXIMUM)
        except BlockingIOError:
            return
        except OSError:
            # An ICMP error about an earlier answer; the next datagram is unaffected.
            continue
        yield datagram, (str(peer[0]), int(peer[1]))


def group_socket(group: str, port: int, interface: str) -> socket.socket:
    """Open a socket that hears a group (or the broadcast address) on the interface with that address."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.setblocking(False)
    sock.bind((group, port))
    if group != "255.255.255.255":
        request = socket.inet_aton(group) + socket.inet_aton(interface)
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, request)
    return sock


def device_socket(address: str, port: int, interface: str | None) -> socket.socket:
    """Open a device's own UDP port."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.setblocking(False)
    sock.bind((address, port))
    if interface is not None:
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(interface))
    return sock
