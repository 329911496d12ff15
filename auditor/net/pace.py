"""Keep everything we send under its caps: in total, per subnet and per host.

A lane lets one thing pass per interval. Whoever sends passes the host's lane, then the subnet's, then
the total's, waiting in line at each, and takes its place in all of them at the moment it sends. So in
any stretch of T seconds a lane of rate r lets at most r*T + 1 pass; above 1,000 per second, where
timers are too coarse to wait for the next place, r*T + r/1000. What the kernel sends by itself to go with a connection
is counted by the host's meter (net/meter.py), which everybody passes who sends to that host.
"""

import asyncio
import ipaddress
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from enum import StrEnum
from functools import lru_cache

from auditor.model import Grant, Pace
from auditor.net.meter import Gate, Meter

_TIMER = 0.001
"""Seconds: the finest wait an event loop keeps."""
_MANY = 4096
"""Idle lanes are forgotten when there are more than this."""
_SLOWEST = 16.0
"""A struggling host is asked at most this many times more rarely."""
_SLUGGISH = 0.3
"""Seconds: an answer faster than this is never called slow."""


class Tempo(StrEnum):
    """What is counted: packets while discovering, requests while identifying."""

    PACKET = "packet"
    REQUEST = "request"


class Lane:
    """One cap: things pass in order, spaced by the interval."""

    __slots__ = ("_slack", "free_at", "interval", "lock", "users")

    def __init__(self, rate: float) -> None:
        if rate <= 0:
            raise ValueError(f"a pace of {rate} per second is none; set a rate above 0")
        self.interval = 1.0 / rate
        self._slack = (max(1, int(rate * _TIMER)) - 1) * self.interval
        self.free_at = float("-inf")
        self.lock = asyncio.Lock()
        self.users = 0

    def wait(self, now: float) -> float:
        """Return the seconds until the next may pass; zero or less means now."""
        return self.free_at - self._slack - now

    def take(self, now: float, things: float = 1.0) -> None:
        """Count things as passed now."""
        self.free_at = max(now, self.free_at) + things * self.interval

    def is_idle(self, now: float) -> bool:
        """Tell whether the lane could be forgotten without anybody noticing."""
        return not self.users and self.free_at <= now


class _Host:
    """The lanes of one host, and how fast it used to answer."""

    __slots__ = ("best", "ease", "meter", "packets", "recent", "requests", "unhurried")

    def __init__(self, pace: Pace, most: Pace) -> None:
        self.packets = Lane(min(pace.packets_per_second_host, most.packets_per_second_host))
        self.requests = Lane(min(pace.requests_per_second_host, most.requests_per_second_host))
        self.meter: Meter | None = None
        """There is one once the host was connected to."""
        self.ease = 1.0
        self.unhurried = (self.packets.interval, self.requests.interval)
        self.best: float | None = None
        self.recent = 0.0

    def is_idle(self, now: float) -> bool:
        if self.meter is not None and not self.meter.is_idle(now):
            return False
        return self.ease == 1.0 and self.packets.is_idle(now) and self.requests.is_idle(now)

    def learn(self, seconds: float | None) -> None:
        struggling = seconds is None and self.best is not None
        if seconds is not None:
            self.recent = seconds if self.best is None else (self.recent + seconds) / 2
            self.best = seconds if self.best is None else min(self.best, seconds)
            struggling = self.recent > max(_SLUGGISH, 3 * self.best)
        self.ease = min(_SLOWEST, self.ease * 2) if struggling else max(1.0, self.ease * 0.7)
        self.packets.interval, self.requests.interval = (one * self.ease for one in self.unhurried)


class PaceKeeper:
    """Makes every sender wait for its turn, and slows down where a host begins to struggle."""

    def __init__(
        self,
        pace: Pace,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._pace = pace
        self._monotonic = monotonic
        self._sleep = sleep
        self._total = Lane(pace.packets_per_second)
        self._subnets: dict[str, Lane] = {}
        self._segments: dict[str, Lane] = {}
        self._hosts: dict[str, _Host] = {}
        self._tidy_at = _MANY

    async def turn(self, grant: Grant, tempo: Tempo) -> None:
        """Wait until one more may be sent to the granted address, and count it as sent."""
        await self._pass(self._lanes(grant, tempo))

    def turn_now(self, grant: Grant, tempo: Tempo) -> bool:
        """Take a turn if there is nothing to wait for; False, and nothing counted, when there is."""
        return self._pass_now(self._lanes(grant, tempo))

    async def segment_turn(self, interface: str) -> None:
        """Wait until one more multicast or broadcast may be sent on an interface, and count it."""
        lane = self._segments.get(interface)
        if lane is None:
            lane = self._segments[interface] = Lane(self._pace.packets_per_second_host)
        await self._pass((lane, self._total))

    def charge(self, grant: Grant, packets: float, *, host: bool = True) -> None:
        """Count packets that the kernel sent by itself, so that later turns come later.

        `host`: at the host's lane, too; what a line's gauge has counted went past its meter already.
        """
        now = self._monotonic()
        if host:
            self._host(grant).packets.take(now, packets)
            self.meter(grant).take(now, packets)
        self._subnet(grant).take(now, packets)
        self._total.take(now, packets)

    def meter(self, grant: Grant) -> Meter:
        """Return the meter of a host, with which what the kernel sends there is counted."""
        host = self._host(grant)
        if host.meter is None:
            host.meter = Meter(1.0 / host.unhurried[0])
        return host.meter

    def learn(self, grant: Grant, seconds: float | None) -> None:
        """Take note of how long the host took to begin to answer; None when it failed to."""
        self._host(grant).learn(seconds)

    def ease(self, grant: Grant) -> float:
        """Return how many times more rarely than granted we ask this host at the moment (1 to 16)."""
        return self._host(grant).ease

    def _lanes(self, grant: Grant, tempo: Tempo) -> tuple[Lane | Gate, ...]:
        host = self._host(grant)
        if tempo is Tempo.REQUEST:
            return host.requests, self.meter(grant).request, self._subnet(grant), self._total
        if host.meter is not None:
            return host.packets, host.meter.packet, self._subnet(grant), self._total
        return host.packets, self._subnet(grant), self._total

    def _pass_now(self, lanes: tuple[Lane | Gate, ...]) -> bool:
        now = self._monotonic()
        for lane in lanes:
            if lane.wait(now) > 0 or lane.lock.locked():
                return False
        for lane in lanes:
            lane.take(now)
        return True

    async def _pass(self, lanes: tuple[Lane | Gate, ...]) -> None:
        if self._pass_now(lanes):
            return
        for lane in lanes:
            lane.users += 1
        try:
            await self._queue(lanes)
        finally:
            for lane in lanes:
                lane.users -= 1

    async def _queue(self, lanes: tuple[Lane | Gate, ...]) -> None:
        async with AsyncExitStack() as held:
            for lane in lanes:
                await held.enter_async_context(lane.lock)
                while (seconds := lane.wait(self._monotonic())) > 0:
                    await self._sleep(seconds)
            now = self._monotonic()
            for lane in lanes:
                lane.take(now)

    def _host(self, grant: Grant) -> _Host:
        found = self._hosts.get(grant.address)
        if found is None:
            if len(self._hosts) + len(self._subnets) >= self._tidy_at:
                self._tidy()
            found = self._hosts[grant.address] = _Host(grant.pace, self._pace)
        return found

    def _subnet(self, grant: Grant) -> Lane:
        name = subnet_of(grant.address)
        found = self._subnets.get(name)
        if found is None:
            rate = min(grant.pace.packets_per_second_subnet, self._pace.packets_per_second_subnet)
            found = self._subnets[name] = Lane(rate)
        return found

    def _tidy(self) -> None:
        """Forget who is free to send anyway, so that a sweep of a large network needs little memory."""
        now = self._monotonic()
        self._hosts = {name: one for name, one in self._hosts.items() if not one.is_idle(now)}
        self._subnets = {name: one for name, one in self._subnets.items() if not one.is_idle(now)}
        self._tidy_at = max(_MANY, 2 * (len(self._hosts) + len(self._subnets)))


@lru_cache(maxsize=65_536)
def subnet_of(address: str) -> str:
    """Return the /24 (IPv4) or /64 (IPv6) of an address, the unit of the pace per subnet."""
    if ":" not in address:
        return address.rpartition(".")[0]
    return str(ipaddress.IPv6Network((address, 64), strict=False))
