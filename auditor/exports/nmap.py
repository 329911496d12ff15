"""nmap's XML form, for the many tools that read it: hosts, open ports, services, and who each device is."""

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import BinaryIO

from auditor.model import Device, Run
from auditor.reporting import Context, redacted

NAME = "nmap"
SUFFIX = ".xml"
REDACTS = True
NEEDS_BYTES = False

_FORM = "1.05"
"""The version of the XML form. Source: nmap.dtd."""
_SERVICES = {
    80: "http", 81: "http", 88: "http", 8080: "http", 443: "http", 8443: "http", 554: "rtsp", 8554: "rtsp",
    10554: "rtsp", 22: "ssh", 23: "telnet", 21: "ftp", 161: "snmp", 1900: "upnp", 3702: "ws-discovery",
    5353: "mdns", 5060: "sip",
}  # fmt: skip
_SHOWN = ("maker", "brand", "kind", "model", "firmware", "build_date", "serial")
_DEVICE_TYPES = {
    "camera": "webcam",
    "nvr": "media device",
    "dvr": "media device",
    "router": "router",
    "switch": "switch",
}
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters XML 1.0 cannot hold. Source: XML 1.0 section 2.2."""


def write(run: Run, devices: Iterable[Device], out: BinaryIO, *, context: Context | None = None) -> None:
    """Write one document that nmap's own readers read."""
    run, found, _ = redacted(run, devices, context or Context())
    hosts = sorted((one for one in found if one.granted), key=lambda one: one.key)
    ended = run.moment
    root = ET.Element("nmaprun", {
        "scanner": "nmap", "args": f"auditor {run.version}, run {run.id}", "start": _seconds(run.started),
        "startstr": _words(run.started), "version": run.version, "xmloutputversion": _FORM,
    })  # fmt: skip
    ports = sorted({port for one in hosts for transport, port in one.ports if transport != "udp"})
    ET.SubElement(root, "scaninfo", {
        "type": "connect", "protocol": "tcp", "numservices": str(len(ports)), "services": ",".join(map(str, ports)),
    })  # fmt: skip
    ET.SubElement(root, "verbose", {"level": "0"})
    ET.SubElement(root, "debugging", {"level": "0"})
    for host in hosts:
        _host(root, host, run)
    total = run.coverage.swept if run.coverage else len(hosts)
    stats = ET.SubElement(root, "runstats")
    ET.SubElement(stats, "finished", {
        "time": _seconds(ended), "timestr": _words(ended), "elapsed": f"{(ended - run.started).total_seconds():.2f}",
        "summary": f"auditor: {len(hosts)} devices", "exit": "success",
    })  # fmt: skip
    down = max(0, total - len(hosts))
    ET.SubElement(stats, "hosts", {"up": str(len(hosts)), "down": str(down), "total": str(len(hosts) + down)})
    _made_plain(root)
    out.write(b'<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE nmaprun>\n')
    out.write(ET.tostring(root, encoding="utf-8"))
    out.write(b"\n")


def _host(root: ET.Element, device: Device, run: Run) -> None:
    seen = device.last_seen or run.started
    host = ET.SubElement(root, "host", {"starttime": _seconds(seen), "endtime": _seconds(seen)})
    ET.SubElement(host, "status", {"state": "up", "reason": "user-set", "reason_ttl": "0"})
    kind = "ipv6" if ":" in device.address else "ipv4"
    ET.SubElement(host, "address", {"addr": device.address, "addrtype": kind})
    if mac := device.identity.value("mac"):
        ET.SubElement(host, "address", {"addr": mac.upper(), "addrtype": "mac"})
    ET.SubElement(host, "hostnames")
    ports = ET.SubElement(host, "ports")
    for transport, number in device.ports:
        _port(ports, device, transport, number)
    told = [(name, value) for name in _SHOWN if (value := device.identity.value(name))]
    if told:
        script = ET.SubElement(ET.SubElement(host, "hostscript"), "script", {
            "id": "auditor-identity", "output": "\n".join(f"  {name}: {value}" for name, value in told),
        })  # fmt: skip
        for name, value in told:
            ET.SubElement(script, "elem", {"key": name}).text = value


def _port(ports: ET.Element, device: Device, transport: str, number: int) -> None:
    port = ET.SubElement(
        ports, "port", {"protocol": "udp" if transport == "udp" else "tcp", "portid": str(number)}
    )
    reason = "udp-response" if transport == "udp" else "syn-ack"
    ET.SubElement(port, "state", {"state": "open", "reason": reason, "reason_ttl": "0"})
    service = {"name": _SERVICES.get(number, "unknown"), "method": "probed", "conf": "10"}
    if transport == "tls":
        service["tunnel"] = "ssl"
    parts = [device.identity.value(name) or "" for name in ("maker", "model")]
    if product := " ".join(part for part in parts if part):
        service["product"] = product
    if firmware := device.identity.value("firmware"):
        service["version"] = firmware
    if known := _DEVICE_TYPES.get(device.identity.value("kind") or ""):
        service["devicetype"] = known
    ET.SubElement(port, "service", service)


def _made_plain(root: ET.Element) -> None:
    """Take out of every text and value what XML cannot hold: any of them may come from a device, a file or a database."""
    for one in root.iter():
        one.text = _NOT_XML.sub("", one.text) if one.text else one.text
        for name, value in one.items():
            one.set(name, _NOT_XML.sub("", value))


def _seconds(at: datetime) -> str:
    return str(int(at.timestamp()))


def _words(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%a %b %d %H:%M:%S %Y")
