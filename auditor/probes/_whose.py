"""Whose word a reply is: that of the host it came from, or of somebody whose words the host carries.

A host that carries (a proxy, a relay of announcements) or asks is not what it carries or asks for. What a message says of
its way decides: the form of the question, Via and Record-Route, hops left, and whether the addresses it names are those of
its sender. Source: RFC 9110 section 7.6.3, RFC 9112 section 3.2.2, RFC 3261 section 16, RFC 6762 section 11, UPnP Device
Architecture section 1.2, WS-Discovery section 5, RFC 3412 section 6, RFC 3584 section 3.1 for forwarded traps.
"""

import ipaddress
import re
from collections.abc import Callable, Iterable, Iterator, Mapping

from auditor.model import DOUBTFUL_WORD, WORD_OF_ANOTHER, Exchange, Protocol
from auditor.wire import http, mdns, snmp, ssdp, ws_discovery, xml

ANOTHER, DOUBTFUL = "word.another", "word.doubtful"
"""Fields that say of an exchange that it claims nothing, or nothing surely, and why."""

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Verdict = tuple[str, str]

_URL_HOST = re.compile(
    r"\b[a-z][a-z0-9+.-]{0,15}://(?:[^\s/@]{0,256}@)?(\[[0-9A-Fa-f:.%]{2,64}\]|[^\s/:?#\]<>\"]{1,255})",
    re.IGNORECASE,
)
_ABSOLUTE = re.compile(rb"[A-Za-z]{3,16}[ \t]+(https?://[^\s]{1,2048})[ \t]+HTTP/", re.IGNORECASE)
_SIP_HOST = re.compile(
    r"sips?:(?:[^@;>\s]{0,256}@)?(\[[0-9A-Fa-f:.]{2,64}\]|[0-9.]{7,15})(?=[:;>\s,]|$)", re.IGNORECASE
)
_SIP_USER = re.compile(r"sips?:([^@;>\s:]{1,64})[:@]", re.IGNORECASE)
_SENT_BY = re.compile(r"SIP\s*/\s*2\.0\s*/\s*\w+\s+(\[[0-9A-Fa-f:.]{2,64}\]|[\w.-]{1,255})", re.IGNORECASE)
_BEHIND_TRANSLATION = tuple(
    ipaddress.ip_network(one) for one in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")
)
_FULL_HOPS = 70
"""Hops a SIP request begins with. Source: RFC 3261 section 8.1.1.6."""
_HOPS_LOST = 10
_TRAP_ADDRESS = "1.3.6.1.6.3.18.1.3.0"
_MAX_TEXT = 65_536


def verdict(exchange: Exchange) -> Verdict | None:
    """Return the field and the reason where a reply is not surely its sender's own word; None where it is."""
    for field, start in ((ANOTHER, WORD_OF_ANOTHER), (DOUBTFUL, DOUBTFUL_WORD)):
        if exchange.detail.startswith(start):
            return field, exchange.detail.removeprefix(start)
    own = address(exchange.endpoint.address)
    judge = _JUDGES.get(exchange.protocol)
    if (
        judge is None or own is None or own.is_loopback
    ):  # nobody carries anything to where one talks to oneself
        return None
    return judge(exchange, own)


def address(text: str) -> Address | None:
    """Return an address that is written as a number, IPv6 with or without brackets; None for a name."""
    try:
        found = ipaddress.ip_address(text.strip("[]").partition("%")[0])
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found


def _web(exchange: Exchange, own: Address) -> Verdict | None:
    """A question that names the whole address is put to a proxy; an answer says through whom it came."""
    asked = _ABSOLUTE.match(exchange.request.lstrip()[:2304])
    if asked:
        host = next(iter(_URL_HOST.findall(asked[1].decode("latin-1"))), "")
        if address(host) != own:
            return ANOTHER, f"asked for through a proxy, of {host[:64] or 'another'}"
    return _passed_on(exchange)


def _passed_on(exchange: Exchange) -> Verdict | None:
    """Judge by the lines that proxies add to an answer, or a client to a question for one."""
    via = _headers(exchange.reply).get("via", "")
    if via:
        return DOUBTFUL, f"came through {via[:64]}"
    told = _headers(exchange.request) if b"roxy-" in exchange.request else {}
    if any(name.startswith("proxy-") for name in told):
        return DOUBTFUL, "the question was meant for a proxy"
    return None


def _stream(exchange: Exchange, own: Address) -> Verdict | None:
    line = exchange.request.partition(b"\n")[0][:2304].decode("latin-1")
    named = [found for host in _URL_HOST.findall(line) if (found := address(host)) is not None]
    if named and own not in named:
        return DOUBTFUL, f"asked for at {named[0]}"
    return _passed_on(exchange)


def _call(exchange: Exchange, own: Address) -> Verdict | None:
    """A proxy adds its Via before it forwards a request, and takes a hop; of an answer, only the way of its dialogue tells."""
    headers = _headers(exchange.reply)
    is_answer = exchange.reply[:4].upper() == b"SIP/"
    via = _several(headers, "via", "v")
    contact = [
        found for one in _SIP_HOST.findall(_several(headers, "contact", "m")) if (found := address(one))
    ]
    if headers.get("record-route"):
        return ANOTHER, "forwarded: Record-Route names who passed it on"
    if is_answer:
        is_list = "REGISTER" in headers.get("cseq", "").upper()  # of all who are registered
        return (
            (ANOTHER, f"answered by {contact[0]}") if contact and own not in contact and not is_list else None
        )
    if (told := _told_of(exchange.reply, headers)) is not None:
        return ANOTHER, f"tells of device {told}"
    hops = _SENT_BY.findall(via)
    if len(hops) > 1:
        return ANOTHER, f"forwarded, sent by {hops[-1][:64]}"
    sender = address(hops[0]) if hops else None
    if (sender and sender != own) or (contact and own not in contact):
        return DOUBTFUL, f"sent by {sender or own} with {contact[0] if contact else 'no'} contact"
    left = headers.get("max-forwards", "")
    if left.isascii() and left.isdigit() and _FULL_HOPS - _HOPS_LOST <= int(left[:4]) < _FULL_HOPS:
        return DOUBTFUL, f"{left} hops are left of {_FULL_HOPS}"
    return None


def _told_of(message: bytes, headers: Mapping[str, str]) -> str | None:
    """Return the number of the device a GB/T 28181 answer tells of, where it is not the sender's, as a platform's."""
    body = message[http.split_head(message)[1] or len(message) :][:_MAX_TEXT]
    if b"<DeviceID>" not in body:
        return None
    sender = _SIP_USER.search(_several(headers, "from", "f"))
    number = (xml.first(body.decode("utf-8", "replace"), "DeviceID") or "").strip()
    return number if sender is not None and number and number != sender[1] else None


def _announced(exchange: Exchange, own: Address) -> Verdict | None:
    response = ssdp.parse(exchange.reply)
    places = response.headers_named("location") if response is not None else ()
    return _by_addresses(
        exchange, own, (host for place in places for host in _URL_HOST.findall(place)), "Location"
    )


def _matched(exchange: Exchange, own: Address) -> Verdict | None:
    found = ws_discovery.matches(exchange.reply[:_MAX_TEXT])
    hosts = (host for one in found for place in one.xaddrs for host in _URL_HOST.findall(place))
    return _by_addresses(exchange, own, hosts, "XAddrs")


def _named(exchange: Exchange, own: Address) -> Verdict | None:
    records = mdns.parse(exchange.reply)
    hosts = (value for one in records if one.type in {"A", "AAAA"} for value in one.values)
    return _by_addresses(exchange, own, hosts, "address records")


def _by_addresses(exchange: Exchange, own: Address, hosts: Iterable[str], where: str) -> Verdict | None:
    """Judge by the addresses a message names as its author's: none of them the sender's, it is carried.

    An address behind address translation, named in answer to our own question, may be the device's own all the same; so
    may another IPv6 address, of which a host has several.
    """
    named = [found for host in hosts if (found := address(host)) is not None and _is_usable(found, own)]
    if not named or own in named:
        return None
    reason = f"{where} name {named[0]}"
    is_inside = exchange.request and not _is_inside(own) and any(_is_inside(one) for one in named)
    return (DOUBTFUL if is_inside or own.version == 6 else ANOTHER), reason


def _is_usable(found: Address, own: Address) -> bool:
    """Tell whether an address says anything of who speaks: of the same family, and no address that many have at once."""
    if found.version != own.version or found.is_loopback or found.is_unspecified or found.is_multicast:
        return False
    return found.is_link_local == own.is_link_local


def _is_inside(found: Address) -> bool:
    return any(found in network for network in _BEHIND_TRANSLATION if network.version == found.version)


def _agent(exchange: Exchange, own: Address) -> Verdict | None:
    message = snmp.parse(exchange.reply)
    if message is None:
        return None
    if message.context_id:
        return ANOTHER, f"told of engine {message.context_id.hex()}"
    sender = next((value for oid, value in message.varbinds if oid == _TRAP_ADDRESS), "")
    return (ANOTHER, f"forwarded, sent by {sender}") if address(sender) not in {None, own} else None


def _headers(message: bytes) -> Mapping[str, str]:
    """Return the header lines of a message by their small names, those of one name joined by commas."""
    found: dict[str, str] = {}
    for name, value in http.read_head(http.split_head(message)[0])[1]:
        small = name.lower()
        found[small] = f"{found[small]}, {value}" if small in found else value
    return found


def _several(headers: Mapping[str, str], *names: str) -> str:
    return ", ".join(_present(headers, names))


def _present(headers: Mapping[str, str], names: Iterable[str]) -> Iterator[str]:
    return (headers[name] for name in names if headers.get(name))


_JUDGES: Mapping[Protocol, Callable[[Exchange, Address], Verdict | None]] = {
    Protocol.HTTP: _web,
    Protocol.ONVIF: _web,
    Protocol.RTSP: _stream,
    Protocol.SIP: _call,
    Protocol.SSDP: _announced,
    Protocol.WSD: _matched,
    Protocol.MDNS: _named,
    Protocol.SNMP: _agent,
}
