"""What became of a network between two moments: who came, went and moved, and what of it nobody looked at again."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from auditor.model.place import site_and_place


class What(StrEnum):
    """The closed set of things that can have become of a device, a claim, a service or a finding."""

    NEW = "new"
    """Not known before."""
    LEARNT = "known from older evidence"
    """Evidence that came in later, and is from before the earlier picture, names it: it did not come since."""
    GONE = "gone"
    """Retired: somebody said that it was taken out of service."""
    SILENT = "silent"
    """Its address was asked since, and nobody answered."""
    REPLACED = "another in its place"
    """Another device answers at its address."""
    NOT_ASKED = "not asked"
    """Nobody asked it since, as far as is known: nothing can be said of it."""
    MOVED = "moved"
    """It answers at another address or site."""
    BACK = "heard again"
    """It was silent or replaced before, and answered since."""
    RETIRED_BACK = "retired, heard again"
    """Somebody said that it was taken out of service, and it answered after that: it is there."""
    CLAIM_CHANGED = "changed"
    """It tells something else than before, both times surely."""
    CLAIM_REREAD = "read otherwise"
    """Another value, but it said the same as before, or one of the two is only a hint."""
    CLAIM_TOLD = "told now"
    """It tells what it did not tell before."""
    CLAIM_UNTOLD = "not told any more"
    """It does not tell what it told before: whether that is still so is not known."""
    OPENED = "service opened"
    """It answers at a port that was asked before and did not answer."""
    OPEN_FIRST = "service first seen"
    """It answers at a port; whether it did before is not known, nobody had asked there."""
    CLOSED = "service closed"
    """The port was asked again and does not answer any more."""
    SERVICE_UNASKED = "service not asked again"
    """It answered at the port before; nobody asked there since."""
    FINDING_NEW = "finding new"
    FINDING_CLOSED = "finding closed"
    """The question it rests on was put again, and the answer does not show it any more."""
    FINDING_OPEN = "finding open"
    FINDING_ACCEPTED = "finding accepted"
    """It is so, and the owner has accepted it."""
    FINDING_UNASKED = "finding not asked again"
    """Whether it is still so is not known."""
    FINDING_LEFT = "finding left with its device"
    """The device was retired or replaced; of the device itself nothing new is known."""


ABSENT = frozenset({What.GONE, What.SILENT, What.REPLACED})
"""The device was there before and is not any more, as far as somebody looked or said."""
UNCHANGED = frozenset(
    {
        What.LEARNT,
        What.NOT_ASKED,
        What.SERVICE_UNASKED,
        What.FINDING_OPEN,
        What.FINDING_UNASKED,
        What.FINDING_ACCEPTED,
    }
)
"""What is no difference: it is as it was, or nobody knows."""
FIRMWARE = frozenset({"firmware", "build_date"})
"""Claims that change when firmware is installed."""


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that became of one device."""

    what: What
    device: str
    """Its key in the later picture, or in the earlier one where the later has none."""
    site: str
    address: str
    maker: str = ""
    """As claimed, "" where nothing is held; model likewise."""
    model: str = ""
    about: str = ""
    """The claim's name, the service as `23/tcp`, or the finding's id."""
    before: str = ""
    after: str = ""
    """For claims values, for moves places, for findings verdicts, for a replaced device the key of the other."""
    title: str = ""
    """Of a finding."""
    detail: str = ""
    """Why it is said so, in words; "" where there is nothing to add."""
    since: datetime | None = None

    @property
    def left(self) -> str:
        """The site a device moved away from, "" where it stayed at its site."""
        return site_and_place(self.before)[0] if self.what is What.MOVED else ""


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two pictures compared."""

    run: str
    """The newest run behind it."""
    at: datetime
    """The moment it is of."""
    source: str = ""
    """The database it comes from, where the two come from different ones."""
    policy: str = ""
    is_whole: bool = False
    """Whether its newest run audited a site whole."""


@dataclass(frozen=True, slots=True)
class Changes:
    """Everything that became of the devices of the earlier picture, and what is new in the later."""

    before: Side
    after: Side
    entries: tuple[Change, ...] = ()
    """Sorted by site, address and kind."""
    known: tuple[tuple[str, int, int], ...] = ()
    """(site, devices known there before, how many of them were asked again or looked for since)."""
    notes: tuple[str, ...] = ()
    """What must be known to read them."""

    @property
    def devices(self) -> int:
        """Devices known before."""
        return sum(count for _, count, _ in self.known)

    @property
    def asked(self) -> int:
        """Of the devices known before, how many were asked again, or looked for, since."""
        return sum(count for _, _, count in self.known)

    def at(self, sites: Iterable[str]) -> "Changes":
        """Return what became of these sites alone; who left one of them counts, too."""
        wanted = frozenset(sites)
        entries = tuple(one for one in self.entries if one.site in wanted or one.left in wanted)
        return replace(self, entries=entries, known=tuple(one for one in self.known if one[0] in wanted))

    def of(self, *wanted: What) -> tuple[Change, ...]:
        """Return the entries of these kinds."""
        return tuple(one for one in self.entries if one.what in wanted)

    def count(self, *wanted: What) -> int:
        """Return how many entries there are of these kinds."""
        return sum(one.what in wanted for one in self.entries)

    @property
    def firmware(self) -> tuple[Change, ...]:
        """The devices whose firmware changed, each once."""
        found = {
            one.device: one
            for one in reversed(self.entries)
            if one.what is What.CLAIM_CHANGED and one.about in FIRMWARE
        }
        return tuple(reversed(found.values()))

    @property
    def differences(self) -> tuple[Change, ...]:
        """The entries that are a difference, not "as before" or "not known"."""
        return tuple(one for one in self.entries if one.what not in UNCHANGED)

    @property
    def sites(self) -> tuple[str, ...]:
        """The sites with entries or with devices known before, sorted."""
        return tuple(sorted({one.site for one in self.entries} | {site for site, _, _ in self.known}))


@dataclass(frozen=True, slots=True)
class Tally:
    """The network as counted at one whole audit: a point of the chart over time."""

    at: datetime
    run: str
    present: int
    """Devices that counted as being on the network."""
    urgent: int | None
    """Of these, how many needed action now; None where nobody judged them."""
    makers: tuple[tuple[str, int], ...] = ()
    """(maker as claimed, devices present), whatever the certainty."""


def in_order(entries: Iterable[Change]) -> tuple[Change, ...]:
    """Sort entries by site, address (numerically where it is IPv4), kind and what they are about."""
    order = {one: place for place, one in enumerate(What)}

    def place(one: Change) -> tuple[str, tuple[int, ...], str, int, str]:
        host = one.address.partition(":")[0] if one.address.count(":") == 1 else one.address
        parts = host.split(".")
        numbers = tuple(map(int, parts)) if all(part.isdecimal() for part in parts) else (256,)
        return (one.site, numbers, one.address, order[one.what], one.about)

    return tuple(sorted(entries, key=place))
