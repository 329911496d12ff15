"""Permission as a value: what we may touch, by which means, how fast, until when."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Method(StrEnum):
    """A means of contact that a scope can allow."""

    TCP_SWEEP = "tcp-sweep"
    SADP = "sadp"
    DHIP = "dhip"
    DAHUA_5050 = "dahua-5050"
    WS_DISCOVERY = "ws-discovery"
    SSDP = "ssdp"
    MDNS = "mdns"
    MULTICAST = "multicast"
    """Multicast and broadcast on the interfaces the scope names."""
    HTTP = "http"
    TLS = "tls"
    RTSP = "rtsp"
    ONVIF = "onvif"
    BANNERS = "banners"
    """SSH, telnet and FTP: connect, read, close."""
    SDK = "sdk"
    SNMP = "snmp"
    CREDENTIALS = "credentials"
    """Read-only calls with the accounts the owner handed over."""
    ARP = "arp"
    NMAP = "nmap"


@dataclass(frozen=True, slots=True)
class Pace:
    """Upper bounds. Packets per second while discovering, requests per second while identifying."""

    packets_per_second: float = 1000.0
    packets_per_second_subnet: float = 200.0
    """Per /24 (IPv4) or /64 (IPv6)."""
    packets_per_second_host: float = 40.0
    requests_per_second_host: float = 2.0
    concurrent_devices: int = 256


@dataclass(frozen=True, slots=True)
class Grant:
    """One address we may touch. Made in auditor/scope and nowhere else (a test checks it)."""

    address: str
    site: str
    methods: frozenset[Method]
    pace: Pace
    until: datetime
    """When the authorisation or the open time window ends, whichever is first (UTC)."""
    interface: str | None = None
    """For multicast and layer 2: the interface the scope names."""

    @property
    def device(self) -> str:
        """The key under which everything said at this address is filed: `site/address`."""
        return f"{self.site}/{self.address}"

    def allows(self, method: Method) -> bool:
        """Tell whether this means of contact is granted."""
        return method in self.methods
