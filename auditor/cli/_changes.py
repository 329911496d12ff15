"""What `compare`, `scan` and `report` share: how changes are told to people, and which earlier audit is meant."""

import textwrap
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from auditor.cli._forms import moment
from auditor.cli._words import shown
from auditor.fingerprint import vocabulary
from auditor.model.changes import ABSENT, FIRMWARE, Change, Changes, Side, What
from auditor.reporting.texts import texts

_WIDTH = 80
_COUNTED_ONLY = frozenset({What.SERVICE_UNASKED, What.FINDING_OPEN, What.FINDING_UNASKED, What.FINDING_LEFT})
"""As it was, or not known: counted, and listed only where everything is asked for."""
_FINDINGS = (
    What.FINDING_NEW,
    What.FINDING_CLOSED,
    What.FINDING_OPEN,
    What.FINDING_ACCEPTED,
    What.FINDING_UNASKED,
    What.FINDING_LEFT,
)
_ARROWS = {
    What.MOVED, What.CLAIM_CHANGED, What.CLAIM_REREAD, What.CLAIM_TOLD, What.CLAIM_UNTOLD,
}  # fmt: skip


def few_lines(changes: Changes, db: str) -> tuple[str, ...]:
    """Tell changes in five lines: what is different, what nobody looked at again, and how to see all of it."""
    count = changes.count
    firmware = len(changes.firmware)
    others = len({one.device for one in changes.of(What.CLAIM_CHANGED) if one.about not in FIRMWARE})
    return (
        (
            f"since {_side(changes.before)}: of {_many(changes.devices, 'device')} known then, "
            f"{_were(changes.asked)} asked or heard again"
        ),
        (
            f"devices: {count(What.NEW)} new, {count(What.GONE)} retired, {count(What.SILENT)} silent, "
            f"{count(What.REPLACED)} with another in their place, {count(What.MOVED)} moved, "
            f"{count(What.NOT_ASKED)} not asked"
            + (f", {back} retired, heard again" if (back := count(What.RETIRED_BACK)) else "")
            + (f", {late} known from older evidence" if (late := count(What.LEARNT)) else "")
        ),
        (
            f"told differently: firmware of {_many(firmware, 'device')}, other facts of {others}; "
            f"services: {count(What.OPENED, What.OPEN_FIRST)} opened or first seen, {count(What.CLOSED)} closed"
        ),
        (
            f"findings: {count(What.FINDING_NEW)} new, {count(What.FINDING_CLOSED)} closed, "
            f"{count(What.FINDING_OPEN)} open, {count(What.FINDING_ACCEPTED)} accepted, "
            f"{count(What.FINDING_UNASKED)} not asked again, {count(What.FINDING_LEFT)} gone with their device"
        ),
        f"each of them: auditor compare {changes.before.run} {changes.after.run} --db {db}",
    )


def headline(changes: Changes) -> tuple[str, ...]:
    """Say what was compared, and how much of it was asked again."""
    before, after = _side(changes.before), _side(changes.after)
    asked = (
        f"Of {_many(changes.devices, 'device')} known before, {_were(changes.asked)} asked or heard again."
    )
    if not changes.differences:
        asked = f"No change found. {asked}"
        if changes.asked < changes.devices:
            asked += " Of the others nothing new is known."
    return (f"Before: {before}", f"After:  {after}", asked, *changes.notes)


def _side(side: Side) -> str:
    what = "the audit of" if side.is_whole else "what was known on"
    where = f" in {side.source}" if side.source else ""
    return f"{what} {side.at.astimezone(UTC):%Y-%m-%d %H:%M} UTC (run {side.run}{where})"


def told(changes: Changes, *, everything: bool) -> Iterator[str]:
    """Yield the lines of a comparison, at most 80 columns wide, safe to print."""
    for line in headline(changes):
        yield from _folded(line)
    yield ""
    for what in What:
        if number := changes.count(what):
            yield f"{number:>6}  {_label(what)}"
    for site in changes.sites:
        yield from _site(site, [one for one in changes.entries if one.site == site], everything)


def _site(site: str, entries: list[Change], everything: bool) -> Iterator[str]:
    yield ""
    yield from _folded(site or "(no site)")
    for what in What:
        found = [one for one in entries if one.what is what]
        if not found:
            continue
        if what in _COUNTED_ONLY and not everything:
            yield f"  {_label(what)}: {len(found)}"
            continue
        yield f"  {_label(what)}"
        for text in _by_finding(found) if what in _FINDINGS else map(line, found):
            yield from _folded(text, "    ", "        ")


def _by_finding(found: Iterable[Change]) -> Iterator[str]:
    """Tell each finding once, with the addresses of the devices."""
    places: dict[tuple[str, str], list[str]] = {}
    for one in found:
        places.setdefault((one.about, one.title), []).append(one.address)
    for (name, title), addresses in sorted(places.items()):
        yield f"{name}: {title}: {', '.join(addresses)}"


def _folded(text: str, first: str = "", later: str = "  ") -> list[str]:
    return textwrap.wrap(shown(text), _WIDTH, initial_indent=first, subsequent_indent=later)


def line(one: Change) -> str:
    """Tell one change of a device in a line, without saying its kind and site."""
    parts = [f"{one.address}  {name_of(one)}"]
    if one.what in _ARROWS:
        called = f"{texts().label('claim', one.about)}: " if one.about else ""
        parts.append(f"{called}{one.before or 'not told'} → {one.after or 'not told'}")
    elif one.about:
        parts.append(one.about)
    if one.what is What.REPLACED and one.after != one.device:
        parts.append(f"by {one.after}")
    if one.what is What.GONE and one.after:
        parts.append(f"replaced by {one.after}")
    if one.what is What.NEW and one.before:
        parts.append(f"in the place of {one.before}")
    if one.what in ABSENT | {What.NOT_ASKED, What.LEARNT} and one.since:
        parts.append(f"since {_day(one.since)}" if one.what in ABSENT else f"last known {_day(one.since)}")
    return "; ".join(part for part in (*parts, one.detail) if part)


def name_of(one: Change) -> str:
    """Name the device as far as it is known."""
    maker = vocabulary().maker(one.maker) if one.maker else ""
    return " ".join(word for word in (maker, one.model) if word) or "not identified"


def _label(what: What) -> str:
    return texts().label("change", what.value)


def _day(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%d")


def _many(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _were(count: int) -> str:
    return f"{count} {'was' if count == 1 else 'were'}"


CSV_COLUMNS = (
    "change", "device", "site", "address", "maker", "model", "about", "title", "before", "after", "detail", "since",
)  # fmt: skip


def cells(one: Change) -> tuple[str, ...]:
    """Return one change's cells in the order of CSV_COLUMNS, not yet guarded."""
    since = moment(one.since) or ""
    return (
        one.what.value, one.device, one.site, one.address, one.maker, one.model, one.about, one.title,
        one.before, one.after, one.detail, since,
    )  # fmt: skip


def form(changes: Changes) -> dict[str, object]:
    """Give a comparison as one JSON object."""
    return {
        "schema_version": 1,
        "before": _side_form(changes.before),
        "after": _side_form(changes.after),
        "devices": changes.devices,
        "asked_again": changes.asked,
        "counts": {what.value: changes.count(what) for what in What},
        "firmware_changed": len(changes.firmware),
        "notes": list(changes.notes),
        "changes": list(_forms(changes.entries)),
    }


def _forms(entries: Iterable[Change]) -> Iterator[dict[str, object]]:
    for one in entries:
        yield dict(zip(CSV_COLUMNS, cells(one), strict=True)) | {"since": moment(one.since)}


def _side_form(side: Side) -> dict[str, object]:
    return {
        "run": side.run,
        "at": moment(side.at),
        "database": side.source or None,
        "policy": side.policy or None,
        "whole_audit": side.is_whole,
    }
