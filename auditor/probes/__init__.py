"""One file for each question: what it asks of a device, and what the reply shows in the device's own words.

A module here offers FIELDS, PROTOCOLS, PORTS, METHOD, ROUND, `probe(line)` and `read(exchange)`; modules whose
name begins with `_` are their shared parts. Asking and reading are apart, so that recorded replies read the same.
"""

import pkgutil
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from types import ModuleType

from auditor.model import Exchange, Observation, Protocol, Status, Transport
from auditor.probes._showing import show
from auditor.probes._whose import ANOTHER, verdict

_FIRST_WORDS = ((b"HTTP/", Protocol.HTTP), (b"RTSP/", Protocol.RTSP), (b"SSH-", Protocol.SSH))
_OVER_TCP = frozenset(
    [
        Protocol.FTP,
        Protocol.HTTP,
        Protocol.ONVIF,
        Protocol.RTSP,
        Protocol.SDK,
        Protocol.SSH,
        Protocol.TELNET,
        Protocol.TLS,
    ]
)
_READABLE = frozenset({Status.ANSWERED, Status.GARBLED})


@cache
def all_probes() -> tuple[ModuleType, ...]:
    """Return every probe module of this folder, by name."""
    names = sorted(found.name for found in pkgutil.iter_modules(__path__) if not found.name.startswith("_"))
    return tuple(import_module(f"{__name__}.{name}") for name in names)


@cache
def _readers() -> dict[Protocol, tuple[ModuleType, ...]]:
    return {
        protocol: tuple(module for module in all_probes() if protocol in module.PROTOCOLS)
        for protocol in Protocol
    }


def _spoken(exchange: Exchange) -> Protocol:
    """Return the protocol of a reply over TCP, which its first word tells where it is not the one it was asked in."""
    if exchange.protocol not in _OVER_TCP:
        return exchange.protocol
    start = exchange.reply[:64].lstrip(b"\r\n\t \x00")[:5].upper()
    told = next((protocol for word, protocol in _FIRST_WORDS if start.startswith(word)), exchange.protocol)
    return exchange.protocol if told is Protocol.HTTP and exchange.protocol is Protocol.ONVIF else told


@cache
def transport(probe: ModuleType, port: int) -> Transport:
    """Tell what carries a probe's question on a port: UDP where the probe says so, TLS on the ports of `tls`."""
    if hasattr(probe, "TRANSPORT"):
        return Transport(probe.TRANSPORT)
    encrypted = next(module.PORTS for module in all_probes() if module.__name__.endswith(".tls"))
    return Transport.TLS if port in encrypted else Transport.TCP


def read(exchange: Exchange) -> Iterator[Observation]:
    """Yield what one exchange shows, by every reader of the protocol spoken, each field and value once.

    Decoded observations pass through. Nothing is shown of an exchange that was not answered. A port that
    answers in another protocol than it was asked in, as a web port in RTSP, is read as what it speaks. Of a reply that
    carries the words of another host it is shown that it does, and nothing else.
    """
    if exchange.status not in _READABLE:
        return
    if exchange.protocol is Protocol.OBSERVED:
        yield from show(exchange, exchange.observed)
        return
    whose = verdict(exchange)
    if whose is not None:
        yield from show(exchange, (whose,))
        if whose[0] == ANOTHER:
            return
    shown: set[tuple[str, str]] = set()
    for module in _readers()[_spoken(exchange)]:
        for observation in module.read(exchange):
            pair = (observation.field, observation.value)
            if pair not in shown:
                shown.add(pair)
                yield observation
