"""The network as one audit may use it: makes lines and fields, and keeps the pace for all of them."""

import asyncio
import resource
import time
from collections.abc import Awaitable, Callable
from datetime import datetime
from weakref import WeakValueDictionary

from auditor.model import Endpoint, Grant, Pace, Plan
from auditor.net.budget import Budget
from auditor.net.door import Door
from auditor.net.field import Field
from auditor.net.front import Front
from auditor.net.lateness import Lateness
from auditor.net.line import Line, Office
from auditor.net.links import Links
from auditor.net.pace import PaceKeeper
from auditor.net.resolution import Resolution
from auditor.net.stop import Stop
from auditor.scope import Scope

_FILES_WANTED = 16_384
_FILES_KEPT = 96
"""File descriptors left to the rest of the program: database, logs, report."""
_ASKED_MOST = 256
"""Questions under way at a time at most; with more, on one machine, answers wait for us past their deadline."""
_SWEEP_MOST = 1_536
"""Connections a sweep holds open at a time at most: enough for 1,500 unanswered ones a second."""


class Network:
    """Holds what all traffic of a run shares. `port_shift` is added to every port on loopback, for a lab."""

    def __init__(
        self,
        pace: Pace,
        *,
        user_agent: str,
        stop: Stop,
        clock: Callable[[], datetime],
        port_shift: int = 0,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._plan = Plan(user_agent=user_agent)
        keeper = PaceKeeper(pace, monotonic=monotonic, sleep=sleep)
        half = max(8, (_room_for_files() - _FILES_KEPT) // 2)
        self._office = Office(
            door=Door(keeper, stop=stop, clock=clock, port_shift=port_shift),
            keeper=keeper,
            stop=stop,
            clock=clock,
            monotonic=monotonic,
            connections=asyncio.Semaphore(min(pace.concurrent_devices, half, _ASKED_MOST)),
            lateness=Lateness(),
            links=Links(monotonic=monotonic),
            resolution=Resolution(monotonic=monotonic),
        )
        self._sweeping = asyncio.Semaphore(min(_SWEEP_MOST, half))
        self._serial: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def line(self, grant: Grant, endpoint: Endpoint, budget: Budget, plan: Plan | None = None) -> Line:
        """Return a line to an endpoint of the granted address; ValueError when the endpoint is elsewhere.

        All lines to one address take turns: one exchange at a time, whatever the port.
        """
        serial = self._serial.get(grant.address)
        if serial is None:
            serial = self._serial[grant.address] = asyncio.Lock()
        return Line(
            grant, endpoint, budget=budget, plan=plan or self._plan, office=self._office, serial=serial
        )

    def look(self) -> None:
        """Look whether this machine's links are up; call it a few times a second."""
        self._office.links.look()

    def field(
        self,
        scope: Scope,
        site: str | None = None,
        *,
        ports: tuple[int, ...] = (),
        thorough: bool = False,
        front: Front | None = None,
    ) -> Field:
        """Return the field of one site (None: the only one) for discovery; empty `ports` means the default list.

        Fields with one `front` go through the network side by side.
        """
        return Field(
            scope, site, office=self._office, ports=ports, thorough=thorough, room=self._sweeping, front=front
        )


def _room_for_files() -> int:
    """Raise the soft limit of open files as far as the system lets us, and return it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _FILES_WANTED if hard == resource.RLIM_INFINITY else min(hard, _FILES_WANTED)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        soft = wanted
    return _FILES_WANTED if soft == resource.RLIM_INFINITY else soft
