"""Asking a segment who has which address: ARP and IPv6 neighbour discovery, the only frames this program makes.

A question goes out only with a Passage to the granted address it asks about, built here from that passage, so that
nothing else can be asked. Needs root or CAP_NET_RAW; Linux.
"""

import asyncio
import fcntl
import ipaddress
import socket  # noqa: TID251 - net owns the sockets
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Self

from auditor.net.door import Passage
from auditor.net.interfaces import Interface
from auditor.wire import arp, neighbour

ADVICE = (
    "needs root or CAP_NET_RAW and was left out; run the audit with sudo, or give this Python the capability: "
    "sudo setcap cap_net_raw+ep $(readlink -f $(which python3))"
)

_SIOCGIFHWADDR, _SIOCGIFNETMASK = 0x8927, 0x891B
_ARP, _IPV6 = 0x0806, 0x86DD
_ALL = 0x0003
_LARGEST = 65_535
_WAITING = 20_000
_IF_INET6 = Path("/proc/net/if_inet6")


@dataclass(frozen=True, slots=True)
class Answer:
    """Who answered for an address, with the bytes of question and answer behind the Ethernet head."""

    address: str
    mac: str
    question: bytes
    answer: bytes


class NeighboursError(OSError):
    """The segment cannot be asked on layer 2; the message says why and what to do."""


class Neighbours:
    """The hosts on one segment. An async context manager; answers come as they are heard."""

    def __init__(self, interface: Interface) -> None:
        self._interface = interface
        self._heard: asyncio.Queue[Answer] = asyncio.Queue(_WAITING)
        self._asked: dict[str, bytes] = {}
        self._sock: socket.socket | None = None

    async def __aenter__(self) -> Self:
        try:
            sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW | socket.SOCK_NONBLOCK, 0)
        except PermissionError as error:
            raise NeighboursError(f"asking {self._interface.name} by ARP {ADVICE}") from error
        sock.bind((self._interface.name, _ALL))
        self._sock = sock
        asyncio.get_running_loop().add_reader(sock.fileno(), self._receive)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._sock is not None
        asyncio.get_running_loop().remove_reader(self._sock.fileno())
        self._sock.close()

    @cached_property
    def mac(self) -> str:
        """The interface's own hardware address."""
        return self._ask_kernel(_SIOCGIFHWADDR)[18:24].hex(":")

    @cached_property
    def networks(self) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
        """The networks that are on this segment, and not behind a router."""
        mask = socket.inet_ntoa(self._ask_kernel(_SIOCGIFNETMASK)[20:24])
        own = ipaddress.ip_network(f"{self._interface.address}/{mask}", strict=False)
        return (own, *(ipaddress.ip_network(one, strict=False) for one in self._addresses_v6()))

    def _ask_kernel(self, question: int) -> bytes:
        assert self._sock is not None
        return fcntl.ioctl(
            self._sock.fileno(), question, struct.pack("256s", self._interface.name.encode()[:15])
        )

    def _addresses_v6(self) -> Iterator[str]:
        """Yield the interface's IPv6 addresses with their prefix lengths. Source: Linux, if_inet6_seq_show."""
        try:
            lines = _IF_INET6.read_text(encoding="ascii").splitlines()
        except OSError:
            return
        for line in lines:
            number, _, prefix, _, _, name = line.split()
            if name == self._interface.name:
                yield f"{ipaddress.IPv6Address(bytes.fromhex(number))}/{int(prefix, 16)}"

    def is_here(self, address: str) -> bool:
        """Tell whether an address is on this segment, and not our own."""
        here = ipaddress.ip_address(address)
        return address != self._interface.address and any(here in network for network in self.networks)

    def ask(self, passage: Passage) -> None:
        """Ask who has the address of the passage; NotSentError when permission has ended."""
        assert self._sock is not None
        target = passage.target[0]
        frame = self._question(target)
        passage.check()
        self._asked[target] = frame[14:]
        self._sock.send(frame)

    def _question(self, target: str) -> bytes:
        if ":" not in target:
            return arp.question(self.mac, self._interface.address, target)
        own = [one.partition("/")[0] for one in self._addresses_v6()]
        local = [one for one in own if ipaddress.ip_address(one).is_link_local]
        return neighbour.solicitation(self.mac, (local or own)[0], target)

    async def next(self, seconds: float) -> Answer | None:
        """Return the next answer to a question of ours, or None when none came within so many seconds."""
        try:
            async with asyncio.timeout(seconds):
                return await self._heard.get()
        except TimeoutError:
            return None

    def _receive(self) -> None:
        assert self._sock is not None
        for _ in range(256):
            try:
                frame = self._sock.recv(_LARGEST)
            except OSError:
                return
            answer = self._read(int.from_bytes(frame[12:14], "big"), frame[14:])
            if answer is not None and not self._heard.full():
                self._heard.put_nowait(answer)

    def _read(self, kind: int, body: bytes) -> Answer | None:
        """Read an answer to something we asked; everything else that passes is not our business."""
        address, mac = "", ""
        if kind == _ARP and (packet := arp.parse(body)) is not None and packet.operation == 2:
            address, mac, body = packet.address, packet.mac, body[:28]
        elif kind == _IPV6 and (told := neighbour.parse(body)) is not None:
            address, mac = told.address, told.mac
        question = self._asked.get(address)
        return Answer(address, mac, question, body) if question is not None else None
