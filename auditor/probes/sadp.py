"""SADP answers: model, serial number, firmware and more in one datagram. The inquiry itself belongs to discovery."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from auditor.model import Exchange, Method, Observation, Protocol
from auditor.probes._naming import is_secret, snake
from auditor.probes._showing import show
from auditor.wire import sadp

if TYPE_CHECKING:  # reading recorded replies needs no network room
    from auditor.net import Line
FIELDS = ("mac", "sadp.*")
PROTOCOLS = (Protocol.SADP,)
PORTS = ()
METHOD = Method.SADP
ROUND = 1


async def probe(_line: "Line") -> None:
    """Ask nothing: discovery has asked."""


def read(exchange: Exchange) -> Iterator[Observation]:
    """Yield every field of an answer that cannot hold a secret."""
    answer = sadp.parse(exchange.reply)
    if answer is not None:
        yield from show(exchange, _told(answer))


def _told(answer: sadp.Answer) -> Iterator[tuple[str, str | None]]:
    yield "sadp.root", answer.root or None
    for name, value in answer.fields:
        if value and not is_secret(name, value):
            yield f"sadp.{snake(name)}", value
    yield "mac", answer.field("MAC") or None
