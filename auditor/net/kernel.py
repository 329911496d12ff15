"""What the kernel sends by itself on a connection: kept small, counted, and waited for before we read on.

It acknowledges what comes as we read, so that a body without end, or one that comes in crumbs, has us send hundreds of
packets a second. With a small buffer that is read rarely it says little: 256 KiB take about 25 packets. Measured on
Linux 6.18, tests/conduct; tcp(7), tcp_input.c: __tcp_ack_snd_check.
"""

import asyncio
import socket  # noqa: TID251 - net owns the sockets
import struct
from collections.abc import Callable

from auditor.net.meter import READING, REQUEST, Meter

WINDOW = 16_384
"""Bytes of answer that may be on their way to us, or wait to be read, on one connection."""
_AT_EASE = 8
"""Reads, and bytes, up to which an answer is read as it comes: most pages end there."""
_SMALL = 16_384
_GATHER = 0.03
"""Seconds between two reads behind that, in which the kernel has little to say."""
_CRUMBS = 512
"""Bytes a read, below which an answer comes in crumbs."""
_SELDOM = 0.2
"""Seconds between two reads of crumbs: the kernel acknowledges 25 times a second anyway, and once more for each read."""
_PATIENCE = 1.0
"""Seconds to wait for room before one read, at most."""
_TCP_INFO = getattr(socket, "TCP_INFO", None)
_QUICKACK = getattr(socket, "TCP_QUICKACK", None)
_INFO_SIZE = 232
_SEGMENTS_OUT = 136
"""Place of tcpi_segs_out, a u32, in struct tcp_info: all segments sent, bare acknowledgements among them. Linux 4.2."""


def bound(sock: socket.socket) -> None:
    """Keep the receive window of a socket small; before it connects."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, WINDOW)


def segments_out(sock: socket.socket) -> int | None:
    """Return how many segments the kernel has sent on a connection, None where it does not say."""
    if _TCP_INFO is None:
        return None
    try:
        told = sock.getsockopt(socket.IPPROTO_TCP, _TCP_INFO, _INFO_SIZE)
    except OSError:
        return None
    return int(struct.unpack_from("=I", told, _SEGMENTS_OUT)[0]) if len(told) >= _SEGMENTS_OUT + 4 else None


class Gauge:
    """The gauge of one connection: says to the host's meter what was sent, and when we may read on."""

    def __init__(self, sock: socket.socket, meter: Meter, monotonic: Callable[[], float]) -> None:
        """Take a connected socket, whose first SYN was counted when its turn came."""
        self._sock = sock
        self._meter = meter
        self._monotonic = monotonic
        self._reads = 0
        self._bytes = 0
        self.counted = 1
        self._hush()

    async def turn(self) -> None:
        """Wait until we may read: what the kernel then acknowledges must fit under the cap.

        Where the cap is too low for a conversation, it goes on all the same: its answer would come too late otherwise.
        """
        self.note()
        if self._reads > _AT_EASE or self._bytes > _SMALL:
            await asyncio.sleep(_SELDOM if self._bytes < _CRUMBS * self._reads else _GATHER)
            self.note()
        if self._meter.cap >= REQUEST:
            await self._room()

    async def _room(self) -> None:
        """Wait for room at the meter, but not for ever: some peers have the kernel acknowledge all the time."""
        until = self._monotonic() + _PATIENCE
        while (seconds := self._meter.wait(now := self._monotonic(), READING)) > 0 and now < until:
            await asyncio.sleep(min(seconds, until - now))
            self.note()

    def heard(self, size: int) -> None:
        """Take note of what was read."""
        self._reads += 1
        self._bytes += size
        self._hush()

    def _hush(self) -> None:
        """Keep the kernel from acknowledging every single segment; it takes that up again by itself."""
        if _QUICKACK is not None:
            self._sock.setsockopt(socket.IPPROTO_TCP, _QUICKACK, 0)

    def note(self) -> None:
        """Count what the kernel has sent since we last looked."""
        sent = segments_out(self._sock)
        if sent is not None and sent > self.counted:
            self._meter.take(self._monotonic(), sent - self.counted)
            self.counted = sent

    def end(self) -> None:
        """Count the farewell: a FIN and an acknowledgement, or a reset."""
        self.note()
        self._meter.take(self._monotonic(), 2)
        self.counted += 2
