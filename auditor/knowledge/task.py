"""Which single thing one finding asks somebody to do."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from auditor.knowledge.firmware import Point
from auditor.knowledge.restrict import binds
from auditor.knowledge.shared_mark import SHARED
from auditor.model import Device, Finding, FindingKind, Verdict

OUTSIDE = "outside-site"
"""The exposure of a device that answered from outside the scope."""
NEWEST = "the newest firmware of the maker"
_ON_THE_DEVICE = "read it with credentials"


@dataclass(frozen=True, slots=True)
class Task:
    """What is to be done on one device because of one finding."""

    action: str
    key: str
    """What devices with the same work share, apart from the site: model, service, question."""
    what: str
    device: Device
    finding: Finding
    instruction: str = ""
    """Name of the instruction, where it is not that of the action."""
    goal: Point | None = None
    remedy: str = ""


def _maker(device: Device) -> str:
    return device.identity.value("maker") or "unknown maker"


def _model(device: Device) -> str:
    identity = device.identity
    return identity.value("model") or identity.value("base_model") or "model unknown"


def _goal(finding: Finding) -> Point | None:
    facts = dict(finding.facts)
    version, build = facts.get("fixed version"), facts.get("fixed build")
    return Point(version, date.fromisoformat(build) if build else None) if version or build else None


def tasks(device: Device, finding: Finding) -> tuple[Task, ...]:
    """Return what a finding asks for; nothing where it is for information only."""
    if finding.verdict is Verdict.NOT_AFFECTED or not (device.granted or finding.id == OUTSIDE):
        return ()  # whoever is responsible for a device outside the scope must be found before work is given out
    match finding.kind:
        case FindingKind.ADVISORY:
            return _advisory(device, finding)
        case FindingKind.RESTRICTION:
            return _restriction(device, finding)
        case FindingKind.EXPOSURE:
            return _exposure(device, finding)
        case FindingKind.LIFECYCLE:
            return _lifecycle(device, finding)


def apart(found: Sequence[Task]) -> tuple[Task, ...]:
    """Return a device's tasks; an update that nothing but age asks for is work of its own.

    Who has the firmware that closes the faults of a model is not told to update to it.
    """
    goals = {
        task.key
        for task in found
        if task.action == "update" and task.finding.kind is not FindingKind.LIFECYCLE
    }
    return tuple(
        replace(task, key=f"{task.key}|age")
        if task.action == "update" and task.finding.kind is FindingKind.LIFECYCLE and task.key not in goals
        else task
        for task in found
    )


def _question(device: Device, finding: Finding) -> Task:
    """Return the task of finding a missing fact: on the device where it can be read, else with the supplier."""
    what = finding.settles
    if "ask the supplier" in what:
        plain = what.replace(": ask the supplier", "").replace("ask the supplier ", "")
        return Task("ask-supplier", f"{_maker(device)}|{plain}", plain, device, finding)
    return Task("investigate", f"{_maker(device)}|{what}", what.partition(":")[0], device, finding)


def _advisory(device: Device, finding: Finding) -> tuple[Task, ...]:
    facts, line = dict(finding.facts), f"{_maker(device)}|{_model(device)}"
    goal, remedy = _goal(finding), facts.get("remedy", "")
    if finding.verdict is Verdict.NOT_ASSESSED or _ON_THE_DEVICE in finding.settles:
        return (_question(device, finding),)
    possible = finding.verdict is Verdict.POSSIBLY_AFFECTED
    if possible and goal is None and finding.settles:
        return (_question(device, finding),)
    done: list[Task] = []
    if remedy == "replace" or (facts.get("exploitation") == "known" and goal is None and remedy == "update"):
        done.append(Task("isolate", line, _model(device), device, finding))
    if remedy == "replace":
        done.append(Task("replace", _maker(device), _model(device), device, finding))
    elif remedy == "configure":
        done.append(Task("configure", finding.id, finding.title, device, finding, remedy=finding.remedy))
    elif remedy == "patch":
        done.append(Task("update", f"{line}|patch", _model(device), device, finding, instruction="patch"))
    elif remedy:
        done.append(Task("update", line, _model(device), device, finding, instruction=remedy, goal=goal))
    return tuple(done)


def _restriction(device: Device, finding: Finding) -> tuple[Task, ...]:
    if binds(finding):
        return (Task("replace", _maker(device), _model(device), device, finding),)
    if finding.verdict.may_hold and finding.settles.startswith("who made"):
        return (_question(device, finding),)
    return ()


def _exposure(device: Device, finding: Finding) -> tuple[Task, ...]:
    if finding.id in SHARED:
        return ()
    service = dict(finding.facts).get("service", "")
    if service:
        return (Task("close-service", service, service, device, finding),)
    return (Task("configure", finding.id, finding.title, device, finding, remedy=finding.remedy),)


def _lifecycle(device: Device, finding: Finding) -> tuple[Task, ...]:
    if finding.verdict is Verdict.NOT_ASSESSED:
        return (_question(device, finding),)
    if finding.id == "hardware-age":
        what = "until when does the maker give firmware for this model, and what replaces it"
        return (Task("ask-supplier", f"{_maker(device)}|support", what, device, finding),)
    if finding.id == "firmware-minimum":
        return ()
    line = f"{_maker(device)}|{_model(device)}"
    return (Task("update", line, _model(device), device, finding, instruction="update", goal=_goal(finding)),)
