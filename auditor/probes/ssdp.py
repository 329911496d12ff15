"""SSDP answers and announcements: server and place of the description, or the XML that some devices answer with.

The search itself belongs to discovery.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from auditor.model import Exchange, Method, Observation, Protocol
from auditor.probes._naming import is_secret, snake
from auditor.probes._showing import show
from auditor.wire import charset, ssdp, xml

if TYPE_CHECKING:  # reading recorded replies needs no network room
    from auditor.net import Line
FIELDS = ("mac", "ssdp.*")
PROTOCOLS = (Protocol.SSDP,)
PORTS = ()
METHOD = Method.SSDP
ROUND = 1

_XML_ANSWER = b"<multicastSearchResult"
_ROOT_WITHIN = 512
_MAX_TEXT = 65_536
_SENT_TO_ALL = frozenset({"host", "man", "mx"})


async def probe(_line: "Line") -> None:
    """Ask nothing: discovery has asked."""


def read(exchange: Exchange) -> Iterator[Observation]:
    """Yield the headers of an answer, or the fields of an XML answer; a search that came by is nobody's answer."""
    if _XML_ANSWER in exchange.reply[:_ROOT_WITHIN].replace(b"\x00", b""):
        yield from show(exchange, _result(charset.document(exchange.reply[:_MAX_TEXT])))
        return
    response = ssdp.parse(exchange.reply)
    if response is None or response.reason == "M-SEARCH":
        return
    pairs = (
        (f"ssdp.{snake(name)}", value) for name, value in response.headers if name.lower() not in _SENT_TO_ALL
    )
    yield from show(exchange, pairs)


def _result(text: str) -> Iterator[tuple[str, str | None]]:
    for each in xml.elements(text):
        if each.text and not each.cut and not is_secret(each.name, each.text):
            yield f"ssdp.result.{snake(each.name)}", each.text
            if each.name.lower() == "macaddr":
                yield "mac", each.text
