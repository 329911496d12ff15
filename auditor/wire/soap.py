"""SOAP 1.2 envelopes as ONVIF uses them. Source: ONVIF Core Specification, W3C SOAP 1.2."""

from collections.abc import Sequence

from auditor.wire import xml

_NAMESPACE = "http://www.w3.org/2003/05/soap-envelope"


def envelope(body: str, *, header: str = "", namespaces: Sequence[tuple[str, str]] = ()) -> bytes:
    """Return an envelope on one line, which is what the simplest device parsers need.

    `namespaces` are (prefix, address) pairs declared on the envelope, where those parsers look for them.
    """
    declared = "".join(f' xmlns:{prefix}="{xml.escape(address)}"' for prefix, address in namespaces)
    head = f"<s:Header>{header}</s:Header>" if header else ""
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><s:Envelope xmlns:s="{_NAMESPACE}"{declared}>{head}<s:Body>{body}</s:Body></s:Envelope>'
    ).encode()


def fault(text: str) -> str | None:
    """Return why a call was refused: the most particular code and the reason in words, or None without a fault.

    Codes come as local names, so `ter:NotAuthorized` and `NotAuthorized` read the same.
    """
    found = xml.elements(text)
    if not any(element.name.lower() == "fault" for element in found):
        return None
    codes = [
        element.text for element in found if element.name.lower() in {"value", "faultcode"} and element.text
    ]
    reasons = [
        element.text for element in found if element.name.lower() in {"text", "faultstring"} and element.text
    ]
    code = codes[-1].rpartition(":")[2] if codes else ""
    return ": ".join(part for part in (code, reasons[0] if reasons else "") if part)
