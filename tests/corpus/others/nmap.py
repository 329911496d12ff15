"""Match lines of nmap-service-probes on recorded replies, whichever probe they stand under."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from auditor.model import Exchange, Protocol
from tests.corpus.others.tool import Tool

_LINE = re.compile(r"^match (\S+) m(.)(.*?)\2([is]*)(?: (.*))?$")
_PRODUCT = re.compile(r"(?:^| )(?:p|d|i)(.)(.*?)\1")
_MAKER = re.compile(r"cpe:/h:([^:/]+)")
_SERVICES = {
    Protocol.HTTP: ("http", "http-proxy", "soap", "upnp"),
    Protocol.ONVIF: ("http", "soap", "upnp"),
    Protocol.RTSP: ("rtsp", "rtsp-proxy"),
    Protocol.FTP: ("ftp",),
    Protocol.TELNET: ("telnet",),
    Protocol.SSH: ("ssh",),
    Protocol.SSDP: ("upnp",),
}


@dataclass(frozen=True, slots=True)
class _Line:
    pattern: re.Pattern[bytes]
    names: tuple[str, ...]


def tool(path: Path, version: str) -> Tool:
    """Return nmap's version detection as a tool; `path` is nmap-service-probes."""
    lines: dict[str, list[_Line]] = {}
    for text in path.read_text(encoding="latin-1").splitlines():
        if (held := _LINE.match(text)) and (line := _line(held)):
            lines.setdefault(held[1], []).append(line)

    def reads(exchange: Exchange) -> Iterator[str] | None:
        services = _SERVICES.get(exchange.protocol)
        return None if services is None else _first(exchange.reply, services, lines)

    return Tool("nmap-service-probes", version, "nmap/nmap", reads)


def _line(held: re.Match[str]) -> _Line | None:
    flags = (re.IGNORECASE if "i" in held[4] else 0) | (re.DOTALL if "s" in held[4] else 0)
    try:
        pattern = re.compile(held[3].encode("latin-1"), flags)
    except re.error:
        return None
    about = held[5] or ""
    return _Line(pattern, tuple(text for _, text in _PRODUCT.findall(about)) + tuple(_MAKER.findall(about)))


def _first(reply: bytes, services: tuple[str, ...], lines: dict[str, list[_Line]]) -> Iterator[str]:
    for service in services:
        for line in lines.get(service, ()):
            if line.pattern.search(reply):
                yield from line.names
                return
