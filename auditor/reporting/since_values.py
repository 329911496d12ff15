"""The values of the section that says what changed since the audit before."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """One thing that changed, as a line."""

    anchor: str
    """Where the device or the finding stands in the page, "" where it does not."""
    name: str
    """What the line is about: a device with its address, or a finding."""
    text: str
    """What became of it; "" where the heading says it all."""


@dataclass(frozen=True, slots=True)
class ChangeGroup:
    """Changes of one kind at one site."""

    what: str
    """A name of the label group `change`."""
    count: int
    rows: tuple[ChangeRow, ...]
    """At most so many as can be read; none where only the number is told."""
    more: int
    """Lines left out."""


@dataclass(frozen=True, slots=True)
class SiteChanges:
    """What changed at one site, and how many of the devices known there were asked again."""

    site: str
    known: int
    asked: int
    groups: tuple[ChangeGroup, ...]


@dataclass(frozen=True, slots=True)
class Point:
    """One audit in a chart over time. `count` is None where nobody can say; `share` is percent of the longest bar."""

    at: datetime
    count: int | None
    share: float


@dataclass(frozen=True, slots=True)
class TimeChart:
    """One number over several audits, oldest first."""

    name: str
    tone: str
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Since:
    """What changed since the audit before this one."""

    at: datetime
    run: str
    is_whole: bool
    """Whether that was a whole audit; else it is the last run before this one."""
    devices: int
    asked: int
    numbers: tuple[tuple[str, int], ...]
    """(name of the label group `since`, count of devices) for the first page."""
    findings: tuple[tuple[str, int], ...]
    """The same of findings."""
    sites: tuple[SiteChanges, ...]
    notes: tuple[str, ...]
    charts: tuple[TimeChart, ...]
    """From three whole audits on."""

    @property
    def is_quiet(self) -> bool:
        """Whether nothing was found to be different."""
        return not any(group.rows for site in self.sites for group in site.groups)
