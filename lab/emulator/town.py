"""Switch devices on: open their ports, watch them, and switch them off again."""

import asyncio
import errno
import resource
import socket  # noqa: TID251 - the lab emulates devices; this is its side of the socket
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Self

from lab.emulator.clock import Clock
from lab.emulator.conversation import Conversation
from lab.emulator.datagrams import GROUPS, Mouth, Segment, device_socket, group_socket
from lab.emulator.device import Device
from lab.emulator.unit import Unit
from lab.persona import Hears, Listener, Persona, Transport, Truth
from lab.sensor.event import Event, EventKind, Recorder

SPARE_FILES = 256
"""File descriptors for connections, beside one per open port."""
TRIPWIRE_PORTS = (80, 443, 554, 8000, 8080)


class TownError(Exception):
    """The devices cannot be switched on; the message says why and what to do."""


class Town:
    """Devices in service on this machine.

    `port_shift` is added to every port, for users who may not open low ones. With `interface` (its IPv4
    address) the devices also hear multicast and broadcast there. Everything sent to `elsewhere`, an address
    that no device has and that hostile devices name, is recorded as touched from outside.
    """

    def __init__(
        self,
        devices: Sequence[Device],
        recorder: Recorder,
        *,
        clock: Clock,
        port_shift: int = 0,
        interface: str | None = None,
        elsewhere: str | None = "127.99.0.1",
    ) -> None:
        self._units = [Unit(device, recorder, clock) for device in devices]
        self._recorder = recorder
        self._clock = clock
        self._shift = port_shift
        self._interface = interface
        self._elsewhere = elsewhere
        self._servers: list[asyncio.Server] = []
        self._mouths: list[Mouth] = []
        self._segments: list[Segment] = []
        self._others: dict[int, socket.socket] = {}

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    @property
    def ports(self) -> int:
        """How many ports are open."""
        return len(self._servers) + len(self._mouths)

    async def _warm(self) -> None:
        """Make the few keys that TLS will need before anybody asks."""
        stated = [
            one.certificate
            for unit in self._units
            for one in unit.device.persona.listens
            if one.certificate is not None
        ]
        if stated:
            from lab.emulator import certificates  # noqa: PLC0415 - a town without TLS saves its memory

            await asyncio.to_thread(certificates.warm, stated)

    async def open(self) -> None:
        """Open every port of every device; TownError when one cannot be opened, and then none stays open."""
        self._allow_files()
        try:
            for number, unit in enumerate(self._units):
                for listener in unit.device.persona.listens:
                    await self._listen(unit, listener)
                if number % 50 == 49:
                    await asyncio.sleep(0)
            await self._watch_elsewhere()
            self._join_segment()
            await self._warm()
        except OSError as error:
            await self.close()
            raise TownError(self._explain(error)) from error

    async def _listen(self, unit: Unit, listener: Listener) -> None:
        address, port = unit.device.address, listener.port + self._shift
        if listener.transport is Transport.UDP:
            sock = device_socket(address, port, self._interface)
            mouth = Mouth(unit, listener, sock, self._shift, self._other_socket)
            self._mouths.append(mouth)
            asyncio.get_running_loop().add_reader(sock, mouth.readable)
            return
        await self._serve(address, port, unit, listener)

    async def _serve(self, address: str, port: int, unit: Unit, listener: Listener) -> None:
        sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.setblocking(False)
        try:
            sock.bind((address, port))
        except OSError:
            sock.close()
            raise
        server = await asyncio.get_running_loop().create_server(
            partial(Conversation, unit, listener), sock=sock, backlog=64
        )
        self._servers.append(server)

    async def _watch_elsewhere(self) -> None:
        """Open the ports of the address that must not be contacted, and record whoever does."""
        if self._elsewhere is None or not self._units:
            return
        nobody = Persona("elsewhere", Path("elsewhere"), Truth(), "", ())
        device = Device(nobody, self._elsewhere, clock=self._clock)
        unit = Unit(device, _Outside(self._recorder), self._clock)
        for port in TRIPWIRE_PORTS:
            listener = Listener(Transport.TCP, port, "tripwire")
            await self._serve(self._elsewhere, port + self._shift, unit, listener)

    def _other_socket(self, port: int) -> socket.socket:
        """Give a socket bound to the address that was not asked."""
        if port not in self._others:
            address = self._elsewhere or self._units[0].device.elsewhere
            self._others[port] = device_socket(address, port, self._interface)
        return self._others[port]

    def _join_segment(self) -> None:
        if self._interface is None:
            return
        asked: dict[tuple[str, int, Hears], list[Mouth]] = defaultdict(list)
        for mouth in self._mouths:
            group = GROUPS.get(mouth.listener.protocol)
            if group:
                asked[group, mouth.listener.port, Hears.MULTICAST].append(mouth)
            asked["255.255.255.255", mouth.listener.port, Hears.BROADCAST].append(mouth)
        for (group, port, hears), mouths in asked.items():
            sock = group_socket(group, port + self._shift, self._interface)
            segment = Segment(sock, hears, mouths)
            self._segments.append(segment)
            asyncio.get_running_loop().add_reader(sock, segment.readable)

    async def close(self) -> None:
        """Switch every device off."""
        for server in self._servers:
            server.close()
        for mouth in self._mouths:
            mouth.close()
        for segment in self._segments:
            segment.close()
        for sock in self._others.values():
            sock.close()
        self._servers, self._mouths, self._segments, self._others = [], [], [], {}
        await asyncio.sleep(0)

    def _allow_files(self) -> None:
        wanted = sum(len(unit.device.persona.listens) for unit in self._units) + SPARE_FILES
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if hard != resource.RLIM_INFINITY and wanted > hard:
            raise TownError(
                f"{len(self._units)} devices need {wanted} open files and this account may have {hard}: "
                "take fewer with --count, or raise the hard limit (ulimit -Hn)"
            )
        enough = hard if hard != resource.RLIM_INFINITY else max(wanted, soft, 65_536)
        if soft < enough:
            resource.setrlimit(resource.RLIMIT_NOFILE, (enough, hard))

    def _explain(self, error: OSError) -> str:
        if error.errno == errno.EACCES:
            return "ports below 1024 are not open to this account: use --namespace, or --port-shift 20000"
        if error.errno == errno.EADDRINUSE:
            return "a port is taken, perhaps by another lab: stop it, or take another --network"
        if error.errno == errno.EADDRNOTAVAIL:
            return "this machine does not have the network's addresses; any of 127.0.0.0/8 works on Linux"
        return f"a port cannot be opened: {error}"


class _Outside:
    """Passes every contact on as one that must not have happened."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder

    def record(self, event: Event) -> None:
        """Record the contact as forbidden."""
        self._recorder.record(replace(event, kind=EventKind.OUTSIDE))
