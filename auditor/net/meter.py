"""What was sent to one host within the last second, the kernel's own packets included, and how long to wait for more.

A lane spaces what we send; what the kernel sends to go with it (acknowledgements, farewells) comes in bursts. The meter
holds both under the cap together, in any stretch of one second.
"""

import asyncio
from collections import deque

REQUEST = 22
"""Packets that a conversation may make us send at once: SYN, request, acknowledgements of a full window, farewell."""
READING = 12
"""Packets the kernel may send, after we have read, until we read again: see net/kernel.py."""
PACKET = 8
"""What must be free for one packet of discovery: a conversation with the same host may be under way."""
_SECOND = 1.0


class Meter:
    """Counts packets to one host, by the second."""

    __slots__ = ("_sent", "_used", "cap", "packet", "request")

    def __init__(self, cap: float) -> None:
        self.cap = cap
        self._sent: deque[tuple[float, float]] = deque()
        self._used = 0.0
        self.packet = Gate(self, PACKET)
        """Passed by each packet of discovery."""
        self.request = Gate(self, REQUEST)
        """Passed by each request."""

    def take(self, now: float, packets: float = 1.0) -> None:
        """Count packets as sent now."""
        if packets > 0:
            self._sent.append((now, packets))
            self._used += packets
            self._forget(now)

    def wait(self, now: float, packets: float) -> float:
        """Return the seconds until so many fit into the second that ends then; zero means now.

        Where the cap itself is lower than that, half of it must be free: one connection takes more than one packet.
        """
        self._forget(now)
        excess = self._used + min(packets, max(1.0, self.cap / 2)) - self.cap
        until = now
        for at, sent in self._sent:
            if excess <= 0:
                break
            excess -= sent
            until = at + _SECOND
        return max(0.0, until - now)

    def is_idle(self, now: float) -> bool:
        """Tell whether nothing was sent within the last second."""
        self._forget(now)
        return not (self._sent or self.packet.users or self.request.users)

    def _forget(self, now: float) -> None:
        while self._sent and now - self._sent[0][0] >= _SECOND:
            self._used -= self._sent.popleft()[1]
        if not self._sent:
            self._used = 0.0


class Gate:
    """One way past a meter, where things of a kind wait in line; used as a lane is (net/pace.py)."""

    __slots__ = ("_meter", "_packets", "lock", "users")

    def __init__(self, meter: Meter, packets: float) -> None:
        self._meter = meter
        self._packets = packets
        self.lock = asyncio.Lock()
        self.users = 0

    def wait(self, now: float) -> float:
        """Return the seconds until the next may pass; zero or less means now."""
        return self._meter.wait(now, self._packets)

    def take(self, now: float) -> None:
        """Count the first packet of it as passed now."""
        self._meter.take(now)
