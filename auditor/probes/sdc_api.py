"""JSON answers of the SDCAPI interface about the device itself, by an allow-list of keys. Read only."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from auditor.model import Exchange, Method, Observation, Protocol
from auditor.probes import _replies
from auditor.probes._naming import snake
from auditor.probes._showing import show
from auditor.wire import json_pairs

if TYPE_CHECKING:  # reading recorded replies needs no network room
    from auditor.net import Line
FIELDS = ("mac", "sdc.*")
PROTOCOLS = (Protocol.HTTP,)
PORTS = ()
METHOD = Method.CREDENTIALS
ROUND = 1

_PREFIX = "/sdcapi/"
_SHOWN = frozenset(
    [
        "barcode",
        "bomcode",
        "devicename",
        "devicetype",
        "devtype",
        "drvcode",
        "esn",
        "eth0mac",
        "eth1mac",
        "flashversion",
        "fulldevicetype",
        "hardware",
        "hardversion",
        "kernel",
        "kernelversion",
        "manufacturer",
        "platformtype",
        "serialnumber",
        "software",
        "softversion",
        "softwareversion",
        "uboot",
        "ubootversion",
    ]
)
# The interface spells its own word so: Activaion.
_ACTIVATION = "activa"


async def probe(_line: "Line") -> None:
    """Ask nothing: these answers need a login."""


def read(exchange: Exchange) -> Iterator[Observation]:
    """Yield the allowed keys of an answer."""
    reply = _replies.reply_of(exchange)
    if reply is None or not reply.path.lower().startswith(_PREFIX):
        return
    is_activation = _ACTIVATION in reply.path.lower()
    yield from show(exchange, _told(json_pairs.pairs(reply.text), is_activation=is_activation))


def _told(pairs: tuple[tuple[str, str], ...], *, is_activation: bool) -> Iterator[tuple[str, str | None]]:
    for path, value in pairs:
        name = path.rpartition(".")[2]
        if name.lower() in _SHOWN and value:
            yield f"sdc.{snake(name)}", value
        if name.lower() == "eth0mac" and value:
            yield "mac", value
        if is_activation and name.lower() == "status":
            yield "sdc.status", value
