"""The accounts an owner hands over: where each may be used, which one fits a device best, and never a look at a secret.

A secret is held in a `Secret`, which shows itself to nobody but who calls `reveal`; only auditor/net does.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import StrEnum

from auditor.scope.addresses import Interval, address_number


class CredentialsError(ValueError):
    """The credentials cannot be used; the message names file, place, what is wrong and what to do, never a value."""

    exit_code = 2


class Secret:
    """A text that prints, compares and pickles as nothing."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """Return the text; called where it goes on the wire, and nowhere else."""
        return self._text

    def __repr__(self) -> str:
        return "Secret(…)"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return "Secret(…)"

    def __bool__(self) -> bool:
        return bool(self._text)

    def __reduce__(self) -> str:
        raise TypeError("a secret is not written down")


class Privacy(StrEnum):
    """How an SNMP version 3 user keeps what is said from others."""

    NONE = "none"
    DES = "des"
    AES = "aes"


class Proof(StrEnum):
    """How an SNMP version 3 user proves who asks."""

    NONE = "none"
    MD5 = "md5"
    SHA = "sha"
    SHA256 = "sha256"


@dataclass(frozen=True, slots=True)
class Snmp:
    """What reads a device's management tree: a community (version 2c), or a user (version 3)."""

    community: Secret = field(default_factory=lambda: Secret(""))
    user: Secret = field(default_factory=lambda: Secret(""))
    proof: Proof = Proof.NONE
    proof_secret: Secret = field(default_factory=lambda: Secret(""))
    privacy: Privacy = Privacy.NONE
    privacy_secret: Secret = field(default_factory=lambda: Secret(""))


@dataclass(frozen=True, slots=True)
class Place:
    """Where an entry may be used: everything stated must hold, what is not stated holds anywhere."""

    sites: frozenset[str] = frozenset()
    networks: tuple[Interval, ...] = ()
    makers: frozenset[str] = frozenset()
    devices: frozenset[str] = frozenset()
    """Single devices: addresses in canonical text, MACs as twelve digits, or serial numbers, in lower case."""

    def is_anywhere(self) -> bool:
        """Tell whether nothing is stated."""
        return not (self.sites or self.networks or self.makers or self.devices)

    def closeness(self, door: "Doorstep") -> tuple[int, int, int, int] | None:
        """Return how narrowly this place holds the device, larger is narrower; None when it does not hold it."""
        if self.devices and not self.devices & door.names:
            return None
        if self.sites and door.site not in self.sites:
            return None
        if self.makers and door.maker not in self.makers:
            return None
        version, number = address_number(door.address)
        sizes = [
            each.size
            for each in self.networks
            if each.version == version and each.first <= number <= each.last
        ]
        if self.networks and not sizes:
            return None
        return bool(self.devices), -min(sizes, default=1 << 129), bool(self.makers), bool(self.sites)


@dataclass(frozen=True, slots=True)
class Doorstep:
    """A device as credentials see it."""

    site: str
    address: str
    maker: str = ""
    """Empty where it is not known surely enough."""
    marks: frozenset[str] = frozenset()
    """Its MAC as twelve digits, and its serial number, in lower case."""

    @property
    def names(self) -> frozenset[str]:
        """Everything a single device can be named by."""
        return self.marks | {self.address.lower()}


@dataclass(frozen=True, slots=True)
class Entry:
    """One account. `name` is what messages, the database and the report call it."""

    name: str
    place: Place
    user: Secret = field(default_factory=lambda: Secret(""))
    password: Secret = field(default_factory=lambda: Secret(""))
    protocols: frozenset[str] = frozenset()
    """Login protocols it is for; empty: the maker's own, or ONVIF where the maker has none we know."""
    snmp: Snmp | None = None
    certificates: frozenset[str] = frozenset()
    """SHA-256 fingerprints, in lower-case hexadecimal, of the certificates to which Basic may be sent inside TLS."""

    @property
    def hidden(self) -> tuple[str, ...]:
        """Every text of this entry that may not be kept anywhere; for sieves."""
        of_snmp = (
            (self.snmp.community, self.snmp.user, self.snmp.proof_secret, self.snmp.privacy_secret)
            if self.snmp
            else ()
        )
        return tuple(one.reveal() for one in (self.user, self.password, *of_snmp) if one)


@dataclass(frozen=True, slots=True)
class Credentials:
    """All entries of a run."""

    entries: tuple[Entry, ...] = ()
    refusals: int = 3
    """So many refusals of one entry in a row end that entry for the run."""
    authorities: str = ""
    """Certificates of authorities, PEM text: what they signed for an address is trusted there."""

    def account(self, door: Doorstep) -> Entry | None:
        """Return the one account for a device: the entry that is bound most narrowly, of equals the first."""
        return _closest((one for one in self.entries if one.snmp is None), door)

    def unconfirmed(self, door: Doorstep, suspected: Iterable[str]) -> Entry | None:
        """Return the account that would fit a device of unknown maker if it were of a maker that is suspected."""
        if door.maker:
            return None
        found = (self.account(replace(door, maker=maker)) for maker in sorted(suspected))
        return next((entry for entry in found if entry is not None and entry.place.makers), None)

    def management(self, door: Doorstep) -> Entry | None:
        """Return the one SNMP entry for a device."""
        return _closest((one for one in self.entries if one.snmp is not None), door)


def _closest(entries: Iterable[Entry], door: Doorstep) -> Entry | None:
    best: Entry | None = None
    narrowest: tuple[int, int, int, int] | None = None
    for entry in entries:
        close = entry.place.closeness(door)
        if close is not None and (narrowest is None or close > narrowest):
            best, narrowest = entry, close
    return best
