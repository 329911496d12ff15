"""What a report needs besides the run and its devices: names, ages of the data, and how it is to be marked."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType

from auditor.model import WorkOrder
from auditor.model.changes import Changes, Tally


class Tlp(StrEnum):
    """How far a report may be passed on. Source: FIRST, Traffic Light Protocol 2.0."""

    CLEAR = "clear"
    GREEN = "green"
    AMBER = "amber"
    AMBER_STRICT = "amber+strict"
    RED = "red"

    @property
    def mark(self) -> str:
        """The label exactly as TLP 2.0 wants it written."""
        return f"TLP:{self.value.upper()}"


class Evidence(StrEnum):
    """How much of the recorded conversation goes into a page."""

    AUTO = "auto"
    """Full while the page stays small enough to open quickly, short beyond."""
    FULL = "full"
    """Requests and replies, cut at a bound that is said."""
    SHORT = "short"
    """What was read from the replies, without the replies."""
    BRIEF = "brief"
    """A few lines for each device: what the claims rest on, findings by name."""


@dataclass(frozen=True, slots=True)
class DataAge:
    """One body of data the judgement rests on, and the day it was last brought up to date."""

    label: str
    as_of: date | None
    records: int | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Words:
    """Display names by identifier: makers, brands, fields of replies, names of claims."""

    makers: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    brands: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    fields: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    claims: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    def maker(self, slug: str) -> str:
        """Return the maker's display name, or the identifier with a capital where none is known."""
        return self.makers.get(slug) or _capital(slug)

    def brand(self, slug: str) -> str:
        """Return the brand's display name, or the identifier with a capital where none is known."""
        return self.brands.get(slug) or self.makers.get(slug) or _capital(slug)


@dataclass(frozen=True, slots=True)
class Options:
    """How this copy is to look. `made` is when it was made (UTC); exports read no clock."""

    made: datetime | None = None
    title: str = ""
    tlp: Tlp = Tlp.AMBER
    policy: str = ""
    redact: bool = False
    redact_addresses: bool = False
    evidence: Evidence = Evidence.AUTO


@dataclass(frozen=True, slots=True)
class Chosen:
    """By which policy the findings were made. Without a name nobody wrote it down."""

    name: str = ""
    version: str = ""
    title: str = ""
    as_of: str = ""
    instruments: tuple[tuple[str, str], ...] = ()
    """(id, title) of every instrument of the policy."""


@dataclass(frozen=True, slots=True)
class Source:
    """One run behind a document. `sort`: `whole`, `part`, `other` (not a sweep), or `unknown`."""

    id: str
    started: datetime
    state: str
    sort: str


@dataclass(frozen=True, slots=True)
class Behind:
    """What a document rests on: the runs, oldest first, and when each site was last audited whole (None: never known)."""

    runs: tuple[Source, ...] = ()
    audited: tuple[tuple[str, datetime | None], ...] = ()
    restricted_to: str = ""
    """The run that alone is shown, where one was chosen."""
    retirements: tuple[str, ...] = ()
    """Who retired what and why, in words."""

    @property
    def partial(self) -> tuple[str, ...]:
        """Sites nobody has audited whole, as far as is known."""
        return tuple(site for site, at in self.audited if at is None)

    @property
    def unfinished(self) -> Source | None:
        """The newest run, where it did not come to its end."""
        return self.runs[-1] if self.runs and self.runs[-1].state != "complete" else None


@dataclass(frozen=True, slots=True)
class Context:
    """Everything an export is handed besides the run and the devices.

    `assessed` says whether anybody judged this run: no findings in a judged run is good news,
    no findings in a run nobody judged is no news.
    """

    orders: tuple[WorkOrder, ...] = ()
    words: Words = field(default_factory=Words)
    ages: tuple[DataAge, ...] = ()
    assessed: bool | None = None
    options: Options = field(default_factory=Options)
    chosen: Chosen = field(default_factory=Chosen)
    behind: Behind = field(default_factory=Behind)
    changes: Changes | None = None
    """What changed since the audit before; None where there was none."""
    audits: tuple[Tally, ...] = ()
    """How the network stood at the last whole audits, oldest first."""


def _capital(slug: str) -> str:
    return slug[:1].upper() + slug[1:]
