"""Asking a segment who has which address: ARP and IPv6 neighbour discovery, the only frames that leave by our doing.

A question goes out only with a Passage to the granted address it asks about, as a line to the program `auditor-frames`,
which makes and sends it (net/frames.py). Should that program end, or not come to it in time, that is said and owed. Linux.
"""

import asyncio
import logging
import os
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from ipaddress import IPv4Interface, IPv4Network, IPv6Interface, IPv6Network, ip_address
from types import TracebackType
from typing import Self

from auditor.net import frames
from auditor.net.door import NotSentError, Passage
from auditor.net.interfaces import Interface, addresses
from auditor.net.owed import MACHINE
from auditor.wire import arp, neighbour

logger = logging.getLogger(__name__)

AT_ONCE = 16
"""Questions that the program was told and has said nothing of yet."""
_IN_TIME = 1.0
"""Seconds after which a question is not sent any more."""
_STARTING, _ANSWERING = 30.0, 5.0
"""Seconds to wait for the program to be ready, or to say a word of what it was told."""
_LOOK = 0.1
_WAITING = 20_000
_PIECE = 65_536
_LATE = f"{MACHINE}: auditor-frames came to it too late"


@dataclass(frozen=True, slots=True)
class Answer:
    """Who answered for an address, with the bytes of question and answer behind the Ethernet head."""

    address: str
    mac: str
    question: bytes
    answer: bytes


class NeighboursError(OSError):
    """The segment cannot be asked on layer 2; the message says why and what to do."""

    def __init__(self, words: str, *, is_owed: bool = False, needs_right: bool = False) -> None:
        """Take whether it is a fault, after which everybody there is still to be asked, or a right that we were not given."""
        super().__init__(words)
        self.is_owed = is_owed
        self.needs_right = needs_right


class Neighbours:
    """The hosts on one segment. An async context manager; answers come as they are heard."""

    def __init__(self, interface: Interface, *, stopped: Callable[[], bool] = lambda: False) -> None:
        self._interface = interface
        self._stopped = stopped
        self._heard: asyncio.Queue[Answer] = asyncio.Queue(_WAITING)
        self._told: deque[str] = deque()
        self._questions: dict[str, bytes] = {}
        self._lines = frames.Gathering()
        self._changed = asyncio.Event()
        self._failure: tuple[str, str] | None = None
        self._is_ready = False
        self._program: frames.Program | None = None
        self.ended = ""
        """Why nothing can be asked any more; empty while it can."""
        self.unsent: dict[str, str] = {}
        """By address, why the last question about it was not sent."""

    async def __aenter__(self) -> Self:
        try:
            self._program = frames.Program("ask", self._interface.name)
        except OSError as error:
            raise NeighboursError(self._words(str(error)), is_owed=True) from error
        asyncio.get_running_loop().add_reader(self._program.output, self._receive)
        try:
            await self._until_ready()
        except BaseException:
            await self._close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._close()

    async def _close(self) -> None:
        assert self._program is not None
        asyncio.get_running_loop().remove_reader(self._program.output)
        await asyncio.to_thread(self._program.end)

    async def _until_ready(self) -> None:
        """Wait until the program can ask; a stop ends the waiting, NeighboursError says why it cannot."""
        assert self._program is not None
        end = time.monotonic() + _STARTING
        while not self._is_ready and not self._stopped():
            if self._failure is not None:
                kind, words = self._failure
                if kind == frames.PERMISSION:
                    raise NeighboursError(
                        f"asking {self._interface.name} by ARP was left out: it {frames.ADVICE}",
                        needs_right=True,
                    )
                raise NeighboursError(self._words(words), is_owed=kind != frames.UNFIT)
            if self.ended or time.monotonic() > end:
                words = self._program.complaints() or self.ended or "it did not begin in time"
                raise NeighboursError(self._words(f"auditor-frames: {words}"), is_owed=True)
            await self._change(_LOOK)

    def _words(self, why: str) -> str:
        return f"asking {self._interface.name} by ARP was left out: {why}"

    async def _change(self, seconds: float) -> None:
        """Wait until the program said something, but no longer than so many seconds."""
        self._changed.clear()
        try:
            async with asyncio.timeout(seconds):
                await self._changed.wait()
        except TimeoutError:
            return

    @cached_property
    def networks(self) -> tuple[IPv4Network | IPv6Network, ...]:
        """The networks that are on this segment, and not behind a router."""
        return tuple(one.network for one in self._own)

    @cached_property
    def _own(self) -> tuple[IPv4Interface | IPv6Interface, ...]:
        return addresses(self._interface)

    def is_here(self, address: str) -> bool:
        """Tell whether an address is on this segment, and not our own."""
        here = ip_address(address)
        return all(here != one.ip for one in self._own) and any(here in network for network in self.networks)

    async def ask(self, passage: Passage, seconds: float = _IN_TIME) -> None:
        """Ask who has the address of the passage, within so many seconds or not at all.

        NotSentError when permission has ended, or nothing can be asked any more.
        """
        assert self._program is not None
        await self._room()
        target = passage.target[0]
        passage.check()
        until = time.monotonic() + min(seconds, _IN_TIME)
        try:
            self._program.tell(f"ask {target} {until:.6f}")
        except OSError:
            self._end("auditor-frames ended")
            raise NotSentError(self.ended) from None
        self._told.append(str(ip_address(target)))

    async def _room(self) -> None:
        """Wait until the program has said what became of earlier questions."""
        end = time.monotonic() + _ANSWERING
        while not self.ended and len(self._told) >= AT_ONCE:
            if time.monotonic() > end:
                self._end("auditor-frames does not answer")
            await self._change(_LOOK)
        if self.ended:
            raise NotSentError(self.ended)

    def _end(self, why: str) -> None:
        self.ended = self.ended or f"{MACHINE}: {why}"
        self._changed.set()

    async def next(self, seconds: float) -> Answer | None:
        """Return the next answer to a question of ours, or None when none came within so many seconds."""
        try:
            async with asyncio.timeout(seconds):
                return await self._heard.get()
        except TimeoutError:
            return None

    def _receive(self) -> None:
        """Take what the program says; at its end nothing can be asked any more."""
        assert self._program is not None
        try:
            data = os.read(self._program.output, _PIECE)
            for line in self._lines.add(data):
                self._take(line)
            why = "" if data else "auditor-frames ended"
        except BlockingIOError:
            why = ""
        except OSError as error:
            why = f"auditor-frames ended: {error}"
        if why:
            asyncio.get_running_loop().remove_reader(self._program.output)
            self._end(why)
        self._changed.set()

    def _take(self, line: str) -> None:
        match line.split(" "):
            case ["ready", _, _]:
                self._is_ready = True
            case ["failed", kind, *words]:
                self._failure = kind, " ".join(words)[:400]
            case ["heard", kind, packet] if (body := _bytes(packet)) is not None:
                self._hear(kind, body)
            case ["sent", address, packet] if (body := _bytes(packet)) is not None:
                self._settled(address)
                self._questions[address] = body
                self.unsent.pop(address, None)
            case ["unsent", address, why]:
                self._settled(address)
                self.unsent[address] = (
                    f"{MACHINE}: {os.strerror(int(why)).lower()}" if why.isdigit() else _LATE
                )
            case ["error", *words] if self._told:
                self.unsent[self._told.popleft()] = f"{MACHINE}: auditor-frames: {' '.join(words)[:200]}"
            case _:
                logger.warning("auditor-frames said what is not understood: %r", line[:100])

    def _settled(self, address: str) -> None:
        """Take a question for answered; they are answered in the order in which they were told."""
        if address in self._told:
            while self._told.popleft() != address:
                pass

    def _hear(self, kind: str, body: bytes) -> None:
        """Read an answer to something we asked; everything else that passes is not our business."""
        address, mac = "", ""
        if kind == "arp" and (packet := arp.parse(body)) is not None and packet.operation == 2:
            address, mac = packet.address, packet.mac
        elif kind == "ndp" and (told := neighbour.parse(body)) is not None:
            address, mac = told.address, told.mac
        question = self._questions.get(address)
        if question is not None and not self._heard.full():
            self._heard.put_nowait(Answer(address, mac, question, body))


def _bytes(text: str) -> bytes | None:
    try:
        return bytes.fromhex(text)
    except ValueError:
        return None
