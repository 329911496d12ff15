"""Where everything a run hears and does is written down, and counted."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from auditor.model import Exchange, Sighting
from auditor.run.again import Known
from auditor.run.behind import heard_last, own_exchanges, parted
from auditor.run.coverage import Swept
from auditor.run.progress import Tally
from auditor.run.target import Target, sighting_text
from auditor.store import Presence, Store

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Record:
    """The store, as one run writes to it."""

    store: Store
    run: str
    clock: Callable[[], datetime]
    tally: Tally = field(default_factory=Tally)
    swept: dict[str, Swept] = field(default_factory=dict)
    answered: set[str] = field(default_factory=set)
    outside: set[str] = field(default_factory=set)
    beside: set[str] = field(default_factory=set)
    """Who answered a question put to everybody without being among the run's targets: counted, nothing of it kept."""
    owed: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """By subject, why each question was withheld that we owe it: asked when the run is taken up."""
    notes: list[str] = field(default_factory=list)
    bugs: int = 0

    def sighting(self, target: Target, sighting: Sighting) -> None:
        """Write down that somebody answered."""
        self.store.event(self.run, sighting.at, "sighting", target.subject, sighting_text(sighting))
        if sighting.exchange is not None:
            self.store.add(self.run, [sighting.exchange], granted=sighting.granted)
        self.count(target.subject, granted=sighting.granted)

    def count(self, subject: str, *, granted: bool) -> None:
        """Count somebody who answered."""
        (self.answered if granted else self.outside).add(subject)
        self.tally.found = len(self.answered)

    def keep(self, target: Target, exchange: Exchange) -> None:
        """Write down an exchange, and let the target remember it."""
        target.memory.keep(exchange)
        target.heed(exchange)
        self.store.add(self.run, [exchange])
        self.tally.exchanges += 1

    def again(self, exchange: Exchange, target: Target | None, part: str) -> None:
        """Write down that a port known from before was tried and did not answer."""
        if target is not None and not part:
            target.memory.keep(exchange)
        self.store.add(self.run, [exchange], part=part)

    def save(self, target: Target, known: Known) -> None:
        """Write down who a device is, or each of the devices behind its address."""
        if not target.has_anything():
            return
        said, seen = tuple(target.memory.exchanges), target.seen or self.clock()
        for part, ports in parted(known, target.presence_ports()):
            at = heard_last(part, said, seen)
            met = Presence(
                target.site,
                target.address,
                at if part.suffix else max(at, seen),
                ports,
                granted=target.granted,
                part=part.suffix,
            )
            self.store.save(
                self.run,
                met,
                part.identity,
                part.observations,
                marks=part.marks,
                exchanges=own_exchanges(known, part),
            )

    @property
    def is_owing(self) -> bool:
        """Whether anything was withheld for reasons of our own."""
        return bool(self.owed) or any(one.is_owing for one in self.swept.values())

    def done(self, target: Target) -> None:
        """Write down that a device was asked to its end, or remember what we owe it."""
        if target.owed:
            self.owed[target.subject] = tuple(target.owed.values())
        else:
            self.owed.pop(target.subject, None)
            self.store.event(self.run, self.clock(), "done", target.subject)
        self.tally.done += target.granted

    def chunk(self, name: str, swept: Swept) -> None:
        """Write down that a chunk was swept to its end, or in part."""
        self.swept[name] = swept
        kind = "swept in part" if swept.is_owing else "swept"
        self.store.event(self.run, self.clock(), kind, name, swept.text())

    def event(self, kind: str, subject: str, text: str) -> None:
        """Write something else down."""
        self.store.event(self.run, self.clock(), kind, subject, text)

    def fault(self, subject: str, trace: str) -> None:
        """Write down a bug of ours."""
        self.bugs += 1
        logger.warning("bug while dealing with %s\n%s", subject, trace)
        self.store.event(self.run, self.clock(), "bug", subject, trace)

    def note(self, words: str) -> None:
        """Remember, once, what the report must say."""
        if words not in self.notes:
            self.notes.append(words)
