"""Work orders: findings grouped so that one person can do one thing, with an identity that survives re-runs."""

import hashlib
import shlex
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

from auditor.knowledge.account_steps import account_steps
from auditor.knowledge.advise import highest_of
from auditor.knowledge.book import Book, knowledge_book
from auditor.knowledge.remediation import Instruction
from auditor.knowledge.task import NEWEST, Task, apart, tasks
from auditor.model import Device, Finding, WorkOrder

ACCEPTED = "accepted"
"""The state of an order of which nothing is left to do but what the owner accepts."""
_ACTIONS = ("isolate", "close-service", "configure", "update", "investigate", "ask-supplier", "replace")


def plan(
    devices: Iterable[Device],
    *,
    book: Book | None = None,
    scope: str = "scope.toml",
    are_sites_told_apart: bool = False,
) -> tuple[WorkOrder, ...]:
    """Return the work that the findings of these devices ask for, the most urgent first.

    Each device brings its own findings. `scope` is the file named in the commands that check the result; with
    `are_sites_told_apart` they name the site too, since one address may exist at several.
    """
    book = book or knowledge_book()
    groups: dict[tuple[str, str, str], list[Task]] = {}
    for device in devices:
        for task in apart([task for finding in device.findings for task in tasks(device, finding)]):
            groups.setdefault((device.site, task.action, task.key), []).append(task)
    orders = [
        _with_accepted(
            key, group, book, ["--scope", scope, *(["--site", key[0]] if are_sites_told_apart else [])]
        )
        for key, group in groups.items()
    ]
    return tuple(sorted(orders, key=_urgency))


def _urgency(order: WorkOrder) -> tuple[int, int, int, str, str]:
    return -order.priority.rank, _ACTIONS.index(order.action), -len(order.devices), order.site, order.id


def identity(site: str, action: str, key: str) -> str:
    """Return the name of an order: the same work at the same site keeps it from run to run."""
    digest = hashlib.sha256(f"{site}\0{action}\0{key}".encode()).hexdigest()
    return f"wo-{digest[:12]}"


def _with_accepted(
    key: tuple[str, str, str], group: Sequence[Task], book: Book, scope: Sequence[str]
) -> WorkOrder:
    """Return an order for what is not accepted, which names the devices where all of it is; or one where nothing is left."""
    left = [task for task in group if task.finding.accepted is None]
    order = _order(key, left or group, book, scope)
    accepted = tuple(dict.fromkeys(task.device.key for task in group if task.device.key not in order.devices))
    if left:
        return replace(order, accepted=accepted)
    return replace(order, devices=(), accepted=order.devices, check="", state=ACCEPTED)


def _order(key: tuple[str, str, str], group: Sequence[Task], book: Book, scope: Sequence[str]) -> WorkOrder:
    site, action, _ = key
    devices = {task.device.key: task.device for task in group}
    urgent = _leading([task.finding for task in group])
    instruction, words = _instruction(group, book), _words(group, devices, book, site)
    inside = [device for device in devices.values() if device.granted]
    addresses = sorted({host_of(device.behind or device.address) for device in inside})
    is_told_by_recorder = any("#" in device.address for device in inside)
    return WorkOrder(
        id=identity(*key),
        action=action,
        title=_filled(instruction.title, words),
        site=site,
        devices=tuple(devices),
        priority=urgent.priority,
        priority_reason=urgent.priority_reason,
        effort=instruction.effort,
        steps=(
            *account_steps(instruction, devices.values()),
            *(_filled(step, words) for step in instruction.steps_for(_maker(group))),
        ),
        check=_check(addresses, scope, with_account=is_told_by_recorder),
        findings=tuple(dict.fromkeys(f"{task.device.key} {task.finding.id}" for task in group)),
        target=words["target"] if action == "update" else words["what"],
    )


def _leading(findings: Sequence[Finding]) -> Finding:
    return max(findings, key=lambda one: (one.priority.rank, one.severity.rank))


def _instruction(group: Sequence[Task], book: Book) -> Instruction:
    name = group[0].instruction or group[0].action
    return next(one for one in book.instructions if one.action == name)


def _maker(group: Sequence[Task]) -> str | None:
    """Return the maker when all devices share one: its own hints are of no use to others."""
    makers = {task.device.identity.value("maker") for task in group}
    return makers.pop() if len(makers) == 1 else None


def _words(group: Sequence[Task], devices: dict[str, Device], book: Book, site: str) -> dict[str, str]:
    maker, first = _maker(group), group[0]
    goal = highest_of([task.goal for task in group if task.goal is not None])
    menus = {dict(task.finding.facts).get("menu", "") for task in group}
    menu = menus.pop() if len(menus) == 1 else ""
    model, remedy = first.what, next((task.remedy for task in group if task.remedy), first.finding.remedy)
    return {
        "count": str(len(devices)),
        "devices": "1 device" if len(devices) == 1 else f"{len(devices)} devices",
        "model": model if first.action in {"update", "isolate"} else "",
        "maker": book.written(maker) if maker else "several makers'",
        "site": site,
        "target": f"{goal} or later" if goal else NEWEST,
        "what": first.what,
        "menu": f": {menu}" if menu else "",
        "remedy": remedy,
    }


def _filled(text: str, words: dict[str, str]) -> str:
    """Fill in {names}; values come from devices too, so nothing in them is filled in again."""
    parts = text.split("{")
    filled = [parts[0]]
    for part in parts[1:]:
        name, closed, rest = part.partition("}")
        filled.append(words.get(name, f"{{{name}}}") + rest if closed else "{" + part)
    return "".join(filled)


CREDENTIALS = "credentials.toml"
"""The file named in commands that need the owner's account."""


def host_of(place: str) -> str:
    """Return the address to scan for a place: that of the recorder a camera hangs behind, or that several share."""
    at = place.partition("#")[0].partition("/")[0]
    if at.startswith("["):
        return at[1:].partition("]")[0]
    return at.partition(":")[0] if at.count(":") == 1 else at


def _check(addresses: Sequence[str], scope: Sequence[str], *, with_account: bool) -> str:
    if not addresses:
        return ""
    account = ["--credentials", CREDENTIALS] if with_account else []
    return shlex.join(["auditor", "scan", *scope, *account, *addresses])


def progress(
    here: Iterable[WorkOrder],
    absent: Iterable[WorkOrder],
    done: Iterable[WorkOrder],
    *,
    known: Collection[str] = (),
) -> tuple[WorkOrder, ...]:
    """Return one order for each work, with what is to do, what is done, and at whom nobody can look.

    `here` is the work at devices that are there, `absent` that at devices nobody heard, `done` what was settled.
    `known` are the findings (`device id`) of earlier runs: an order none of whose findings was known then is new.
    """
    away, settled = {order.id: order for order in absent}, {order.id: order for order in done}
    merged = [_merged(order, away.get(order.id), settled.get(order.id), known) for order in here]
    seen = {order.id for order in merged}
    merged += [
        _merged(replace(order, devices=()), order, settled.get(order.id), known)
        for order in away.values()
        if order.id not in seen
    ]
    seen |= set(away)
    merged += [
        replace(order, devices=(), done=order.devices, accepted=(), state="done")
        for order in settled.values()
        if order.id not in seen
    ]
    return tuple(merged)


def _merged(
    order: WorkOrder, away: WorkOrder | None, settled: WorkOrder | None, known: Collection[str]
) -> WorkOrder:
    unheard = tuple(key for key in away.devices if key not in order.devices) if away else ()
    word = dict.fromkeys((*order.accepted, *(away.accepted if away else ())))
    accepted = tuple(key for key in word if key not in {*order.devices, *unheard})
    left = {*order.devices, *unheard, *accepted}
    done = tuple(key for key in settled.devices if key not in left) if settled else ()
    findings = tuple(dict.fromkeys((*order.findings, *(away.findings if away else ()))))
    is_new = bool(known) and not any(pair in known for pair in findings)
    if not order.devices and not unheard:
        state = ACCEPTED
    elif not order.devices:
        state = "not heard"
    else:
        state = "partly done" if done else "new" if is_new else "open"
    return replace(order, unheard=unheard, done=done, accepted=accepted, findings=findings, state=state)
