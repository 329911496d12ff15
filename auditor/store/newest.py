"""Which answer to each question counts: the newest, from whichever run or source it came.

A question is what is asked at one port in one way, whatever the address was then. A newer answer replaces the older
one to the same question; a question that was not put again, or got no answer, keeps its older one. A port that refused
a later connection has closed: what it said before counts no more.
"""

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from auditor.model import HEARD, NOT_THERE, UNDATED, Exchange, Protocol, Status, Transport

CONNECT = "tcp_connect"
"""The probe that only tries whether a port known from before still takes connections."""

NOT_PUT = frozenset({Status.WITHHELD, Status.BUG})
"""Statuses of an exchange that never came about, so that it says nothing of the device."""
_OPERATION = re.compile(rb"<(?:\w+:)?(Get\w{1,60})\b")
_AUTHORISED = re.compile(rb"\r?\nauthorization:", re.IGNORECASE)
_PLACE = re.compile(r"^\w+://[^/]*")
_LINES = frozenset({Protocol.HTTP, Protocol.RTSP, Protocol.SIP})
_BYTES = frozenset({Protocol.SNMP, Protocol.SDK})


def question_of(exchange: Exchange) -> str:
    """Name the question an exchange puts, the same for every address, run, time and source."""
    stream = "udp" if exchange.endpoint.transport is Transport.UDP else "tcp"
    who = "owner" if exchange.is_after_login or _AUTHORISED.search(exchange.request[:4096]) else ""
    return " ".join((stream, str(exchange.endpoint.port), exchange.protocol.value, who, _asked(exchange)))


def _asked(exchange: Exchange) -> str:
    first = exchange.request.partition(b"\r\n")[0][:512].decode("latin-1")
    if exchange.protocol is Protocol.OBSERVED:
        kind = exchange.source.removeprefix(f"{UNDATED} ").partition(" ")[0]
        names = sorted({name for name, _ in exchange.observed})
        return f"{exchange.probe} {kind} {hashlib.sha256(repr(names).encode()).hexdigest()[:12]}"
    if exchange.protocol is Protocol.ONVIF:
        found = _OPERATION.search(exchange.request)
        return found[1].decode("ascii", "replace") if found else first
    if exchange.protocol in _LINES:
        method, _, rest = first.partition(" ")
        return f"{method} {_PLACE.sub('', rest.partition(' ')[0])}"
    if exchange.protocol in _BYTES:
        return hashlib.sha256(exchange.request).hexdigest()[:12]
    return ""


@dataclass(frozen=True, slots=True)
class Asked:
    """One exchange as far as the choice needs it. `at` is RFC 3339 text, "" where nobody wrote it down."""

    id: str
    run: str
    question: str
    status: str
    at: str
    probe: str
    port: int
    stream: bool
    """Whether it went by TCP or TLS."""
    live: bool
    address: str = ""


@dataclass(slots=True)
class _Group:
    """What one run put of one question."""

    run: str
    at: str
    said: bool
    put: bool
    exchanges: list[Asked]

    @property
    def age(self) -> tuple[str, str]:
        """What groups are put in order by."""
        return self.at, self.run


Closed = Mapping[int, tuple[str, str]]
"""By TCP port: when, and in which run, it was last found closed."""


def newest(asked: Iterable[Asked], closed: Closed | None = None) -> frozenset[str]:
    """Return the names of the exchanges that count; does not depend on the order they are given in.

    `closed` is what `closed_ports` says of them, where that is known already.
    """
    groups: dict[str, dict[str, _Group]] = defaultdict(dict)
    told = list(asked)
    shut = closed_ports(told) if closed is None else closed
    for one in told:
        said, put = one.status in HEARD, one.status not in NOT_PUT
        group = groups[one.question].setdefault(one.run, _Group(one.run, "", False, False, []))
        group.exchanges.append(one)
        group.said |= said
        group.put |= put
        group.at = max(group.at, one.at)
    chosen: set[str] = set()
    for by_run in groups.values():
        chosen.update(one.id for group in _counting(list(by_run.values()), shut) for one in group.exchanges)
    return frozenset(chosen)


def _counting(groups: list[_Group], closed: Closed) -> list[_Group]:
    """Return the newest answer to a question, where its port has not closed since, and the newest try if that is later."""
    said = [one for one in groups if one.said and not _is_shut(one, closed)]
    best = max(said, key=lambda one: one.age, default=None)
    later = [one for one in groups if one.put and not one.said and (best is None or one.age > best.age)]
    last = max(later, key=lambda one: one.age, default=None)
    kept = [one for one in (best, last) if one is not None]
    if not kept and not any(one.said for one in groups):
        kept = [max(groups, key=lambda one: one.age)]
    return kept


def _is_shut(group: _Group, closed: Closed) -> bool:
    first = group.exchanges[0]
    return first.stream and has_closed(first.port, group.at, group.run, closed)


def has_closed(port: int, at: str, run: str, closed: Closed) -> bool:
    """Tell whether a TCP port was found closed since it answered at that moment in that run."""
    shut = closed.get(port)
    return shut is not None and shut[1] != run and at < shut[0]


def closed_ports(told: Sequence[Asked]) -> Closed:
    """Return for each port when, and in which run, it was last found closed, nobody having answered at it in that run.

    A try that was refused, or went unanswered, closes a port only where the device answered at that address by another
    port in that run: else it may be off or have moved, and whoever refuses may be somebody else.
    """
    answered = {(one.run, one.address) for one in told if one.stream and one.status in HEARD}
    open_in = {(one.run, one.port) for one in told if one.stream and one.status in HEARD}
    closed: dict[int, tuple[str, str]] = {}
    for one in told:
        if not one.stream or not one.port or (one.run, one.port) in open_in or not one.live:
            continue
        if one.probe == CONNECT and (one.run, one.address) in answered and one.status in NOT_THERE:
            closed[one.port] = max(closed.get(one.port, ("", "")), (one.at, one.run))
    return closed


def digest(names: Iterable[str]) -> str:
    """Name a set of exchanges, so that one can tell whether something was concluded from exactly these."""
    return hashlib.sha256("\n".join(sorted(names)).encode()).hexdigest()[:32]
