"""The values a page is made of: already counted, sorted and named, so that templates only print."""

from dataclasses import dataclass
from datetime import date

from auditor.model import Coverage, Run
from auditor.reporting.context import Behind, Chosen, DataAge, Options
from auditor.reporting.device_values import Row, Section
from auditor.reporting.since_values import Since


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
    """(anchor, what to call it) pairs of the devices where it is to do; where all is done, of those."""
    unheard: tuple[tuple[str, str], ...]
    """Devices that are silent or replaced: nobody knows whether the work was done there."""
    accepted: tuple[tuple[str, str], ...] = ()
    """Devices where the owner accepts all that asks for it."""


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
    accepted: int
    """Of these, how many the owner accepts."""
    facts: tuple[tuple[str, str], ...]
    """What holds for all devices that have it."""
    references: tuple[tuple[str, str], ...]
    groups: tuple[Group, ...]
    """What differs, by group of devices; empty where nothing does."""
    ungrouped: int
    """Devices beyond the groups shown."""


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
    absent: tuple[tuple[str, int], ...] = ()
    """Devices known from before that are not counted above, by the label group `standing`."""
    accepted: tuple[int, int] = (0, 0)
    """(findings that the owner accepts, at how many devices): in none of the numbers of urgent work."""


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
    behind: Behind
    """The runs it rests on, and when each site was last audited whole."""
    shared: tuple[tuple[str, int], ...] = ()
    """(address, how many devices) where several are behind one address."""
    since: Since | None = None
    """What changed since the audit before; None where there was none."""
    accounts: tuple[tuple[str, int], ...] = ()
    """(how the owner's account fared, at how many devices); empty where none was for any device."""
