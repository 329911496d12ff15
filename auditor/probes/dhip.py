"""DHDiscover answers: vendor, class, model, firmware and serial number. The search itself belongs to discovery."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from auditor.model import Exchange, Method, Observation, Protocol
from auditor.probes._naming import dotted, is_secret
from auditor.probes._showing import show
from auditor.wire import dhip

if TYPE_CHECKING:  # reading recorded replies needs no network room
    from auditor.net import Line
FIELDS = ("dhip.*", "mac")
PROTOCOLS = (Protocol.DHIP,)
PORTS = ()
METHOD = Method.DHIP
ROUND = 1


async def probe(_line: "Line") -> None:
    """Ask nothing: discovery has asked."""


def read(exchange: Exchange) -> Iterator[Observation]:
    """Yield every field of the first answer that cannot hold a secret."""
    answer = dhip.parse(exchange.reply)
    if answer is not None:
        yield from show(exchange, _told(answer))


def _told(answer: dhip.Answer) -> Iterator[tuple[str, str | None]]:
    yield "dhip.method", answer.method or None
    yield "dhip.mac", answer.mac or None
    for name, value in answer.fields:
        if value and not is_secret(name, value):
            yield f"dhip.{dotted(name)}", value
    yield "mac", answer.mac or None
