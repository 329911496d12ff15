"""A line that remembers: what was asked of an endpoint before is answered from the record, not asked again."""

from collections import defaultdict, deque
from collections.abc import Callable, Iterable

from auditor.model import Endpoint, Exchange, Plan, Protocol, Status
from auditor.net import ASKED_AGAIN, Line

_NAME = tuple[Endpoint, str, Protocol, bytes]


class Memory:
    """Everything one device was asked in this run, and what it said."""

    def __init__(self, exchanges: Iterable[Exchange] = ()) -> None:
        self._known: dict[_NAME, list[Exchange]] = defaultdict(list)
        self._order: dict[str, Exchange] = {}
        for exchange in exchanges:
            self.keep(exchange)

    def keep(self, exchange: Exchange) -> None:
        """Remember an exchange; what was withheld, or not heard for our own fault, may be asked later."""
        if exchange.id in self._order:
            return
        self._order[exchange.id] = exchange
        if exchange.status is not Status.WITHHELD and not exchange.detail.endswith(ASKED_AGAIN):
            self._known[_name(exchange)].append(exchange)

    def recall(self, name: _NAME) -> tuple[Exchange, ...]:
        """Return the exchanges of that question so far."""
        return tuple(self._known.get(name, ()))

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        """Everything remembered, in order."""
        return tuple(self._order.values())

    def failed(self, endpoint: Endpoint, probe: str) -> bool:
        """Tell whether this probe once failed here through our own fault; it is not tried again."""
        return any(
            one.status is Status.BUG and one.endpoint == endpoint and one.probe == probe
            for one in self._order.values()
        )

    def __len__(self) -> int:
        return len(self._order)


def _name(exchange: Exchange) -> _NAME:
    return exchange.endpoint, exchange.probe, exchange.protocol, exchange.request


class RememberingLine:
    """Stands where a probe expects a Line; asks only what the memory does not hold, and keeps what is new."""

    def __init__(self, line: Line, memory: Memory, keep: Callable[[Exchange], None]) -> None:
        self._line = line
        self._memory = memory
        self._keep = keep
        self._recalled: dict[_NAME, deque[Exchange]] = {}
        self.said: list[Exchange] = []
        """Every exchange of this putting of the question, recalled or new."""

    @property
    def endpoint(self) -> Endpoint:
        """Where the line leads."""
        return self._line.endpoint

    @property
    def host(self) -> str:
        """The endpoint as a Host header names it."""
        return self._line.host

    @property
    def plan(self) -> Plan:
        """The questions chosen for the device."""
        return self._line.plan

    @property
    def trace(self) -> tuple[Exchange, ...]:
        """Every exchange, in order."""
        return tuple(self.said)

    async def exchange(
        self,
        request: bytes,
        *,
        probe: str,
        protocol: Protocol,
        done: Callable[[bytes], bool],
        limit: int = 262_144,
        deadline: float = 5.0,
    ) -> Exchange:
        """Recall the exchange, or make it."""
        known = self._recall((self.endpoint, probe, protocol, request))
        if known:
            return self._say(known.popleft())
        before = len(self._line.trace)
        made = await self._line.exchange(
            request, probe=probe, protocol=protocol, done=done, limit=limit, deadline=deadline
        )
        for one in self._line.trace[before:]:
            self._keep(one)
        return self._say(made)

    async def handshake(self, *, probe: str, deadline: float = 5.0) -> Exchange:
        """Recall the handshake, or make it; one may take two greetings, of which the last counts."""
        known = self._recall((self.endpoint, probe, Protocol.TLS, b""))
        if known:
            last = known[-1]
            known.clear()
            return self._say(last)
        before = len(self._line.trace)
        made = await self._line.handshake(probe=probe, deadline=deadline)
        for one in self._line.trace[before:]:
            self._keep(one)
        return self._say(made)

    def _recall(self, name: _NAME) -> deque[Exchange]:
        return self._recalled.setdefault(name, deque(self._memory.recall(name)))

    def _say(self, exchange: Exchange) -> Exchange:
        self.said.append(exchange)
        return exchange
