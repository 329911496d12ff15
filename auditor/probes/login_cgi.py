"""CGI interfaces after a login: configuration tables about services, clock, lock-out and the cameras of a recorder."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from auditor.model import Exchange, Method, Observation, Protocol
from auditor.probes import _replies
from auditor.probes._naming import snake
from auditor.probes._showing import show

if TYPE_CHECKING:  # reading recorded replies needs no network room
    from auditor.net import LoggedLine
FIELDS = ("cgi.channel.*", "cgi.config.*")
PROTOCOLS = (Protocol.HTTP,)
PORTS = ()
METHOD = Method.CREDENTIALS
ROUND = 3

_LINE = re.compile(r"table\.([A-Za-z0-9]{1,32})((?:\[\d{1,3}\])?)\.(\S{1,160}?)=(.*)")
_CHILD = re.compile(
    r"table\.RemoteDevice\.(?:uuid:)?(?P<id>[\w-]{1,64}?)\.(?P<key>[\w.\[\]]{1,64})=(?P<value>.*)"
)
_CAMERA = re.compile(
    r"camera\[(?P<place>\d{1,4})\]\.DeviceInfo\.(?P<key>[\w.\[\]]{1,64})=(?P<value>.*)", re.IGNORECASE
)
_CHILD_NUMBER = re.compile(r"_(\d{1,4})$")
_CHILD_KEYS = {
    "address": "address",
    "devicetype": "model",
    "serialno": "serial",
    "softwareversion": "firmware",
    "version": "firmware",
    "mac": "mac",
    "vendor": "vendor",
    "videoinputs[0].name": "name",
    "enable": "enabled",
}
# Tables and the keys in them that may be shown; anything else may hold an account.
_SHOWN = {
    "general": {"lockloginenable", "locklogintimes", "loginfaillocktime", "machinename"},
    "userglobal": {"onviflogincheck"},
    "telnet": {"enable"},
    "sshd": {"enable"},
    "upnp": {"enable"},
    "t2userver": {"enable"},
    "https": {"enable", "port"},
    "ntp": {"enable", "address", "timezone"},
    "pwdreset": {"enable"},
}
_MAX_LINES = 4096


async def probe(line: "LoggedLine") -> None:
    """Ask the calls of the plan in order, until there are no more or the device refuses the account."""
    for call in line.calls():
        if await line.get(call) is None:
            return


def read(exchange: Exchange) -> Iterator[Observation]:
    """Yield the allowed keys of a configuration table."""
    reply = _replies.reply_of(exchange)
    if reply is None:
        return
    path = reply.path.lower()
    lines = [line.strip() for line in reply.text.splitlines()[:_MAX_LINES]]
    if path.endswith("/logicdevicemanager.cgi"):
        yield from show(exchange, _listed(lines))
    if not path.endswith("/configmanager.cgi") or "table." not in reply.text:
        return
    yield from show(exchange, _children(lines) if "RemoteDevice." in reply.text else _settings(lines))


def _settings(lines: list[str]) -> Iterator[tuple[str, str | None]]:
    for line in lines:
        found = _LINE.fullmatch(line)
        if found and found[3].lower() in _SHOWN.get(found[1].lower(), ()):
            yield f"cgi.config.{found[1].lower()}.{snake(found[3])}", found[4].strip()


def _listed(lines: list[str]) -> Iterator[tuple[str, str | None]]:
    """Yield what a recorder's list of cameras tells of each, those behind it by what it knows of their device."""
    for line in lines:
        found = _CAMERA.fullmatch(line)
        name = _CHILD_KEYS.get(found["key"].lower()) if found else None
        if found and name:
            yield f"cgi.channel.{int(found['place']) + 1}.{name}", found["value"].strip() or None


def _children(lines: list[str]) -> Iterator[tuple[str, str | None]]:
    numbers: dict[str, int] = {}
    for line in lines:
        found = _CHILD.fullmatch(line)
        name = _CHILD_KEYS.get(found["key"].lower()) if found else None
        if found is None or name is None:
            continue
        stated = _CHILD_NUMBER.search(found["id"])
        number = numbers.setdefault(found["id"], int(stated[1]) + 1 if stated else len(numbers) + 1)
        yield f"cgi.channel.{number}.{name}", found["value"].strip() or None
