"""At which endpoints of a device an account may be shown, and what credentials see of whoever answers there."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from auditor import fingerprint
from auditor.model import Endpoint, Identity, Observation, Protocol, Status, Transport
from auditor.run.again import Known
from auditor.run.target import Target
from auditor.scope import Doorstep

_SEVERAL = 2


@dataclass(frozen=True, slots=True)
class Door:
    """One of the devices that answer at an address, as far as their makers tell them apart."""

    step: Doorstep
    maker: str
    """Whose forms of login are asked; a hint is enough for asking, where binding an entry wants to be sure."""
    endpoints: tuple[Endpoint, ...]
    """Where it answered as a web server: those that showed its maker first, then encrypted ones, then by port."""


def doors(target: Target, known: Known) -> tuple[Door, ...]:
    """Return the doors of an address: one, or one for each maker where its endpoints show several."""
    step, found = doorstep(target, known.identity), web_endpoints(target, known)
    own = {one: maker_at(target.subject, known.observations, one.port) for one in found}
    makers = sorted({maker for maker in (*own.values(), step.maker) if maker})
    if len(makers) < _SEVERAL:
        step = replace(step, maker="".join(makers))
        likely = step.maker or known.identity.value("maker") or ""
        return (Door(step, likely, tuple(sorted(found, key=lambda one: (not own[one], *_order(one))))),)
    # Marks are of a mixture then, and tell no device from another.
    return tuple(
        Door(
            replace(step, maker=maker, marks=frozenset()),
            maker,
            tuple(one for one in found if own[one] == maker),
        )
        for maker in (*makers, *([""] if "" in own.values() else []))
    )


def maker_at(subject: str, observations: Iterable[Observation], port: int, *, udp: bool = False) -> str:
    """Return the maker that one port itself showed, "" where it showed none or only hinted at one."""
    there = tuple(
        seen
        for seen in observations
        if seen.exchange.endpoint.port == port
        and (seen.exchange.endpoint.transport is Transport.UDP) is udp
        and seen.exchange.protocol is not Protocol.OBSERVED
    )
    return fingerprint.identify(subject, there).sure("maker") if there else ""


def _order(one: Endpoint) -> tuple[bool, int]:
    return one.transport is not Transport.TLS, one.port


def doorstep(target: Target, identity: Identity) -> Doorstep:
    """Return an address as credentials see it, all its endpoints taken together."""
    told = fingerprint.marks(identity, ())
    return Doorstep(
        site=target.site,
        address=target.address,
        maker=identity.sure("maker"),
        marks=frozenset(one for one in (told.mac, told.serial.lower()) if one),
    )


def web_endpoints(target: Target, known: Known) -> tuple[Endpoint, ...]:
    """Return where the device answered as a web server, encrypted ones first, then where it says that it is one."""
    found = {
        one.endpoint
        for one in target.memory.exchanges
        if one.status is Status.ANSWERED
        and one.protocol in {Protocol.HTTP, Protocol.ONVIF}
        and one.endpoint.transport is not Transport.UDP
        and one.reply[:5] == b"HTTP/"
    }
    ports = {one.port for one in found}
    told = {
        int(seen.value)
        for seen in known.observations
        if seen.field.endswith(".http_port") and seen.value.isdigit() and 0 < int(seen.value) < 65_536
    }
    found |= {Endpoint(target.address, port) for port in told - ports}
    return tuple(sorted(found, key=_order))
