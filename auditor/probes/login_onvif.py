"""ONVIF after a login, through onvif-zeep: device information, network, clock, services and the levels of users."""

import asyncio
import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from auditor.model import Call, Exchange, Method, Observation, Protocol, Status
from auditor.probes import _replies
from auditor.probes._showing import show
from auditor.wire import http, onvif, xml

if TYPE_CHECKING:  # reading recorded replies needs no network room
    from auditor.net import LoggedLine
FIELDS = (
    "mac",
    "onvif.account",
    "onvif.administrators",
    "onvif.clock_source",
    "onvif.mac",
    "onvif.ntp_server",
    "onvif.protocol.*",
)
PROTOCOLS = (Protocol.ONVIF,)
PORTS = ()
METHOD = Method.CREDENTIALS
ROUND = 3

_PATH = "/onvif/device_service"
_BINDING = "{http://www.onvif.org/ver10/device/wsdl}DeviceBinding"
_CLOCK = "GetSystemDateAndTime"
_ARGUMENTS: dict[str, dict[str, object]] = {"GetServices": {"IncludeCapability": False}}
_WORKERS = 64
"""Threads: each waits for one device most of the time, since the library knows no other way of waiting."""
_DEADLINE = 60.0
_LOADING = Lock()


async def probe(line: "LoggedLine") -> None:
    """Read the device's clock without a login, then ask the calls of the plan until the device refuses the account."""
    loop = asyncio.get_running_loop()
    transport = _transport(line, loop)
    service = await loop.run_in_executor(_threads(), _service, transport)
    ordered = sorted(line.plan.calls, key=lambda call: call.path != _CLOCK)
    for call in ordered:
        transport.call = call
        await loop.run_in_executor(_threads(), partial(_ask, service, call.path))
        last = transport.last
        if last is None or last.status is not Status.ANSWERED or line.is_over:
            return
        if call.path == _CLOCK:
            if not _is_envelope(last):
                return
            told = onvif.device_time(_text(last))
            if told is not None and last.at is not None:
                line.clock_offset = told - last.at


def _ask(service: Any, operation: str) -> None:  # noqa: ANN401  onvif-zeep has no types
    """Call an operation; what the answer says is read from the exchange, so that it reads the same from a record."""
    from onvif.exceptions import ONVIFError  # noqa: PLC0415  takes a second to load

    try:
        getattr(service, operation)(_ARGUMENTS.get(operation))
    except (ONVIFError, RuntimeError) as error:
        # A fault, or an answer the WSDL does not foresee; the words may quote the device and are not passed on.
        logging.getLogger(__name__).debug("%s: %s", operation, type(error).__name__)


@cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(_WORKERS, thread_name_prefix="onvif")


@cache
def _library() -> Any:  # noqa: ANN401  onvif-zeep has no types
    """Load onvif-zeep, which sets up the root logger when imported; that is put back."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    import onvif as library  # noqa: PLC0415  takes a second to load

    root.handlers[:] = handlers
    root.setLevel(level)
    for name in ("zeep", "onvif"):
        # Their debug lines hold whole messages.
        logging.getLogger(name).setLevel(logging.CRITICAL)
    return library


@cache
def _document() -> Any:  # noqa: ANN401  zeep has no types
    """Read the device service's WSDL that comes with onvif-zeep, once for all devices and without the network."""
    from zeep import Settings  # noqa: PLC0415  takes a second to load
    from zeep.transports import Transport  # noqa: PLC0415  as above
    from zeep.wsdl import Document  # noqa: PLC0415  as above

    class Offline(Transport):
        """Reads files, and nothing from the network."""

        def _load_remote_data(self, url: str) -> bytes:
            raise RuntimeError(f"the WSDL names {url}, which is not fetched")

    offline: Any = Offline()  # type: ignore[no-untyped-call]  # zeep has no types
    return Document(_wsdl(), offline, settings=Settings(strict=False))


def _wsdl() -> str:
    folder = Path(_library().__file__).resolve().parent.parent / "wsdl"
    return str(folder / "devicemgmt.wsdl")


def _service(transport: Any) -> Any:  # noqa: ANN401  onvif-zeep has no types
    """Return onvif-zeep's device service over our own transport; no account is given to it."""
    from zeep import Client  # noqa: PLC0415  takes a second to load

    with _LOADING:
        library, document = _library(), _document()
    client = Client(document, transport=transport)  # type: ignore[no-untyped-call]  # zeep has no types
    return library.ONVIFService(
        f"http://{transport.host}{_PATH}", None, None, _wsdl(), zeep_client=client, binding_name=_BINDING
    )


def _transport(line: "LoggedLine", loop: asyncio.AbstractEventLoop) -> Any:  # noqa: ANN401  zeep has no types
    """Return a transport for zeep that posts over the line, so that scope, pace and record hold."""
    _library()
    from requests import Response  # noqa: PLC0415  comes with zeep
    from zeep.transports import Transport  # noqa: PLC0415  takes a second to load

    class OverLine(Transport):
        """Carries zeep's envelopes; whatever address a reply names, they go over the one line."""

        def __init__(self) -> None:
            super().__init__()  # type: ignore[no-untyped-call]  # zeep has no types
            self.host = line.host
            self.call = Call("", "")
            self.last: Exchange | None = None

        def post(self, _address: str, message: bytes, headers: dict[str, str]) -> Response:
            kind = headers.get("Content-Type", "application/soap+xml; charset=utf-8")
            asking = line.post(_PATH, message, kind, self.call, Protocol.ONVIF)
            self.last = asyncio.run_coroutine_threadsafe(asking, loop).result(_DEADLINE)
            read = http.parse(self.last.reply) if self.last is not None else None
            made = Response()
            made.status_code = (read.status if read is not None else None) or 503
            made._content = read.body if read is not None else b""  # noqa: SLF001  how requests is filled by hand
            made.headers["Content-Type"] = "application/soap+xml; charset=utf-8"
            return made

        def get(self, *_: object) -> Response:
            raise RuntimeError("nothing is fetched")

        def load(self, url: str) -> bytes:
            raise RuntimeError(f"nothing is fetched, as {url}")

    return OverLine()


def _text(exchange: Exchange) -> str:
    reply = _replies.reply_of(exchange)
    return reply.text if reply else ""


def _is_envelope(exchange: Exchange) -> bool:
    return "envelope" in _text(exchange).lower()


def read(exchange: Exchange) -> Iterator[Observation]:
    """Yield what answers after a login say beyond device information and scopes, which have a reader of their own."""
    text = _text(exchange)
    if "<" not in text:
        return
    found = tuple(each for each in xml.elements(text) if not each.cut)
    names = {each.name.lower() for each in found}
    if "getusersresponse" in names:
        yield from show(exchange, _accounts(found))
    elif "getnetworkprotocolsresponse" in names:
        yield from show(exchange, _protocols(found))
    elif "getnetworkinterfacesresponse" in names:
        yield from show(exchange, _interfaces(found))
    elif "getntpresponse" in names:
        yield from show(exchange, _clock_servers(found))
    elif "getsystemdateandtimeresponse" in names:
        source = next((each.text.lower() for each in found if each.name.lower() == "datetimetype"), None)
        yield from show(exchange, (("onvif.clock_source", source),))


def _accounts(found: tuple[xml.Element, ...]) -> Iterator[tuple[str, str | None]]:
    name, levels = "?", []
    for each in found:
        if each.name.lower() == "username":
            name = each.text or "?"
        elif each.name.lower() == "userlevel":
            levels.append(each.text.lower())
            yield "onvif.account", f"{name} {levels[-1]}"
            name = "?"
    if levels:
        yield "onvif.administrators", str(levels.count("administrator"))


def _protocols(found: tuple[xml.Element, ...]) -> Iterator[tuple[str, str | None]]:
    name = ""
    for each in found:
        kind = each.name.lower()
        if kind == "name":
            name = each.text.lower()[:32]
        elif kind == "enabled" and name:
            yield f"onvif.protocol.{name}", {"true": "on", "false": "off"}.get(each.text.lower())
        elif kind == "port" and name:
            yield f"onvif.protocol.{name}.port", each.text


def _interfaces(found: tuple[xml.Element, ...]) -> Iterator[tuple[str, str | None]]:
    for each in found:
        if each.name.lower() == "hwaddress" and each.text:
            yield "onvif.mac", each.text
            yield "mac", each.text


def _clock_servers(found: tuple[xml.Element, ...]) -> Iterator[tuple[str, str | None]]:
    for each in found:
        if each.name.lower() in {"ipv4address", "dnsname"} and each.text:
            yield "onvif.ntp_server", each.text
