"""ONVIF device calls that need no login, and their answers under any prefix. Source: ONVIF Core and Device Management."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from auditor.wire import charset, soap, xml

_DEVICE = "http://www.onvif.org/ver10/device/wsdl"
_FIELDS = {
    name.lower(): name for name in ("Manufacturer", "Model", "FirmwareVersion", "SerialNumber", "HardwareId")
}
_SCOPE = re.compile(r"onvif://[^/\s]{1,128}/([^/\s]{1,64})(?:/(\S*))?", re.IGNORECASE)
# Fields that make an answer recognisable where the name of the answer itself is lost.
_ENOUGH = 3
_MEDIA = re.compile(r"get([a-z]{1,16})uriresponse")
_MAX_ADDRESSES = 64
# A login inside an address, in its path or its query, as some servers hand it out to everybody.
_LOGIN = re.compile(
    r"(?i)\b((?:user|usr|username|pwd|pass|passwd|password|token|auth|loginuse|loginpas)=)[^&/?\s]*"
)
_PERCENT = re.compile(rb"%([0-9A-Fa-f]{2})")
_WHOLE = re.compile(r"\d{1,4}")
_ZONE = re.compile(
    r"(?:[A-Za-z]{3,16}|<[A-Za-z0-9+-]{3,16}>)(?P<sign>[+-]?)(?P<hours>\d{1,2})(?::(?P<minutes>[0-5]\d))?(?::[0-5]\d)?"
)
_SUMMER = re.compile(r"\A[A-Za-z<]")
"""What follows the offset of a zone that has a summer time."""


def get_system_date_and_time() -> bytes:
    """Return the call for the device's clock."""
    return _call("GetSystemDateAndTime")


def get_capabilities() -> bytes:
    """Return the call for the addresses of the services, as all versions of the standard know it."""
    return _call("GetCapabilities", "<tds:Category>All</tds:Category>")


def get_services() -> bytes:
    """Return the call for the list of services and their versions."""
    return _call("GetServices", "<tds:IncludeCapability>false</tds:IncludeCapability>")


def get_scopes() -> bytes:
    """Return the call for the scopes, which hold name, hardware and place."""
    return _call("GetScopes")


def get_device_information() -> bytes:
    """Return the call for maker, model, firmware and serial number, which most devices refuse without a login."""
    return _call("GetDeviceInformation")


def device_information(text: str) -> tuple[tuple[str, str], ...]:
    """Return the (name, value) pairs of a GetDeviceInformation answer, in the standard's spelling and the reply's order."""
    elements = xml.elements(text)
    found: dict[str, str] = {}
    for element in elements:
        name = _FIELDS.get(element.name.lower())
        if name and name not in found and not element.cut:
            found[name] = element.text
    named = any(element.name.lower() == "getdeviceinformationresponse" for element in elements)
    return tuple(found.items()) if named or len(found) >= _ENOUGH else ()


def scopes(text: str) -> tuple[str, ...]:
    """Return the scopes of a GetScopes answer as written."""
    items = (each for each in xml.elements(text) if each.name.lower() == "scopeitem" and not each.cut)
    return tuple(each.text for each in items if each.text)


def scope_item(scope: str, declared: str | None = None) -> tuple[str, str] | None:
    """Split one scope into its kind in lower case and its value with percent signs resolved; None for another form.

    `onvif://www.onvif.org/name/NorthCam%20NC2` gives `("name", "NorthCam NC2")`. Octets behind percent signs are in the
    character set that the reply declares, unless they are in UTF-8.
    """
    found = _SCOPE.fullmatch(scope.strip())
    return (found.group(1).lower(), _unquoted(found.group(2) or "", declared)) if found else None


def device_time(text: str) -> datetime | None:
    """Return the device's clock in UTC, or None when it shows none that a calendar has.

    Where it tells no UTC, its local time is taken, by the time zone it tells; without one the result is what its clock
    shows, in whichever zone. See `tells_utc`. Source: ONVIF Core Specification, GetSystemDateAndTime; POSIX TZ.
    """
    elements = xml.elements(text)
    if any(each.path.lower().endswith("utcdatetime/date/year") for each in elements):
        return _clock(elements, "utcdatetime")
    local = _clock(elements, "localdatetime")
    if local is None:
        return None
    try:
        return local + (_west(elements) or timedelta())
    except OverflowError:
        return local


def tells_utc(text: str) -> bool:
    """Tell whether the device's clock can be placed in UTC: it tells UTC, or local time with a time zone."""
    elements = xml.elements(text)
    return _clock(elements, "utcdatetime") is not None or _west(elements) is not None


def _clock(elements: Iterable[xml.Element], group: str) -> datetime | None:
    clock = [each for each in elements if group in each.path.lower() and not each.cut]
    parts: list[int] = []
    for name in ("year", "month", "day", "hour", "minute", "second"):
        value = next((each.text for each in clock if each.name.lower() == name), "")
        if not _WHOLE.fullmatch(value):
            return None
        parts.append(int(value))
    year, month, day, hour, minute, second = parts
    try:
        return datetime(year, month, day, hour, minute, min(second, 59), tzinfo=UTC)
    except ValueError:
        return None


def _west(elements: Iterable[xml.Element]) -> timedelta | None:
    """Return what local time lacks to UTC, from a time zone in POSIX form such as `CST-8`; None without a readable one."""
    told = {each.name.lower(): each.text.strip() for each in elements if not each.cut}
    found = _ZONE.match(told.get("tz", ""))
    if found is None:
        return None
    sign = -1 if found["sign"] == "-" else 1
    west = sign * timedelta(hours=int(found["hours"]), minutes=int(found["minutes"] or 0))
    is_summer = told.get("daylightsavings", "").lower() in {"true", "1"}
    return west - timedelta(hours=1) if is_summer and _SUMMER.search(told["tz"][found.end() :]) else west


def time_zone(text: str) -> str | None:
    """Return the time zone as the device writes it, usually in POSIX form."""
    return xml.first(text, "TZ")


def services(text: str) -> tuple[tuple[str, str], ...]:
    """Return (namespace, address) pairs of a GetServices answer, or (category, address) of a GetCapabilities answer."""
    found: list[tuple[str, str]] = []
    namespace = ""
    for element in xml.elements(text):
        name = element.name.lower()
        if name == "service":
            namespace = ""
        elif name == "namespace":
            namespace = element.text
        elif name == "xaddr" and element.text and not element.cut:
            found.append((namespace or _parent(element.path), element.text))
    return tuple(found)


def media_addresses(text: str) -> tuple[tuple[str, str], ...]:
    """Return (kind, address) of answers to others that name where media are, without user and password.

    The kind is what stands in the answer's name, as in `stream`. The program itself never asks for these.
    """
    found: list[tuple[str, str]] = []
    kind = ""
    for element in xml.elements(text):
        name = element.name.lower()
        answer = _MEDIA.fullmatch(name)
        kind = answer.group(1) if answer else kind
        if kind and name == "uri" and element.text and not element.cut:
            found.append((kind, _LOGIN.sub(r"\1", element.text.strip())))
    return tuple(found[:_MAX_ADDRESSES])


def _call(name: str, inside: str = "") -> bytes:
    """Return one call to the device service."""
    return soap.envelope(
        f'<tds:{name} xmlns:tds="{_DEVICE}">{inside}</tds:{name}>'
        if inside
        else f'<tds:{name} xmlns:tds="{_DEVICE}"/>'
    )


def _unquoted(text: str, declared: str | None) -> str:
    """Resolve percent signs, in whichever character set the octets are."""
    octets = text.encode("utf-8", "replace")
    return charset.decode(_PERCENT.sub(lambda found: bytes((int(found[1], 16),)), octets), declared)


def _parent(path: str) -> str:
    """Return the name one level up."""
    return path.split("/")[-2] if "/" in path else ""
