"""Sets of addresses as sorted, disjoint intervals: exact membership, cheap counting, lazy walking."""

import ipaddress
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import netaddr

_V4_MAPPED = int(ipaddress.IPv6Address("::ffff:0:0"))
_V4_COUNT = 1 << 32


@dataclass(frozen=True, slots=True, order=True)
class Interval:
    """All addresses of one IP version from first to last, both included."""

    version: int
    first: int
    last: int

    @property
    def size(self) -> int:
        """How many addresses; an IPv6 network has more than len() can say."""
        return self.last - self.first + 1


def address_number(text: str) -> tuple[int, int]:
    """Return (IP version, number) of one address in strict text form.

    IPv4-mapped IPv6 addresses count as the IPv4 address a socket would reach. Zone ids, leading
    zeros, short forms such as `10.1` and host names raise ValueError.
    """
    address = ipaddress.ip_address(text.strip())
    if isinstance(address, ipaddress.IPv6Address):
        if address.scope_id is not None:
            raise ValueError(f"{text!r} has a zone id; name the interface in the scope instead")
        if address.ipv4_mapped is not None:
            address = address.ipv4_mapped
    return address.version, int(address)


def address_text(version: int, number: int) -> str:
    """Return the canonical text of an address number."""
    return str(ipaddress.IPv4Address(number) if version == 4 else ipaddress.IPv6Address(number))


def interval(text: str) -> Interval:
    """Read `192.0.2.7`, `192.0.2.0/24`, `192.0.2.1-192.0.2.40`, `192.0.2.1-40` or the IPv6 forms.

    ValueError says what is wrong in words. A network with host bits set is refused, because what was meant is unclear.
    """
    text = text.strip()
    if "/" in text:
        return _network(text)
    if "-" in text:
        return _range(text)
    try:
        version, number = address_number(text)
    except ValueError as error:
        raise ValueError(f"{text!r} is not an address, network or range ({_plain(error)})") from error
    return Interval(version, number, number)


def _plain(error: Exception) -> str:
    return str(error).removesuffix(".") or type(error).__name__


def _network(text: str) -> Interval:
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError as error:
        raise ValueError(f"{text!r} is not a network ({_plain(error)})") from error
    stated = text.partition("/")[0]
    if (
        address_number(stated)[1] != int(network.network_address)
        and network.version == address_number(stated)[0]
    ):
        raise ValueError(
            f"{text!r} has host bits set; did you mean {network} or the single address {stated}?"
        )
    cidr = netaddr.IPNetwork(str(network))
    first, last, version = int(cidr.first), int(cidr.last), int(cidr.version)
    if version == 6 and first >= _V4_MAPPED and last < _V4_MAPPED + _V4_COUNT:
        version, first, last = 4, first - _V4_MAPPED, last - _V4_MAPPED
    return Interval(version, first, last)


def _range(text: str) -> Interval:
    start, _, end = (part.strip() for part in text.partition("-"))
    try:
        version, first = address_number(start)
        if end.isdigit() and version == 4:
            end = start.rpartition(".")[0] + "." + end
        elif version == 6 and ":" not in end:
            end = start.rpartition(":")[0] + ":" + end
        last_version, last = address_number(end)
    except ValueError as error:
        raise ValueError(f"{text!r} is not a range of addresses ({_plain(error)})") from error
    if version != last_version:
        raise ValueError(f"{text!r} mixes IPv4 and IPv6")
    if last < first:
        raise ValueError(f"{text!r} ends before it begins")
    return Interval(version, first, last)


class AddressSet:
    """An immutable set of addresses of both IP versions."""

    __slots__ = ("_starts", "intervals")

    def __init__(self, intervals: Iterable[Interval] = ()) -> None:
        merged: list[Interval] = []
        for one in sorted(intervals):
            if merged and merged[-1].version == one.version and one.first <= merged[-1].last + 1:
                before = merged.pop()
                merged.append(Interval(one.version, before.first, max(before.last, one.last)))
            else:
                merged.append(one)
        self.intervals: tuple[Interval, ...] = tuple(merged)
        self._starts = [(one.version, one.first) for one in merged]

    def contains(self, version: int, number: int) -> bool:
        """Tell whether the address is in the set."""
        index = bisect_right(self._starts, (version, number)) - 1
        if index < 0:
            return False
        found = self.intervals[index]
        return found.version == version and found.first <= number <= found.last

    def __contains__(self, address: str) -> bool:
        return self.contains(*address_number(address))

    def __bool__(self) -> bool:
        return bool(self.intervals)

    def __iter__(self) -> Iterator[str]:
        for one in self.intervals:
            for number in range(one.first, one.last + 1):
                yield address_text(one.version, number)

    def __and__(self, other: "AddressSet") -> "AddressSet":
        return self - (self - other)

    def __or__(self, other: "AddressSet") -> "AddressSet":
        return AddressSet((*self.intervals, *other.intervals))

    def __sub__(self, other: "AddressSet") -> "AddressSet":
        rest: list[Interval] = []
        for one in self.intervals:
            start = one.first
            for hole in other.intervals:
                if hole.version != one.version or hole.last < start or hole.first > one.last:
                    continue
                if hole.first > start:
                    rest.append(Interval(one.version, start, hole.first - 1))
                start = max(start, hole.last + 1)
            if start <= one.last:
                rest.append(Interval(one.version, start, one.last))
        return AddressSet(rest)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, AddressSet) and self.intervals == other.intervals

    def __hash__(self) -> int:
        return hash(self.intervals)

    def count(self) -> int:
        """Return how many addresses are in the set; an IPv6 network has more than len() can say."""
        return sum(one.size for one in self.intervals)

    def texts(self) -> tuple[str, ...]:
        """Return the set as the fewest networks, in canonical text form."""
        return tuple(
            str(cidr)
            for one in self.intervals
            for cidr in netaddr.iprange_to_cidrs(
                netaddr.IPAddress(one.first, one.version), netaddr.IPAddress(one.last, one.version)
            )
        )


def edges(one: Interval, text: str) -> AddressSet:
    """Return the network and broadcast address of an IPv4 network written as CIDR, which no host has."""
    if one.version != 4 or "/" not in text or one.size < 4:
        return AddressSet()
    return AddressSet((Interval(4, one.first, one.first), Interval(4, one.last, one.last)))


NEVER = AddressSet(
    interval(text) for text in ("0.0.0.0/8", "224.0.0.0/4", "240.0.0.0/4", "::/128", "ff00::/8")
)
"""Addresses no host can have: unspecified, multicast, reserved and broadcast. Never granted, whatever a scope says."""
