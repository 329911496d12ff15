"""The one way out. Nothing in this program connects or sends but a Passage, and only the Door makes one.

A Passage is one permission to contact one endpoint, given when its turn in the pace has come. It takes
its address from a Grant, or its interface from a Segment, never from whoever uses it.
"""

import asyncio
import errno
import ipaddress
import os
import select
import socket  # noqa: TID251 - net owns the sockets
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from auditor.model import Grant, Method
from auditor.net.interfaces import Interface
from auditor.net.kernel import bound
from auditor.net.owed import MACHINE
from auditor.net.pace import PaceKeeper, Tempo
from auditor.net.stop import Stop, StoppedError

SYN_DEADLINE = 0.95
"""Seconds; below the kernel's first retransmission of a SYN after 1 s, so that one try is one packet. RFC 6298."""
BROADCAST = "255.255.255.255"
"""The limited broadcast address: the kernel sends it out of the interface whose address the socket has."""

_OURS = frozenset(
    {
        errno.EACCES,
        errno.EADDRNOTAVAIL,
        errno.EAFNOSUPPORT,
        errno.EINVAL,
        errno.EMFILE,
        errno.ENETDOWN,
        errno.ENETUNREACH,
        errno.ENFILE,
        errno.ENOBUFS,
        errno.ENOMEM,
        errno.EPERM,
    }
)
"""Errors that come from this machine (no route, own firewall, no resources), not from the other side."""


class NotSentError(Exception):
    """We did not send, for a reason that says nothing about the device: permission, stop, or this machine."""


@dataclass(frozen=True, slots=True)
class Segment:
    """An interface on which a scope allows multicast and broadcast. Made from a Scope in net/field.py."""

    site: str
    interface: Interface
    methods: frozenset[Method]
    until: datetime


@dataclass(frozen=True, slots=True)
class Passage:
    """One permission to contact one endpoint. `target` is what the socket is given, port shift included."""

    target: tuple[str, int]
    family: socket.AddressFamily
    refusal: Callable[[], str | None]
    """Asked again before every send: permission may end and a stop may come while we wait."""

    def begin(self) -> tuple[socket.socket, int]:
        """Begin a TCP connection; return its socket and what the kernel says of it already, for `settle`."""
        self.check()
        sock = new_socket(self.family, socket.SOCK_STREAM)
        bound(sock)
        return sock, sock.connect_ex(self.target)

    async def settle(self, sock: socket.socket, code: int, within: float | None = None) -> socket.socket:
        """Wait until a connection is made; OSError when somebody says no, TimeoutError when nobody says a word."""
        try:
            if code:
                await _connected(sock, code, within)
        except BaseException:
            sock.close()
            raise
        return sock

    async def connect(self, within: float | None = None) -> socket.socket:
        """Open a TCP connection; OSError when the other side or the network says no, TimeoutError when nobody does."""
        return await self.settle(*self.begin(), within)

    def connect_udp(self) -> socket.socket:
        """Open a UDP socket that sends to and hears from this endpoint only; sends nothing yet."""
        self.check()
        with ExitStack() as until_connected:
            sock = until_connected.enter_context(new_socket(self.family, socket.SOCK_DGRAM))
            _judge(sock.connect_ex(self.target), _OURS)
            until_connected.pop_all()
        return sock

    async def write(self, sock: socket.socket, data: bytes) -> None:
        """Send on a connection made by this passage."""
        self.check()
        await asyncio.get_running_loop().sock_sendall(sock, data)

    async def send_datagram(self, sock: socket.socket, payload: bytes) -> None:
        """Send one datagram from an unconnected socket."""
        for _ in range(50):
            self.check()
            try:
                sock.sendto(payload, self.target)
            except BlockingIOError:
                await asyncio.sleep(0.005)  # the kernel's queue is full
            except OSError as error:
                _judge(error.errno or errno.EIO, _OURS)
            else:
                return
        raise NotSentError(f"{MACHINE}: its send queue stayed full")

    def check(self) -> None:
        """Raise NotSentError when sending is no longer allowed."""
        reason = self.refusal()
        if reason is not None:
            raise NotSentError(reason)


class Door:
    """Makes passages: checks permission, waits for the pace, checks again."""

    def __init__(
        self, keeper: PaceKeeper, *, stop: Stop, clock: Callable[[], datetime], port_shift: int = 0
    ) -> None:
        self._keeper = keeper
        self._stop = stop
        self._clock = clock
        self._shift = port_shift

    async def to(self, grant: Grant, port: int, *, method: Method, tempo: Tempo) -> Passage:
        """Wait for our turn with the granted address; NotSentError when it may not be contacted."""
        passage = self.at_once(grant, port, method=method, tempo=tempo)
        if passage is None:
            await self._turn(self._keeper.turn(grant, tempo))
            passage = self._passage(grant, port, method)
            passage.check()
        return passage

    async def turn(self, grant: Grant, tempo: Tempo) -> None:
        """Wait for one more turn with an address to which a passage was given; whoever sends checks it again."""
        await self._turn(self._keeper.turn(grant, tempo))

    def at_once(self, grant: Grant, port: int, *, method: Method, tempo: Tempo) -> Passage | None:
        """Take our turn if there is nothing to wait for, else None; NotSentError as in `to`."""
        passage = self._passage(grant, port, method)
        passage.check()
        return passage if self._keeper.turn_now(grant, tempo) else None

    def _passage(self, grant: Grant, port: int, method: Method) -> Passage:
        def refusal() -> str | None:
            return self._refusal(grant.until, grant.methods, method)

        family, loopback = _kind(grant.address)
        return Passage((grant.address, self.shifted(port, loopback)), family, refusal)

    async def onto(self, segment: Segment, group: str, port: int, *, method: Method) -> Passage:
        """Wait for our turn on a granted interface; the group is a multicast address or BROADCAST."""
        if group != BROADCAST and not ipaddress.IPv4Address(group).is_multicast:
            raise ValueError(f"{group} is not a multicast group; single addresses need a Grant")

        def refusal() -> str | None:
            return self._refusal(segment.until, segment.methods, method, Method.MULTICAST)

        target = (group, self.shifted(port, segment.interface.loopback))
        passage = Passage(target, socket.AF_INET, refusal)
        passage.check()
        await self._turn(self._keeper.segment_turn(segment.interface.name))
        passage.check()
        return passage

    def shifted(self, port: int, loopback: bool) -> int:
        """Return the port to use on the wire; the lab on loopback may serve every port higher by a constant."""
        if not self._shift:
            return port
        if not loopback:
            raise NotSentError("the port shift is for loopback only; run again without --port-shift")
        if port + self._shift > 65_535:
            raise NotSentError(f"port {port} shifted by {self._shift} is above 65535")
        return port + self._shift

    def _refusal(self, until: datetime, methods: frozenset[Method], *needed: Method) -> str | None:
        if self._stop.is_set():
            return self._stop.reason
        missing = [method for method in needed if method not in methods]
        if missing:
            return f"the scope does not allow {missing[0]}"
        if self._clock() >= until:
            return f"permission ended {until:%Y-%m-%d %H:%M} UTC"
        return None

    async def _turn(self, turn: Awaitable[None]) -> None:
        try:
            await self._stop.unless(turn)
        except StoppedError as error:
            raise NotSentError(str(error)) from error


@lru_cache(maxsize=65_536)
def _kind(address: str) -> tuple[socket.AddressFamily, bool]:
    """Return the socket family of an address, and whether it is this machine's own loopback."""
    read = ipaddress.ip_address(address)
    return (socket.AF_INET if read.version == 4 else socket.AF_INET6), read.is_loopback


def new_socket(family: socket.AddressFamily, kind: socket.SocketKind) -> socket.socket:
    """Return a socket that does not block; NotSentError where this machine has none left."""
    try:
        sock = socket.socket(family, kind | socket.SOCK_NONBLOCK)
    except OSError as error:
        raise NotSentError(
            f"{MACHINE}: no socket left, {os.strerror(error.errno or errno.EMFILE).lower()}"
        ) from error
    return sock


async def _connected(sock: socket.socket, code: int, within: float | None) -> None:
    """Wait for a connection under way; a refusal is raised as the OSError it is."""
    ours = _OURS
    if code in {errno.EINPROGRESS, errno.EAGAIN}:
        loop = asyncio.get_running_loop()
        writable: asyncio.Future[None] = loop.create_future()
        descriptor = sock.fileno()  # asyncio describes a socket in full for each look-up; a number is cheap
        loop.add_writer(descriptor, _wake, writable)
        timer = loop.call_later(within, _wake, writable) if within is not None else None
        try:
            await writable
        finally:
            loop.remove_writer(descriptor)
            if timer is not None:
                timer.cancel()
        if not _is_decided(descriptor):
            raise TimeoutError
        code = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        ours = _OURS - {errno.ENETUNREACH}  # a router's word when it comes late
    _judge(code, ours)


def _judge(code: int, ours: frozenset[int]) -> None:
    if code in ours:
        raise NotSentError(f"{MACHINE}: {os.strerror(code).lower()}")
    if code:
        raise OSError(code, os.strerror(code))


def _is_decided(descriptor: int) -> bool:
    """Tell whether a connection was made or refused, though a busy loop may not have seen it in time."""
    poll = select.poll()
    poll.register(descriptor, select.POLLOUT)
    return bool(poll.poll(0))


def _wake(waiting: "asyncio.Future[None]") -> None:
    if not waiting.done():
        waiting.set_result(None)
