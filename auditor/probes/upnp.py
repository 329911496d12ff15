"""UPnP device descriptions, which SSDP answers name and every client may fetch: maker, model and serial number.

Source: UPnP Device Architecture 1.1 section 2.3.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from auditor.model import Exchange, Method, Observation, Protocol
from auditor.probes import _replies
from auditor.probes._naming import snake
from auditor.probes._showing import show
from auditor.wire import xml

if TYPE_CHECKING:  # reading recorded replies needs no network room
    from auditor.net import Line
FIELDS = ("upnp.*",)
PROTOCOLS = (Protocol.HTTP,)
PORTS = ()
METHOD = Method.HTTP
ROUND = 1

_NAMESPACE = "urn:schemas-upnp-org:device-1-0"
_SHOWN = frozenset(
    [
        "devicetype",
        "friendlyname",
        "manufacturer",
        "manufacturerurl",
        "modeldescription",
        "modelname",
        "modelnumber",
        "modelurl",
        "presentationurl",
        "serialnumber",
        "udn",
    ]
)
_WITHIN = 4096


async def probe(_line: "Line") -> None:
    """Ask nothing: where the description is, an answer of SSDP says."""


def read(exchange: Exchange) -> Iterator[Observation]:
    """Yield what a description says of its own device; those inside it are services or other devices."""
    reply = _replies.reply_of(exchange)
    if reply is None or _NAMESPACE not in reply.text[:_WITHIN].lower():
        return
    told = (
        (f"upnp.{snake(each.name)}", each.text)
        for each in xml.elements(reply.text)
        if each.name.lower() in _SHOWN and each.path.lower().startswith("root/device/")
        if each.path.count("/") == 2 and each.text and not each.cut
    )
    yield from show(exchange, told)
