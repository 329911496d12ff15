"""An ear on one interface: hears every frame, and has nothing it could send with.

No call that sends stands in this file or in what uses it (a test looks), and the socket does not leave the object.
The interface is asked to hand over multicast meant for others: a setting of the card that puts nothing on the wire,
unlike joining a group. Needs root or CAP_NET_RAW; Linux.
"""

import os
import select
import socket  # noqa: TID251 - net owns the sockets
import struct
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from types import TracebackType
from typing import Self

ETHERNET = 1
"""The link type of what is heard, as in captures."""

_ALL_PROTOCOLS = 0x0003
_ADD_MEMBERSHIP, _ALL_MULTICAST, _PROMISCUOUS = 1, 2, 1
_SOL_PACKET, _STATISTICS, _IGNORE_OUTGOING = 263, 6, 23
_LARGEST = 65_535 + 64
_BUFFER = 16 * 1024 * 1024

Frame = tuple[float, int, bytes, int, int, bool]
"""A frame as a capture file's record: when, link type, bytes, begin, end, whether it is cut."""


class EarError(OSError):
    """We cannot listen here; the message says why and what to do."""

    exit_code = 5


class Ear:
    """Everything that passes an interface, from now on. A context manager."""

    def __init__(self, interface: str, *, promiscuous: bool = False) -> None:
        self._interface = interface
        self._promiscuous = promiscuous
        self._sock: socket.socket | None = None

    def __enter__(self) -> Self:
        try:
            index = socket.if_nametoindex(self._interface)
        except OSError as error:
            raise EarError(f"{self._interface}: there is no such interface; `ip link` lists them") from error
        try:
            sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        except PermissionError as error:
            raise EarError(
                "listening needs root or CAP_NET_RAW: run it with sudo, or `sudo setcap cap_net_raw+ep` on this "
                "Python; or capture with tcpdump and use `auditor import pcap`"
            ) from error
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
        kind = _PROMISCUOUS if self._promiscuous else _ALL_MULTICAST
        sock.setsockopt(_SOL_PACKET, _ADD_MEMBERSHIP, struct.pack("iHH8s", index, kind, 0, b""))
        sock.setsockopt(_SOL_PACKET, _IGNORE_OUTGOING, 1)  # what this machine says is not evidence
        sock.bind((self._interface, _ALL_PROTOCOLS))
        sock.setblocking(False)
        self._sock = sock
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._sock is not None:
            self._sock.close()

    def frames(
        self, seconds: float | None, *, clock: Callable[[], datetime], ended: Callable[[], bool]
    ) -> Iterator[Frame | None]:
        """Yield what is heard for so many seconds, None meaning: nothing for a while. Ends early when told to."""
        assert self._sock is not None
        until = None if seconds is None else time.monotonic() + seconds
        offset = clock().timestamp() - time.monotonic()
        while not ended() and (until is None or time.monotonic() < until):
            try:
                data = self._sock.recv(_LARGEST)
            except BlockingIOError:
                left = 0.25 if until is None else min(0.25, max(0.0, until - time.monotonic()))
                select.select((self._sock,), (), (), left)
                yield None
                continue
            except OSError as error:
                raise EarError(f"{self._interface}: {os.strerror(error.errno or 0).lower()}") from error
            yield time.monotonic() + offset, ETHERNET, data, 0, len(data), False

    def lost(self) -> int:
        """Return how many frames came too fast to be heard since last asked."""
        assert self._sock is not None
        _, dropped = struct.unpack("II", self._sock.getsockopt(_SOL_PACKET, _STATISTICS, 8))
        return int(dropped)
