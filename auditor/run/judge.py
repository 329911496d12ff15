"""Judging what a run found against advisories, exposures and a policy, and keeping the findings."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from datetime import date

from auditor.knowledge import FirmwareIndex, Policy, assess, chosen_policy, knowledge_book
from auditor.model import Device, Finding, Verdict
from auditor.run.accounts import with_accounts
from auditor.run.execute import utc_now
from auditor.run.garbage import seldom_collected
from auditor.run.settled import settled
from auditor.store import Store

_COUNTS = frozenset({Verdict.AFFECTED, Verdict.POSSIBLY_AFFECTED})
_EVENT = "judged"


@dataclass(frozen=True, slots=True)
class Basis:
    """By what a run was judged: the policy, the day asked for, and the day of the newest advisory record."""

    policy: str
    version: str = ""
    title: str = ""
    as_of: str = ""
    compiled: str = ""
    instruments: tuple[tuple[str, str], ...] = ()
    """(id, title) of every instrument of the policy."""

    @property
    def name(self) -> str:
        """The policy with its version, as findings cite it."""
        return f"{self.policy} {self.version}".strip()


def judge(store: Store, run: str, *, today: date, policy: str | None = None) -> tuple[Finding, ...]:
    """Assess every device of a run, keep its findings and return them all.

    Devices outside the scope and devices nobody identified are judged by what they showed, like all others.
    """
    book = knowledge_book()
    chosen = chosen_policy(policy or "none", book)
    with seldom_collected():
        found = tuple(judged(with_accounts(store, store.devices(run, with_bytes=False), run), chosen, today))
        keep(store, run, found, chosen, today)
    if words := settled(found, chosen, today).words:
        known = store.run(run)
        store.finish(replace(known, notes=tuple(dict.fromkeys((*known.notes, words)))))
    return tuple(finding for device in found for finding in device.findings)


def judged(
    devices: Iterable[Device], policy: Policy, today: date, latest: FirmwareIndex | None = None
) -> Iterator[Device]:
    """Yield the devices with what is to be said of each."""
    book = knowledge_book()
    for device in devices:
        found = assess(device, book=book, policy=policy, today=today, latest=latest)
        yield replace(device, findings=found)


def keep(store: Store, run: str, devices: tuple[Device, ...], policy: Policy, today: date) -> None:
    """Put the findings of devices in place of what the run held of them, and write down by what they were made."""
    store.all_findings(run, ((device.key, device.findings) for device in devices))
    basis = basis_for(policy, today)
    store.event(run, utc_now(), _EVENT, basis.name, json.dumps(asdict(basis)))
    store.flush()


def basis_for(policy: Policy, today: date) -> Basis:
    """Return what to write down of a judgement by this policy, as of this day."""
    return Basis(
        policy.name,
        policy.version,
        policy.title,
        today.isoformat(),
        knowledge_book().compiled.isoformat(),
        tuple((one.id, one.title) for one in policy.restrictions),
    )


def basis_of(store: Store, run: str) -> Basis | None:
    """Return by what a run was judged last, None where nobody wrote it down."""
    events = store.events(run, _EVENT)
    if not events:
        return None
    form = json.loads(events[-1].text)
    return Basis(**{**form, "instruments": tuple((name, title) for name, title in form["instruments"])})


def worst(findings: tuple[Finding, ...]) -> int:
    """Return the rank of the worst finding that holds or may hold; 0 for none."""
    return max((one.severity.rank for one in findings if one.verdict in _COUNTS), default=0)
