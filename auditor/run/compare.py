"""Two pictures side by side: what became of each device, and what nobody looked at again."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime

from auditor.fingerprint import vocabulary
from auditor.model import Certainty, Claim, Device, State
from auditor.model.changes import Change, Changes, Side, What, in_order
from auditor.run.compare_findings import findings, findings_of_new, is_newer
from auditor.run.fresh import Fresh, Looked, Port, are_listed, is_listed, ports_of
from auditor.run.pairing import Pair, pairs
from auditor.run.picture import Picture

_OFF = frozenset({State.SILENT, State.REPLACED})
_NEVER_ALIKE = frozenset({"clock"})
"""Claims that differ each time they are told."""
_NOTHING = Looked()


def compare(
    before: Picture, after: Picture, *, looked: Looked = _NOTHING, same_store: bool = True
) -> Changes:
    """Return what became of the devices of the earlier picture, and what is new in the later one.

    Only devices inside the scope count. A device is called gone, silent or replaced only where somebody said so
    or looked; a claim changed only where both pictures hold it; a service or finding closed only where the
    question was put again. `looked` says which ports sweeps tried; `same_store` whether keys mean the same.
    """
    same_rules = before.run.data_digest == after.run.data_digest
    found = pairs(
        _inside(before.devices), _inside(after.devices), same_store=same_store, same_rules=same_rules
    )
    comparison = _Comparison(before, after, looked)
    entries = [entry for pair in found for entry in comparison.of(pair)]
    places = {one.after: one.device for one in entries if one.what is What.REPLACED and one.after}
    return Changes(
        side(before),
        side(after),
        in_order(_placed(entries, places)),
        comparison.known(pair.before for pair in found),
    )


def side(picture: Picture) -> Side:
    """Return which picture it is: its newest run, its moment, its policy, and whether that run audited a site whole."""
    run = picture.run
    return Side(
        run.id,
        run.moment,
        policy=picture.basis.name if picture.basis else "",
        is_whole=bool(audited_by(picture)),
    )


def audited_by(picture: Picture) -> frozenset[str]:
    """Return the sites that the newest run of a picture audited whole."""
    run = picture.run
    ended = run.moment
    return frozenset(site for site, at in picture.audited.items() if at and run.started <= at <= ended)


def _known_until(picture: Picture) -> dict[str, datetime]:
    """Return for each site when somebody there was heard last, as far as a picture knows; lists heard nobody."""
    last: dict[str, datetime] = {}
    for device in picture.devices:
        for one in device.exchanges:
            if one.at and one.status.is_heard and not is_listed(one):
                last[device.site] = max(last.get(device.site, one.at), one.at)
    return last


def _inside(devices: Iterable[Device]) -> Iterator[Device]:
    return (one for one in devices if one.granted)


def _placed(entries: Iterable[Change], places: Mapping[str, str]) -> Iterator[Change]:
    """Say of new devices whose place they took."""
    for entry in entries:
        if entry.what is What.NEW and entry.device in places:
            yield replace(entry, before=places[entry.device])
        else:
            yield entry


class _Comparison:
    """What all devices of two pictures are compared by; counts who was asked again."""

    def __init__(self, before: Picture, after: Picture, looked: Looked) -> None:
        self._before = before
        self._after = after
        self._looked = looked
        self._by_key = {one.key: one for one in after.devices}
        self._by_place = {(one.site, one.address): one for one in after.devices if one.is_present}
        self._moment = side(before).at
        self._same_rules = before.run.data_digest == after.run.data_digest
        self._known_until = _known_until(before)
        self._asked = Counter[str]()

    def known(self, devices: Iterable[Device | None]) -> tuple[tuple[str, int, int], ...]:
        """Count by site the devices known before, and those of them that were asked again."""
        counts = Counter(one.site for one in devices if one is not None)
        return tuple((site, counts[site], self._asked[site]) for site in sorted(counts))

    def of(self, pair: Pair) -> Iterator[Change]:
        """Yield what is to be said of one device."""
        if pair.after is None:
            assert pair.before is not None
            yield from self._absent(pair.before)
        elif pair.before is None:
            yield self._new(pair.after)
            yield from findings_of_new(pair.after, self._known_until.get(pair.after.site))
        else:
            yield from self._both(pair.before, pair.after)

    def _absent(self, device: Device) -> Iterator[Change]:
        """Say of a device the later picture does not hold who answers in its place, else that nobody knows."""
        if not device.is_present:
            return
        other = self._by_place.get((device.site, device.address))
        if other is not None:
            self._asked[device.site] += 1
            yield _entry(device, What.REPLACED, after=other.key, detail=f"now {_called(other)}")
            yield from findings(device, None, left=True)
            return
        why = "not in the later picture; whether its address was asked is not known"
        yield _entry(device, What.NOT_ASKED, detail=why, since=device.last_seen)
        yield from findings(device, None, left=False)

    def _new(self, device: Device) -> Change:
        heard = [one for one in device.exchanges if one.status.is_heard]
        if not is_newer(heard, self._known_until.get(device.site)):
            return _entry(device, What.LEARNT, since=device.last_seen)
        first = self._before.audited.get(device.site) is None
        why = "its site had not been audited whole before" if first else ""
        if device.is_retired:
            why = _joined(why, "retired since")
        elif are_listed(heard):
            why = _joined(why, "known from a list alone")
        elif device.standing.state is not State.HEARD:
            why = _joined(why, f"{device.standing.state.value} since")
        return _entry(device, What.NEW, detail=why, since=device.first_seen)

    def _both(self, before: Device, after: Device) -> Iterator[Change]:
        fresh = Fresh(
            before,
            after,
            self._looked.before.get(before.key, frozenset()),
            self._looked.since.get(after.key, frozenset()),
        )
        absence = self._absence(before, after)
        looked_for = absence in {What.SILENT, What.REPLACED} or self._is_off_as_before(after)
        self._asked[before.site] += fresh.is_asked or looked_for
        if absence is not None:
            yield self._gone(absence, after)
            yield from findings(before, after, left=absence is not What.SILENT)
        elif after.is_present or fresh.is_heard:
            yield from self._there(before, after, fresh)

    def _absence(self, before: Device, after: Device) -> What | None:
        if after.is_retired:
            return What.GONE if not before.is_retired else None
        if before.is_present and after.standing.state is State.SILENT:
            return What.SILENT
        if after.standing.state is State.REPLACED and before.standing.state is not State.REPLACED:
            return What.REPLACED
        return None

    def _is_off_as_before(self, after: Device) -> bool:
        audited = self._after.audited.get(after.site)
        return after.standing.state in _OFF and audited is not None and audited > self._moment

    def _gone(self, what: What, after: Device) -> Change:
        if what is What.GONE and after.retired is not None:
            word = after.retired
            said = _joined(word.reason, f"said by {word.by}" if word.by else "")
            return _entry(after, what, after=word.replaced_by, detail=said, since=word.at)
        if what is What.REPLACED:
            other = self._by_key.get(after.standing.by) or self._by_place.get((after.site, after.address))
            named = f"now {_called(other)}" if other else ""
            by = other.key if other else after.standing.by
            return _entry(after, what, after=by, detail=named, since=after.standing.since)
        return _entry(after, what, since=after.standing.since)

    def _there(self, before: Device, after: Device, fresh: Fresh) -> Iterator[Change]:
        if not fresh.is_asked:
            yield _entry(after, What.NOT_ASKED, since=after.last_seen)
        if _is_back_from_retirement(before, after):
            yield _retired_back(after)
        elif not before.is_present and fresh.is_heard:
            yield _entry(after, What.BACK, since=after.last_seen)
        if fresh.is_heard:
            yield from _moved(before, after)
            yield from _claims(before, after, fresh, same_rules=self._same_rules)
        if fresh.is_asked:
            yield from _services(before, after, fresh)
        yield from findings(before, after, fresh)


def _is_back_from_retirement(before: Device, after: Device) -> bool:
    """Tell whether it was heard after the day somebody retired it, which the earlier picture did not know yet."""
    return after.retired is not None and (before.retired is None or before.is_retired)


def _retired_back(after: Device) -> Change:
    assert after.retired is not None
    word = after.retired
    said = f"retired on {word.at:%Y-%m-%d}{f' by {word.by}' if word.by else ''}"
    return _entry(after, What.RETIRED_BACK, detail=_joined(said, word.reason), since=after.last_seen)


def _moved(before: Device, after: Device) -> Iterator[Change]:
    was, now = (before.site, before.behind or before.address), (after.site, after.behind or after.address)
    if was != now:
        names = ("/".join(was), "/".join(now)) if was[0] != now[0] else (was[1], now[1])
        yield _entry(after, What.MOVED, before=names[0], after=names[1])


def _claims(before: Device, after: Device, fresh: Fresh, *, same_rules: bool) -> Iterator[Change]:
    names = {one.name: None for one in (*before.identity.claims, *after.identity.claims)}
    for name in names:
        was, now = before.identity.claim(name), after.identity.claim(name)
        if name in _NEVER_ALIKE or (was and now and was.value == now.value):
            continue
        if was and now:
            why = _reread(was, now, same_rules=same_rules)
            what = What.CLAIM_REREAD if why else What.CLAIM_CHANGED
            yield _entry(after, what, about=name, before=was.value, after=now.value, detail=why)
        elif now:
            yield _entry(after, What.CLAIM_TOLD, about=name, after=now.value)
        elif was:
            why = "" if fresh.was_answered(was) else "its question was not put again"
            yield _entry(after, What.CLAIM_UNTOLD, about=name, before=was.value, detail=why)


def _is_hint(claim: Claim) -> bool:
    return claim.certainty is Certainty.TENTATIVE


def _said(claim: Claim) -> frozenset[tuple[str, str]]:
    return frozenset((one.observation.field, one.observation.value) for one in claim.because)


def _reread(was: Claim, now: Claim, *, same_rules: bool) -> str:
    """Return why two values need not mean that the device changed, "" where they do."""
    if _is_hint(was) or _is_hint(now):
        return "the earlier value was a mere hint" if _is_hint(was) else "the later value is a mere hint"
    said = _said(was)
    if said and said == _said(now) and not same_rules:
        return "the device said the same as before, and newer rules read it otherwise"
    return ""


def _services(before: Device, after: Device, fresh: Fresh) -> Iterator[Change]:
    was, now = ports_of(before), (ports_of(after) | fresh.answering) - fresh.closed
    for port in sorted(now - was, key=_place):
        known = port in fresh.not_there_before
        yield _entry(after, What.OPENED if known else What.OPEN_FIRST, about=_port(port))
    for port in sorted(was & fresh.closed, key=_place):
        yield _entry(after, What.CLOSED, about=_port(port))
    swept = {("tcp", number) for number in fresh.swept}
    for port in sorted(was - fresh.closed - fresh.answering - (swept & now), key=_place):
        yield _entry(after, What.SERVICE_UNASKED, about=_port(port))


def _place(port: Port) -> tuple[int, str]:
    return port[1], port[0]


def _port(port: Port) -> str:
    return f"{port[1]}/{port[0]}"


def _entry(
    device: Device,
    what: What,
    *,
    about: str = "",
    before: str = "",
    after: str = "",
    detail: str = "",
    since: datetime | None = None,
) -> Change:
    maker, model = device.identity.value("maker") or "", device.identity.value("model") or ""
    return Change(
        what, device.key, device.site, device.address, maker, model, about, before, after, "", detail, since
    )


def _called(device: Device) -> str:
    maker = device.identity.value("maker")
    words = (vocabulary().maker(maker) if maker else "", device.identity.value("model"))
    return " ".join(word for word in words if word) or "a device not identified"


def _joined(*parts: str) -> str:
    return "; ".join(part for part in parts if part)
