"""The picture: what is known of the network as of a moment, whichever runs and sources it came from.

For each device and question the newest answer counts. What was not asked again keeps its age; a narrowed run changes
what it asked and nothing else. Everything that reads a database reads it through here.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime

from auditor.knowledge import MARK_CLAIMS, FirmwareIndex, with_shared_marks
from auditor.model import Device, Finding, Retirement, Run, Standing, State
from auditor.run.accounts import with_accounts
from auditor.run.again import Change, changed, concluded_from
from auditor.run.basis import Basis, Judging, current_basis, judging_by
from auditor.run.dating import say_misdated
from auditor.run.execute import utc_now
from auditor.store import Conclusion, Door, Held, Look, Store
from auditor.store.rows import moment


@dataclass(frozen=True, slots=True)
class Picture:
    """What is known of the network as of a moment."""

    run: Run
    """The newest run behind it."""
    runs: tuple[Run, ...]
    """Every run behind it, oldest first."""
    devices: tuple[Device, ...] = ()
    """Sorted by site and address, with their standing; findings only where asked for."""
    audited: Mapping[str, datetime | None] = field(default_factory=dict)
    """Site -> when it was last audited whole; None: never, as far as is written down."""
    basis: Basis | None = None
    """By which policy, and as of which day, the findings were made."""
    restricted_to: str = ""
    """The run that alone is shown, where one was chosen."""

    judging: Judging | None = None
    day: date | None = None
    """The day on which an acceptance must not have ended."""

    @property
    def main(self) -> Run:
        """The run that tells how far anybody looked: the last whole audit, else the newest run."""
        whole = [run for run in self.runs if run.complete and run.whole and set(run.whole) >= set(run.sites)]
        return whole[-1] if whole else self.run


def picture(
    store: Store,
    *,
    run: str | None = None,
    as_of: datetime | None = None,
    with_bytes: bool = False,
    findings: bool = True,
    policy: str | None = None,
    today: date | None = None,
    latest: FirmwareIndex | None = None,
    numbers: Iterable[int] | None = None,
) -> Picture:
    """Return what is known: of everything, as of a moment, or as one run alone heard it.

    With `policy` or `today` findings are made anew; else the stored ones are taken, and made where there are none.
    `numbers` are those of the devices wanted (see `Store.named`); all, where none are given.
    """
    known = store.runs()
    say_misdated(store, utc_now())
    chosen = store.run(run) if run else None
    runs = [one for one in known if as_of is None or one.started <= as_of]
    runs = [chosen] if chosen else runs
    last = runs[-1] if runs else store.run()
    basis = current_basis(store, runs)
    judging = (
        judging_by(basis, policy=policy, today=today, otherwise=last.started.date(), latest=latest)
        if findings
        else None
    )
    name = chosen.id if chosen else None
    wanted = None if numbers is None else frozenset(numbers)
    read = wanted | store.alike(wanted, MARK_CLAIMS) if findings and wanted is not None else wanted
    held = store.held(name, as_of=as_of, with_bytes=with_bytes, numbers=read)
    seen = standing(store, runs, as_of, concluded(store, held, judging, run=name, as_of=as_of))
    devices = tuple(with_accounts(store, seen, tuple(one.id for one in runs)))
    if findings:
        devices = tuple(with_shared_marks(devices))
    if wanted is not None:
        keys = store.keys(wanted)
        devices = tuple(one for one in devices if one.key in keys)
    day = today or day_of_reading(as_of)
    if judging is not None:
        devices = tuple(judging.on(device, day) for device in devices)
    made = judging.made if judging and (judging.anew or basis is None) else basis
    return Picture(last, tuple(runs), devices, audited(runs), made, chosen.id if chosen else "", judging, day)


def day_of_reading(as_of: datetime | None) -> date:
    """Return the day on which an acceptance must not have ended: that of the moment asked for, else today's (UTC)."""
    return (as_of or utc_now()).date()


def concluded(
    store: Store,
    found: Iterable[Held],
    judging: Judging | None,
    *,
    run: str | None = None,
    as_of: datetime | None = None,
) -> Iterator[tuple[Held, Device]]:
    """Yield each device with claims, and findings where asked for, that follow from exactly the evidence held."""
    runs = {one.id: one for one in store.runs()}
    for held in found:
        device = held.device if held.is_concluded else anew(store, held, runs, run=run, as_of=as_of)
        if judging is not None and (judging.anew or not held.is_concluded or held.basis != judging.basis):
            device = replace(device, findings=judging.of(device))
        yield held, device


def _order(runs: Iterable[Run]) -> dict[str, int]:
    """Return the place of each run among these, oldest first."""
    return {one.id: place for place, one in enumerate(runs)}


def anew(
    store: Store,
    held: Held,
    runs: Mapping[str, Run],
    *,
    run: str | None = None,
    as_of: datetime | None = None,
) -> Device:
    """Return a device concluded anew from the evidence that counts; its exchanges as full as they were given."""
    full = next(iter(store.held(run, as_of=as_of, with_bytes=True, numbers=(held.number,))))
    identity, observations = concluded_from(held.device.key, full.device.exchanges, _ages(full, runs))
    slim = {one.id: one for one in held.device.exchanges}
    kept = tuple(replace(one, exchange=slim.get(one.exchange.id, one.exchange)) for one in observations)
    return replace(held.device, identity=identity, observations=kept)


_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
"""Stands for what nobody wrote down, which overrules nothing."""


def _ages(held: Held, runs: Mapping[str, Run]) -> dict[str, int]:
    """Return for each exchange the place of its moment: that of its run, or for what others recorded its own if older."""
    when: dict[str, datetime] = {}
    for one in held.device.exchanges:
        began = runs[held.by_run[one.id]].started
        when[one.id] = began if one.source == "live" else min(one.at or _LONG_AGO, began)
    places = {at: place for place, at in enumerate(sorted(set(when.values())))}
    return {name: places[at] for name, at in when.items()}


def audited(runs: Iterable[Run]) -> dict[str, datetime | None]:
    """Return for each site when it was last audited whole."""
    found: dict[str, datetime | None] = {}
    for run in runs:
        for site in run.sites:
            found.setdefault(site, None)
            if run.complete and site in (run.whole or ()):
                found[site] = run.started
    return found


def standing(
    store: Store, runs: Iterable[Run], as_of: datetime | None, found: Iterable[tuple[Held, Device]]
) -> Iterator[Device]:
    """Yield devices with whether they are there, since when, and who is in their place."""
    chosen = list(runs)
    view = _View(
        store,
        _order(chosen),
        {one.id: one for one in chosen},
        store.occupants([one.id for one in chosen]),
    )
    retired = store.retirements(as_of)
    for held, device in found:
        word = retired.get(device.key)
        told = Retirement(word.at, word.by, word.reason, word.replaced_by) if word else None
        yield replace(device, standing=view.of(held, device), retired=told)


@dataclass(frozen=True, slots=True)
class _View:
    """The runs of a picture, and who lives where."""

    store: Store
    order: Mapping[str, int]
    runs: Mapping[str, Run]
    occupants: Mapping[tuple[str, str], tuple[str, str]]

    def of(self, held: Held, device: Device) -> Standing:
        """Say whether a device is there, as far as anybody looked."""
        last = self._last(held, device)
        there = self._in_its_place(device, last)
        taken = there is not None and self._is_place_taken(held, device, last)
        if there is not None and taken:
            return Standing(State.REPLACED, self.runs[there[1]].started, there[0])
        unanswered = [
            one
            for one in held.looks
            if self.order[one.run] > last and one.live and one.asked and not one.heard
        ]
        silent = self._silent_since(held, unanswered)
        if silent is not None:
            return Standing(State.SILENT, silent)
        since = self._sibling(device, last)
        if since is not None:
            return Standing(State.SILENT, since)
        if unanswered or there is not None or not any(one.live for one in held.looks):
            return Standing(State.NOT_ASKED, device.last_seen)
        if self._was_left_out(device, last):
            return Standing(State.NOT_ASKED, device.last_seen)
        return Standing(State.HEARD, device.last_seen)

    def _last(self, held: Held, device: Device) -> int:
        """Return the place of the newest run that tells of it; -1 where what tells of it is older than all of them.

        What others recorded counts as of its own moment: a list of January does not outrank who answered in March.
        """
        heard = [one for one in held.looks if one.heard]
        if heard:
            return max(self._place(one.run, one.live, moment(one.heard_last)) for one in heard)
        return self._place(held.run, "live" in device.source, device.last_seen)

    def _place(self, run: str, live: bool, at: datetime | None) -> int:
        """Return the place of a run; of evidence of others, of the newest run begun by its moment if that is earlier."""
        if live:
            return self.order[run]
        known = [place for name, place in self.order.items() if at and self.runs[name].started <= at]
        return min(self.order[run], max(known, default=-1))

    def _in_its_place(self, device: Device, last: int) -> tuple[str, str] | None:
        """Return who was met in its place later, and in which run; a part of the address counts where it was alone."""
        found = self.occupants.get((device.site, device.address))
        if found is not None and found[0] != device.key and self.order[found[1]] > last:
            return found
        return None

    def _is_place_taken(self, held: Held, device: Device, last: int) -> bool:
        """Tell whether each port at which it was heard was asked again, and is silent or another device's.

        Else both may be there, behind one address.
        """
        later = [run for run, place in self.order.items() if place > last]
        address = device.behind or device.address
        found = self.store.doors_since(device.site, address, later, besides=device.key)
        whole = any(self._asked_all(run, device.site) for run in later)
        return _needed(held) <= found | (_datagrams(held) if whole else frozenset())

    def _silent_since(self, held: Held, unanswered: Iterable[Look]) -> datetime | None:
        """Return since when everything that heard it before was asked again in vain, None where it was not all asked.

        What is known by no port, or by datagrams that go to everybody, is asked by an audit of the whole site alone.
        """
        left = set(_needed(held))
        for look in unanswered:
            whole = self._asked_all(look.run, held.device.site)
            left -= look.in_vain | (_datagrams(held) if whole else frozenset())
            if not left and (held.heard_at or whole):
                return self._moment(look)
        return None

    def _asked_all(self, run: str, site: str) -> bool:
        return self.runs[run].complete and site in (self.runs[run].whole or ())

    def _sibling(self, device: Device, last: int) -> datetime | None:
        """Return since when its recorder, whose list was read again, no longer lists it."""
        recorder, mark, _ = device.address.partition("#")
        if not mark:
            return None
        later = [
            self.runs[run].started
            for (site, place), (_, run) in self.occupants.items()
            if site == device.site and place.startswith(f"{recorder}#") and self.order[run] > last
        ]
        return min(later, default=None)

    def _was_left_out(self, device: Device, last: int) -> bool:
        """Tell whether a later audit of the whole site did not ask it."""
        return any(place > last and self._asked_all(run, device.site) for run, place in self.order.items())

    def _moment(self, look: Look) -> datetime:
        return moment(look.at) or self.runs[look.run].started


def _needed(held: Held) -> frozenset[Door]:
    """Return where a device must be asked in vain before it is silent: its TCP ports, else the others."""
    return frozenset(one for one in held.heard_at if one[0] == "tcp") or held.heard_at


def _datagrams(held: Held) -> frozenset[Door]:
    return frozenset(one for one in held.heard_at if one[0] == "udp")


def keep(store: Store, judging: Judging, *, only_run: str | None = None, all_anew: bool = False) -> None:
    """Conclude and judge what was not yet, of the whole picture, and keep it; what others hold stays as it is."""
    runs = {one.id: one for one in store.runs()}
    plain: list[tuple[int, str, tuple[Finding, ...]]] = []
    others: list[Conclusion] = []
    for held in store.held(only_run):
        if held.is_concluded and held.basis == judging.basis and not all_anew:
            continue
        device = held.device if held.is_concluded else anew(store, held, runs, run=only_run)
        found = judging.of(device)
        if held.is_concluded and held.home:
            plain.append((held.number, held.home, found))
        else:
            others.append(conclusion(held, device, found, judging.kept_as))
    store.all_findings(judging.kept_as, plain)
    store.conclude(others)


def conclusion(held: Held, device: Device, findings: tuple[Finding, ...], basis: str | None) -> Conclusion:
    """Return what the store keeps of a device."""
    return Conclusion(
        held.number, held.home, held.run, held.evidence, device.identity, device.observations, findings, basis
    )


def identify_again(store: Store, run: str | None = None) -> tuple[Change, ...]:
    """Identify stored devices with the rules at hand, keep the result, judge as before, and return what changed."""
    runs = {one.id: one for one in store.runs()}
    changes: list[Change] = []
    kept: list[Conclusion] = []
    for held in store.held(run, with_bytes=True):
        identity, observations = concluded_from(held.device.key, held.device.exchanges, _ages(held, runs))
        changes += changed(held.device.key, held.device.identity, identity)
        device = replace(held.device, identity=identity, observations=observations)
        kept.append(conclusion(held, device, (), None))
    store.conclude(kept)
    if (basis := current_basis(store, store.runs())) is not None:
        keep(store, judging_by(basis, policy=None, today=None, otherwise=utc_now().date()), only_run=run)
    return tuple(changes)
