"""What nmap's scripts were told, as fields, or as the device's own bytes where a script kept them.

Source: the scripts' own documentation and output; nmap's service fingerprints (servicefp).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from auditor import probes
from auditor.model import Exchange, Protocol, Transport
from auditor.wire import http, xml

_MD5 = re.compile(r"[0-9A-Fa-f]{32}")
_NO_TITLE = re.compile(
    r"(?:Site doesn't have a title|Did not follow redirect|Error|Requested resource was)\b"
)
_REDIRECT = re.compile(r"(?:Did not follow redirect to|Requested resource was) (\S+)")
_NAMES = {
    "commonName": "CN", "organizationalUnitName": "OU", "organizationName": "O", "localityName": "L",
    "stateOrProvinceName": "ST", "countryName": "C",
}  # fmt: skip
_NAMED = re.compile(rf"(?:^|/)({'|'.join(_NAMES)})=(.*?)(?=/[A-Za-z]+=|$)")
_REALM = re.compile(r"realm=(.+?)(?=\s+[a-z]+=|\s*$)", re.MULTILINE)


@dataclass(slots=True)
class Port:
    """One port as the elements below it tell it."""

    number: int
    transport: Transport
    state: str = ""
    reason: str = ""
    service: xml.Element | None = None
    scripts: tuple["Script", ...] = ()

    @property
    def is_tls(self) -> bool:
        """Whether nmap found TLS there."""
        return self.service is not None and self.service.attribute("tunnel") == "ssl"


@dataclass(frozen=True, slots=True)
class Script:
    """What one script was told: its own words, and its parts by name."""

    id: str
    output: str
    parts: tuple[tuple[str, str], ...] = ()

    def part(self, key: str) -> str:
        """Return the first part of that name, or an empty text."""
        return next((value for name, value in self.parts if name == key), "")


def of_script(script: Script, port: Port, here: Exchange) -> Iterator[Exchange]:
    """Give a script's findings to the reader they belong to, or name them as the field they are."""
    pem = script.part("pem")
    if script.id == "ssl-cert" and (pem or "BEGIN CERTIFICATE" in script.output):
        endpoint = replace(here.endpoint, transport=Transport.TLS)
        reply = (pem or script.output[script.output.index("-----BEGIN") :]).encode()
        yield replace(here, probe="tls", protocol=Protocol.TLS, endpoint=endpoint, reply=reply, id="")
        return
    if script.id == "banner" and (protocol := _speaker(port)) is not None:
        reply = unescaped(script.output)
        yield replace(here, probe="banner", protocol=protocol, reply=reply, id="")
        return
    pairs = tuple(_pairs_of(script, here))
    if pairs:
        yield replace(
            here, probe=script.id, observed=pairs, reply=script.output.encode("utf-8", "replace"), id=""
        )


def _speaker(port: Port) -> Protocol | None:
    name = (port.service.attribute("name") or "") if port.service else ""
    speaks = {"ssh": Protocol.SSH, "telnet": Protocol.TELNET, "ftp": Protocol.FTP}
    return speaks.get(name) or {22: Protocol.SSH, 23: Protocol.TELNET, 21: Protocol.FTP}.get(port.number)


def _pairs_of(script: Script, here: Exchange) -> Iterator[tuple[str, str]]:
    """Yield the fields a script's findings are."""
    output = script.output.strip()
    match script.id:
        case "ssl-cert":
            yield from _of_certificate(output)
        case "http-title":
            yield from _of_title(script, output)
        case "http-server-header":
            servers = [value for _, value in script.parts] or output.splitlines()
            for server in servers:
                if server.strip():
                    yield "http.server", server.strip()
        case "http-favicon":
            if found := _MD5.search(output):
                yield "http.favicon.md5", found.group().lower()
        case "http-headers":
            yield from _of_headers(output, here)
        case "http-auth":
            yield from (("http.realm", realm) for realm in _REALM.findall(output))
        case "rtsp-methods":
            if output:
                yield "rtsp.public", output
        case "snmp-sysdescr":
            yield "snmp.1.3.6.1.2.1.1.1.0", output.split("\n  System uptime")[0].strip()
        case "snmp-info":
            enterprise = script.part("enterprise")
            yield from (("nmap.snmp_enterprise", enterprise),) if enterprise else ()
        case "upnp-info" | "broadcast-upnp-info":
            yield from _after_colons(output, {"server": "ssdp.server", "location": "ssdp.location"})
        case "wsdd-discover" | "broadcast-wsdd-discover":
            yield from _after_colons(output, {"address": "onvif.xaddr", "type": "onvif.types"})


def _of_certificate(output: str) -> Iterator[tuple[str, str]]:
    """Yield whose certificate it is and whose word, where the certificate itself was not kept."""
    for line in output.splitlines():
        field = {"Subject": "tls.subject", "Issuer": "tls.issuer"}.get(line.strip().partition(": ")[0])
        if field and (named := _NAMED.findall(line.partition(": ")[2].strip())):
            parts = ((_NAMES[name], re.sub(r"([,+;])", r"\\\1", value)) for name, value in named)
            yield field, ",".join(f"{name}={value}" for name, value in parts)


def _of_title(script: Script, output: str) -> Iterator[tuple[str, str]]:
    """Yield the title, unless the script says in words that there is none, and where a redirect points."""
    redirect = script.part("redirect_url") or next(iter(_REDIRECT.findall(output)), "")
    if redirect:
        yield "http.location", redirect
    title = script.part("title") or ("" if _NO_TITLE.match(output) else output.partition("\n")[0])
    if title:
        yield "http.title", title


def _of_headers(output: str, here: Exchange) -> Iterator[tuple[str, str]]:
    """Read header lines as http-headers prints them, by the reader of live replies."""
    lines = [
        line.strip() for line in output.splitlines() if ": " in line and not line.strip().startswith("(")
    ]
    reply = http.head_bytes(("HTTP/1.1 200 OK", *lines))
    for seen in probes.read(replace(here, protocol=Protocol.HTTP, reply=reply, id="")):
        if seen.field not in {"http.status", "http.reason", "http.answer", "http.header_order"}:
            yield seen.field, seen.value


def _after_colons(output: str, fields: dict[str, str]) -> Iterator[tuple[str, str]]:
    for line in output.splitlines():
        name, colon, value = line.strip().partition(": ")
        if colon and (field := fields.get(name.strip().lower())):
            yield field, value.strip()


def of_fingerprint(text: str, here: Exchange) -> Iterator[Exchange]:
    """Yield the device's own bytes from the fingerprint nmap prints for a service it does not know."""
    joined = re.sub(r"\n?SF:", "", text)
    for probe, reply in re.findall(r'%r\((\w+),[0-9A-F]+,"((?:[^"\\]|\\.)*)"\)', joined):
        raw = unescaped(reply)
        asked = b"GET / HTTP/1.0\r\n\r\n" if probe == "GetRequest" else b""
        if raw.startswith(b"HTTP/") and asked:
            yield replace(here, probe=probe, protocol=Protocol.HTTP, request=asked, reply=raw, id="")
        elif raw.startswith(b"RTSP/"):
            yield replace(here, probe=probe, protocol=Protocol.RTSP, reply=raw, id="")


def unescaped(text: str) -> bytes:
    """Undo the escapes of nmap and masscan: hexadecimal numbers, line ends, and a backslash before any other character."""
    named = {"r": b"\r", "n": b"\n", "t": b"\t", "0": b"\0"}

    def plain(found: re.Match[str]) -> str:
        what = found.group(1)
        value = (
            bytes([int(what[1:], 16)]) if len(what) == 3 else named.get(what, what.encode("utf-8", "replace"))
        )
        return value.decode("latin-1")

    return re.sub(r"\\(x[0-9A-Fa-f]{2}|.)", plain, text).encode("latin-1", "replace")
