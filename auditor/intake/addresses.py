"""Addresses as people write them in tables: with prefix, port, link, zone, padded with zeros, several in one cell.

Source: exports of registers and address managers (NetBox writes the interface's prefix behind the address), video
platforms and search tools; RFC 4291 and 4007 for the spelling of IPv6, inet_aton(3) for octets with leading zeros.
"""

import ipaddress
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

_MOST = 512
"""Characters of a cell in which addresses are looked for."""
_UNSEEN = re.compile("[\u200b-\u200f\u202a-\u202e\u2060\ufeff\x00]")
_BROKEN_APART = re.compile(r"\s*(\d{1,3})\s*\.\s*(\d{1,3})\s*\.\s*(\d{1,3})\s*\.\s*(\d{1,3})\s*")
_LINK = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{0,31}://(?:[^\s/@]*@)?")
_APART = re.compile(r"[\s,;|()<>\"'`\u00b4]+")
_QUAD = r"\d{1,3}(?:\.\d{1,3}){3}"
_V4 = re.compile(
    rf"(?P<address>{_QUAD})(?:/(?P<mask>{_QUAD}|\d{{1,2}})(?![\d.])/?|(?::(?P<port>\d{{1,5}}))?(?:/.*)?)"
)
_V6_IN_BRACKETS = re.compile(r"\[(?P<address>[0-9A-Fa-f:.]+)(?:%[^\]]*)?\](?::(?P<port>\d{1,5}))?(?:/.*)?")
_V6 = re.compile(r"(?P<address>[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*)(?:%[^\s/]+)?(?:/(?P<mask>\d{1,3}))?")
_RANGE = re.compile(
    rf"{_QUAD}\s*(?:-|\u2013|\u2014|\.{{2,3}}|\bto\b|\bbis\b)\s*(?:{_QUAD}|\d{{1,3}})(?![\d.])"
)
_PATTERN = re.compile(r"(?:[\d*xX]{1,3}\.){3}(?:[*xX]{1,3}|\[[^\]]*\])")
_NO_HOST = frozenset({"0.0.0.0", "255.255.255.255", "::"})  # noqa: S104  no socket is bound to it


@dataclass(frozen=True, slots=True)
class Told:
    """What a cell tells: addresses in canonical form, each once in their order, the port behind the first, and why not."""

    addresses: tuple[str, ...] = ()
    port: int = 0
    reason: str = ""
    """Why the cell, or a part of it, gives no address; empty where there is nothing to say."""

    @property
    def first(self) -> str:
        """The first address, or an empty text."""
        return self.addresses[0] if self.addresses else ""


class _NoAddressError(ValueError):
    """A spelling of an address from which no device's address can be taken; the message says why."""


def told(text: str) -> Told:
    """Read a cell. An address behind which a prefix stands is a device's own unless it is the network itself."""
    text = _UNSEEN.sub("", unicodedata.normalize("NFKC", text[:_MOST])).strip()
    if not text:
        return Told()
    if apart := _BROKEN_APART.fullmatch(text):
        text = ".".join(apart.groups())
    if _RANGE.search(text):
        return Told(reason="is a range of addresses and does not say which is the device's")
    if _PATTERN.fullmatch(text):
        return Told(reason="is a pattern of addresses and does not say which is the device's")
    found: dict[str, int] = {}
    reasons: list[str] = []
    for part in _parts(text):
        try:
            read = _read(part)
        except _NoAddressError as error:
            reasons.append(str(error))
        else:
            if read is not None:
                found.setdefault(*read)
    reason = reasons[0] if reasons else "" if found else "is not an address"
    return Told(tuple(found), next(iter(found.values()), 0), reason)


def _parts(text: str) -> Iterator[str]:
    """Yield what may be one address each: parts divided by blanks, commas and the like, links without their head."""
    for part in _APART.split(_LINK.sub(" ", text)):
        both = re.fullmatch(rf"({_QUAD})/({_QUAD})", part)
        if both and _prefix_of(both.group(2)) is None:
            yield from both.groups()
        else:
            yield part


def _read(part: str) -> tuple[str, int] | None:
    """Return address and port of one part, None where it is no address at all."""
    part = part.strip(".:-_=#") if not part.startswith("::") and not part.endswith("::") else part
    for spelling in (_V4, _V6_IN_BRACKETS, _V6):
        if found := spelling.fullmatch(part):
            named = found.groupdict()
            port = int(named.get("port") or 0)
            address = _address(named["address"])
            return (
                (_host(address, named.get("mask") or ""), port if 0 < port < 65_536 else 0)
                if address
                else None
            )
    return None


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Read one address. Octets padded to three digits are decimal; other leading zeros only where octal says the same."""
    octets = text.split(".") if ":" not in text else []
    if any(len(one) > 1 and one[0] == "0" for one in octets):
        padded = all(len(one) == 3 for one in octets)
        if not padded and any(one[0] == "0" and int(one) > 7 for one in octets):
            raise _NoAddressError("has octets with leading zeros, which may be decimal or octal")
        text = ".".join(str(int(one)) for one in octets)
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def _host(address: ipaddress.IPv4Address | ipaddress.IPv6Address, mask: str) -> str:
    """Return the address of a device; _NoAddressError for a network, and for what no device has."""
    if str(address) in _NO_HOST or address.is_multicast:
        raise _NoAddressError("is no address a device can have")
    length = int(mask) if mask.isdigit() else _prefix_of(mask) if mask else None
    if length is not None and length < address.max_prefixlen - 1:
        network = ipaddress.ip_network((address, length), strict=False)
        if address == network.network_address:
            raise _NoAddressError(f"is a network ({network}), not a device")
        if address.version == 4 and address == network.broadcast_address:
            raise _NoAddressError(f"is the broadcast address of {network}, not a device")
    return str(address)


def _prefix_of(mask: str) -> int | None:
    """Return the prefix length of a dotted mask, None where it is none."""
    try:
        return ipaddress.ip_network(f"0.0.0.0/{mask}").prefixlen if not mask.startswith("0.") else None
    except ValueError:
        return None
