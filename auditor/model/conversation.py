"""What was asked, what was said, and what one saying shows."""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Status(StrEnum):
    """How an exchange ended. The set is closed: nothing else can happen to a question."""

    ANSWERED = "answered"
    REFUSED = "refused"
    """The other side said no: RST, ICMP unreachable, TLS alert before any data."""
    SILENT = "silent"
    """Nobody said anything before the deadline."""
    GARBLED = "garbled"
    """Somebody answered, in a form the protocol does not have."""
    WITHHELD = "withheld"
    """We were asked and did not: scope, window, budget, stop. Says nothing about the device."""
    BUG = "bug"
    """Our own fault, never the device's."""

    @property
    def is_heard(self) -> bool:
        """Whether somebody said something."""
        return self in HEARD


HEARD = frozenset({Status.ANSWERED, Status.GARBLED})
"""Statuses of exchanges in which somebody said something."""
NOT_THERE = frozenset({Status.REFUSED, Status.SILENT})
"""Statuses of questions that were put and found nobody who answers them."""
WORD_OF_ANOTHER = "another's word: "
"""So begins the detail of an exchange in which somebody other than its endpoint speaks: it claims nothing of the endpoint."""
DOUBTFUL_WORD = "doubtful word: "
"""So begins the detail of an exchange of which it is not sure who speaks: what it claims is tentative."""
UNDATED = "list"
"""The source of a list of which nobody said when what is in it answered: `list`, its kind, and the file."""
WRITTEN = frozenset({"csv", UNDATED})
"""Sources that say what is held to be there, and not that anything answered at a moment anybody knows.

A list that a search tool exported holds what answered its multicast, but not when; the date of the file is that of the
last who saved or copied it. It becomes evidence that something answered where the user states the moment.
"""


class Transport(StrEnum):
    """What carries the bytes."""

    TCP = "tcp"
    TLS = "tls"
    UDP = "udp"


class Protocol(StrEnum):
    """Which reader understands a reply. The set is part of the transcript form."""

    HTTP = "http"
    ONVIF = "onvif"
    RTSP = "rtsp"
    WSD = "wsd"
    SADP = "sadp"
    DHIP = "dhip"
    DAHUA_5050 = "dahua-5050"
    SSDP = "ssdp"
    MDNS = "mdns"
    SNMP = "snmp"
    TLS = "tls"
    SSH = "ssh"
    TELNET = "telnet"
    FTP = "ftp"
    SDK = "sdk"
    SIP = "sip"
    DHCP = "dhcp"
    ARP = "arp"
    OBSERVED = "observed"
    """Decoded fields where the source gave no bytes: the reply is the source's own record."""


@dataclass(frozen=True, slots=True, order=True)
class Endpoint:
    """One port of one address. The address is in canonical text form, IPv6 without brackets."""

    address: str
    port: int
    transport: Transport = Transport.TCP

    def __str__(self) -> str:
        host = f"[{self.address}]" if ":" in self.address else self.address
        return f"{host}:{self.port}/{self.transport}"


def whole_text(text: str) -> str:
    """Return a text with `?` for half characters, as names of files and JSON bring them: no database holds them."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


@dataclass(frozen=True, slots=True)
class Exchange:
    """One question and what came back: the evidence every claim ends in.

    `reply` holds the raw bytes as received, cut at the reader's bound when `cut` is true.
    `seconds` is from the first byte sent to the last byte read. `source` is `live`, or the name of
    the file and the kind of tool the bytes come from. `at` is UTC; None where a file does not say.
    """

    device: str
    probe: str
    protocol: Protocol
    endpoint: Endpoint
    request: bytes
    reply: bytes
    status: Status
    at: datetime | None = None
    seconds: float = 0.0
    cut: bool = False
    detail: str = ""
    """Why it ended so, in words: "outside the scope", "TLS alert 40", "deadline of 5 s"."""
    source: str = "live"
    observed: tuple[tuple[str, str], ...] = ()
    """Only for `Protocol.OBSERVED`: fields decoded by somebody else."""
    id: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        for name in ("device", "detail", "source"):
            object.__setattr__(self, name, whole_text(getattr(self, name)))
        if not all(value.isascii() for _, value in self.observed):
            pairs = tuple((name, whole_text(value)) for name, value in self.observed)
            object.__setattr__(self, "observed", pairs)
        if not self.id:
            object.__setattr__(self, "id", self._digest())

    def _digest(self) -> str:
        """Name the exchange by its content, so that the same bytes have the same name anywhere."""
        digest = hashlib.sha256()
        when = self.at.isoformat() if self.at else ""
        head = (self.device, self.probe, self.protocol, str(self.endpoint), self.status, self.source, when)
        for part in (
            *(
                text.encode("utf-8", "surrogatepass") for text in head
            ),  # a file may have a name that is no text
            self.request,
            self.reply,
            repr(self.observed).encode(),
        ):
            digest.update(len(part).to_bytes(8, "big"))
            digest.update(part)
        return digest.hexdigest()[:32]

    @property
    def is_after_login(self) -> bool:
        """Whether it was asked with the owner's account, so that the device could tell what it tells nobody else."""
        return self.probe.startswith("login_")

    @property
    def sha256(self) -> str:
        """The SHA-256 of the reply, in hexadecimal."""
        return hashlib.sha256(self.reply).hexdigest()


@dataclass(frozen=True, slots=True)
class Observation:
    """One field of one reply, in the device's own words. Field names: fingerprints/vocabulary.yaml."""

    field: str
    value: str
    exchange: Exchange


@dataclass(frozen=True, slots=True)
class Sighting:
    """Somebody answered here, by this method. `exchange` holds the bytes where there are any.

    `granted` is false when the answer came from outside the scope: recorded, and left alone.
    """

    address: str
    method: str
    at: datetime
    port: int | None = None
    transport: Transport = Transport.TCP
    mac: str | None = None
    exchange: Exchange | None = None
    granted: bool = True
