"""Any other JSON answer about the device itself, by an allow-list of keys, and the names of its outer keys. Read only."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from auditor.model import Exchange, Method, Observation, Protocol
from auditor.probes import _replies
from auditor.probes._naming import snake
from auditor.probes._showing import show
from auditor.wire import json_pairs

if TYPE_CHECKING:  # reading recorded replies needs no network room
    from auditor.net import Line
FIELDS = ("json.*",)
PROTOCOLS = (Protocol.HTTP,)
PORTS = ()
METHOD = Method.CREDENTIALS
ROUND = 1

_SHOWN = frozenset(
    [
        "activated",
        "activatestatus",
        "builddate",
        "build_date",
        "device_id",
        "device_model",
        "device_name",
        "device_type",
        "deviceclass",
        "devicemodel",
        "devicename",
        "devicetype",
        "error_code",
        "firmware",
        "firmware_version",
        "firmwareversion",
        "hardware_version",
        "hardwareversion",
        "mac",
        "macaddress",
        "manufacture",
        "manufacturer",
        "model",
        "productmodel",
        "realm",
        "serial_number",
        "serialno",
        "serialnumber",
        "sn",
        "software",
        "software_version",
        "softwareversion",
        "statusstring",
        "substatuscode",
        "vendor",
        "version",
        "webversion",
    ]
)
_MAX_DEPTH = 4
_MAX_KEYS = 64
_MAX_ERROR = 256
_ELSEWHERE = ("/sdcapi/", "/api/login/range")


async def probe(_line: "Line") -> None:
    """Ask nothing: what these answer is asked elsewhere, or needs a login."""


def read(exchange: Exchange) -> Iterator[Observation]:
    """Yield the allowed keys of a JSON object down to its fourth level, lists left out: those hold other devices."""
    reply = _replies.reply_of(exchange)
    if reply is None or not reply.text.lstrip("\ufeff \t\r\n").startswith("{"):
        return
    if reply.path.lower().startswith(_ELSEWHERE):
        return
    pairs = json_pairs.pairs(reply.text)
    outer = dict.fromkeys(path.partition(".")[0] for path, _ in pairs)
    yield from show(exchange, (("json.keys", ",".join(list(outer)[:_MAX_KEYS]) or None),))
    yield from show(exchange, _told(pairs))
    yield from show(exchange, (("json.error", _error(pairs)),))


def _error(pairs: tuple[tuple[str, str], ...]) -> str | None:
    """Return the number and the words of an error object, as in JSON-RPC."""
    first = {path.lower(): value for path, value in reversed(pairs)}
    parts = (first.get("error.code", ""), first.get("error.message", ""))
    return " ".join(part for part in parts if part)[:_MAX_ERROR] or None


def _told(pairs: tuple[tuple[str, str], ...]) -> Iterator[tuple[str, str | None]]:
    for path, value in pairs:
        levels = path.split(".")
        is_of_a_list = any(level.isdigit() for level in levels)
        if len(levels) <= _MAX_DEPTH and not is_of_a_list and levels[-1].lower() in _SHOWN and value:
            yield f"json.{snake(levels[-1])}", value
