"""Results of port scanners as lines of text: nmap's -oG and -oN, masscan's -oL and -oG, RustScan's and naabu's lists.

Each line says by its own form what it is, so that a file may be cut, joined from several, or hold a terminal's colours.
Source: nmap reference guide, output chapter; masscan, src/out-text.c and src/out-grepable.c; RustScan, src/main.rs.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime

from auditor.intake.addresses import told
from auditor.intake.evidence import moment
from auditor.intake.nmap_scripts import Port, Script, of_script
from auditor.intake.spoken import heard
from auditor.model import Endpoint, Exchange, Protocol, Status, Transport
from auditor.wire import xml

_COLOUR = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_GREPABLE = re.compile(r"(?:Timestamp: (?P<at>\d{1,12})\t)?Host: (?P<host>\S+) \([^)\t]*\)\t(?P<rest>.*)")
_PORT_OF_GREPABLE = re.compile(r"(\d{1,5})/([a-z|]+)/(tcp|udp)/[^/]*/([^/]*)/[^/]*/([^/]*)/?")
_BANNER_OF_GREPABLE = re.compile(r"Port: (\d{1,5})\tService: (\S+)\tBanner: (.*)")
_LISTED = re.compile(r"(open|banner) (tcp|udp) (\d{1,5}) (\S+) (\d{1,12})(?: (\S+) (.*))?")
_OPEN = re.compile(r"(?:\[[^\]]*\]\s*)?Open (\S+):(\d{1,5})\s*")
_ARROW = re.compile(r"(\S+) -> \[([\d, ]+)\]\s*")
_PAIR = re.compile(r"(\[[0-9A-Fa-f:.]+\]|\d{1,3}(?:\.\d{1,3}){3}):(\d{1,5})\s*")
_REPORT = re.compile(
    r"Nmap scan report for (?:\S+ \((?P<inner>[^)\s]+)\)|(?P<bare>\S+))\s*(?:\[host down.*)?"
)
_PORT_OF_NORMAL = re.compile(r"(\d{1,5})/(tcp|udp)\s+([a-z|]+)\s+(\S+)(?:\s+(.*))?")
_SCRIPT = re.compile(r"\|_?\s?(?P<id>[a-z][a-z0-9-]+): ?(?P<said>.*)")
_MAC = re.compile(r"MAC Address: ([0-9A-Fa-f:]{17})")
FORMS = (_GREPABLE, _LISTED, _OPEN, _ARROW, _REPORT, _PAIR)
"""Lines by one of which a text is recognised as such a result."""
_MAX_SCRIPT = 65_536


def is_result(line: str) -> bool:
    """Tell whether a line is one that only such results have."""
    line = _COLOUR.sub("", line).strip("\r\n")
    return any(form.fullmatch(line) for form in FORMS)


def read(lines: Iterable[str], blank: Exchange) -> Iterator[Exchange]:
    """Yield what lines say; `blank` holds probe, source and the moment where a line has none of its own."""
    report = _Report(blank)
    for raw in lines:
        line = _COLOUR.sub("", raw).rstrip("\r\n")
        if begun := _REPORT.fullmatch(line):
            yield from report.end()
            report = _Report(blank, told(begun["inner"] or begun["bare"]).first)
            continue
        reader = next(((form, one) for form, one in _READERS if form.fullmatch(line)), None)
        if reader is not None:
            form, one = reader
            found = form.fullmatch(line)
            assert found
            yield from one(found, blank)
        else:
            report.take(line)
    yield from report.end()


def _at(
    address: str, port: int, transport: Transport, blank: Exchange, seconds: str | None = None
) -> Exchange | None:
    """Return a blank exchange at a port; None where address or port are none."""
    address = told(address).first
    if not address or not 0 < port < 65_536:
        return None
    when = (moment(float(seconds)) if seconds else None) or blank.at
    return replace(blank, device=address, endpoint=Endpoint(address, port, transport), at=when, id="")


def _is_open(here: Exchange | None, *more: tuple[str, str]) -> Iterator[Exchange]:
    if here is not None:
        number, carried = here.endpoint.port, here.endpoint.transport
        observed = (
            ("nmap.port", f"{number}/{carried} open"),
            *((name, value) for name, value in more if value),
        )
        record = " ".join(f"{name}={value}" for name, value in observed)
        yield replace(here, observed=observed, reply=record.encode("utf-8", "replace"), id="")


def _of_grepable(found: re.Match[str], blank: Exchange) -> Iterator[Exchange]:
    """Read `Host: … Ports: 80/open/tcp//http//product/, …`, and masscan's banner form."""
    for part in found["rest"].split("\t"):
        if part.startswith("Ports: "):
            for number, state, transport, service, product in _PORT_OF_GREPABLE.findall(part):
                if state == "open":
                    here = _at(found["host"], int(number), Transport(transport), blank, found["at"])
                    # A slash within a product is written as a bar.
                    yield from _is_open(
                        here, ("nmap.service", service), ("nmap.product", product.replace("|", "/").strip())
                    )
    if banner := _BANNER_OF_GREPABLE.match(found["rest"]):
        here = _at(found["host"], int(banner[1]), Transport.TCP, blank, found["at"])
        if here is not None:
            yield from heard(banner[2], banner[3], here)


def _of_listed(found: re.Match[str], blank: Exchange) -> Iterator[Exchange]:
    """Read masscan's `open tcp 80 ADDRESS SECONDS` and `banner tcp 80 ADDRESS SECONDS NAME WORDS`."""
    what, transport, number, address, seconds, name, words = found.groups()
    here = _at(address, int(number), Transport(transport), blank, seconds)
    if what == "open":
        yield from _is_open(here)
    elif here is not None and name:
        yield from heard(name, words, here)


def _of_open(found: re.Match[str], blank: Exchange) -> Iterator[Exchange]:
    """Read `Open ADDRESS:PORT` and `ADDRESS:PORT`."""
    yield from _is_open(_at(found[1], int(found[2]), Transport.TCP, blank))


def _of_arrow(found: re.Match[str], blank: Exchange) -> Iterator[Exchange]:
    """Read `ADDRESS -> [80,554]`."""
    for number in re.findall(r"\d{1,5}", found[2]):
        yield from _is_open(_at(found[1], int(number), Transport.TCP, blank))


_READERS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str], Exchange], Iterator[Exchange]]], ...] = (
    (_GREPABLE, _of_grepable),
    (_LISTED, _of_listed),
    (_OPEN, _of_open),
    (_ARROW, _of_arrow),
    (_PAIR, _of_open),
)


@dataclass(slots=True)
class _Report:
    """One host of nmap's normal output, gathered line by line."""

    blank: Exchange
    address: str = ""
    _mac: str = ""
    _ports: list[tuple[Port, str]] = field(default_factory=list)
    _host_scripts: list[list[str]] = field(default_factory=list)
    _scripts: list[list[list[str]]] = field(default_factory=list)
    """By port: each script's name and the lines it printed."""

    def take(self, line: str) -> None:
        """Take one more line below the head of a report."""
        if not self.address:
            return
        if found := _PORT_OF_NORMAL.fullmatch(line):
            number, transport, state, service, version = found.groups()
            named = xml.Element(
                "service", "", "service", "", (("name", service), ("product", (version or "").strip()))
            )
            self._ports.append((Port(int(number), Transport(transport), state, service=named), version or ""))
            self._scripts.append([])
        elif line.startswith("|"):
            self._take_script(line)
        elif found := _MAC.match(line):
            self._mac = found[1]
        elif line.startswith("Host script results"):
            self._scripts.append(self._host_scripts)

    def _take_script(self, line: str) -> None:
        here = self._scripts[-1] if self._scripts else self._host_scripts
        if found := _SCRIPT.fullmatch(line):
            here.append([found["id"], found["said"]])
        elif here and sum(map(len, here[-1])) < _MAX_SCRIPT:
            here[-1].append(
                line[1:].removeprefix("_").strip() if line.startswith("|_") else line[1:].rstrip()
            )

    def end(self) -> Iterator[Exchange]:
        """Yield what was gathered of the host."""
        if not self.address:
            return
        blank = replace(self.blank, device=self.address, endpoint=Endpoint(self.address, 0), id="")
        if self._mac:
            yield replace(blank, observed=(("mac", self._mac),), reply=self._mac.encode())
        for (port, version), scripts in zip(self._ports, self._scripts, strict=False):
            if port.state != "open":
                continue
            here = _at(self.address, port.number, port.transport, blank)
            service = (port.service.attribute("name") or "") if port.service else ""
            yield from _is_open(here, ("nmap.service", service), ("nmap.product", version.strip()))
            for name, *said in scripts if here is not None else ():
                yield from of_script(Script(name, "\n".join(said).strip()), port, here)  # type: ignore[arg-type]
        for name, *said in self._host_scripts:
            yield from of_script(Script(name, "\n".join(said).strip()), Port(0, Transport.TCP), blank)


def blank_of(probe: str, source: str, at: datetime | None) -> Exchange:
    """Return an exchange that holds nothing yet."""
    return Exchange(
        "", probe, Protocol.OBSERVED, Endpoint("", 0), b"", b"", Status.ANSWERED, at, source=source
    )
