"""What an earlier process did of the same run: chunks swept, devices done, and what the others have said so far."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

from auditor.model import Exchange, Sighting
from auditor.run.coverage import Swept, swept_of
from auditor.run.target import sighting_of
from auditor.run.tries import EVENT, Try, try_of
from auditor.store import Store


@dataclass(frozen=True, slots=True)
class Past:
    """Empty for a new run."""

    swept: Mapping[str, Swept] = field(default_factory=dict)
    done: frozenset[str] = frozenset()
    sightings: tuple[tuple[str, Sighting], ...] = ()
    """(subject, sighting) of everybody, in order."""
    exchanges: Mapping[str, tuple[Exchange, ...]] = field(default_factory=dict)
    """By subject, of those who are not done."""
    logins: tuple[Try, ...] = ()
    """Every try of an account, in order."""


def past_of(store: Store, run: str) -> Past:
    """Read a run's log and what was said by devices that were not asked to the end."""
    done = frozenset(event.subject for event in store.events(run, "done"))
    exchanges: dict[str, list[Exchange]] = defaultdict(list)
    for exchange in store.asked(run):
        if exchange.device not in done:
            exchanges[exchange.device].append(exchange)
    return Past(
        swept={event.subject: swept_of(event.text) for event in store.events(run, "swept")},
        done=done,
        sightings=tuple(
            (event.subject, seen)
            for event in store.events(run, "sighting")
            if (seen := sighting_of(event.subject, event.at, event.text)) is not None
        ),
        logins=tuple(
            found
            for event in store.events(run, EVENT)
            if (found := try_of(event.subject, event.text)) is not None
        ),
        exchanges={subject: tuple(said) for subject, said in exchanges.items()},
    )
