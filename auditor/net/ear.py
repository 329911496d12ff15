"""An ear on one interface: hears every frame, and has nothing it could send with.

The program `auditor-frames` listens and passes on what it hears (net/frames.py); no call that sends stands in this file, in
what uses it or in that program's listening (a test looks). Linux.
"""

import os
import select
import socket  # noqa: TID251 - net owns the sockets
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from types import TracebackType
from typing import Self

from auditor.net import frames

ETHERNET = 1
"""The link type of what is heard, as in captures."""

_LARGEST = 65_535 + 64
_PIECE = 1 << 20
_STARTING = 10.0

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
        self._program: frames.Program | None = None
        self._told = bytearray()
        self._lost = 0

    def __enter__(self) -> Self:
        try:
            socket.if_nametoindex(self._interface)
        except OSError as error:
            raise EarError(f"{self._interface}: there is no such interface; `ip link` lists them") from error
        try:
            self._program = frames.Program(
                "listen", self._interface, *(("promiscuous",) if self._promiscuous else ())
            )
        except OSError as error:
            raise EarError(f"{self._interface}: {error}") from error
        try:
            self._until_ready()
        except BaseException:
            self._program.end()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._program is not None:
            self._program.end()

    def _until_ready(self) -> None:
        end = time.monotonic() + _STARTING
        while (line := self._line()) is None:
            if time.monotonic() > end:
                raise EarError(f"{self._interface}: auditor-frames did not begin in time")
            self._more(0.25)
        if line != b"ready":
            raise EarError(self._failure(line))

    def _failure(self, line: bytes) -> str:
        """Say in words why the program gave up."""
        word, _, rest = line.decode("ascii", "replace").partition(" ")
        kind, _, words = rest.partition(" ")
        if word != "failed":
            return f"{self._interface}: auditor-frames said what is not understood"
        if kind == frames.PERMISSION:
            return f"listening {frames.ADVICE}; or capture with tcpdump and use `auditor import pcap`"
        return words[:400]

    def _more(self, seconds: float) -> bool:
        """Take what the program has said; False when it said nothing for so long, EarError when it ended."""
        assert self._program is not None
        if not select.select((self._program.output,), (), (), seconds)[0]:
            return False
        data = os.read(self._program.output, _PIECE)
        if not data:
            raise EarError(
                f"{self._interface}: auditor-frames ended: {self._program.complaints() or 'no reason given'}"
            )
        self._told += data
        return True

    def _line(self) -> bytes | None:
        """Take the next whole line off what was said."""
        end = self._told.find(b"\n", 0, 4096)
        if end < 0:
            if len(self._told) >= 4096:
                raise EarError(f"{self._interface}: auditor-frames said what is not understood")
            return None
        line = bytes(self._told[:end])
        del self._told[: end + 1]
        return line

    def frames(
        self, seconds: float | None, *, clock: Callable[[], datetime], ended: Callable[[], bool]
    ) -> Iterator[Frame | None]:
        """Yield what is heard for so many seconds, None meaning: nothing for a while. Ends early when told to."""
        until = None if seconds is None else time.monotonic() + seconds
        offset = clock().timestamp() - time.monotonic()
        while not ended() and (until is None or time.monotonic() < until):
            for when, data in self._heard():
                yield when + offset, ETHERNET, data, 0, len(data), False
            left = 0.25 if until is None else min(0.25, max(0.0, until - time.monotonic()))
            if not self._more(left):
                yield None

    def _heard(self) -> Iterator[tuple[float, bytes]]:
        """Take the frames off what was said, and count those said to be lost."""
        at = 0
        told = bytes(self._told)
        while (end := told.find(b"\n", at, at + 4096)) >= 0:
            try:
                match told[at:end].split(b" "):
                    case [b"frame", when, length] if 0 <= int(length) <= _LARGEST:
                        begin, after = end + 1, end + 1 + int(length)
                        if after > len(told):
                            break
                        at = after
                        yield float(when), told[begin:after]
                    case [b"lost", number]:
                        self._lost += int(number)
                        at = end + 1
                    case _:
                        raise EarError(self._failure(told[at:end]))
            except ValueError as error:
                raise EarError(self._failure(b"")) from error
        del self._told[:at]

    def lost(self) -> int:
        """Return how many frames came too fast to be heard since last asked, as far as the program has said."""
        lost, self._lost = self._lost, 0
        return lost
