"""The values a page is made of: already counted, sorted and named, so that templates only print."""

from dataclasses import dataclass
from datetime import date, datetime

from auditor.model import Coverage, Run
from auditor.reporting.context import Chosen, DataAge, Options


@dataclass(frozen=True, slots=True)
class Number:
    """One of the three numbers of the first page. `value` is None where nobody can say."""

    name: str
    value: int | None
    of: int


@dataclass(frozen=True, slots=True)
class Urgent:
    """One of the most urgent actions."""

    title: str
    site: str
    devices: int
    priority: str
    why: str
    effort: str
    first_step: str
    anchor: str
    parts: tuple[tuple[str, str], ...]
    """(anchor, title) of each work order, where several are told as one."""


@dataclass(frozen=True, slots=True)
class Gap:
    """Something that could not be assessed: what kind, how many, and what would settle it."""

    reason: str
    """A name of the label group `gap`, or words of their own."""
    count: int
    unit: str
    """`devices` or `addresses`."""
    settles: str = ""


@dataclass(frozen=True, slots=True)
class Bar:
    """One row of a chart. `share` is its length in percent of the longest row."""

    label: str
    count: int
    share: float
    of_all: float
    tone: str
    """A name of a colour in the style sheet."""


@dataclass(frozen=True, slots=True)
class Chart:
    """One chart: rows with numbers, drawn as bars."""

    name: str
    total: int
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True)
class Slice:
    """A part of the coverage bar; `start` and `width` are percent."""

    name: str
    count: int
    start: float
    width: float


@dataclass(frozen=True, slots=True)
class Job:
    """A work order with its devices spelled out."""

    id: str
    anchor: str
    action: str
    title: str
    priority: str
    why: str
    effort: str
    target: str
    steps: tuple[str, ...]
    check: str
    state: str
    done: int
    devices: tuple[tuple[str, str], ...]
    """(anchor, what to call it) pairs; no anchor where this run did not hear the device."""
    unheard: int
    """Devices this run did not hear: nobody knows whether the work was done there."""


@dataclass(frozen=True, slots=True)
class SitePlan:
    """The work at one site, most urgent first."""

    site: str
    jobs: tuple[Job, ...]
    devices: int
    counts: tuple[tuple[str, int], ...]
    """Work orders by priority, most urgent first."""
    owner: str
    """Who answers for the site, "" where the scope does not say."""
    states: tuple[tuple[str, int], ...]
    """Work orders by state."""


@dataclass(frozen=True, slots=True)
class Concerned:
    """The devices of one maker that an instrument concerns, by how sure the maker is."""

    maker: str
    effect: str
    certain: int
    firm: int
    unclear: int
    """To be clarified: the maker is a mere hint, or a condition of the instrument is not known."""


@dataclass(frozen=True, slots=True)
class Instrument:
    """One law, order or guideline, and the devices it concerns."""

    id: str
    anchor: str
    title: str
    facts: tuple[tuple[str, str], ...]
    references: tuple[tuple[str, str], ...]
    why: str
    concerned: int
    unclear: int
    makers: tuple[Concerned, ...]
    settles: tuple[tuple[str, int], ...]
    """(what would clarify it, for how many devices)."""


@dataclass(frozen=True, slots=True)
class Group:
    """Devices of which one finding says the same, where it says other things of others."""

    models: tuple[tuple[str, int], ...]
    """(what they are called, how many)."""
    others: int
    """Devices of further models."""
    affected: int
    possibly: int
    unassessed: int
    remedy: str
    facts: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Explained:
    """A finding explained once, for all the devices that have it."""

    id: str
    anchor: str
    kind: str
    title: str
    severity: str
    why: str
    remedy: str
    known_exploited: date | None
    affected: int
    possibly: int
    unassessed: int
    facts: tuple[tuple[str, str], ...]
    """What holds for all devices that have it."""
    references: tuple[tuple[str, str], ...]
    groups: tuple[Group, ...]
    """What differs, by group of devices; empty where nothing does."""
    ungrouped: int
    """Devices beyond the groups shown."""


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
    evidence: tuple[Spoken, ...]
    grounds: tuple[Ground, ...]
    """Only in a compact page, instead of evidence."""


@dataclass(frozen=True, slots=True)
class Summary:
    """The first page."""

    numbers: tuple[Number, ...]
    urgent: tuple[Urgent, ...]
    gaps: tuple[Gap, ...]
    """The most weighty; the rest is in `more_gaps`."""
    assessed: bool
    more_gaps: tuple[Gap, ...]
    progress: tuple[tuple[str, int], ...]
    """Work orders by state where an earlier run is known, else empty."""


@dataclass(frozen=True, slots=True)
class Report:
    """The whole document as values."""

    run: Run
    options: Options
    title: str
    summary: Summary
    coverage: Coverage | None
    slices: tuple[Slice, ...]
    charts: tuple[Chart, ...]
    plan: tuple[SitePlan, ...]
    instruments: tuple[Instrument, ...]
    idle: tuple[tuple[str, str], ...]
    """(id, title) of chosen instruments that concern no device found."""
    explained: tuple[Explained, ...]
    rows: tuple[Row, ...]
    sections: tuple[Section, ...]
    ages: tuple[DataAge, ...]
    chosen: Chosen
    full_evidence: bool
    compact: bool
    """Whether there are so many devices that their sections are kept to a few lines."""
    total: int
    """How many devices there are; a printed copy may hold fewer rows and sections."""
    serving: int
    """How many devices in scope have at least one service that answered."""
    probes: tuple[tuple[str, int], ...]
    """(kind of question, how many were asked of the devices shown)."""
