"""What a discovery scanner with one signature a maker says, read as UniversalScanner does.

Its files Hikvision.cs, Dahua1.cs and Dahua2.cs take every answer in the protocol for the maker's; its WS-Discovery and
SSDP show a device's types and server without naming a maker.
"""

from auditor.model import Exchange, Protocol
from tests.corpus.others.tool import Tool


def tool(version: str) -> Tool:
    """Return the scanner as a tool."""
    return Tool("UniversalScanner", version, "julienblitte/UniversalScanner", _reads)


def _reads(exchange: Exchange) -> tuple[str, ...] | None:
    if exchange.protocol is Protocol.SADP:
        return ("Hikvision",) if b"<ProbeMatch>" in exchange.reply else ()
    if exchange.protocol is Protocol.DHIP:
        return ("Dahua",) if b"client.notifyDevInfo" in exchange.reply else ()
    if exchange.protocol is Protocol.DAHUA_5050:
        return ("Dahua",) if exchange.reply[:1] == b"\xb3" else ()
    return () if exchange.protocol in {Protocol.WSD, Protocol.SSDP} else None
