"""Say what changed since the audit before: numbers for the first page, lines by site, charts over time."""

from collections.abc import Callable, Iterable, Iterator, Mapping

from auditor.model.changes import Change, Changes, Tally, What
from auditor.reporting.context import Words
from auditor.reporting.judging import anchor
from auditor.reporting.since_values import ChangeGroup, ChangeRow, Point, Since, SiteChanges, TimeChart
from auditor.reporting.texts import Texts

LEAST_AUDITS = 3
"""Audits from which on there are charts over time."""
_MOST_ROWS = 100
_FINDINGS = frozenset({What.FINDING_NEW, What.FINDING_CLOSED, What.FINDING_ACCEPTED})
_COUNTED = frozenset({What.SERVICE_UNASKED, What.FINDING_OPEN, What.FINDING_UNASKED, What.FINDING_LEFT})
"""Told as a number only: as it was, or not known."""
_NUMBERS = (
    ("new", (What.NEW,)),
    ("gone", (What.GONE,)),
    ("silent", (What.SILENT,)),
    ("replaced", (What.REPLACED,)),
    ("moved", (What.MOVED,)),
    ("not-asked", (What.NOT_ASKED,)),
    ("firmware", ()),
)
_FINDING_NUMBERS = (
    ("finding-closed", (What.FINDING_CLOSED,)),
    ("finding-new", (What.FINDING_NEW,)),
    ("finding-open", (What.FINDING_OPEN,)),
    ("finding-accepted", (What.FINDING_ACCEPTED,)),
    ("finding-unasked", (What.FINDING_UNASKED,)),
    ("finding-left", (What.FINDING_LEFT,)),
)


def since(
    changes: Changes | None,
    audits: tuple[Tally, ...],
    words: Words,
    texts: Texts,
    anchors: Mapping[str, tuple[str, str]],
    findings: frozenset[str],
) -> Since | None:
    """Return the section, None where there was no earlier audit.

    `anchors` gives each device's place in the page, `findings` the ids of the findings explained in it.
    """
    if changes is None:
        return None
    numbers = dict(_counts(changes, _NUMBERS)) | {"firmware": len(changes.firmware)}
    teller = _Teller(words, texts, anchors, findings)
    known = {site: (count, asked) for site, count, asked in changes.known}
    sites = tuple(
        SiteChanges(
            site,
            *known.get(site, (0, 0)),
            tuple(teller.groups([one for one in changes.entries if one.site == site])),
        )
        for site in changes.sites
    )
    before = changes.before
    return Since(
        before.at,
        before.run,
        before.is_whole,
        changes.devices,
        changes.asked,
        tuple(numbers.items()),
        tuple(_counts(changes, _FINDING_NUMBERS)),
        sites,
        changes.notes,
        charts(audits, texts) if len(audits) >= LEAST_AUDITS else (),
    )


def _counts(changes: Changes, wanted: tuple[tuple[str, tuple[What, ...]], ...]) -> Iterator[tuple[str, int]]:
    return ((name, changes.count(*kinds)) for name, kinds in wanted)


def charts(audits: tuple[Tally, ...], texts: Texts) -> tuple[TimeChart, ...]:
    """Return devices present, devices that need action now, and devices of the audited makers, over time."""

    def ours(one: Tally) -> int:
        return sum(count for maker, count in one.makers if maker in texts.audited_makers)

    def made(name: str, tone: str, count: Callable[[Tally], int | None]) -> TimeChart:
        counts = [(one, count(one)) for one in audits]
        most = max((number or 0 for _, number in counts), default=0)
        return TimeChart(
            name,
            tone,
            tuple(
                Point(one.at, number, round(100 * (number or 0) / most, 2) if most else 0.0)
                for one, number in counts
            ),
        )

    return (
        made("time-present", "plain", lambda one: one.present),
        made("time-urgent", "p4", lambda one: one.urgent),
        made("time-makers", "maker1", ours),
    )


class _Teller:
    """Turns changes into lines."""

    def __init__(
        self, words: Words, texts: Texts, anchors: Mapping[str, tuple[str, str]], findings: frozenset[str]
    ) -> None:
        self._words = words
        self._texts = texts
        self._anchors = anchors
        self._findings = findings

    def groups(self, entries: list[Change]) -> Iterator[ChangeGroup]:
        """Yield the changes of one site by kind, in the order people ask."""
        for what in What:
            found = [one for one in entries if one.what is what]
            if found:
                rows = () if what in _COUNTED else tuple(self._rows(what, found))
                more = max(0, len(rows) - _MOST_ROWS)
                yield ChangeGroup(what.value, len(found), rows[:_MOST_ROWS], more)

    def _rows(self, what: What, found: list[Change]) -> Iterator[ChangeRow]:
        if what in _FINDINGS:
            yield from self._by_finding(found)
            return
        for one in found:
            place, _ = self._anchors.get(one.device, ("", ""))
            yield ChangeRow(place, f"{one.address} {self._called(one)}", self._told(one))

    def _by_finding(self, found: Iterable[Change]) -> Iterator[ChangeRow]:
        """Tell each finding once, with its devices counted."""
        places: dict[tuple[str, str], list[str]] = {}
        for one in found:
            places.setdefault((one.about, one.title), []).append(one.address)
        for (name, title), addresses in sorted(places.items(), key=lambda pair: (-len(pair[1]), pair[0])):
            count = len(addresses)
            text = addresses[0] if count == 1 else self._texts.label("since", "devices").format(count=count)
            yield ChangeRow(anchor("f", name) if name in self._findings else "", f"{name}: {title}", text)

    def _called(self, one: Change) -> str:
        maker = self._words.maker(one.maker) if one.maker else ""
        called = " ".join(word for word in (maker, one.model) if word)
        return called or self._texts.label("unknown", "device")

    def _told(self, one: Change) -> str:
        parts = []
        if one.what is What.MOVED:
            parts.append(f"{one.before} → {one.after}")
        elif one.what in _CLAIMS:
            untold = self._texts.label("since", "untold")
            name = self._texts.label("claim", one.about)
            parts.append(f"{name}: {one.before or untold} → {one.after or untold}")
        elif one.about:
            parts.append(one.about)
        elif one.what is What.NEW and one.before:
            parts.append(self._texts.label("since", "in-place-of").format(device=one.before))
        elif one.what is What.GONE and one.after:
            parts.append(self._texts.label("since", "replaced-by").format(device=one.after))
        elif one.what is What.REPLACED and not one.detail:
            parts.append(one.after)
        return "; ".join(part for part in (*parts, one.detail) if part)


_CLAIMS = frozenset({What.CLAIM_CHANGED, What.CLAIM_REREAD, What.CLAIM_TOLD, What.CLAIM_UNTOLD})
