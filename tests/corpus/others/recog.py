"""Recog's fingerprints on recorded replies: each of its files on the field it is about, the first pattern that matches."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

from auditor import probes
from auditor.model import Exchange
from tests.corpus.others.tool import Tool

_FIELDS = {
    "http.server": "http_servers.xml",
    "http.challenge": "http_wwwauth.xml",
    "http.title": "html_title.xml",
    "http.favicon.md5": "favicons.xml",
    "rtsp.server": "rtsp_servers.xml",
    "rtsp.challenge": "http_wwwauth.xml",
    "ftp.banner": "ftp_banners.xml",
    "ssh.banner": "ssh_banners.xml",
    "telnet.banner": "telnet_banners.xml",
    "snmp.1.3.6.1.2.1.1.1.0": "snmp_sysdescr.xml",
    "snmp.1.3.6.1.2.1.1.2.0": "snmp_sysobjid.xml",
    "tls.subject": "x509_subjects.xml",
    "tls.issuer": "x509_issuers.xml",
}
_BEGINNINGS = re.compile(r"^(?:220[ -]|SSH-[\d.]+-)")
_VENDORS = ("hw.vendor", "os.vendor", "service.vendor")


@dataclass(frozen=True, slots=True)
class _Fingerprint:
    pattern: re.Pattern[str]
    vendors: tuple[str, ...]


def tool(folder: Path, version: str) -> Tool:
    """Return recog as a tool; `folder` holds its xml files."""
    known = {name: _read(folder / name) for name in set(_FIELDS.values())}

    def reads(exchange: Exchange) -> Iterator[str] | None:
        seen = [one for one in probes.read(exchange) if one.field in _FIELDS]
        return _all((known[_FIELDS[one.field]], one.value) for one in seen) if seen else None

    return Tool("recog", version, "rapid7/recog", reads)


def _all(texts: Iterator[tuple[list[_Fingerprint], str]]) -> Iterator[str]:
    for fingerprints, text in texts:
        bare = _BEGINNINGS.sub("", text)
        first = next((one for one in fingerprints if one.pattern.search(bare)), None)
        yield from first.vendors if first else ()


def _read(path: Path) -> list[_Fingerprint]:
    found = []
    for item in ET.parse(path).getroot().iter("fingerprint"):
        told = item.get("flags", "")
        flags = (
            re.MULTILINE | (re.IGNORECASE if "ICASE" in told else 0) | (re.DOTALL if "NEWLINE" in told else 0)
        )
        try:
            pattern = re.compile(item.get("pattern", ""), flags)
        except re.error:
            continue
        vendors = (one.get("value", "") for one in item.iter("param") if one.get("name") in _VENDORS)
        found.append(_Fingerprint(pattern, tuple(vendors)))
    return found
