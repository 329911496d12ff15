"""Put the whole document together: from a run, its devices and its work orders to the values of a page."""

from collections import Counter
from collections.abc import Iterable

from auditor.model import Device, Run
from auditor.reporting.accounts import account_counts
from auditor.reporting.context import Context, Evidence
from auditor.reporting.counting import charts, slices
from auditor.reporting.describing import in_order, name_of, row, section
from auditor.reporting.judging import Judged, explained, instruments, judged
from auditor.reporting.redaction import redacted
from auditor.reporting.since import since
from auditor.reporting.texts import texts
from auditor.reporting.values import Report
from auditor.reporting.working import plan, summary

FULL_DEVICES = 1_000
"""Beyond so many devices a page leaves requests and replies out unless told otherwise."""
_FULL_BYTES = 12_000_000


def page(run: Run, devices: Iterable[Device], context: Context | None = None) -> Report:
    """Return everything the document says, counted, sorted, named and, where asked, masked.

    Takes the devices of one run in any order; the result does not depend on it.
    """
    run, found, context = redacted(run, devices, context or Context())
    found = in_order(found)
    words, labels, options = context.words, texts(), context.options
    hidden = options.redact or options.redact_addresses
    full = _is_full(found, options.evidence)
    compact = options.evidence is Evidence.BRIEF or (len(found) > FULL_DEVICES and not full)
    here = tuple(device for device in found if device.is_present)
    known = judged(here)
    first = summary(found, context, known, run.coverage, labels)
    rows = tuple(
        row(device, place, words, labels, assessed=first.assessed) for place, device in enumerate(found, 1)
    )
    day = run.moment.date()
    anchors = {
        device.key: (one.anchor, f"{one.address} {name_of(one, labels)}")
        for device, one in zip(found, rows, strict=True)
    }
    return Report(
        run,
        options,
        options.title,
        first,
        run.coverage,
        slices(run.coverage),
        charts(found, words, labels, day),
        plan(context.orders, anchors, dict(run.owners)),
        instruments(known, words, labels),
        _idle(context, known),
        explained(known, words, labels),
        rows,
        tuple(
            section(device, one, words, labels, full=full, hashes=not hidden, compact=compact)
            for device, one in zip(found, rows, strict=True)
        ),
        context.ages,
        context.chosen,
        full and not hidden,
        compact,
        len(found),
        sum(1 for device in here if device.granted and (device.ports or device.exchanges)),
        _asked(found),
        context.behind,
        shared=tuple(
            (address, count)
            for address, count in Counter(device.behind for device in here if device.behind).items()
            if count > 1
        ),
        since=since(
            context.changes, context.audits, words, labels, anchors, frozenset(one.first.id for one in known)
        ),
        accounts=account_counts(here, labels),
    )


def _idle(context: Context, known: tuple[Judged, ...]) -> tuple[tuple[str, str], ...]:
    """Return the chosen instruments that say nothing of any device found."""
    spoken = {one.first.id for one in known}
    return tuple(one for one in context.chosen.instruments if one[0] not in spoken)


def _is_full(devices: tuple[Device, ...], wanted: Evidence) -> bool:
    if wanted is not Evidence.AUTO:
        return wanted is Evidence.FULL
    if len(devices) > FULL_DEVICES:
        return False
    held = sum(min(len(exchange.reply), 4096) for device in devices for exchange in device.exchanges)
    return held <= _FULL_BYTES


def _asked(devices: tuple[Device, ...]) -> tuple[tuple[str, int], ...]:
    counts = Counter(
        exchange.probe or exchange.protocol for device in devices for exchange in device.exchanges
    )
    return tuple(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))
