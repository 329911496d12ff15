"""The first page and the plan: what is urgent, what could not be assessed, who does what where."""

from collections import Counter
from collections.abc import Iterable, Mapping

from auditor.model import Coverage, Device, Priority, Verdict, WorkOrder
from auditor.reporting.context import Context
from auditor.reporting.counting import standing, urgency
from auditor.reporting.judging import Judged, anchor
from auditor.reporting.texts import Texts
from auditor.reporting.unknown import unknown
from auditor.reporting.values import Gap, Job, Number, SitePlan, Summary, Urgent

_MOST_URGENT = 5
_MOST_GAPS = 5
_DONE = "done"
_UNHEARD = "not heard"
_ACCEPTED = "accepted"
_AT_REST = frozenset({_DONE, _UNHEARD, _ACCEPTED})
STATES = ("new", "open", "partly done", _UNHEARD, _ACCEPTED, _DONE)
"""What may have become of a work order, in the order people ask."""


def summary(
    devices: tuple[Device, ...],
    context: Context,
    found: tuple[Judged, ...],
    coverage: Coverage | None,
    texts: Texts,
) -> Summary:
    """Return the first page: three numbers, the most urgent actions, the gaps."""
    inside = [device for device in devices if device.granted]
    granted = [device for device in inside if device.is_present]
    away = Counter(standing(device, texts, assessed=True) for device in inside if not device.is_present)
    assessed = context.assessed
    if assessed is None:
        assessed = bool(context.orders) or any(device.findings for device in granted)
    now = sum(1 for device in granted if urgency(device) is Priority.ACT_NOW) if assessed else None
    ours = sum(1 for device in granted if device.identity.value("maker") in texts.audited_makers)
    open_questions, reasons = unknown(granted, texts, assessed=assessed)
    total = len(granted)
    gaps = _by_weight(reasons, _unasked(coverage))
    return Summary(
        (
            Number("act-now", now, total),
            Number("audited-makers", ours, total),
            Number("not-assessed", open_questions, total),
        ),
        _urgent(context.orders, found, texts),
        gaps[:_MOST_GAPS],
        assessed,
        gaps[_MOST_GAPS:],
        _progress(context.orders),
        tuple(sorted(away.items())),
        _accepted(granted),
    )


def _by_weight(reasons: tuple[Gap, ...], unasked: tuple[Gap, ...]) -> tuple[Gap, ...]:
    """Return why things are not known: of whole devices, then of addresses, then one missing fact after the other."""
    whole = tuple(one for one in reasons if one.reason != "unsettled")
    return (*whole, *unasked, *(one for one in reasons if one.reason == "unsettled"))


def _accepted(devices: Iterable[Device]) -> tuple[int, int]:
    """Count the findings that the owner accepts, and the devices that have any."""
    found = [sum(1 for one in device.findings if one.accepted) for device in devices]
    return sum(found), sum(1 for count in found if count)


def _progress(orders: tuple[WorkOrder, ...]) -> tuple[tuple[str, int], ...]:
    """Count work orders by state; where nothing was ever compared, all are open and there is nothing to say."""
    counted = Counter(order.state for order in orders)
    return (
        ()
        if set(counted) <= {"open"}
        else tuple((state, counted[state]) for state in STATES if counted[state] or state != _ACCEPTED)
    )


def by_urgency(order: WorkOrder) -> tuple[int, int, str, str]:
    """Sort key: most urgent first, then most devices, then site and id."""
    return (-order.priority.rank, -len(order.devices), order.site, order.id)


def _urgent(orders: Iterable[WorkOrder], found: tuple[Judged, ...], texts: Texts) -> tuple[Urgent, ...]:
    """Name the most urgent work: what attackers use first; updates of several models at one site are one entry."""
    attacked = {
        f"{device.key} {finding.id}"
        for one in found
        for device, finding in one.devices
        if finding.known_exploited and finding.verdict is Verdict.AFFECTED and finding.accepted is None
    }
    entries: dict[tuple[str, ...], list[WorkOrder]] = {}
    for order in sorted((order for order in orders if order.state not in _AT_REST), key=by_urgency):
        alike = (order.site, order.action, order.priority, order.priority_reason)
        entries.setdefault(alike if order.action in _JOINED else (order.id,), []).append(order)
    ranked = sorted(entries.values(), key=lambda work: _rank(work, attacked))
    if ranked:
        return tuple(_entry(work, texts) for work in ranked[:_MOST_URGENT])
    return _urgent_findings(found)


_JOINED = frozenset({"update"})
"""Actions that are done model by model, and read better as one on the first page."""


def _rank(work: list[WorkOrder], attacked: set[str]) -> tuple[int, bool, int, str, str]:
    first = work[0]
    known = any(pair in attacked for order in work for pair in order.findings)
    return (-first.priority.rank, not known, -_count(work), first.site, first.id)


def _count(work: list[WorkOrder]) -> int:
    return len({key for order in work for key in order.devices})


def _entry(work: list[WorkOrder], texts: Texts) -> Urgent:
    first, count = work[0], _count(work)
    title = first.title
    if len(work) > 1:
        title = texts.label("urgent", first.action).format(devices=count, orders=len(work))
    return Urgent(
        title,
        first.site,
        count,
        first.priority,
        first.priority_reason,
        first.effort,
        first.steps[0] if first.steps else "",
        anchor("w", first.id),
        tuple((anchor("w", order.id), order.title) for order in work) if len(work) > 1 else (),
    )


def _urgent_findings(found: tuple[Judged, ...]) -> tuple[Urgent, ...]:
    """Where nobody made work orders, name the most urgent findings instead."""
    true = [
        (one, open_) for one in found if (open_ := [finding for _, finding in one.devices if finding.counts])
    ]
    ranked = sorted(
        true,
        key=lambda pair: (
            -max(finding.priority.rank for finding in pair[1]),
            -len(pair[1]),
            -pair[0].first.severity.rank,
            pair[0].first.id,
        ),
    )
    worst = [max(findings, key=lambda finding: finding.priority.rank) for _, findings in ranked]
    return tuple(
        Urgent(
            one.first.title,
            "",
            len(findings),
            top.priority,
            top.priority_reason,
            "",
            top.remedy,
            anchor("f", one.first.id),
            (),
        )
        for (one, findings), top in zip(ranked[:_MOST_URGENT], worst, strict=False)
    )


def _unasked(coverage: Coverage | None) -> tuple[Gap, ...]:
    """Count what is no device of the report: addresses where nobody answered or nobody asked, and who is outside."""
    if coverage is None:
        return ()
    gaps = (
        Gap("silent", coverage.silent, "addresses"),
        *(Gap(held.reason, held.addresses, "addresses") for held in coverage.withheld),
        Gap("outside", coverage.outside, "devices"),
    )
    return tuple(gap for gap in gaps if gap.count)


def plan(
    orders: Iterable[WorkOrder], anchors: Mapping[str, tuple[str, str]], owners: Mapping[str, str]
) -> tuple[SitePlan, ...]:
    """Return the work by site; `anchors` gives each device's place in the page and its short name."""
    sites: dict[str, list[WorkOrder]] = {}
    places = {_UNHEARD: 1, _ACCEPTED: 2, _DONE: 3}
    for order in sorted(orders, key=lambda order: (places.get(order.state, 0), *by_urgency(order))):
        sites.setdefault(order.site, []).append(order)
    made = [_site(site, work, anchors, owners.get(site, "")) for site, work in sites.items()]
    made.sort(key=lambda one: (-max(job_rank(job) for job in one.jobs), one.site))
    return tuple(made)


def _site(site: str, work: list[WorkOrder], anchors: Mapping[str, tuple[str, str]], owner: str) -> SitePlan:
    counted = Counter(order.priority for order in work if order.state not in _AT_REST)
    urgent = tuple((p.value, counted[p]) for p in Priority if counted[p])
    keys = {key for order in work for key in order.devices}
    jobs = tuple(_job(order, anchors) for order in work)
    return SitePlan(site, jobs, len(keys), urgent, owner, _progress(tuple(work)))


def job_rank(job: Job) -> int:
    """Return how urgent a job is: 4 for act now down to 1 for watch, 0 when it is done, accepted, or nobody can look."""
    return 0 if job.state in _AT_REST else Priority(job.priority).rank


def _job(order: WorkOrder, anchors: Mapping[str, tuple[str, str]]) -> Job:
    return Job(
        order.id,
        anchor("w", order.id),
        order.action,
        order.title,
        order.priority,
        order.priority_reason,
        order.effort,
        order.target,
        order.steps,
        order.check,
        order.state,
        len(order.done),
        tuple(
            anchors.get(key, ("", key))
            for key in order.devices or (() if order.unheard or order.accepted else order.done)
        ),
        tuple(anchors.get(key, ("", key)) for key in order.unheard),
        tuple(anchors.get(key, ("", key)) for key in order.accepted),
    )
