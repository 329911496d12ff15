"""The work a run leaves, and what became of the work of earlier runs."""

import json
from collections.abc import Iterable
from datetime import date

from auditor.discovery import default_ports
from auditor.knowledge import assess, chosen_policy, knowledge_book, left_open, plan, progress, still_meant
from auditor.knowledge.aftermath import Look
from auditor.model import Device, Run, WorkOrder
from auditor.run.coverage import swept_of
from auditor.run.judge import basis_of
from auditor.store import Store


def work(
    store: Store,
    run: Run,
    devices: Iterable[Device],
    *,
    policy: str,
    today: date,
    scope: str = "scope.toml",
) -> tuple[WorkOrder, ...]:
    """Return the work orders of a run with their state, compared with what was known before it.

    `devices` are those of the run with their findings, `policy` is what those were judged by (see `Basis.name`).
    Each device is compared with the run that heard it last: one that was not heard, or not asked about what was
    found, keeps its work open. Without an earlier run every order is simply open.
    """
    now = {device.key: device for device in devices}
    former = _former(store, run, {*run.sites, *(device.site for device in now.values())}, policy, today)
    if not former:
        return plan(now.values(), scope=scope)
    unfinished = _half_asked(store, run, now)
    heard = {key: device for key, device in now.items() if key not in unfinished}
    carried = left_open(former, heard, Look(_swept(store, run)))
    seen = {*now, *(device.key for device in former)}
    return progress(plan(former, scope=scope), plan([*carried, *now.values()], scope=scope), seen=seen)


def _former(store: Store, run: Run, sites: set[str], policy: str, today: date) -> tuple[Device, ...]:
    """Return the devices of these sites as last heard before this run, with what would still be found of them."""
    book, policies = knowledge_book(), dict[str, bool]()
    none = chosen_policy("none", book)
    found = []
    for name, device in store.former(run.id):
        if device.site in sites:
            if name not in policies:
                policies[name] = _policy_of(store, name) == policy
            judged = assess(device, book=book, policy=none, today=today)
            found.append(still_meant(device, judged, same_policy=policies[name]))
    return tuple(found)


def _policy_of(store: Store, run: str) -> str:
    basis = basis_of(store, run)
    return basis.name if basis else ""


def _swept(store: Store, run: Run) -> frozenset[int]:
    """Return the TCP ports this run tried at every address, none where it swept nothing."""
    if not any(swept_of(event.text).swept for event in store.events(run.id, "swept")):
        return frozenset()
    options = json.loads(store.options(run.id) or "{}")
    ports = options.get("ports") or [port.number for port in default_ports()]
    shift = int(options.get("port_shift") or 0)
    return frozenset(ports) | frozenset(port + shift for port in ports)


def _half_asked(store: Store, run: Run, now: dict[str, Device]) -> frozenset[str]:
    """Return the devices a run that did not end in order had not asked to their end: their silence says nothing."""
    if run.complete:
        return frozenset()
    done = store.keys_of(run.id, (event.subject for event in store.events(run.id, "done")))
    return frozenset(now) - frozenset(done)
