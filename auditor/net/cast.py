"""UDP sockets for one question: to single addresses, to a group or everybody on an interface, and for the answers."""

import asyncio
import socket  # noqa: TID251 - net owns the sockets
import struct
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from auditor.net.door import BROADCAST, Passage, Segment, new_socket

_WAITING = 20_000
"""Datagrams kept until they are read; a flood beyond that is dropped."""
_AT_ONCE = 256
_LARGEST = 65_535
_IP_MULTICAST_ALL = 49  # Linux; not in Python's socket module
_BUFFER = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Datagram:
    """One datagram received. `unasked` is true when it came to the protocol's own port, not to our question's."""

    source: str
    payload: bytes
    unasked: bool


class Cast:
    """The sockets of one question; a context manager that closes them."""

    def __init__(self) -> None:
        self._heard: asyncio.Queue[Datagram] = asyncio.Queue(_WAITING)
        self._single: dict[socket.AddressFamily, socket.socket] = {}
        self._segments: dict[str, socket.socket] = {}
        self._open: list[socket.socket] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        loop = asyncio.get_running_loop()
        for sock in self._open:
            loop.remove_reader(sock)
            sock.close()

    async def send(self, passage: Passage, payload: bytes) -> None:
        """Send to the one address of the passage; NotSentError or OSError when it could not be sent."""
        sock = self._single.get(passage.family)
        if sock is None:
            sock = self._single[passage.family] = self._socket(passage.family)
            self._read(sock, unasked=False)
        await passage.send_datagram(sock, payload)

    async def send_segment(self, segment: Segment, passage: Passage, payload: bytes) -> None:
        """Send to the group or everybody on a segment, out of its interface and one hop far."""
        sock = self._segments.get(segment.interface.name)
        if sock is None:
            sock = self._segments[segment.interface.name] = self._segment_socket(segment)
        await passage.send_datagram(sock, payload)

    def listen(self, segment: Segment, group: str | None, port: int) -> None:
        """Also hear what is sent to the group, or to everybody, on a port; OSError when the port is taken.

        Bound to that destination alone, so that no datagram meant for another program is taken away.
        """
        sock = self._socket(socket.AF_INET)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if group:
            index = segment.interface.index
            member = struct.pack("=4s4si", socket.inet_aton(group), socket.inet_aton("0.0.0.0"), index)  # noqa: S104 - no bind: "any address of the interface"
            sock.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, member)
            sock.setsockopt(socket.IPPROTO_IP, _IP_MULTICAST_ALL, 0)
        sock.bind((group or BROADCAST, port))
        self._read(sock, unasked=True)

    async def next(self, seconds: float) -> Datagram | None:
        """Return the next datagram, or None when none came within so many seconds."""
        try:
            async with asyncio.timeout(seconds):
                return await self._heard.get()
        except TimeoutError:
            return None

    async def unread(self) -> tuple[Datagram, ...]:
        """Return what has come already and was not looked at yet, waiting for nothing."""
        for _ in range(2):  # the turn of the loop in which the sockets are read comes before the second
            await asyncio.sleep(0)
        return tuple(self._heard.get_nowait() for _ in range(self._heard.qsize()))

    def _segment_socket(self, segment: Segment) -> socket.socket:
        here = segment.interface
        sock = self._socket(socket.AF_INET)
        out = struct.pack("=4s4si", bytes(4), socket.inet_aton(here.address), here.index)
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, out)
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 1)
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_LOOP, int(here.loopback))
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        sock.bind((here.address, 0))  # decides the interface of the limited broadcast, too
        self._read(sock, unasked=False)
        return sock

    def _socket(self, family: socket.AddressFamily) -> socket.socket:
        sock = new_socket(family, socket.SOCK_DGRAM)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
        self._open.append(sock)
        return sock

    def _read(self, sock: socket.socket, *, unasked: bool) -> None:
        asyncio.get_running_loop().add_reader(sock, self._receive, sock, unasked)

    def _receive(self, sock: socket.socket, unasked: bool) -> None:
        for _ in range(_AT_ONCE):
            try:
                payload, origin = sock.recvfrom(_LARGEST)
            except OSError:
                return  # nothing more, or an ICMP error of an earlier datagram
            if not self._heard.full():
                self._heard.put_nowait(Datagram(origin[0].partition("%")[0], payload, unasked))
