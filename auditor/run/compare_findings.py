"""What became of findings between two pictures: new, closed, open, accepted, and what nobody asked again."""

from collections.abc import Iterable, Iterator

from auditor.model import Device, Finding, Verdict
from auditor.model.changes import Change, What
from auditor.run.fresh import Fresh


def findings(
    before: Device | None, after: Device | None, fresh: Fresh | None = None, *, left: bool = False
) -> Iterator[Change]:
    """Yield what became of one device's findings that hold or may hold, before or now.

    Without `fresh` the device was not heard: `left` says that it was retired or replaced. A device only the later
    picture holds has new findings alone.
    """
    device = after or before
    assert device is not None
    was, now = _worst(before.findings if before else ()), _worst(after.findings if after else ())
    for name in {**was, **now}:
        old, new = was.get(name), now.get(name)
        if before is None or fresh is not None:
            what, why = _fate(old, new, fresh)
        elif not before.is_present:
            continue  # said when it went
        else:
            what = What.FINDING_LEFT if left else What.FINDING_UNASKED
            why = "" if left else "the device was not heard"
            if old is None or not old.verdict.may_hold:
                continue
        if what is not None:
            yield _entry(device, what, old, new, why)


def _worst(found: Iterable[Finding]) -> dict[str, Finding]:
    """Return findings by id; of several with one id the one that says most."""
    order = {verdict: place for place, verdict in enumerate(Verdict)}
    return {one.id: one for one in sorted(found, key=lambda one: -order[one.verdict])}


def _fate(old: Finding | None, new: Finding | None, fresh: Fresh | None) -> tuple[What | None, str]:
    was_open, is_open = old is not None and old.verdict.may_hold, new is not None and new.verdict.may_hold
    if new is not None and is_open:
        if new.accepted:
            return What.FINDING_ACCEPTED, ""
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
