"""What a device names of itself: ports and paths at its own granted address. Everything else stays an observation.

Nothing here can point anywhere: a Named has no address. Whoever asks it does so over a line to the granted one.
"""

import ipaddress
import re
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import SplitResult, urljoin, urlsplit

from auditor.fingerprint import Form, NamingField, named_ports
from auditor.model import Observation, Protocol, Transport
from auditor.wire import html, http, onvif

MOST_PORTS = 8
"""Ports asked at a device because it names them, at most; who names more is mistaken or plays with us."""
MOST_PATHS = 2
"""Paths of one kind asked at one port, at most."""

_MOST_ALIKE = 2 * MOST_PATHS
_USUAL = {"http": 80, "https": 443}
_LONGEST = 256
_NUMBER = re.compile(r"0{0,4}([1-9]\d{0,4})")
_HIGHEST = 65_535
_PATH = re.compile(r"/[A-Za-z0-9._~!$&'()*+,;=:@%/-]*")
_DEVICE_SERVICE = ("/device/wsdl", "device")
"""How its name space ends in an answer to GetServices, and its category's name in one to GetCapabilities."""
_BYPASS = "onvif-http"  # the beginning of a known bypass, never asked
_SERVICE = re.compile(rf"(?!.*{_BYPASS})/.*(?<=/)[^./]*", re.IGNORECASE)
"""Paths of services have no file ending."""
_PAGE = re.compile(r".*(?:/|\.(?:html?|s?html|asp|php|jsp|xml))", re.IGNORECASE)
"""Paths that are documents; a device must not make us ask for a picture, a stream or an action."""


@dataclass(frozen=True, slots=True, order=True)
class Named:
    """One port that a device names of itself, and what it says is there."""

    port: int
    speaks: Protocol
    is_tls: bool = False
    """Whoever does not come through TLS is sent to TLS there; not where that was said through TLS, at the same port."""
    path: str = ""
    """Of its ONVIF device service, or of a page; empty where none was named."""
    is_page: bool = False
    """The path is a document to be read whoever the device is."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What is asked of all that a device names, and the ports that are left out."""

    named: tuple[Named, ...]
    heeded: frozenset[int]
    """Ports that are asked for no other reason than that the device names them."""
    outside: frozenset[int] = frozenset()
    """Not among the ports this run was told to keep to."""
    beyond: int = 0
    """How many there are more than we ask."""

    def words(self) -> Iterator[str]:
        """Say what is left out, and why."""
        if self.outside:
            some = ", ".join(map(str, sorted(self.outside)[:MOST_PORTS]))
            yield f"names ports that this run does not ask: {some}{', …' if len(self.outside) > MOST_PORTS else ''}"
        if self.beyond:
            yield f"names {self.beyond} more ports than the {MOST_PORTS} that are asked"


def choose(
    told: Iterable[Named],
    held: Iterable[Named],
    *,
    found: Collection[int],
    heeded: Collection[int],
    may_ask: Callable[[int], bool],
    is_settled: Callable[[int], bool],
) -> Choice:
    """Choose what to ask. What is `held` stays; `found` are ports that a sweep found, which cost nothing more.

    `may_ask` tells whether the run may ask a port; `is_settled` whether it is known by now if a sweep finds it.
    """
    chosen, asked = dict.fromkeys(held), set(heeded)
    outside, beyond = set[int](), set[int]()
    for one in sorted(told, key=_rank):
        if one.port not in found:
            if not may_ask(one.port):
                outside.add(one.port)
                continue
            if not is_settled(one.port):
                continue
            if one.port not in asked and len(asked) >= MOST_PORTS:
                beyond.add(one.port)
                continue
            asked.add(one.port)
        if _has_room(chosen, one):
            chosen[one] = None
    return Choice(tuple(chosen), frozenset(asked), frozenset(outside), len(beyond))


def _rank(one: Named) -> int:
    """Those first that tell most: services, then pages, then private ports."""
    order = (Protocol.ONVIF, Protocol.HTTP, Protocol.RTSP)
    return order.index(one.speaks) if one.speaks in order else len(order)


def _has_room(chosen: Iterable[Named], one: Named) -> bool:
    alike = [each for each in chosen if (each.port, each.speaks) == (one.port, one.speaks)]
    paths = {each.path for each in alike if each.path}
    return one in alike or len(paths) < MOST_PATHS or (not one.path and len(alike) < _MOST_ALIKE)


def named_by(address: str, observations: Iterable[Observation]) -> tuple[Named, ...]:
    """Return what a device at this address names of itself, each once, in the order of its words."""
    fields = named_ports()
    found: dict[Named, None] = {}
    for seen in observations:
        field = fields.get(seen.field)
        if field is not None and not seen.exchange.is_after_login:
            found.update(dict.fromkeys(_named(address, field, seen)))
    return tuple(found)


def _named(address: str, field: NamingField, seen: Observation) -> Iterator[Named]:
    if field.form is Form.PORT:
        number = port_of(seen.value)
        if number is not None:
            yield Named(number, field.speaks, field.is_tls)
        return
    text = html.redirect(seen.value) if field.form is Form.PAGE else seen.value
    if text:
        yield from _addressed(address, field, seen, text)


def _addressed(address: str, field: NamingField, seen: Observation, text: str) -> Iterator[Named]:
    url = _url(_asked(seen), text.strip())
    if url is None or not is_own(address, url.hostname or ""):
        return
    try:
        port = url.port or (_USUAL[url.scheme] if url.port is None else 0)
    except ValueError:
        return
    if port:
        path = _path(field, seen, url.path)
        is_tls = url.scheme == "https" and port != _tls_port(seen)
        yield Named(port, field.speaks, is_tls, path, field.is_page and bool(path))


def _tls_port(seen: Observation) -> int | None:
    """Return the port where the words themselves came through TLS."""
    endpoint = seen.exchange.endpoint
    return endpoint.port if endpoint.transport is Transport.TLS else None


def _path(field: NamingField, seen: Observation, path: str) -> str:
    """Return the path where it may be asked, else an empty one: the port alone is of use then."""
    if len(path) > _LONGEST or not _PATH.fullmatch(path):
        return ""
    if field.speaks is Protocol.ONVIF:
        return path if _SERVICE.fullmatch(path) and _is_device_service(seen) else ""
    return path if path != "/" and _PAGE.fullmatch(path) else ""


def _is_device_service(seen: Observation) -> bool:
    """Tell whether an XAddr is the device service's: discovery names no other, a list of services names all."""
    if seen.exchange.protocol is not Protocol.ONVIF:
        return True
    reply = http.parse(seen.exchange.reply)
    return reply is not None and any(
        kind.lower().endswith(_DEVICE_SERVICE) and told == seen.value
        for kind, told in onvif.services(reply.text())
    )


def _asked(seen: Observation) -> str:
    """Return where the words came from, for an address that is relative to it; empty where nothing can be relative."""
    endpoint = seen.exchange.endpoint
    if endpoint.transport is Transport.UDP or not endpoint.port:
        return ""
    host = f"[{endpoint.address}]" if ":" in endpoint.address else endpoint.address
    return f"{'https' if endpoint.transport is Transport.TLS else 'http'}://{host}:{endpoint.port}/"


def _url(asked: str, text: str) -> SplitResult | None:
    try:
        url = urlsplit(urljoin(asked, text)) if asked else urlsplit(text)
    except ValueError:
        return None
    return url if url.scheme in _USUAL else None


def is_own(address: str, host: str) -> bool:
    """Tell whether a host in an address is this very address, however it is spelt. Names are not looked up."""
    try:
        told = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    own = ipaddress.ip_address(address)
    mapped = getattr(told, "ipv4_mapped", None)
    return own in {told, mapped}


def port_of(text: str) -> int | None:
    """Return a port number told in a field, or None: text, 0 and what is above 65535 name none."""
    found = _NUMBER.fullmatch(text.strip())
    number = int(found[1]) if found else 0
    return number if 0 < number <= _HIGHEST else None
