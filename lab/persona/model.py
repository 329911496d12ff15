"""The nouns of a persona: frozen values, as one YAML file states them."""

import re
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path


class PersonaError(Exception):
    """A persona file says something that cannot be; the message names file, place and remedy."""


class Transport(StrEnum):
    """What carries a listener's bytes."""

    TCP = "tcp"
    TLS = "tls"
    UDP = "udp"


class Newlines(StrEnum):
    """Which bare line feeds of a reply text become CR LF on the wire."""

    AS_WRITTEN = "as-written"
    HEAD = "head"
    """Up to and including the first empty line: the head of an HTTP-like message."""
    ALL = "all"


class Login(StrEnum):
    """How an answer wants the asker to have logged in."""

    DIGEST = "digest"
    BASIC = "basic"
    WSSE = "wsse"
    """ONVIF WS-Security UsernameToken with a password digest."""


class Hears(StrEnum):
    """Which datagrams a UDP listener takes notice of."""

    UNICAST = "unicast"
    MULTICAST = "multicast"
    BROADCAST = "broadcast"


@dataclass(frozen=True, slots=True)
class Truth:
    """What a perfect audit can know before login; None where the device does not show it."""

    maker: str | None = None
    brand: str | None = None
    kind: str | None = None
    model: str | None = None
    firmware: str | None = None
    build_date: str | None = None
    serial: str | None = None
    mac: str | None = None

    def pairs(self) -> tuple[tuple[str, str | None], ...]:
        """Give (name, value) in the order a person reads them."""
        return tuple((name, getattr(self, name)) for name in TRUTHS)


TRUTHS = ("maker", "brand", "kind", "model", "firmware", "build_date", "serial", "mac")


@dataclass(frozen=True, slots=True)
class Account:
    """A login that exists in the lab only."""

    user: str
    password: str


@dataclass(frozen=True, slots=True)
class Certificate:
    """What the TLS certificate of a listener says. Names are RFC 4514 text with placeholders."""

    subject: str
    issuer: str = ""
    """Empty: self-signed."""
    not_before: str = "2015-01-01"
    days: int = 7300
    key: str = "rsa-2048"
    """`rsa-1024`, `rsa-2048` or `ec-256`."""
    names: tuple[str, ...] = ()
    """Subject alternative names, DNS or address."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What is said: a text with placeholders, or raw bytes, or SNMP values."""

    text: str = ""
    raw: bytes | None = None
    newlines: Newlines = Newlines.AS_WRITTEN


@dataclass(frozen=True, slots=True)
class Answer:
    """When a request matches the pattern, these replies are given, in order."""

    when: re.Pattern[str]
    replies: tuple[Reply, ...]
    login: Login | None = None
    refusal: Reply | None = None
    """Given instead when a login is wanted and not shown."""


@dataclass(frozen=True, slots=True)
class Listener:
    """One open port. The first answer whose pattern matches wins."""

    transport: Transport
    port: int
    protocol: str
    answers: tuple[Answer, ...] = ()
    greets: Reply | None = None
    """Said on connecting, before any request."""
    otherwise: Reply | None = None
    """Said when no answer matches; None is silence (UDP) or closing (TCP)."""
    certificate: Certificate | None = None
    keeps: bool = False
    """The connection stays open after an answer."""
    hears: frozenset[Hears] = frozenset(Hears)
    oids: tuple[tuple[str, str], ...] = ()
    """SNMP only: (object identifier, value) pairs; `oid:` before a value makes it an identifier."""
    communities: tuple[str, ...] = ()
    """SNMP only: the communities of this lab that read them."""


@dataclass(frozen=True, slots=True)
class Quirks:
    """The ways in which this device misbehaves, each off by default."""

    delay: float = 0.0
    """Seconds before every reply."""
    silent: bool = False
    """Accepts connections and says nothing."""
    resets: bool = False
    """Answers every request with a TCP reset."""
    drip: int = 0
    """Bytes per second; 0 is all at once."""
    endless: bool = False
    """The last reply's body never ends."""
    repeats: int = 1
    """How often a UDP reply is sent."""
    remulticast: bool = False
    """UDP replies go to the multicast group as well."""
    answers_elsewhere: bool = False
    """UDP replies leave from an address that was not asked."""
    tls_at_most: str = ""
    """`1.0`, `1.1` or `1.2`."""
    tarpit: bool = False
    """Every port drips meaningless bytes for as long as somebody listens."""
    clock: str = ""
    """The device's time when the lab starts, as ISO text; empty is the right time."""
    fragile_rate: float = 0.0
    """Connections and datagrams per second that make it reboot; 0 is sturdy."""
    reboot_seconds: float = 20.0
    lock_after: int = 0
    """Failed logins after which every login is refused; 0 is never."""
    lock_seconds: float = 1800.0

    @property
    def disturb(self) -> bool:
        """Tell whether the device holds an asker up, refuses to answer, or breaks."""
        moods = (self.silent, self.resets, self.endless, self.tarpit, self.answers_elsewhere)
        return any(moods) or self.delay > 0 or self.drip > 0 or self.fragile_rate > 0


@dataclass(frozen=True, slots=True)
class Persona:
    """One emulated device as its file states it; `id` is the file's name without suffix."""

    id: str
    path: Path
    truth: Truth
    origin: str
    listens: tuple[Listener, ...]
    quirks: Quirks = field(default_factory=Quirks)
    facts: tuple[tuple[str, object], ...] = ()
    """Further values replies refer to: text with placeholders, or a derivation (see lab/persona/facts.py)."""
    known_after_login: tuple[tuple[str, str], ...] = ()
    accounts: tuple[Account, ...] = ()
    tags: frozenset[str] = frozenset()
    """`decoy`, `relabelled`, `hostile`, `polite`, … : for choosing on the command line."""
