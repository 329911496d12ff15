"""Cameras that hang behind a recorder: each becomes a device of its own, with the recorder as its witness."""

import ipaddress
import re
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType

from auditor.model import Endpoint, Exchange, Observation, Protocol, Status
from auditor.model.place import place_of
from auditor.run.target import Target

_CHANNEL = re.compile(r"(isapi|cgi)\.channel\.(\d{1,4})\.(\w{1,32})")
_ROW = re.compile(r"snmp\.([\d.]{1,200})\.(\d{1,4})")
_EMPTY = frozenset({"", "0.0.0.0", "192.168.0.0", "none", "null", "unknown"})  # noqa: S104 - compared, not bound
_OWN = {
    "isapi": {"model": "isapi.model", "serial": "isapi.serial", "firmware": "isapi.firmware"},
    "cgi": {
        "model": "cgi.device_type",
        "serial": "cgi.serial",
        "firmware": "cgi.software_version",
        "mac": "mac",
        "vendor": "cgi.vendor",
    },
    "snmp": {},
}
"""Fields of a camera that speaks the recorder's own protocol."""
_FOREIGN = {"model": "onvif.model", "serial": "onvif.serial", "firmware": "onvif.firmware", "mac": "mac"}
_NEUTRAL = frozenset({"onvif", "rtsp", "custom", "general", "other"})
_TELLING = frozenset({"model", "serial", "firmware"})
"""What only a camera has; a slot that tells none of it is one where it has an address and is not switched off."""
_WHERE = frozenset({"address", "host_name"})
_OFF = frozenset({"false", "0", "no", "off"})


def attached(
    recorder: Target,
    maker: str,
    observations: Iterable[Observation],
    columns: Mapping[str, str] = MappingProxyType({}),
    part: str = "",
) -> Iterator[Target]:
    """Yield a target for each camera that a recorder of some maker tells of; nobody contacts them.

    Their address is `<recorder's address>#<channel>`: their own may be on a network that exists behind many recorders.
    `part` is what the recorder's address ends in where it shares it with other devices.
    """
    channels: dict[int, dict[str, Observation]] = {}
    rows: dict[int, dict[str, Observation]] = {}
    for seen in observations:
        found = _CHANNEL.fullmatch(seen.field)
        if found and not _is_empty(seen.value):
            channels.setdefault(int(found[2]), {}).setdefault(f"{found[1]}.{found[3]}", seen)
        row = _ROW.fullmatch(seen.field)
        if row and row[1] in columns and not _is_empty(seen.value):
            rows.setdefault(int(row[2]), {}).setdefault(f"snmp.{columns[row[1]]}", seen)
    if not channels:  # the recorder's own interface says more, and may count from another number
        channels = {number: told for number, told in rows.items() if "snmp.address" in told}
    for number, told in sorted(channels.items()):
        if _is_camera({name.rpartition(".")[2]: seen.value for name, seen in told.items()}):
            yield _camera(recorder, maker, number, told, part)


def _is_empty(value: str) -> bool:
    """Tell whether a value stands for none; the IPv6 address of nobody is spelled in several ways."""
    text = value.strip().lower()
    try:
        return text in _EMPTY or (":" in text and ipaddress.ip_address(text).is_unspecified)
    except ValueError:
        return False


def _is_camera(told: Mapping[str, str]) -> bool:
    """Tell a slot with a camera from an empty one, which has no address, or a factory's and is switched off."""
    if told.keys() & _TELLING:
        return True
    return bool(told.keys() & _WHERE) and told.get("enabled", "").strip().lower() not in _OFF


def _camera(
    recorder: Target, maker: str, number: int, told: dict[str, Observation], part: str = ""
) -> Target:
    address = place_of(recorder.address, part)
    child = Target(recorder.site, f"{address}#{number}", seen=recorder.seen)
    first = next(iter(told.values())).exchange
    said = Exchange(
        device=child.subject,
        probe="attached",
        protocol=Protocol.OBSERVED,
        endpoint=Endpoint(recorder.address, first.endpoint.port, first.endpoint.transport),
        request=b"",
        reply=b"",
        status=Status.ANSWERED,
        at=first.at,
        detail=f"told by the recorder at {address}, channel {number}",
        observed=(
            ("attached.recorder", address),
            ("attached.channel", str(number)),
            *_pairs(
                {name.rpartition(".")[2]: seen.value for name, seen in told.items()}, next(iter(told)), maker
            ),
        ),
    )
    child.memory.keep(said)
    return child


def _pairs(told: dict[str, str], name: str, maker: str) -> Iterator[tuple[str, str]]:
    """Yield what is told, under the fields in which a camera of that protocol tells it itself."""
    interface = name.partition(".")[0]
    spoken = told.get("protocol" if interface == "isapi" else "vendor", "").strip().lower()
    is_own = spoken in {"", maker, "private"}
    if spoken and spoken not in _NEUTRAL and (maker or not is_own):
        yield "attached.own_protocol", maker if is_own else spoken
    fields = _OWN[interface] if is_own else _FOREIGN
    for what, value in sorted(told.items()):
        yield f"attached.{what}", value
        if what in fields:
            yield fields[what], value
