"""key=value answers of CGI interfaces about the device itself, by an allow-list of keys. Read only."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from auditor.model import Exchange, Method, Observation, Protocol
from auditor.probes import _replies
from auditor.probes._naming import snake
from auditor.probes._showing import show

if TYPE_CHECKING:  # reading recorded replies needs no network room
    from auditor.net import Line
FIELDS = ("cgi.*",)
PROTOCOLS = (Protocol.HTTP,)
PORTS = ()
METHOD = Method.CREDENTIALS
ROUND = 1

_SHOWN = {
    "appautostart": "cgi.app_auto_start",
    "brand": "cgi.brand",
    "builddate": "cgi.build_date",
    "connectedmacaddress": "cgi.mac",
    "deviceclass": "cgi.device_class",
    "devicetype": "cgi.device_type",
    "firmwareversion": "cgi.firmware_version",
    "hardwareversion": "cgi.hardware_version",
    "macaddr": "cgi.mac",
    "model": "cgi.model",
    "processor": "cgi.processor",
    "serialnumber": "cgi.serial",
    "sn": "cgi.serial",
    "updateserial": "cgi.update_serial",
    "updateserialcloudupgrade": "cgi.update_serial_cloud_upgrade",
    "vendor": "cgi.vendor",
}
# Keys of parameter trees, by their last two levels.
_IN_TREES = {
    "brand.brand": "cgi.brand",
    "brand.prodnbr": "cgi.model",
    "brand.prodtype": "cgi.product_type",
    "firmware.builddate": "cgi.firmware_build_date",
    "eth0.physicaladdress": "cgi.mac",
    "firmware.version": "cgi.firmware_version",
    "system.hardwareid": "cgi.hardware_id",
    "system.serialnumber": "cgi.serial",
}
# What a single key means depends on the action: "type=" answers getDeviceType and getDeviceClass alike.
_SHORT = frozenset({"class", "name", "result", "sn", "type", "vendor", "version"})
_BY_ACTION = {"serial_no": "cgi.serial", "current_time": "cgi.clock"}
_LINE = re.compile(r"([A-Za-z][\w.:\[\]-]{0,127})[ \t]{0,4}=(.*)")
_BUILD = re.compile(r"\s*[\s,]\s*build(?:\s*date)?\s*:?\s*(\S{1,32})", re.IGNORECASE)
_SERVED = 200
_MAX_LINES = 256
_MAX_ERROR = 64


async def probe(_line: "Line") -> None:
    """Ask nothing: these answers need a login."""


def read(exchange: Exchange) -> Iterator[Observation]:
    """Yield the allowed keys of an answer, or the short text of a refusal."""
    reply = _replies.reply_of(exchange)
    if reply is None or not (reply.path.lower().endswith(".cgi") or _is_bare_table(reply)):
        return
    lines = reply.text.splitlines()[:_MAX_LINES]
    pairs = [(found[1], found[2].strip()) for line in lines if (found := _LINE.fullmatch(line.strip()))]
    if pairs and reply.status in {_SERVED, None}:
        yield from show(exchange, _told(pairs, _action(reply.query)))
    elif not pairs:
        yield from show(exchange, (("cgi.error", _error(lines)),))


def _is_bare_table(reply: _replies.Reply) -> bool:
    """Tell whether an answer whose question was not recorded holds lines of key=value and nothing else."""
    lines = [line.strip() for line in reply.text.splitlines()[:_MAX_LINES] if line.strip()]
    return not reply.path and bool(lines) and all(_LINE.fullmatch(line) for line in lines)


def _action(query: str) -> str:
    """Return what is asked for in snake case: `action=getDeviceType` gives `device_type`."""
    value = next((value for key, value in parse_qsl(query[:1024]) if key.lower() == "action"), "")
    return snake(value).removeprefix("get_") if value else ""


def _told(pairs: list[tuple[str, str]], action: str) -> Iterator[tuple[str, str | None]]:
    yield "cgi.keys", ",".join(key for key, _ in pairs[:64])
    for key, value in pairs:
        name = key.lower()
        if name in _SHORT:
            yield from _short(name, value, action)
        elif name in _SHOWN:
            yield _SHOWN[name], value
        elif tree := _IN_TREES.get(".".join(name.split(".")[-2:])):
            yield tree, value


def _short(key: str, value: str, action: str) -> Iterator[tuple[str, str | None]]:
    field = _BY_ACTION.get(action) or (f"cgi.{action}" if action else _SHOWN.get(key, f"cgi.{key}"))
    build = _BUILD.search(value) if key == "version" else None
    yield field, value[: build.start()].strip() if build else value
    if build:
        yield "cgi.build_date", build.group(1)


def _error(lines: list[str]) -> str | None:
    """Return a refusal in words, which such interfaces give as one or two short lines."""
    text = " ".join(line.strip() for line in lines if line.strip())
    return text if text and len(text) <= _MAX_ERROR and "<" not in text and "{" not in text else None
