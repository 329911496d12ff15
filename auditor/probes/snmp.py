"""SNMP: the engine identifier, which every version 3 agent gives without a login, and any recorded reply."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from auditor.model import Exchange, Method, Observation, Protocol, Transport
from auditor.probes._showing import show
from auditor.wire import snmp

if TYPE_CHECKING:  # reading recorded replies needs no network room
    from auditor.net import Line
FIELDS = ("snmp.*", "snmp.engine_enterprise", "snmp.engine_id", "snmp.version")
PROTOCOLS = (Protocol.SNMP,)
PORTS = (161,)
METHOD = Method.SNMP
ROUND = 1
TRANSPORT = Transport.UDP

_ENTERPRISE_BITS = 0x7FFFFFFF


async def probe(line: "Line") -> None:
    """Ask for the engine identifier; a community is never guessed."""
    await line.exchange(snmp.engine_discovery(), probe="snmp", protocol=Protocol.SNMP, done=bool)


def read(exchange: Exchange) -> Iterator[Observation]:
    """Yield version, engine and objects of a reply; of who asks, nothing: a question names the engine that is asked."""
    message = snmp.parse(exchange.reply)
    if message is not None and not message.pdu.startswith(("get", "set")):
        yield from show(exchange, _told(message))


def _told(message: snmp.Message) -> Iterator[tuple[str, str | None]]:
    if message.wants_answer and not message.varbinds:
        return
    yield "snmp.version", message.version
    if len(message.engine_id) > 4 and not message.wants_answer:
        yield "snmp.engine_id", message.engine_id.hex()
        yield "snmp.engine_enterprise", str(int.from_bytes(message.engine_id[:4], "big") & _ENTERPRISE_BITS)
    for oid, value in message.varbinds:
        yield f"snmp.{oid}", value
