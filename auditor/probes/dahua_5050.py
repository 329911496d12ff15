"""Answers to the older discovery on UDP 5050: class, model and address. The search itself belongs to discovery."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from auditor.model import Exchange, Method, Observation, Protocol
from auditor.probes._naming import is_secret, snake
from auditor.probes._showing import show
from auditor.wire import dahua_5050

if TYPE_CHECKING:  # reading recorded replies needs no network room
    from auditor.net import Line
FIELDS = ("dahua_5050.*", "mac")
PROTOCOLS = (Protocol.DAHUA_5050,)
PORTS = ()
METHOD = Method.DAHUA_5050
ROUND = 1


async def probe(_line: "Line") -> None:
    """Ask nothing: discovery has asked."""


def read(exchange: Exchange) -> Iterator[Observation]:
    """Yield what an answer says; the version numbers of its fixed part are of unknown meaning and not shown."""
    answer = dahua_5050.parse(exchange.reply)
    if answer is not None:
        yield from show(exchange, _told(answer))


def _told(answer: dahua_5050.Answer) -> Iterator[tuple[str, str | None]]:
    yield "dahua_5050.device_class", answer.device_class or None
    yield "dahua_5050.model", answer.model or None
    yield "dahua_5050.mac", answer.mac or None
    yield "dahua_5050.address", answer.address
    for name, port in (("http", answer.http_port), ("https", answer.https_port), ("tcp", answer.tcp_port)):
        yield f"dahua_5050.{name}_port", str(port) if port else None
    for name, value in answer.text:
        if value and not is_secret(name, value):
            yield f"dahua_5050.{snake(name)}", value
    yield "mac", answer.mac or None
