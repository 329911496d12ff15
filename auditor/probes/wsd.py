"""WS-Discovery answers: endpoint, types, scopes and service addresses. The probe itself belongs to discovery."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from auditor.model import Exchange, Method, Observation, Protocol
from auditor.probes import _scopes
from auditor.probes._showing import show
from auditor.wire import charset, ws_discovery

if TYPE_CHECKING:  # reading recorded replies needs no network room
    from auditor.net import Line
FIELDS = (
    "onvif.endpoint",
    "onvif.envelope",
    "onvif.instance",
    "onvif.metadata_version",
    "onvif.namespace",
    "onvif.scope.*",
    "onvif.types",
    "onvif.xaddr",
)
PROTOCOLS = (Protocol.WSD,)
PORTS = ()
METHOD = Method.WS_DISCOVERY
ROUND = 1

_MAX_TEXT = 65_536
_HEAD = 256


async def probe(_line: "Line") -> None:
    """Ask nothing: discovery has asked."""


def read(exchange: Exchange) -> Iterator[Observation]:
    """Yield what each match or hello of a reply says."""
    found = ws_discovery.matches(exchange.reply[:_MAX_TEXT])
    text = charset.document(exchange.reply[:_MAX_TEXT]) if found else ""
    for match in found:
        yield from show(exchange, _told(match, charset.named_in(text[:_HEAD])))
    if found:
        yield from show(exchange, _scopes.own_namespaces(text))


def _told(match: ws_discovery.Match, declared: str | None) -> Iterator[tuple[str, str | None]]:
    yield "onvif.endpoint", match.endpoint or None
    yield "onvif.types", match.types or None
    yield from _scopes.pairs(match.scopes, declared)
    for address in match.xaddrs:
        yield "onvif.xaddr", address
    yield "onvif.metadata_version", match.metadata_version or None
    yield "onvif.instance", match.instance or None
