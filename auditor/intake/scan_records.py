"""Results of scanners as JSON, an object a line or a list of them: masscan's -oJ and -oD, naabu's, zgrab2's.

masscan's list is no valid JSON in most of its versions (a comma too many, `{finished: 1}` at its end) and any file may be
cut, so that each line is read by itself. Source: masscan, src/out-json.c and src/out-ndjson.c; zgrab2, modules/*.go.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from auditor import probes
from auditor.intake.addresses import told
from auditor.intake.evidence import moment
from auditor.intake.spoken import certificate, heard, spoken
from auditor.model import Endpoint, Exchange, Protocol, Transport
from auditor.wire import http

Record = Mapping[str, Any]

_MAX_BODY = 262_144
_PORTS = {"http": 80, "ftp": 21, "telnet": 23, "ssh": 22, "tls": 443, "https": 443, "rtsp": 554}
"""Ports that zgrab2 asks where it is told none, by its module."""
_NOT_TOLD_BY_PARTS = frozenset({"http.header_order", "http.answer"})
"""Fields that a head put together from a record's parts would invent."""
_SAFE_NAME = re.compile(r"[A-Za-z0-9-]{1,64}")


def record_of(line: str) -> Record | None:
    """Return the object of a line, None for a line that holds none; ValueError for one that is damaged."""
    line = line.strip().lstrip("[,").rstrip("],").strip()
    if line.startswith("{") and not line.endswith("}"):
        line += "]" * (line.count("[") > line.count("]"))
    if not line or line.startswith("{finished"):
        return None
    found = json.loads(line)
    if "\\ud" in line or "\\uD" in line:  # half a character, which no text may hold
        found = json.loads(json.dumps(found, ensure_ascii=False).encode("utf-8", "replace"))
    if not isinstance(found, dict):
        raise ValueError("is no object")  # noqa: TRY004  the line's fault, told as damage
    return found


def is_record(line: str) -> bool:
    """Tell whether a line is a record of such a tool."""
    try:
        found = record_of(line)
    except (ValueError, RecursionError):
        return False
    return (
        found is not None
        and isinstance(found.get("ip"), str)
        and bool({"ports", "port", "data"} & found.keys())
    )


def read(records: Iterable[Record], blank: Exchange) -> Iterator[Exchange]:
    """Yield what records say; those without an address say nothing."""
    for record in records:
        address = told(str(record.get("ip", ""))).first
        if not address:
            continue
        here = replace(
            blank,
            device=address,
            endpoint=Endpoint(address, 0),
            at=_moment(record.get("timestamp")) or blank.at,
        )
        data = record.get("data")
        if isinstance(record.get("ports"), list):
            for port in record["ports"]:
                if isinstance(port, dict):
                    yield from _of_port(port, here)
        elif "rec_type" in record or ("port" in record and not isinstance(data, dict)):
            yield from _of_port({**record, **(data if isinstance(data, dict) else {})}, here)
        elif isinstance(data, dict):
            for module, scan in data.items():
                if isinstance(scan, dict):
                    yield from _of_zgrab(str(module), scan, here)


def _of_port(port: Record, here: Exchange) -> Iterator[Exchange]:
    """Read a port as masscan and naabu tell it: its state, or the words it was heard to say."""
    carried = str(port.get("proto") or port.get("protocol") or "tcp")
    number = _number(port.get("port"))
    if not number or carried not in {"tcp", "udp"}:
        return
    at_port = replace(here, endpoint=Endpoint(here.device, number, Transport(carried)), id="")
    service = port.get("service")
    name, words = port.get("service_name"), port.get("banner")
    if isinstance(service, dict):
        name, words = service.get("name"), service.get("banner")
    if isinstance(name, str) and isinstance(words, str):
        yield from heard(name, words, at_port)
    elif port.get("status", "open") == "open":
        record = json.dumps(dict(port), ensure_ascii=False)[:4096].encode("utf-8", "replace")
        yield replace(at_port, observed=(("nmap.port", f"{number}/{carried} open"),), reply=record)


def _of_zgrab(module: str, scan: Record, here: Exchange) -> Iterator[Exchange]:
    """Read what one module of zgrab2 was told; nothing where it was told nothing."""
    protocol = str(scan.get("protocol") or module)
    number = _number(scan.get("port")) or _PORTS.get(protocol, 0)
    result = scan.get("result")
    if not number or not isinstance(result, dict):
        return
    when = _moment(scan.get("timestamp")) or here.at
    at_port = replace(here, endpoint=Endpoint(here.device, number, Transport.TCP), at=when, id="")
    if protocol == "http":
        yield from _of_page(result, at_port)
    words = result.get("banner")
    if isinstance(words, str):
        named = {"ftp": Protocol.FTP, "telnet": Protocol.TELNET}.get(protocol)
        yield from spoken(words.encode("utf-8", "replace"), at_port, named)
    if isinstance(raw := _inner(result, "server_id", "raw"), str):
        yield from spoken(raw.encode("utf-8", "replace"), at_port, Protocol.SSH)
    handshake = result if "handshake_log" in result else result.get("tls")
    raw = _inner(handshake, "handshake_log", "server_certificates", "certificate", "raw")
    if isinstance(raw, str):
        yield from certificate(raw, at_port)


def _of_page(result: Record, here: Exchange) -> Iterator[Exchange]:
    """Read the page that zgrab2's http module kept, unless a redirect led to another host's."""
    response = result.get("response")
    if not isinstance(response, dict):
        return
    asked = _inner(response, "request", "url", "host")
    if (
        isinstance(asked, str)
        and asked
        and told(asked.partition(":")[0] if asked.count(":") == 1 else asked).first != here.device
    ):
        return
    path = _inner(response, "request", "url", "path")
    path = path if isinstance(path, str) and re.fullmatch(r"/[!-~]*", path) else "/"
    head = (
        f"HTTP/1.1 {response.get('status_line') or response.get('status_code') or 200}",
        *_headers(response),
    )
    body = response.get("body")
    text = body[:_MAX_BODY] if isinstance(body, str) else ""
    reply = http.head_bytes(head) + text.encode("utf-8", "replace")
    asked_for = f"GET {path} HTTP/1.1\r\n\r\n".encode()
    spoke = replace(here, probe="zgrab2", protocol=Protocol.HTTP, request=asked_for, reply=reply, id="")
    pairs = tuple((one.field, one.value) for one in probes.read(spoke) if one.field not in _NOT_TOLD_BY_PARTS)
    if pairs:
        yield replace(here, observed=pairs, reply=reply)


def _headers(response: Record) -> Iterator[str]:
    """Yield header lines: known ones by name with a list of values, others under `unknown` as pairs."""
    headers = response.get("headers")
    if not isinstance(headers, dict):
        return
    pairs = [(str(name).replace("_", "-"), values) for name, values in headers.items() if name != "unknown"]
    unknown = headers.get("unknown")
    listed = [one for one in unknown if isinstance(one, dict)] if isinstance(unknown, list) else []
    pairs += [(str(one.get("key", "")).replace("_", "-"), one.get("value")) for one in listed]
    for name, values in pairs:
        for value in values if isinstance(values, list) else ():
            if _SAFE_NAME.fullmatch(name) and name.lower() not in {
                "content-encoding",
                "transfer-encoding",
                "content-length",
            }:
                yield f"{name}: {' '.join(str(value).split())}"


def _inner(node: object, *names: str) -> object:
    for name in names:
        node = node.get(name) if isinstance(node, dict) else None
    return node


def _number(value: object) -> int:
    text = str(value)
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 and 0 < int(text) < 65_536 else 0


def _moment(value: object) -> datetime | None:
    """Read seconds since 1970, or RFC 3339."""
    text = str(value or "")
    if text.isascii() and text.isdigit() and len(text) < 13:
        return moment(float(text))
    try:
        found = datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", text))
    except ValueError:
        return None
    return found if found.tzinfo else None
