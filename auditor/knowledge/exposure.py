"""What stands open on a device: rules over what was observed, and nothing else."""

import re
from collections.abc import Container, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from auditor.knowledge.document import Node, read
from auditor.knowledge.moment import moment
from auditor.model import Claim, Device, Observation, Severity, Transport

_UNZONED = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")
_CONDITION = (
    "field",
    "is",
    "bits",
    "over",
    "passed",
    "clock_off_hours",
    "differs_from_address",
    "claim",
    "port",
    "maker",
    "absent",
    "outside",
    "live",
)
_RULE = (
    "id",
    "title",
    "severity",
    "when",
    "why",
    "remedy",
    "service",
    "setting",
    "menus",
    "source",
)


@dataclass(frozen=True, slots=True)
class Condition:
    """One `when` line: everything in it must hold."""

    field: str = ""
    values: frozenset[str] = frozenset()
    mask: int = 0
    equals: int = 0
    over: str = ""
    passed: bool = False
    clock_off_hours: float = 0.0
    differs: bool = False
    claim: str = ""
    port: tuple[str, int] | None = None
    maker: str = ""
    absent: tuple[str, ...] = ()
    outside: bool = False
    live: bool = False


@dataclass(frozen=True, slots=True)
class Exposure:
    """One weakness that can be seen from outside, and how to close it."""

    id: str
    title: str
    severity: Severity
    conditions: tuple[Condition, ...]
    why: str
    remedy: str
    service: str = ""
    setting: str = ""
    menus: tuple[tuple[str, str], ...] = ()

    def menu(self, maker: str | None) -> str:
        """Return where the maker's menu has the switch, empty when not known."""
        return dict(self.menus).get(maker or "", "")


@dataclass(frozen=True, slots=True)
class Sign:
    """Why a rule held: what was observed or claimed."""

    observation: Observation | None = None
    claim: Claim | None = None
    port: tuple[str, int] | None = None


def _condition(node: Node) -> Condition:
    node.known(_CONDITION)
    bits = node.node("bits")
    value = node.values.get("is")
    wanted = (value,) if isinstance(value, str) else node.texts("is")
    if not (node.has("field") or node.has("claim") or node.has("port") or node.has("outside")):
        raise node.fail("asks for nothing: give field, claim, port or outside")
    return Condition(
        field=node.text("field", ""),
        values=frozenset(text.lower() for text in wanted),
        mask=int(bits.number("mask") or 0) if bits else 0,
        equals=int(bits.number("equals") or 0) if bits else 0,
        over=node.one_of("over", [one.value for one in Transport], "tcp") if node.has("over") else "",
        passed=node.flag("passed"),
        clock_off_hours=node.number("clock_off_hours") or 0.0,
        differs=node.flag("differs_from_address"),
        claim=node.text("claim", ""),
        port=_port(node, node.text("port")) if node.has("port") else None,
        maker=node.text("maker", ""),
        absent=node.texts("absent"),
        outside=node.flag("outside"),
        live=node.flag("live"),
    )


def _port(node: Node, text: str) -> tuple[str, int]:
    transport, _, number = text.partition("/")
    if transport not in {one.value for one in Transport} or not number.isdigit():
        raise node.fail(f"port is {text!r}; write tcp/23, tls/443 or udp/161")
    return transport, int(number)


def _rule(node: Node) -> Exposure:
    node.known(_RULE)
    return Exposure(
        id=node.text("id"),
        title=node.text("title"),
        severity=Severity(node.one_of("severity", [one.value for one in Severity])),
        conditions=tuple(_condition(item) for item in node.nodes("when")),
        why=node.text("why"),
        remedy=node.text("remedy"),
        service=node.text("service", ""),
        setting=node.text("setting", ""),
        menus=node.table("menus"),
    )


def load(path: Path) -> tuple[Exposure, ...]:
    """Read the rules."""
    node = read(path)
    node.known(("schema", "exposures"))
    rules = tuple(_rule(item) for item in node.nodes("exposures"))
    names = [rule.id for rule in rules]
    for name in names:
        if names.count(name) > 1:
            raise node.fail(f"two rules are called {name!r}; rename one")
    return rules


@dataclass(frozen=True, slots=True)
class Seen:
    """A device's observations by field, its ports and its claims, ready for many rules."""

    device: Device
    fields: dict[str, list[Observation]]
    today: date

    def observations(self, name: str) -> Iterator[Observation]:
        """Yield what was observed under a field name or, with .* at the end, a prefix."""
        if not name.endswith("*"):
            yield from self.fields.get(name, ())
            return
        for known, found in self.fields.items():
            if known.startswith(name[:-1]):
                yield from found

    def has(self, name: str) -> bool:
        """Tell whether a field was observed or a port answered, as in tls.version or tcp/443."""
        transport, slash, number = name.partition("/")
        if slash:
            return (transport, int(number)) in self.device.ports
        return any(True for _ in self.observations(name))


def seen(device: Device, today: date) -> Seen:
    """Index a device for the rules."""
    fields: dict[str, list[Observation]] = {}
    for observation in device.observations:
        fields.setdefault(observation.field, []).append(observation)
    return Seen(device, fields, today)


def signs(rule: Exposure, what: Seen) -> tuple[Sign, ...]:
    """Return what makes the rule hold for a device, empty when it does not."""
    return tuple(
        sign
        for condition in rule.conditions
        if _is_about(condition, what.fields)
        for sign in _signs(condition, what)
    )


def _is_about(condition: Condition, fields: Container[str]) -> bool:
    """Tell at once whether a condition on one field can hold: most devices show none of most fields."""
    name = condition.field
    other = condition.outside or condition.claim or condition.port is not None
    return bool(other) or name in fields or name.endswith("*")


def _signs(condition: Condition, what: Seen) -> Iterator[Sign]:
    identity = what.device.identity
    if condition.maker and identity.value("maker") != condition.maker:
        return
    if any(what.has(name) for name in condition.absent):
        return
    if condition.live and "live" not in what.device.source:
        return
    if condition.outside:
        if not what.device.granted:
            yield from (Sign(observation=one) for one in what.device.observations[:1])
            if not what.device.observations:
                yield Sign(claim=next(iter(identity.claims), None))
    elif condition.claim:
        claim = identity.claim(condition.claim)
        if claim is not None and claim.value.lower() in condition.values:
            yield Sign(claim=claim)
    elif condition.port is not None:
        if condition.port in what.device.ports:
            yield Sign(port=condition.port)
    else:
        held = (one for one in what.observations(condition.field) if _holds(condition, one, what))
        yield from (Sign(observation=one) for one in held)


def _holds(condition: Condition, observation: Observation, what: Seen) -> bool:
    value = observation.value.strip()
    if condition.values and value.lower() not in condition.values:
        return False
    if condition.over and observation.exchange.endpoint.transport != condition.over:
        return False
    if condition.mask and not (value.isdigit() and int(value) & condition.mask == condition.equals):
        return False
    if condition.passed:
        end = moment(value)
        return end is not None and end.date() < what.today
    if condition.clock_off_hours:
        return _clock_is_off(observation, condition.clock_off_hours)
    return not condition.differs or _is_elsewhere(value, what.device)


def _clock_is_off(observation: Observation, hours: float) -> bool:
    told, at = moment(observation.value), observation.exchange.at
    if told is None or at is None or at.tzinfo is None:
        return False
    # A clock without a time zone may be that of any place: fourteen hours from UTC at most.
    unknown = 14 if _UNZONED.fullmatch(observation.value) else 0
    return abs((told - at).total_seconds()) > (hours + unknown) * 3600


def _is_elsewhere(value: str, device: Device) -> bool:
    """Tell whether an address the device tells is none of those it answers from; 0.0.0.0 says nothing."""
    return value not in {"", "0.0.0.0", device.address, *device.addresses}  # noqa: S104 - compared, not bound
