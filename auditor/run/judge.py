"""Judging what is known against advisories, exposures and a policy, and keeping the findings."""

from dataclasses import replace
from datetime import date

from auditor.garbage import seldom_collected
from auditor.knowledge import with_shared_marks
from auditor.model import Device, Finding
from auditor.run.accounts import with_accounts
from auditor.run.basis import EVENT, Basis, Judging, basis_of, basis_text, current_basis, judging_by
from auditor.run.execute import utc_now
from auditor.run.picture import keep, standing
from auditor.run.settled import settled
from auditor.store import Store

__all__ = ["Basis", "basis_of", "judge", "keep_judged"]


def judge(store: Store, run: str, *, today: date, policy: str | None = None) -> tuple[Finding, ...]:
    """Conclude and assess what a run added to the picture, keep it, and return the findings of the devices it heard.

    Without a policy the one the database was judged by last counts: a re-check must not forget which instruments
    apply. Devices that nothing new is known of keep their findings as they are, unless the policy is another one.
    """
    before = current_basis(store, store.runs())
    judging = judging_by(before, policy=policy, today=today, otherwise=today)
    with seldom_collected():
        keep_judged(store, run, judging)
        found = _heard(store, run, judging)
    told = with_accounts(store, found, (run,))
    if words := settled(told, judging).words:
        known = store.run(run)
        store.finish(replace(known, notes=tuple(dict.fromkeys((*known.notes, words)))))
    return tuple(finding for one in found for finding in one.findings)


def _heard(store: Store, run: str, judging: Judging) -> tuple[Device, ...]:
    """Return the devices that a run heard, as the picture shows them: with the marks they share with any other."""
    found = list(store.held())
    heard = {one.device.key for one in found if any(look.heard for look in one.looks if look.run == run)}
    seen = with_shared_marks(standing(store, store.runs(), None, ((one, one.device) for one in found)))
    return tuple(judging.on(one, judging.today) for one in seen if one.key in heard)


def keep_judged(
    store: Store, run: str, judging: Judging, *, only_run: str | None = None, all_anew: bool = False
) -> None:
    """Judge what was not judged by this yet, keep it, and write down by what in the log of the run."""
    keep(store, judging, only_run=only_run, all_anew=all_anew)
    basis = judging.made
    store.event(run, utc_now(), EVENT, basis.name, basis_text(basis))
    store.flush()
