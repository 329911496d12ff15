"""Which audits a database holds, which two to compare, and how the network stood at each of them."""

import json
import logging
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import islice

from auditor.discovery import default_ports
from auditor.knowledge import DataError, knowledge_book, with_shared_marks
from auditor.model import Device, Priority, Run
from auditor.model.changes import Changes, Tally
from auditor.run.basis import Basis, Judging, judging_by
from auditor.run.compare import audited_by, compare, side
from auditor.run.coverage import Swept, swept_of
from auditor.run.fresh import Looked
from auditor.run.picture import Picture, picture
from auditor.store import Store
from auditor.store.rows import DAMAGE

logger = logging.getLogger(__name__)

MOST_AUDITS = 12
"""Audits shown over time, the newest."""
_JUST = timedelta(microseconds=1)


def end_of(store: Store, run: Run) -> datetime | None:
    """Return the moment at which a run had said all it said; None where nothing came after it.

    A run that was killed wrote no end: it reaches to the beginning of the next.
    """
    if run.ended is not None:
        return run.ended
    return next((one.started - _JUST for one in store.runs() if one.started > run.started), None)


def as_of_run(store: Store, run: Run) -> Picture:
    """Return the picture as of the end of a run."""
    return picture(store, as_of=end_of(store, run))


def whole_audits(
    store: Store, *, before: datetime | None = None, sites: Iterable[str] | None = None
) -> Iterator[Picture]:
    """Yield the picture as of the end of each run that audited a site (of these) whole, newest first, lazily."""
    wanted = None if sites is None else frozenset(sites)
    runs = [one for one in store.runs() if before is None or one.moment < before]
    for run in reversed(runs):
        if _may_be_whole(run):
            seen = as_of_run(store, run)
            audited = audited_by(seen) if seen.run.id == run.id else frozenset()
            if audited and (wanted is None or audited & wanted):
                yield seen


def _may_be_whole(run: Run) -> bool:
    """Tell without looking at its devices whether a run can have been whole: it was meant to be, and ended in order."""
    return run.complete and bool(run.whole)


def earlier(store: Store, run: Run) -> Picture | None:
    """Return with what to compare a run: the last whole audit before it, else the last run before it."""
    found = next(whole_audits(store, before=run.started, sites=run.sites), None)
    if found is not None:
        return found
    runs = [one for one in store.runs() if one.id != run.id and one.moment < run.started]
    alike = [one for one in runs if set(one.sites) & set(run.sites)]
    return as_of_run(store, alike[-1]) if alike else None


def last_two(store: Store) -> tuple[Picture, Picture] | None:
    """Return the pictures as of the last two whole audits of one site, else of the last two runs that share a site."""
    after = next(whole_audits(store), None)
    if after is not None:
        before = next(whole_audits(store, before=after.run.started, sites=audited_by(after)), None)
        if before is not None:
            return before, after
    runs = store.runs()
    if not runs:
        return None
    former = earlier(store, runs[-1])
    return (former, as_of_run(store, runs[-1])) if former else None


def history(
    store: Store, now: Picture, *, today: date, policy: str | None = None, most: int = MOST_AUDITS
) -> tuple[Changes | None, tuple[Tally, ...]]:
    """Return what changed since the audit before a picture's newest run, and how the network stood at the audits up to it.

    No changes where there was no earlier run. The tallies are of whole audits, at most so many, oldest first.
    """
    former, tallies = earlier(store, now.run), list[Tally]()
    if former is None:
        return None, ()
    changes = between(
        former, now, looked=looked(store, former, store, now), today=today, same_store=True, policy=policy
    )
    if side(now).is_whole:
        tallies.append(tally(now))
    if side(former).is_whole:
        tallies.append(tally(former))
        older = whole_audits(store, before=former.run.started, sites=now.run.sites)
        tallies.extend(map(tally, islice(older, max(0, most - len(tallies)))))
    return changes, tuple(reversed(tallies[:most]))


def between(
    before: Picture,
    after: Picture,
    *,
    looked: Looked,
    today: date,
    same_store: bool,
    policy: str | None = None,
) -> Changes:
    """Compare two pictures, judged by the same policy and the same records as far as that can be."""
    was, now, notes = alike(before, after, today, policy)
    changes = compare(was, now, looked=looked, same_store=same_store)
    return replace(changes, notes=notes)


def alike(
    before: Picture, after: Picture, today: date, policy: str | None = None
) -> tuple[Picture, Picture, tuple[str, ...]]:
    """Return two pictures whose findings can be compared, and what to say of it.

    Stored findings are taken where the same policy and records made them. Otherwise both are judged anew: what a
    new record or another policy would find is no change of the network.
    """
    basis = after.basis or before.basis
    if policy is None and before.basis and after.basis and _same(before.basis, after.basis):
        return before, after, ()
    judging = judging_by(basis, policy=policy, today=today, otherwise=today)
    if isinstance(judging.policy, DataError):
        why = f'findings are not compared: the two were judged by different policies, and "{judging.basis}" is not here'
        return _unjudged(before), _unjudged(after), (why,)
    why = f'both judged anew by policy "{judging.policy.name}" and the records of {knowledge_book().compiled}'
    if policy is None:
        why += ", because they had been judged by different ones"
    return _anew(before, judging), _anew(after, judging), (why,)


def _same(one: Basis, other: Basis) -> bool:
    return (one.name, one.compiled) == (other.name, other.compiled)


def _anew(seen: Picture, judging: Judging) -> Picture:
    devices = (replace(one, findings=judging.of(one)) for one in seen.devices)
    return replace(seen, devices=tuple(with_shared_marks(devices)))


def _unjudged(seen: Picture) -> Picture:
    return replace(seen, devices=tuple(replace(one, findings=()) for one in seen.devices))


def looked(store: Store, before: Picture, later: Store, after: Picture) -> Looked:
    """Return which TCP ports sweeps tried at which device: up to the earlier picture, and since."""
    known = {one.id for one in before.runs}
    since = [one for one in after.runs if store is not later or one.id not in known]
    return Looked(_swept(store, before.runs), _swept(later, since))


def _swept(store: Store, runs: Iterable[Run]) -> Mapping[str, frozenset[int]]:
    """Return the TCP ports tried at the devices that complete runs found by sweeping and asked to their end."""
    found: dict[str, frozenset[int]] = {}
    for run in runs:
        if run.complete and _tried_all(swept_of(event.text) for event in store.events(run.id, "swept")):
            ports = _ports(store, run)
            for key in store.keys_of(run.id, (event.subject for event in store.events(run.id, "done"))):
                found[key] = found.get(key, frozenset()) | ports
    return found


def _tried_all(chunks: Iterable[Swept]) -> bool:
    """Tell whether something was swept and nothing at an address that was reached left out."""
    found = tuple(chunks)
    left_out = {reason for one in found for reason, _ in one.withheld}
    return any(one.swept for one in found) and all(reason.startswith("not swept") for reason in left_out)


def _ports(store: Store, run: Run) -> frozenset[int]:
    """Return the ports that a run swept; those swept by default, and a word in the log, where it cannot be read."""
    try:
        options = json.loads(store.options(run.id) or "{}")
        ports = [int(one) for one in options.get("ports") or ()]
        shift = int(options.get("port_shift") or 0)
    except DAMAGE:
        logger.warning("the options of run %s cannot be read and are passed over", run.id)
        ports, shift = [], 0
    ports = ports or [port.number for port in default_ports()]
    return frozenset(ports) | frozenset(port + shift for port in ports)


def tally(seen: Picture) -> Tally:
    """Count the devices that are present, inside the scope."""
    present = [one for one in seen.devices if one.granted and one.is_present]
    makers = Counter(maker for one in present if (maker := one.identity.value("maker")))
    is_judged = seen.basis is not None or any(one.findings for one in present)
    urgent = sum(map(_is_urgent, present)) if is_judged else None
    return Tally(side(seen).at, seen.run.id, len(present), urgent, tuple(sorted(makers.items())))


def _is_urgent(device: Device) -> bool:
    return any(one.counts and one.priority is Priority.ACT_NOW for one in device.findings)
