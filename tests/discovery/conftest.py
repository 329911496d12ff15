"""What the tests of discovery share: fields on loopback, and devices that answer datagrams in odd ways."""

import asyncio
import socket  # noqa: TID251 - the tests play the devices
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Self

import pytest

from auditor.model import Pace, Sighting
from auditor.net import Field, Network, Stop
from auditor.scope import Scope, loopback

FAST = Pace(1e6, 1e6, 1e6, 1e6, 256)
SHIFT = 25_013


def now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 - tests run in real time


def on_loopback(*targets: str, multicast: bool = False, **changes: Any) -> Scope:
    scope = replace(loopback(), pace=FAST, **changes)
    if not multicast:
        scope = replace(scope, sites=tuple(replace(site, interfaces=()) for site in scope.sites))
    return scope.narrow(targets=targets)


@pytest.fixture
def scope() -> Callable[..., Scope]:
    return on_loopback


@pytest.fixture
def make_field() -> Callable[..., Field]:
    def make(scope: Scope, *, shift: int = SHIFT, stop: Stop | None = None, **options: Any) -> Field:
        network = Network(
            scope.pace, user_agent="auditor/test", stop=stop or Stop(), clock=now, port_shift=shift
        )
        return network.field(scope, **options)

    return make


Answers = Callable[[bytes], list[bytes]]


class Devices:
    """UDP devices on loopback; `heard` holds every (address, datagram) they were asked."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, bytes]] = []
        self._open = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def socket(self, address: str, port: int) -> socket.socket:
        sock = self._open.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.setblocking(False)
        sock.bind((address, port))
        return sock

    def add(
        self, address: str, port: int, answers: Answers, *, answer_from: str = "", group: str = ""
    ) -> None:
        """Answer what comes to address:port; from another address when told; also what is sent to a group."""
        sock = self.socket(group or address, port)
        mouth = self.socket(answer_from or address, 0) if answer_from or group else sock
        if group:
            member = socket.inet_aton(group) + socket.inet_aton("127.0.0.1")
            sock.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, member)

        def receive() -> None:
            payload, origin = sock.recvfrom(65_535)
            self.heard.append((address, payload))
            for reply in answers(payload):
                mouth.sendto(reply, origin)

        loop = asyncio.get_running_loop()
        loop.add_reader(sock, receive)
        self._open.callback(loop.remove_reader, sock)


@pytest.fixture
def devices() -> type[Devices]:
    return Devices


async def everything(found: AsyncIterator[Sighting]) -> list[Sighting]:
    return [sighting async for sighting in found]


@pytest.fixture
def collect() -> Callable[[AsyncIterator[Sighting]], Any]:
    return everything
