"""ONVIF's own questions, asked without a login: the clock, the services, the scopes, the device information."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from auditor.model import Exchange, Method, Observation, Protocol, Status
from auditor.probes import _replies, _scopes
from auditor.probes._showing import show
from auditor.wire import charset, http, onvif, soap

if TYPE_CHECKING:  # reading recorded replies needs no network room
    from auditor.net import Line

FIELDS = (
    "onvif.envelope",
    "onvif.fault",
    "onvif.firmware",
    "onvif.hardware",
    "onvif.manufacturer",
    "onvif.model",
    "onvif.namespace",
    "onvif.open_device_information",
    "onvif.scope.*",
    "onvif.serial",
    "onvif.server",
    "onvif.snapshot_uri",  # as others recorded it, never asked for
    "onvif.status",
    "onvif.stream_uri",
    "onvif.time",
    "onvif.time_zone",
    "onvif.xaddr",
)
PROTOCOLS = (Protocol.ONVIF,)
PORTS = (80, 81, 88, 8080, 8899)
METHOD = Method.ONVIF
ROUND = 1

_PATH = "/onvif/device_service"
_TYPE = "application/soap+xml; charset=utf-8"
_FIELD = {
    "Manufacturer": "onvif.manufacturer",
    "Model": "onvif.model",
    "FirmwareVersion": "onvif.firmware",
    "SerialNumber": "onvif.serial",
    "HardwareId": "onvif.hardware",
}
_HEAD = 256
"""Characters within which an envelope names its character set."""
_UNAUTHORIZED = 401
_LOGIN_MARKS = (b"\nauthorization:", b"usernametoken")


async def probe(line: "Line") -> None:
    """Ask for the clock; whoever answers in SOAP is asked for services, scopes and device information, once each.

    Where the device named a place of the service, that is asked, and the usual one only when nobody speaks there.
    """
    for path in dict.fromkeys((*line.plan.paths, _PATH)):
        if await _asked_at(line, path):
            return


async def _asked_at(line: "Line", path: str) -> bool:
    """Put the questions at one path; False when nobody speaks ONVIF there."""
    clock = await _ask(line, path, onvif.get_system_date_and_time())
    if not (_speaks(clock) or _refuses(clock)):
        return False
    services = await _ask(line, path, onvif.get_services())
    if not (_speaks(clock) or _speaks(services)):
        return False
    if not onvif.services(_text(services)):
        await _ask(line, path, onvif.get_capabilities())
    await _ask(line, path, onvif.get_scopes())
    await _ask(line, path, onvif.get_device_information())
    return True


async def _ask(line: "Line", path: str, call: bytes) -> Exchange:
    request = http.request(
        "POST",
        path,
        line.host,
        user_agent=line.plan.user_agent,
        headers=(("Content-Type", _TYPE),),
        body=call,
    )
    return await line.exchange(request, probe="onvif", protocol=Protocol.ONVIF, done=http.is_complete)


def _speaks(exchange: Exchange) -> bool:
    """Tell whether the reply is an envelope."""
    return exchange.status is Status.ANSWERED and "envelope" in _text(exchange).lower()


def _refuses(exchange: Exchange) -> bool:
    """Tell whether a login is wanted even for the clock; some of these servers still tell their services."""
    reply = _replies.reply_of(exchange)
    return reply is not None and reply.status == _UNAUTHORIZED


def _text(exchange: Exchange) -> str:
    reply = _replies.reply_of(exchange)
    return reply.text if reply else ""


def read(exchange: Exchange) -> Iterator[Observation]:
    """Yield what the answer to any of the calls says."""
    reply = _replies.reply_of(exchange)
    if reply is not None:
        yield from show(exchange, _head(reply.response))
    if reply is not None and "<" in reply.text:
        declared = charset.named_in(reply.response.header("content-type") or "")
        yield from show(exchange, _body(reply.text, declared or charset.named_in(reply.text[:_HEAD])))
        yield from show(exchange, _device(reply.text, exchange.request))


def _head(response: http.Response) -> Iterator[tuple[str, str | None]]:
    yield "onvif.status", str(response.status) if response.status is not None else None
    yield "onvif.server", response.header("server")


def _body(text: str, declared: str | None) -> Iterator[tuple[str, str | None]]:
    yield "onvif.fault", soap.fault(text)
    moment = onvif.device_time(text)
    if moment:
        zone = "Z" if onvif.tells_utc(text) else ""
        yield "onvif.time", moment.strftime("%Y-%m-%dT%H:%M:%S") + zone
        yield "onvif.time_zone", onvif.time_zone(text)
    yield from _scopes.pairs(onvif.scopes(text), declared)
    for namespace, address in onvif.services(text):
        yield "onvif.xaddr", address
        if "://" in namespace and not namespace.startswith("http://www.onvif.org/"):
            yield "onvif.namespace", namespace
    for kind, address in onvif.media_addresses(text):
        yield f"onvif.{kind}_uri", address
    yield from _scopes.own_namespaces(text)


def _device(text: str, request: bytes) -> Iterator[tuple[str, str | None]]:
    told = onvif.device_information(text)
    for name, value in told:
        yield _FIELD[name], value or None
    if told and not any(mark in request.lower() for mark in _LOGIN_MARKS):
        yield "onvif.open_device_information", "yes"
