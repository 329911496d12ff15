"""nmap's XML, whoever made it: open ports, what nmap took the service for, and what its scripts were told.

Read host by host through the lenient XML reader, so that a file cut off or damaged gives the hosts before it and
after it. Where a script kept the device's own bytes, as ssl-cert keeps the certificate, our reader gets them.
Source: nmap.dtd; the scripts' own documentation.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from auditor.intake.evidence import EvidenceError, Problem, Tell, moment
from auditor.intake.nmap_scripts import Port, Script, of_fingerprint, of_script
from auditor.intake.spoken import heard
from auditor.model import Endpoint, Exchange, Protocol, Status, Transport
from auditor.wire import xml

NAME = "nmap"

_PIECE = 1024 * 1024
_LARGEST_HOST = 16 * 1024 * 1024
_FIRST = re.compile(rb"<nmaprun\b|<host\b|<!DOCTYPE nmaprun", re.IGNORECASE)
_PROXY = 4
"""A hardware address that stands at so many addresses is a router's that answers for others. Source: RFC 1027."""
_END = b"</host>"
_START = re.compile(rb"<host[\s>]")
_NO_TITLE = re.compile(
    r"(?:Site|Did not follow redirect|Error|Requested resource|Object moved)\b.*", re.DOTALL
)


def read(path: Path, tell: Tell, at: datetime | None = None) -> Iterator[Exchange]:
    """Yield what each host of a result file was found to be. EvidenceError when it is no nmap XML."""
    with path.open("rb") as file:
        yield from read_file(file, path.name, f"{NAME} {path.name}", tell, at)


def read_file(
    file: BinaryIO, name: str, source: str, tell: Tell, at: datetime | None = None
) -> Iterator[Exchange]:
    """Yield what each host of a file in UTF-8 was found to be, as `read` does.

    Hardware addresses come last, when it is known which are those of a router that answers for others.
    """
    of_mac: dict[str, list[Exchange]] = {}
    for number, text in enumerate(_hosts(file, name, tell), 1):
        if text.count("<") > xml.MAX_ELEMENTS and len(xml.elements(text)) >= xml.MAX_ELEMENTS:
            what = f"has more than {xml.MAX_ELEMENTS} elements; those after it are left out"
            tell(Problem(name, f"host {number}", what))
        for one in of_host(text, source, at):
            if one.observed and one.observed[0][0] == "mac":
                of_mac.setdefault(one.observed[0][1].lower(), []).append(one)
            else:
                yield one
    for mac, told in of_mac.items():
        count = len({one.device for one in told})
        if count < _PROXY:
            yield from told
        else:
            words = f"stands at {count} addresses, as that of a router that answers for others; taken for nobody's"
            tell(Problem(name, f"hardware address {mac}", words))


def _hosts(file: BinaryIO, name: str, tell: Tell) -> Iterator[str]:
    """Yield the text of each host, a piece of the file in memory at a time."""
    buffer, before, is_nmap = b"", 0, False
    while piece := file.read(_PIECE):
        buffer += piece
        is_nmap = is_nmap or _FIRST.search(buffer) is not None
        if not is_nmap:
            break
        at = 0
        while (end := buffer.find(_END, at)) >= 0:
            end += len(_END)
            if begun := _START.search(buffer, at, end):
                yield buffer[begun.start() : end].decode("utf-8", "replace")
            at = end
        buffer, before = buffer[at:], before + at
        if len(buffer) > _LARGEST_HOST:
            tell(Problem(name, f"byte {before}", "one host of more than 16 MiB; it is left out"))
            buffer, before = buffer[-1024:], before + len(buffer) - 1024
    if not is_nmap:
        raise EvidenceError(f"{name}: byte 0: is no nmap XML; make one with `nmap -oX FILE`")
    if begun := _START.search(buffer):
        place = f"byte {before + begun.start()}"
        tell(Problem(name, place, "the file ends within a host; what is there of it is kept"))
        yield buffer[begun.start() :].decode("utf-8", "replace")
    elif b"</nmaprun>" not in buffer:
        place = f"byte {before + len(buffer)}"
        tell(Problem(name, place, "the file ends early; every host before is kept"))


def given_up(path: Path) -> Iterator[str]:
    """Yield the addresses of which nmap says that its time for one host was over, so that their ports are not known."""
    with path.open("rb") as file:
        for text in _hosts(file, path.name, lambda _: None):
            found = xml.elements(text)
            root = next((one for one in found if one.name == "host"), None)
            if root is None or root.attribute("timedout") != "true":
                continue
            told = (
                (one.attribute("addr"), one.attribute("addrtype")) for one in found if one.name == "address"
            )
            yield from (address for address, kind in told if address and kind != "mac")


def of_host(text: str, source: str, at: datetime | None = None) -> Iterator[Exchange]:
    """Yield the exchanges of one host's XML; none for a host that is down."""
    found = xml.elements(text)
    root = next((one for one in found if one.name == "host"), None)
    addresses = {one.attribute("addrtype"): one for one in found if one.name == "address"}
    known = addresses.get("ipv4") or addresses.get("ipv6") or addresses.get(None)
    address = known.attribute("addr") if known else None
    status = next((one.attribute("state") for one in found if one.name == "status"), "up")
    if root is None or not address or status == "down":
        return
    ended = root.attribute("endtime") or root.attribute("starttime") or ""
    when = (moment(float(ended)) if ended.isascii() and ended.isdigit() else None) or at
    blank = Exchange(
        address, NAME, Protocol.OBSERVED, Endpoint(address, 0), b"", b"", Status.ANSWERED, when, source=source
    )
    mac = addresses.get("mac")
    if mac is not None and (number := mac.attribute("addr")):
        yield replace(blank, observed=(("mac", number),), reply=_element(mac), id="")
    ports, host_scripts = _ports(found)
    for port in ports:
        if port.state == "open":
            yield from _of_port(port, blank)
        elif port.state == "open|filtered":  # UDP nmap got no answer from; where a script did, that counts
            for script in port.scripts:
                yield from of_script(
                    script, port, replace(blank, endpoint=Endpoint(address, port.number, port.transport))
                )
    for script in host_scripts:
        yield from of_script(script, Port(0, Transport.TCP), blank)


def _ports(found: tuple[xml.Element, ...]) -> tuple[list[Port], tuple[Script, ...]]:
    """Put the flat elements together again: each belongs to the last port that began before it."""
    ports: list[Port] = []
    host_scripts: tuple[Script, ...] = ()
    here: Port | None = None
    for one in found:
        match one.name:
            case "port":
                here = Port(int(_digits(one.attribute("portid"))), _transport(one))
                ports.append(here)
            case "hostscript" | "prescript" | "postscript":
                here = None
            case "state" if here is not None and not here.state:
                here.state, here.reason = one.attribute("state") or "", one.attribute("reason") or ""
            case "service" if here is not None:
                here.service = one
            case "script":
                script = Script(one.attribute("id") or "", one.attribute("output") or "")
                if here is not None:
                    here.scripts = (*here.scripts, script)
                else:
                    host_scripts = (*host_scripts, script)
            case "elem" if here is not None and here.scripts:
                last = here.scripts[-1]
                part = (one.attribute("key") or "", one.text)
                here.scripts = (*here.scripts[:-1], replace(last, parts=(*last.parts, part)))
    return ports, host_scripts


def _digits(text: str | None) -> str:
    return (
        text if text and text.isascii() and text.isdigit() and len(text) < 6 and int(text) < 65_536 else "0"
    )


def _transport(port: xml.Element) -> Transport:
    return Transport.UDP if port.attribute("protocol") == "udp" else Transport.TCP


def _of_port(port: Port, blank: Exchange) -> Iterator[Exchange]:
    address = blank.device
    carried = Transport.TLS if port.is_tls and port.transport is Transport.TCP else port.transport
    here = replace(blank, endpoint=Endpoint(address, port.number, carried), id="")
    told = [("nmap.port", f"{port.number}/{port.transport} open {port.reason}".strip())]
    if port.service is not None:
        service = port.service
        named = (("service", "name"), ("product", "product"), ("version", "version"), ("extra", "extrainfo"),
                 ("device_type", "devicetype"), ("host_name", "hostname"), ("os", "ostype"))  # fmt: skip
        told += [(f"nmap.{field}", value) for field, name in named if (value := service.attribute(name))]
        yield from of_fingerprint(service.attribute("servicefp") or "", here)
    yield replace(here, observed=tuple(told), reply=_element(port.service), id="")
    if port.service is not None and (words := port.service.attribute("banner")):  # masscan's
        yield from heard(port.service.attribute("name") or "", words, here)
    for script in port.scripts:
        yield from of_script(script, port, here)


def _element(element: xml.Element | None) -> bytes:
    """Return an element's attributes as the evidence they are."""
    if element is None:
        return b""
    told = " ".join(f'{name}="{value}"' for name, value in element.attributes if name != "servicefp")
    return f"<{element.name} {told}/>".encode("utf-8", "replace")
