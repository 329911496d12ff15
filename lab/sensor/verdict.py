"""Judge a journal: which rules were broken, how fast each device was asked."""

import ipaddress
from collections import defaultdict, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from lab.sensor.event import Event, EventKind
from lab.sensor.rules import Rule, rules

# Both ends of a second may hold an evenly paced packet, and the scheduler adds its own jitter.
GRACE = 1.1
BURST = 1
REQUEST_PROTOCOLS = frozenset({"http", "onvif", "rtsp"})


@dataclass(frozen=True, slots=True)
class Caps:
    """The rates an audit may not exceed, per second. The defaults are those of the conduct rules."""

    packets: float = 1000.0
    packets_host: float = 40.0
    requests_host: float = 2.0
    """HTTP, ONVIF and RTSP requests to one device."""


@dataclass(frozen=True, slots=True)
class Alarm:
    """One rule broken by one event."""

    rule: str
    why: str
    at: float
    device: str
    address: str
    source: str
    port: int
    protocol: str
    request: str = ""


@dataclass(frozen=True, slots=True)
class Rates:
    """The most that happened within any one second."""

    contacts: int = 0
    contacts_host: int = 0
    requests_host: int = 0
    busiest: str = ""
    """The device that was asked fastest."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the sensor saw of an audit and what it thinks of it."""

    alarms: tuple[Alarm, ...]
    rates: Rates
    events: int
    requests: int
    devices: int
    seconds: float
    by_protocol: tuple[tuple[str, int], ...] = ()
    rules: tuple[str, ...] = field(default=())

    @property
    def clean(self) -> bool:
        """Tell whether no rule was broken."""
        return not self.alarms


def judge(
    events: Iterable[Event],
    *,
    caps: Caps | None = None,
    accounts: Iterable[str] = (),
    granted: Sequence[str] = (),
    excluded: Sequence[str] = (),
) -> Verdict:
    """Judge the events of one audit.

    `accounts` holds `*` when the owner handed out an account for every device, or device keys for some.
    `granted` and `excluded` are networks in CIDR text: touching a device outside the first (when any is
    given) or inside the second is an alarm. Source of the caps: docs/architecture.md section 5.
    """
    ordered = sorted(events, key=lambda event: event.at)
    handed = frozenset(accounts)
    inside = [ipaddress.ip_network(one) for one in granted]
    barred = [ipaddress.ip_network(one) for one in excluded]
    alarms = [alarm for event in ordered for alarm in _broken(event, handed)]
    alarms += [alarm for event in ordered for alarm in _out_of_bounds(event, inside, barred)]
    alarms += _second_attempts(ordered)
    rates, fast = _rates(ordered, caps or Caps())
    requests = [event for event in ordered if event.kind is EventKind.REQUEST]
    counts: dict[str, int] = defaultdict(int)
    for event in requests:
        counts[event.protocol] += 1
    return Verdict(
        alarms=tuple(sorted([*alarms, *fast], key=lambda alarm: alarm.at)),
        rates=rates,
        events=len(ordered),
        requests=len(requests),
        devices=len({event.device for event in ordered}),
        seconds=ordered[-1].at - ordered[0].at if ordered else 0.0,
        by_protocol=tuple(sorted(counts.items())),
        rules=tuple(rule.name for rule in rules()),
    )


def _broken(event: Event, handed: frozenset[str]) -> Iterable[Alarm]:
    if event.kind is EventKind.OUTSIDE:
        yield _alarm("outside", "an address was touched that only redirects and false answers name", event)
    if event.kind is EventKind.REBOOT:
        yield _alarm("reboot", "a fragile device was pushed until it rebooted", event)
    if event.kind is not EventKind.REQUEST:
        return
    has_account = "*" in handed or event.device in handed
    for rule in rules():
        if _applies(rule, has_account) and rule.is_broken_by(event.protocol, event.request):
            yield _alarm(rule.name, rule.why, event)


def _applies(rule: Rule, has_account: bool) -> bool:
    return not (rule.allowed_with_account and has_account)


def _out_of_bounds(
    event: Event,
    inside: Sequence[ipaddress.IPv4Network | ipaddress.IPv6Network],
    barred: Sequence[ipaddress.IPv4Network | ipaddress.IPv6Network],
) -> Iterable[Alarm]:
    address = ipaddress.ip_address(event.address)
    if inside and not any(address in network for network in inside):
        yield _alarm("not-granted", "a device outside the granted networks was contacted", event)
    if any(address in network for network in barred):
        yield _alarm("excluded", "a device that the scope excludes was contacted", event)


def _second_attempts(events: Iterable[Event]) -> Iterable[Alarm]:
    refused: set[str] = set()
    for event in events:
        if event.login in {"refused", "locked"}:
            if event.device in refused:
                yield _alarm("second-attempt", "a refused login was tried again on the same device", event)
            refused.add(event.device)


def _rates(events: Sequence[Event], caps: Caps) -> tuple[Rates, list[Alarm]]:
    contacts = _Window(caps.packets)
    per_host: dict[str, _Window] = defaultdict(lambda: _Window(caps.packets_host))
    asked: dict[str, _Window] = defaultdict(lambda: _Window(caps.requests_host))
    alarms = []
    for event in events:
        if event.kind is EventKind.REBOOT:
            continue
        if contacts.exceeded(event.at):
            alarms.append(_alarm("rate-total", f"more than {caps.packets:g} contacts a second", event))
        if per_host[event.device].exceeded(event.at):
            alarms.append(_alarm("rate-host", f"more than {caps.packets_host:g} contacts a second", event))
        is_request = event.kind is EventKind.REQUEST and event.protocol in REQUEST_PROTOCOLS
        if is_request and asked[event.device].exceeded(event.at):
            alarms.append(
                _alarm("rate-requests", f"more than {caps.requests_host:g} requests a second", event)
            )
    busiest = max(asked, key=lambda device: asked[device].most, default="")
    return (
        Rates(
            contacts=contacts.most,
            contacts_host=max((window.most for window in per_host.values()), default=0),
            requests_host=max((window.most for window in asked.values()), default=0),
            busiest=busiest,
        ),
        alarms,
    )


class _Window:
    """Counts what happens within any one second and says when it was too much, once per second."""

    __slots__ = ("_cap", "_last_alarm", "_times", "most")

    def __init__(self, cap: float) -> None:
        self._cap = cap
        self._times: deque[float] = deque()
        self._last_alarm = float("-inf")
        self.most = 0

    def exceeded(self, at: float) -> bool:
        """Count one more and tell whether that is too much."""
        self._times.append(at)
        while at - self._times[0] >= 1.0:
            self._times.popleft()
        self.most = max(self.most, len(self._times))
        if len(self._times) <= self._cap * GRACE + BURST or at - self._last_alarm < 1.0:
            return False
        self._last_alarm = at
        return True


def _alarm(rule: str, why: str, event: Event) -> Alarm:
    return Alarm(
        rule=rule,
        why=why,
        at=event.at,
        device=event.device,
        address=event.address,
        source=event.source,
        port=event.port,
        protocol=event.protocol,
        request=event.request[:200],
    )
