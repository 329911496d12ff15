"""The values of one device on the page: its row, its claims with their grounds, its findings, its evidence."""

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the device table."""

    anchor: str
    address: str
    site: str
    maker: str
    brand: str
    kind: str
    model: str
    firmware: str
    build: str
    priority: str
    rank: int
    affected: int
    possibly: int
    standing: str
    """Where there is no priority: a name of the label group `standing`, never silence."""
    granted: bool
    present: bool = True
    """Whether it counts as being there: neither silent, replaced nor retired."""
    seen: datetime | None = None
    """When it last answered."""


@dataclass(frozen=True, slots=True)
class Spell:
    """One thing to say of a device's presence.

    `name` is one of the label group `presence`; `by` is the key of the device that came in its place.
    """

    name: str
    at: datetime | None = None
    who: str = ""
    why: str = ""
    by: str = ""


@dataclass(frozen=True, slots=True)
class Signal:
    """One thing a device said that a claim rests on."""

    rule: str
    field: str
    value: str
    source: str
    nursery: bool


@dataclass(frozen=True, slots=True)
class Fact:
    """One claim in words: what, how sure, because of what."""

    name: str
    value: str
    certainty: str
    rank: int
    because: tuple[Signal, ...]


@dataclass(frozen=True, slots=True)
class Dispute:
    """Two answers of one device that cannot both be true."""

    name: str
    held: str
    held_certainty: str
    against: str
    against_certainty: str
    against_because: str


@dataclass(frozen=True, slots=True)
class Line:
    """A finding as it stands in a device's section."""

    id: str
    anchor: str
    title: str
    verdict: str
    severity: str
    priority: str
    priority_reason: str
    certainty: str
    reason: str
    settles: str
    known_exploited: date | None
    accepted: str = ""
    """Until when, by whom and why the owner accepts it, or that this has ended; "" else."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """One exchange as evidence. `request` and `reply` are None where the copy leaves them out."""

    name: str
    endpoint: str
    status: str
    at: datetime | None
    seconds: float
    source: str
    detail: str
    size: int
    cut: bool
    shown: int
    sha256: str
    id: str
    request: str | None
    reply: str | None
    observations: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Ground:
    """One thing a device said, and all that is concluded from it: for sections kept to a few lines."""

    field: str
    value: str
    claims: str


@dataclass(frozen=True, slots=True)
class Section:
    """Everything the page says about one device."""

    row: Row
    key: str
    name: str
    addresses: tuple[str, ...]
    behind: str
    """The address it shares with other devices, empty where it has one of its own."""
    ports: str
    first_seen: datetime | None
    last_seen: datetime | None
    source: str
    facts: tuple[Fact, ...]
    disputes: tuple[Dispute, ...]
    lines: tuple[Line, ...]
    unassessed: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]
    """(what would settle it, ((finding id, anchor), …)) pairs."""
    cleared: tuple[str, ...]
    """Ids of findings whose verdict is `not affected`."""
    presence: tuple[Spell, ...]
    evidence: tuple[Spoken, ...]
    grounds: tuple[Ground, ...]
    """Only in a compact page, instead of evidence."""
    accounts: tuple[str, ...] = ()
    """How the owner's accounts fared at it, a sentence each."""
