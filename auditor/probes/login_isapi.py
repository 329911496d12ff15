"""ISAPI after a login: users, services, clock, lock-out and the channels of a recorder, by an allow-list of names."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from auditor.model import Exchange, Method, Observation, Protocol
from auditor.probes import _replies
from auditor.probes._naming import snake
from auditor.probes._showing import show
from auditor.wire import xml

if TYPE_CHECKING:  # reading recorded replies needs no network room
    from auditor.net import LoggedLine
FIELDS = (
    "isapi.account",
    "isapi.administrators",
    "isapi.certificate.*",
    "isapi.channel.*",
    "isapi.cloud.*",
    "isapi.lockout",
    "isapi.ntp_server",
    "isapi.service.*",
    "isapi.time_mode",
    "isapi.tls.*",
    "isapi.web_login",
)
PROTOCOLS = (Protocol.HTTP,)
PORTS = ()
METHOD = Method.CREDENTIALS
ROUND = 3

_PREFIX = "/isapi/"
_MAX_CHANNELS = 256
_NETWORK = "/system/network/"
# Calls below it say by one switch whether a service is on; most are called as the service is.
_SWITCHES = {"telnetd": "telnet", "ftp": "ftp_upload", "integrate": "onvif"}
_CHANNEL = {
    "name": "name",
    "proxyprotocol": "protocol",
    "ipaddress": "address",
    "hostname": "host_name",
    "model": "model",
    "serialnumber": "serial",
    "firmwareversion": "firmware",
}
_NOWHERE = "0.0.0.0"  # noqa: S104 - what an empty slot shows
_CLOUD = {"registerstatus": "registered", "bindstatus": "bound", "serveraddress": "server"}
_CERTIFICATE = {"commonname", "issuerdn", "subjectdn", "startdate", "enddate", "validitybegin", "validityend"}


async def probe(line: "LoggedLine") -> None:
    """Ask the calls of the plan in order, until there are no more or the device refuses the account."""
    for call in line.calls():
        if await line.get(call) is None:
            return


def read(exchange: Exchange) -> Iterator[Observation]:
    """Yield what an answer says of accounts, services, clock and channels; deviceInfo has a reader of its own."""
    reply = _replies.reply_of(exchange)
    if reply is None or not reply.path.lower().startswith(_PREFIX) or "<" not in reply.text:
        return
    if reply.status not in {200, None}:
        return
    found = tuple(each for each in xml.elements(reply.text) if not each.cut)
    root = found[0].name.lower() if found else ""
    path, last = reply.path.lower(), reply.path.lower().rpartition("/")[2]
    yield from show(exchange, _told(root, last if f"{_NETWORK}{last}" in path else "", found))


def _told(root: str, service: str, found: tuple[xml.Element, ...]) -> Iterator[tuple[str, str | None]]:
    first = {each.name.lower(): each.text for each in reversed(found) if each.text}
    if service:
        yield from _switch(
            "cloud" if "registerstatus" in first else _SWITCHES.get(service, snake(service)), found
        )
        yield from ((f"isapi.cloud.{_CLOUD[name]}", value) for name, value in first.items() if name in _CLOUD)
    elif root == "inputproxychannellist":
        yield from _channels(found)
    elif root == "adminaccessprotocollist":
        yield from _services(found)
    elif root == "userlist":
        yield from _accounts(found)
    elif root == "illegalloginlock":
        yield "isapi.lockout", _on(first.get("enabled"))
    elif root == "webcertificate":
        yield "isapi.web_login", first.get("certificatetype", "").lower() or None
    elif root == "time":
        yield "isapi.time_mode", first.get("timemode", "").lower() or None
    elif root in {"ntpserverlist", "ntpserver"}:
        yield "isapi.ntp_server", first.get("hostname") or first.get("ipaddress")
    elif "certificate" in root:
        for name in sorted(_CERTIFICATE & set(first)):
            yield f"isapi.certificate.{name}", first[name]


def _on(text: str | None) -> str | None:
    return {"true": "on", "1": "on", "false": "off", "0": "off"}.get((text or "").lower())


def _switch(service: str, found: tuple[xml.Element, ...]) -> Iterator[tuple[str, str | None]]:
    """Yield whether any of the answer's switches is on."""
    states = [
        state for each in found if each.name.lower() in {"enabled", "enable"} and (state := _on(each.text))
    ]
    if states:
        yield f"isapi.service.{service}", "on" if "on" in states else "off"


def _groups(found: tuple[xml.Element, ...], name: str) -> Iterator[dict[str, str]]:
    """Yield the values inside each element of that name, the first of each kind."""
    current: dict[str, str] | None = None
    for each in found:
        if each.name.lower() == name:
            if current is not None:
                yield current
            current = {}
        elif current is not None and each.text:
            current.setdefault(each.name.lower(), each.text)
    if current is not None:
        yield current


def _services(found: tuple[xml.Element, ...]) -> Iterator[tuple[str, str | None]]:
    for group in _groups(found, "adminaccessprotocol"):
        name = snake(group.get("protocol", ""))
        yield f"isapi.service.{name}", _on(group.get("enabled")) or ("on" if "portno" in group else None)
        yield f"isapi.service.{name}.port", group.get("portno")
        for key, value in group.items():
            if key.startswith("tls"):
                yield f"isapi.tls.{key.removeprefix('tls').removesuffix('enable')}", _on(value)
        yield f"isapi.service.{name}.redirects", _on(group.get("redirecttohttps"))


def _accounts(found: tuple[xml.Element, ...]) -> Iterator[tuple[str, str | None]]:
    levels = []
    for group in _groups(found, "user"):
        level = group.get("userlevel", "").lower()
        levels.append(level)
        yield "isapi.account", f"{group.get('username', '?')} {level}".strip()
    if levels:
        yield "isapi.administrators", str(levels.count("administrator"))


def _channels(found: tuple[xml.Element, ...]) -> Iterator[tuple[str, str | None]]:
    for count, group in enumerate(_groups(found, "inputproxychannel"), 1):
        number = group.get("id", str(count))
        if count > _MAX_CHANNELS:
            return
        if not number.isdigit():
            continue  # one damaged entry hides no camera after it
        for key, name in _CHANNEL.items():
            yield f"isapi.channel.{number}.{name}", group.get(key)
        if group.get("ipaddress", _NOWHERE) == _NOWHERE:
            yield f"isapi.channel.{number}.address", group.get("ipv6address")
