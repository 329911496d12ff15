"""WS-Discovery as ONVIF devices speak it: our question, and who answers or says hello.

Source: WS-Discovery 2005/04; ONVIF Core Specification section 7. Answers differ in prefixes, in whether
the endpoint has its `urn:`, and in whether the whole comes on one line.
"""

from dataclasses import dataclass, replace

from auditor.wire import charset, soap, xml

MAX_MATCHES = 64
"""Devices read from one datagram."""

_ADDRESSING = "http://schemas.xmlsoap.org/ws/2004/08/addressing"
_DISCOVERY = "http://schemas.xmlsoap.org/ws/2005/04/discovery"
_EVERYBODY = "urn:schemas-xmlsoap-org:ws:2005:04:discovery"
_NAMESPACES = (
    ("a", _ADDRESSING),
    ("d", _DISCOVERY),
    ("dn", "http://www.onvif.org/ver10/network/wsdl"),
    ("tds", "http://www.onvif.org/ver10/device/wsdl"),
)
_ONE_DEVICE = frozenset({"probematch", "hello", "resolvematch"})


@dataclass(frozen=True, slots=True)
class Match:
    """One device that answered or announced itself, in its own words.

    `instance` is the AppSequence number, on many devices the second it was started. `relates_to` is
    the message it answers, empty in a hello.
    """

    endpoint: str = ""
    types: str = ""
    scopes: tuple[str, ...] = ()
    xaddrs: tuple[str, ...] = ()
    metadata_version: str = ""
    relates_to: str = ""
    instance: str = ""
    hello: bool = False

    @property
    def uuid(self) -> str:
        """The endpoint without the prefixes that some devices leave out, in lower case."""
        return self.endpoint.lower().removeprefix("urn:").removeprefix("uuid:")


def probe(message_id: str, types: str) -> bytes:
    """Return a Probe on one line for the given types, such as `dn:NetworkVideoTransmitter`; none asks everybody."""
    wanted = f"<d:Types>{xml.escape(types)}</d:Types>" if types else ""
    header = (
        f"<a:Action>{_DISCOVERY}/Probe</a:Action>"
        f"<a:MessageID>{xml.escape(message_id)}</a:MessageID><a:To>{_EVERYBODY}</a:To>"
    )
    return soap.envelope(f"<d:Probe>{wanted}</d:Probe>", header=header, namespaces=_NAMESPACES)


def matches(reply: bytes) -> tuple[Match, ...]:
    """Read every device named in a datagram; a question, a farewell and noise name none."""
    found: list[Match] = []
    shared = Match()
    for element in xml.elements(charset.document(reply)):
        name = element.name.lower()
        if name in _ONE_DEVICE or _is_own_form(name):
            if len(found) == MAX_MATCHES:
                break
            found.append(replace(shared, hello=name == "hello"))
        elif found:
            found[-1] = _with(found[-1], name, element)
        else:
            shared = _with_header(shared, name, element)
    return tuple(each for each in found if each.endpoint or each.xaddrs or each.scopes or each.types)


def _is_own_form(name: str) -> bool:
    """Tell whether an element is a maker's own answer, such as UniviewProbeMatches, which tells of one device itself."""
    return name.endswith("probematches") and name != "probematches"


def _with_header(shared: Match, name: str, element: xml.Element) -> Match:
    """Add what the envelope's header says."""
    if name == "relatesto":
        return replace(shared, relates_to=element.text)
    if name == "appsequence":
        return replace(shared, instance=element.attribute("InstanceId") or "")
    return shared


def _with(match: Match, name: str, element: xml.Element) -> Match:
    """Add what one element of a device's entry says; the first of a kind counts, a value cut off does not."""
    if element.cut or not element.text:
        return match
    if name == "address" and not match.endpoint:
        return replace(match, endpoint=element.text)
    if name == "types" and not match.types:
        return replace(match, types=" ".join(element.text.split()))
    if name == "scopes" and not match.scopes:
        return replace(match, scopes=tuple(element.text.split()))
    if name == "xaddrs" and not match.xaddrs:
        return replace(match, xaddrs=tuple(element.text.split()))
    if name == "metadataversion" and not match.metadata_version:
        return replace(match, metadata_version=element.text)
    return match
