"""The work that the picture leaves, and what became of the work of earlier runs."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import partial

from auditor.knowledge import is_settled, knowledge_book, plan, progress
from auditor.knowledge.assess import assess
from auditor.model import MAY_HOLD, Device, Finding, FindingKind, Verdict, WorkOrder
from auditor.run.basis import basis_of, judging_by
from auditor.run.picture import Picture, concluded
from auditor.store import Judgement, Store


def work(store: Store, picture: Picture, *, scope: str = "scope.toml") -> tuple[WorkOrder, ...]:
    """Return the work orders of a picture with their state.

    What a device was found to have, and by a newer answer to the same questions has no longer, is done; so is what was
    asked of a device that somebody retired. A device that is silent or replaced keeps its work, in a list of its own.
    What can no longer be told stays open.
    """
    devices = {device.key: device for device in picture.devices}
    done, left = _aftermath(store, picture, devices)
    done += [device for device in devices.values() if device.is_retired]
    staying = [device for device in devices.values() if not device.is_retired]
    here = [device for device in (*staying, *left) if device.is_present]
    absent = [device for device in (*staying, *left) if not device.is_present]
    known = frozenset(
        f"{one.key} {one.id}" for one in store.judgements([*MAY_HOLD, Verdict.NOT_ASSESSED])
        if one.run != picture.run.id and one.run in _names(picture)
    )  # fmt: skip
    settled = [_without_word(device) for device in done]
    sites = {site for run in picture.runs for site in run.sites} | {one.site for one in devices.values()}
    made = partial(plan, scope=scope, are_sites_told_apart=len(sites) > 1)
    return progress(made(here), made(absent), made(settled), known=known)


def _without_word(device: Device) -> Device:
    """Return a device as if nobody had accepted anything: what is settled is done, accepted or not."""
    return replace(device, findings=tuple(replace(one, accepted=None) for one in device.findings))


def _names(picture: Picture) -> frozenset[str]:
    return frozenset(run.id for run in picture.runs)


def _aftermath(
    store: Store, picture: Picture, devices: dict[str, Device]
) -> tuple[list[Device], list[Device]]:
    """Return earlier devices with those findings that are settled now, and with those of which nobody can tell."""
    done: list[Device] = []
    left: list[Device] = []
    for one in _gone(store, picture, devices):
        now = devices[one.key]
        for past in store.past_findings(one):
            then = _then(store, one)
            if then is None or not _is_still_meant(store, picture, one, then, past.finding):
                continue
            settled = is_settled(past.finding, past.exchanges, now)
            shown = replace(
                then, address=now.address, site=now.site, standing=now.standing, granted=now.granted,
                findings=(past.finding,),
            )  # fmt: skip
            (done if settled else left).append(_as_accepted_now(picture, shown))
    return done, left


def _as_accepted_now(picture: Picture, device: Device) -> Device:
    """Return an earlier device with what the owner accepts now."""
    if picture.judging is None or picture.day is None:
        return _without_word(device)
    return picture.judging.on(device, picture.day)


def _gone(store: Store, picture: Picture, devices: dict[str, Device]) -> Iterator[Judgement]:
    """Yield the newest judgement of each finding that was open once and is not found as surely now."""
    now = {
        (key, one.id, verdict)
        for key, device in devices.items()
        for one in device.findings
        for verdict in (MAY_HOLD if one.verdict is Verdict.AFFECTED else (one.verdict,))
    }
    names, last = _names(picture), dict[tuple[str, str, str], Judgement]()
    for one in store.judgements(MAY_HOLD):
        name = (one.key, one.id, one.verdict)
        if one.run in names and one.key in devices and name not in now:
            last[name] = one
    return (one for one in last.values() if not devices[one.key].is_retired)


def _then(store: Store, one: Judgement) -> Device | None:
    """Return the device as that run alone heard it."""
    held = store.held(one.run, numbers=(one.number,))
    return next((device for _, device in concluded(store, held, None, run=one.run)), None)


def _is_still_meant(store: Store, picture: Picture, one: Judgement, then: Device, finding: Finding) -> bool:
    """Tell whether today's knowledge and policy would still make that finding of what was said then.

    What vanished because a record or the policy changed is nobody's work done.
    """
    if finding.kind is FindingKind.RESTRICTION:
        basis = basis_of(store, one.run)
        return basis is not None and picture.basis is not None and basis.name == picture.basis.name
    judging = judging_by(picture.basis, policy="none", today=None, otherwise=picture.run.started.date())
    found: Iterable[Finding] = assess(
        then, book=knowledge_book(), policy=None, today=judging.today, latest=judging.latest
    )
    return any(each.id == finding.id and each.verdict is not Verdict.NOT_AFFECTED for each in found)
