"""Datagrams of a capture that tell who a device is: discovery answers, DHCP, SIP; and ARP, settled at the end.

Only what a device says of itself is taken: a search by somebody's tool shows nothing to our readers and is dropped. Who
asks an agent by SNMP is no agent; an address that is asked for by DHCP is had only once it is given, or used; one that
two hardware addresses claim says nothing of either.
"""

import ipaddress
from dataclasses import dataclass

from auditor.intake.frames import Packet
from auditor.model import WORD_OF_ANOTHER, Protocol, Transport
from auditor.wire import arp, dhcp

PROTOCOLS = {
    37020: Protocol.SADP,
    37810: Protocol.DHIP,
    5050: Protocol.DAHUA_5050,
    3702: Protocol.WSD,
    1900: Protocol.SSDP,
    5353: Protocol.MDNS,
    5060: Protocol.SIP,
    161: Protocol.SNMP,
    67: Protocol.DHCP,
    68: Protocol.DHCP,
}
PORTS = frozenset(PROTOCOLS)
"""UDP ports of which either end makes a datagram worth a look."""

_SENDER = slice(8, 14)
"""Where an ARP packet has the hardware address of who speaks. Source: RFC 826."""
MOST_ADDRESSES = 65_536
MOST_WAITING = 4_096
_SNMP_V3 = b"\x02\x01\x03"
"""The version, 3, as the first number of a message. Source: RFC 3412 section 6."""

_AGENT = 161
_GIVEN_UP = frozenset({"decline", "nak"})

CONTESTED = "more than one hardware address claims this address"
PROXY = 4
"""A hardware address that answers for so many addresses is a router's, not a device's."""


@dataclass(frozen=True, slots=True)
class Heard:
    """One datagram, and whose word it is."""

    address: str
    port: int
    protocol: Protocol
    payload: bytes
    at: float
    cut: bool = False
    detail: str = ""
    transport: Transport = Transport.UDP


class Datagrams:
    """Gathers what was heard; `ready` is for the caller to take away."""

    def __init__(self) -> None:
        self.ready: list[Heard] = []
        self._addresses: dict[str, tuple[bytes, float]] = {}
        """IPv4 address: the ARP packet in which its owner named it last, and when."""
        self._contested: set[str] = set()
        """Addresses that more than one hardware address claims."""
        self._of_mac: dict[str, set[str]] = {}
        self._leases: dict[str, str] = {}
        """MAC address: the IPv4 address it was given."""
        self._clients: dict[str, dict[bytes, float]] = {}
        """MAC address: its DHCP messages, waiting for it to have an address."""

    def udp(self, packet: Packet, at: float, *, cut: bool) -> None:
        """Take a datagram with a head of eight bytes."""
        data = packet.data
        source_port, target_port = data[0] << 8 | data[1], data[2] << 8 | data[3]
        protocol = PROTOCOLS.get(source_port) or PROTOCOLS.get(target_port)
        payload = data[8:]
        if protocol is None or not payload:
            return
        if protocol is Protocol.DHCP:
            self._dhcp(payload, at)
            return
        if protocol is Protocol.SNMP and (_SNMP_V3 not in payload[:8] or source_port != _AGENT):
            return  # older versions carry a community, which is a password; what goes to an agent is a question
        address = ipaddress.ip_address(packet.source)
        if address.is_unspecified or address.is_multicast:
            return
        port = source_port if source_port in PORTS else target_port
        self.ready.append(Heard(str(address), port, protocol, payload, at, cut=cut))

    def arp(self, body: bytes, at: float) -> None:
        """Take an ARP packet; what it says is settled at the end, when routers that answer for others are known."""
        packet = arp.parse(body)
        if packet is None or packet.address == "0.0.0.0" or not _is_station(packet.mac):  # noqa: S104  "not yet mine"
            return
        if packet.address in self._addresses or len(self._addresses) < MOST_ADDRESSES:
            before, _ = self._addresses.get(packet.address, (b"", 0.0))
            if before and before[_SENDER] != body[_SENDER]:
                self._contested.add(packet.address)
            self._addresses[packet.address] = (body[:28], at)
            self._of_mac.setdefault(packet.mac, set()).add(packet.address)

    def _dhcp(self, payload: bytes, at: float) -> None:
        message = dhcp.parse(payload)
        if message is None or not message.mac:
            return
        if message.type in _GIVEN_UP:
            self._leases.pop(message.mac, None)
        elif message.address and message.type in {"ack", "request", "inform"}:
            self._leases[message.mac] = message.address
        if message.from_client and (message.mac in self._clients or len(self._clients) < MOST_WAITING):
            waiting = self._clients.setdefault(message.mac, {})
            if len(waiting) < 4:
                waiting[payload] = at

    def finish(self) -> None:
        """Make ready what waited for the end: DHCP messages of clients with an address, and who has which address."""
        macs = {
            address: packet.mac
            for address, (body, _) in self._addresses.items()
            if (packet := arp.parse(body)) is not None
        }
        of_mac = {mac: address for address, mac in macs.items() if address not in self._contested}
        for mac, messages in self._clients.items():
            address = self._leases.get(mac) or of_mac.get(mac)
            if address:
                self.ready += [Heard(address, 68, Protocol.DHCP, one, at) for one, at in messages.items()]
        for address, (body, at) in self._addresses.items():
            if len(self._of_mac.get(macs.get(address, ""), ())) < PROXY:
                detail = f"{WORD_OF_ANOTHER}{CONTESTED}" if address in self._contested else ""
                self.ready.append(Heard(address, 0, Protocol.ARP, body, at, detail=detail))
        self._addresses, self._clients, self._of_mac, self._leases = {}, {}, {}, {}
        self._contested = set()


def _is_station(mac: str) -> bool:
    """Tell whether a hardware address can belong to one device."""
    return not int(mac[:2], 16) & 1 and mac != "00:00:00:00:00:00"
