"""Transcripts: every exchange as one line of JSON, readable by `auditor identify --transcript` and by anybody."""

import base64
import json
import re
from collections.abc import Iterable
from datetime import UTC
from typing import BinaryIO

from auditor.model import Device, Exchange, Protocol, Run
from auditor.reporting import Context

NAME = "transcript"
SUFFIX = ".transcript.jsonl"
SCHEMA_VERSION = 1

_REMOVED = rb"[removed]"
_SECRETS = re.compile(
    rb"(?im)^((?:proxy-)?authorization|cookie|set-cookie|x-auth-token)([ \t]*:[ \t]*)[^\r\n]+"
    rb"|(<(?:\w+:)?(?:Password|Nonce)\b[^>]{0,200}>)[^<]{1,500}"
)


def write(run: Run, devices: Iterable[Device], out: BinaryIO, *, context: Context | None = None) -> None:
    """Write the exchanges of all devices, sorted by device and in the order they were made; secrets removed."""
    del run, context
    for device in devices:
        for exchange in device.exchanges:
            text = json.dumps(line(device.key, exchange), ensure_ascii=True)
            out.write(text.encode("ascii") + b"\n")


def line(device: str, exchange: Exchange) -> dict[str, object]:
    """Return one exchange in the transcript's form, filed under the device it belongs to."""
    form: dict[str, object] = {"schema_version": SCHEMA_VERSION, "device": device}
    if exchange.protocol is Protocol.OBSERVED and exchange.observed:
        fields: dict[str, list[str]] = {}
        for name, value in exchange.observed:
            fields.setdefault(name, []).append(value)
        form["observed"] = fields
    else:
        form["protocol"] = exchange.protocol.value
        form.update(_bytes("request", exchange.request))
        form.update(_bytes("reply", exchange.reply))
    form |= {
        "transport": exchange.endpoint.transport.value,
        "address": exchange.endpoint.address,
        "port": exchange.endpoint.port,
        "probe": exchange.probe,
        "status": exchange.status.value,
    }
    if exchange.at:
        form["at"] = exchange.at.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if exchange.detail:
        form["detail"] = exchange.detail
    if exchange.cut:
        form["cut"] = True
    return form


def _bytes(name: str, data: bytes) -> dict[str, str]:
    """Give bytes as text where they are UTF-8, else in base64."""
    clean = _SECRETS.sub(_masked, data)
    try:
        return {name: clean.decode("utf-8")}
    except UnicodeDecodeError:
        return {f"{name}_base64": base64.b64encode(clean).decode("ascii")}


def _masked(found: re.Match[bytes]) -> bytes:
    if found[1]:
        return found[1] + found[2] + _REMOVED
    return found[3] + _REMOVED
