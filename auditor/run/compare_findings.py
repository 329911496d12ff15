"""What became of findings between two pictures: new, closed, open, accepted, and what nobody asked again."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from auditor.model import Device, Exchange, Finding, State, Verdict
from auditor.model.changes import Change, What
from auditor.run.fresh import Fresh, are_listed, grounds_of


def findings(
    before: Device | None,
    after: Device | None,
    fresh: Fresh | None = None,
    *,
    left: bool = False,
) -> Iterator[Change]:
    """Yield what became of one device's findings that hold or may hold, before or now.

    Without `fresh` the device was not heard: `left` says that it was retired or replaced. For a device that
    only the later picture holds see `findings_of_new`.
    """
    device = after or before
    assert device is not None
    was, now = _worst(before.findings if before else ()), _worst(after.findings if after else ())
    for name in {**was, **now}:
        old, new = was.get(name), now.get(name)
        said = "" if left else "the device was not heard"
        if fresh is not None:
            what, said = _fate(old, new, fresh)
        elif before is None or not before.is_present:
            continue  # said when it went
        else:
            what = What.FINDING_LEFT if left else What.FINDING_UNASKED
            if old is None or not old.verdict.may_hold:
                continue
        if what is not None:
            yield _entry(device, what, old, new, said)


def findings_of_new(device: Device, since: datetime | None) -> Iterator[Change]:
    """Yield what is to be said of the findings of a device that only the later picture holds.

    They are new where the device is there and something newer than `since` shows them: the moment up to which the
    earlier picture knew the site, None where it did not know it. What came and went again left nothing open that
    anybody could look at; what older evidence shows did not come up since.
    """
    for one in _worst(device.findings).values():
        if one.verdict.may_hold:
            what, why = _fate_of_new(device, one, since)
            yield _entry(device, what, None, one, why)


def _fate_of_new(device: Device, finding: Finding, since: datetime | None) -> tuple[What, str]:
    is_new = is_newer(grounds_of(finding), since)
    told = "it was found since" if is_new else "it is known from older evidence that came in later"
    if device.is_retired or device.standing.state is State.REPLACED:
        return (
            What.FINDING_LEFT,
            f"{told}, and the device is {'retired' if device.is_retired else 'replaced'} now",
        )
    if device.standing.state is State.SILENT:
        return What.FINDING_UNASKED, f"{told}, and the device was silent when last asked"
    if not is_new:
        return What.FINDING_UNASKED, told
    if are_listed(grounds_of(finding)):
        return What.FINDING_UNASKED, "a list alone says so"
    return (What.FINDING_ACCEPTED if finding.accepted else What.FINDING_NEW), ""


def is_newer(exchanges: Iterable[Exchange], since: datetime | None) -> bool:
    """Tell whether any of these exchanges was made after a moment; so is what rests on none, and all after None."""
    told = tuple(exchanges)
    return since is None or not told or any(one.at and one.at > since for one in told)


def _worst(found: Iterable[Finding]) -> dict[str, Finding]:
    """Return findings by id; of several with one id the one that says most."""
    order = {verdict: place for place, verdict in enumerate(Verdict)}
    return {one.id: one for one in sorted(found, key=lambda one: -order[one.verdict])}


def _fate(old: Finding | None, new: Finding | None, fresh: Fresh | None) -> tuple[What | None, str]:
    was_open, is_open = old is not None and old.verdict.may_hold, new is not None and new.verdict.may_hold
    if new is not None and is_open:
        if new.accepted:
            return What.FINDING_ACCEPTED, ""
        if not was_open and fresh is not None and fresh.rests_on_lists(new):
            return (
                What.FINDING_UNASKED,
                "a list, or older evidence that came in later, says so; not asked since",
            )
        if not was_open:
            return What.FINDING_NEW, "could not be assessed before" if _is_unassessed(old) else ""
        if fresh is None or fresh.asked_any_of(new):
            return What.FINDING_OPEN, ""
        return What.FINDING_UNASKED, ""
    if old is None or not was_open:
        return None, ""
    return _closed(old, new, fresh)


def _closed(old: Finding, new: Finding | None, fresh: Fresh | None) -> tuple[What, str]:
    if new is not None and new.verdict is Verdict.NOT_AFFECTED:
        if fresh is not None and fresh.rests_on_lists(new):
            return What.FINDING_UNASKED, "a list, or older evidence that came in later, says otherwise"
        return What.FINDING_CLOSED, new.reason
    if _is_unassessed(new):
        return What.FINDING_UNASKED, "cannot be told now"
    if fresh is not None and fresh.asked_all_of(old):
        return What.FINDING_CLOSED, "asked again, and not found any more"
    return What.FINDING_UNASKED, "not found now, but not everything it rests on was asked again"


def _is_unassessed(finding: Finding | None) -> bool:
    return finding is not None and finding.verdict is Verdict.NOT_ASSESSED


def _entry(device: Device, what: What, old: Finding | None, new: Finding | None, why: str) -> Change:
    shown = (old or new) if what is What.FINDING_CLOSED else (new or old)
    assert shown is not None
    return Change(
        what,
        device.key,
        device.site,
        device.address,
        device.identity.value("maker") or "",
        device.identity.value("model") or "",
        shown.id,
        old.verdict.value if old else "",
        new.verdict.value if new else "",
        shown.title,
        why,
    )
