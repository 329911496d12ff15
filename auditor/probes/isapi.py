"""ISAPI and PSIA answers of the device about itself, by an allow-list of tags. Read only: they mostly need a login."""

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from auditor.model import Exchange, Method, Observation, Protocol
from auditor.probes import _replies
from auditor.probes._naming import snake
from auditor.probes._showing import show
from auditor.wire import json_pairs, xml

if TYPE_CHECKING:  # reading recorded replies needs no network room
    from auditor.net import Line
FIELDS = ("isapi.*", "mac")
PROTOCOLS = (Protocol.HTTP,)
PORTS = ()
METHOD = Method.CREDENTIALS
ROUND = 1

_ROOTS = frozenset(
    [
        "activatestatus",
        "deviceinfo",
        "devicestatus",
        "networkinterface",
        "networkinterfacelist",
        "responsestatus",
        "sessionlogin",
        "sessionlogincap",
        "usercheck",
    ]
)
_PATHS = ("/isapi/", "/psia/", "/sdk/")
_BEGINS = re.compile(rf"<(?:[\w.-]{{1,64}}:)?(?:{'|'.join(sorted(_ROOTS))})[\s>/]", re.IGNORECASE)
_NAMED = {
    "serialnumber": "isapi.serial",
    "subserialnumber": "isapi.sub_serial",
    "macaddress": "isapi.mac",
    "firmwarereleaseddate": "isapi.firmware_released",
    "encoderreleaseddate": "isapi.encoder_released",
    "bootreleaseddate": "isapi.boot_released",
}
_SHOWN = frozenset(
    [
        "activated",
        "bootversion",
        "bspversion",
        "companyname",
        "currentdevicetime",
        "customizedinfo",
        "devicedescription",
        "deviceid",
        "devicelocation",
        "devicename",
        "devicetype",
        "deviceuptime",
        "dspversion",
        "encoderversion",
        "firmwareversion",
        "firmwareversioninfo",
        "hardwareversion",
        "isactivated",
        "isdefaultpassword",
        "isriskpassword",
        "languagetype",
        "localuiversion",
        "manufacturer",
        "markettype",
        "model",
        "oemcode",
        "platformname",
        "productiondate",
        "regionversion",
        "releaseregion",
        "statuscode",
        "statusstring",
        "statusvalue",
        "subdevicetype",
        "substatuscode",
        "supportversion",
        "systemcontact",
        "telecontrolid",
        "webversion",
    ]
)


async def probe(_line: "Line") -> None:
    """Ask nothing: these answers mostly need a login."""


def read(exchange: Exchange) -> Iterator[Observation]:
    """Yield the allowed tags directly below the root of a known answer; what lies deeper is of other devices."""
    reply = _replies.reply_of(exchange)
    if reply is not None and _is_json(reply):
        yield from show(exchange, _of_json(reply.text))
        return
    if reply is None or not (_BEGINS.search(reply.text, 0, 4096) or _is_asked(reply)):
        return
    found = xml.elements(reply.text)
    root = next(iter(found), None)
    if root is None or (root.name.lower() not in _ROOTS and not _is_own(root)):
        return
    if root.name.lower() not in _ROOTS:
        yield from show(exchange, _root(root))
        return
    if root.name.lower().startswith("networkinterface"):
        yield from show(exchange, (*_root(root), *_interfaces(found)))
        return
    told = [each for each in found if each.path.count("/") == 1 and not each.cut and each.text]
    yield from show(exchange, _root(root))
    yield from show(exchange, _told(told))
    yield from show(exchange, _firmware(told))


def _is_asked(reply: _replies.Reply) -> bool:
    return reply.path.lower().startswith(_PATHS) and reply.text.lstrip("\ufeff \t\r\n").startswith("<")


def _is_json(reply: _replies.Reply) -> bool:
    return reply.path.lower().startswith(_PATHS) and reply.text.lstrip("\ufeff \t\r\n").startswith("{")


def _of_json(text: str) -> Iterator[tuple[str, str | None]]:
    """Yield the allowed names of the same answer in JSON, which newer devices give to `format=json`."""
    split = [(path.split("."), value) for path, value in json_pairs.pairs(text)]
    inside = [
        (levels, value)
        for levels, value in split
        if len(levels) == 2 and levels[0].lower() in _ROOTS and value
    ]
    if inside:
        told = [xml.Element(levels[1], "", "/".join(levels), value) for levels, value in inside]
        yield "isapi.root", inside[0][0][0]
        yield from _told(told)
        yield from _firmware(told)


def _is_own(root: xml.Element) -> bool:
    """Tell whether an outermost element names its interface: version and namespace, as no web page has them."""
    return root.attribute("version") is not None and any(
        key.lower().startswith("xmlns") for key, _ in root.attributes
    )


def _root(root: xml.Element) -> Iterator[tuple[str, str | None]]:
    yield "isapi.root", root.name
    yield "isapi.schema_version", root.attribute("version")
    wanted = f"xmlns:{root.prefix}" if root.prefix else "xmlns"
    yield (
        "isapi.namespace",
        next((value for key, value in root.attributes if key.lower() == wanted.lower()), None),
    )


def _told(told: list[xml.Element]) -> Iterator[tuple[str, str | None]]:
    for each in told:
        name = each.name.lower()
        if name in _NAMED:
            yield _NAMED[name], each.text
        elif name in _SHOWN:
            yield f"isapi.{snake(each.name)}", each.text
        if name == "macaddress":
            yield "mac", each.text


def _interfaces(found: Sequence[xml.Element]) -> Iterator[tuple[str, str | None]]:
    """Yield the hardware address of each network interface; the first one's is the device's own."""
    addresses = [
        each.text for each in found if each.name.lower() == "macaddress" and each.text and not each.cut
    ]
    yield "isapi.mac", next(iter(addresses), None)
    yield from (("mac", address) for address in addresses)


def _firmware(told: list[xml.Element]) -> Iterator[tuple[str, str | None]]:
    """Yield version and build of one answer together, as other interfaces of the same devices write them."""
    values = {each.name.lower(): each.text for each in reversed(told)}
    version, released = values.get("firmwareversion"), values.get("firmwarereleaseddate")
    if version:
        yield "isapi.firmware", f"{version} {released}" if released else version
