"""Count devices for the charts: by maker, brand, kind, site, age of firmware, priority."""

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import date

from auditor.model import Coverage, Device, Priority
from auditor.reporting.context import Words
from auditor.reporting.texts import Texts
from auditor.reporting.unknown import questions
from auditor.reporting.values import Bar, Chart, Slice

_MOST_BARS = 12
_AGES = ((365, "under-1"), (730, "1-2"), (1461, "2-4"), (2192, "4-6"))
_IDLE = ("none", "accepted", "open", "uncovered", "unidentified")
_AGE_ORDER = ("under-1", "1-2", "2-4", "4-6", "over-6", "unknown")


def urgency(device: Device) -> Priority | None:
    """Return the most urgent priority among findings that are or may be true of a device that is there and not accepted."""
    if not device.is_present:
        return None
    found = {finding.priority for finding in device.findings if finding.counts}
    return max(found, key=lambda priority: priority.rank, default=None)


def standing(device: Device, texts: Texts, *, assessed: bool) -> str:
    """Return what to say of a device for which no action is known: only a device fully judged has none."""
    if device.is_retired:
        return "retired"
    if not device.is_present:
        return device.standing.state.value
    if not device.granted:
        return "outside"
    if device.identity.value("maker") is None:
        return "unidentified"
    if not assessed:
        return "not-judged"
    if questions(device, texts, assessed=assessed):
        return "open"
    if any(finding.accepted for finding in device.findings):
        return "accepted"
    return "none" if device.findings else "uncovered"


def day_of(text: str | None) -> date | None:
    """Return the day an ISO date names, or None when the text is none."""
    try:
        return date.fromisoformat((text or "")[:10])
    except ValueError:
        return None


def age_band(built: date | None, today: date) -> str:
    """Return how old firmware is, in bands of years; a build from the future counts as not known."""
    if built is None or built > today:
        return "unknown"
    days = (today - built).days
    return next((band for most, band in _AGES if days < most), "over-6")


def charts(devices: Iterable[Device], words: Words, texts: Texts, today: date) -> tuple[Chart, ...]:
    """Return the charts of the overview, only of devices inside the scope that are there."""
    granted = [device for device in devices if device.granted and device.is_present]
    made = [
        _by_name(granted, "maker", lambda device: _maker(device, words), lambda tone: tone, texts),
        _by_name(granted, "brand", lambda device: _brand(device, words), lambda _: "plain", texts),
        _by_name(granted, "kind", lambda device: _kind(device, texts), lambda _: "plain", texts),
        _by_name(granted, "site", lambda device: (device.site, "plain"), lambda _: "plain", texts),
        _ages(granted, texts, today),
    ]
    if any(device.findings for device in granted):
        made.append(_priorities(granted, texts))
    return tuple(chart for chart in made if chart.bars)


def _maker(device: Device, words: Words) -> tuple[str, str]:
    maker = device.identity.value("maker")
    return (words.maker(maker), maker) if maker else ("", "unknown")


def _brand(device: Device, words: Words) -> tuple[str, str]:
    brand = device.identity.value("brand")
    return (words.brand(brand), "plain") if brand else ("", "unknown")


def _kind(device: Device, texts: Texts) -> tuple[str, str]:
    kind = device.identity.value("kind")
    return (texts.label("kind", kind), "plain") if kind else ("", "unknown")


def _by_name(
    devices: list[Device],
    name: str,
    named: Callable[[Device], tuple[str, str]],
    tone: Callable[[str], str],
    texts: Texts,
) -> Chart:
    """Count by a name; what has none comes last, names beyond the first twelve are put together."""
    pairs = [named(device) for device in devices]
    tones = dict(pairs)
    counts = Counter(label for label, _ in pairs)
    unknown = counts.pop("", 0)
    ranked = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0].casefold()))
    shown, rest = ranked[:_MOST_BARS], ranked[_MOST_BARS:]
    if len(rest) == 1:
        shown, rest = ranked, []
    rows = [(label, count, _tone(name, tone(tones[label]), texts)) for label, count in shown]
    if rest:
        label = texts.label("chart", "rest").format(count=len(rest))
        rows.append((label, sum(count for _, count in rest), "other"))
    if unknown:
        rows.append((texts.label("unknown", name), unknown, "unknown"))
    return _chart(name, rows)


def _tone(name: str, tone: str, texts: Texts) -> str:
    if name != "maker":
        return tone
    return f"maker{texts.audited_makers.index(tone) + 1}" if tone in texts.audited_makers else "other"


def _ages(devices: list[Device], texts: Texts, today: date) -> Chart:
    counts = Counter(age_band(day_of(device.identity.value("build_date")), today) for device in devices)
    rows = [
        (texts.label("age", band), counts[band], "unknown" if band == "unknown" else f"age{place}")
        for place, band in enumerate(_AGE_ORDER, 1)
    ]
    return _chart("age", rows if devices else [])


def _priorities(devices: list[Device], texts: Texts) -> Chart:
    counts = Counter(urgency(device) for device in devices)
    rows = [(texts.label("priority", p), counts[p], f"p{p.rank}") for p in Priority]
    idle = Counter(standing(device, texts, assessed=True) for device in devices if urgency(device) is None)
    rows += [
        (texts.label("standing", name), idle[name], "unknown")
        for name in _IDLE
        if idle[name] or name != "accepted"
    ]
    return _chart("priority", rows)


def _chart(name: str, rows: list[tuple[str, int, str]]) -> Chart:
    longest = max((count for _, count, _ in rows), default=0)
    total = sum(count for _, count, _ in rows)
    bars = tuple(
        Bar(label, count, _percent(count, longest), _percent(count, total), tone)
        for label, count, tone in rows
    )
    return Chart(name, total, bars)


def _percent(part: int, whole: int) -> float:
    return round(100 * part / whole, 2) if whole else 0.0


def slices(coverage: Coverage | None) -> tuple[Slice, ...]:
    """Return the parts of the granted addresses: answered, silent, withheld, and what nobody swept."""
    if coverage is None:
        return ()
    withheld = sum(one.addresses for one in coverage.withheld if not one.questions)
    left = max(0, coverage.granted - coverage.answered - coverage.silent - withheld)
    parts = (
        ("answered", coverage.answered),
        ("silent", coverage.silent),
        ("withheld", withheld),
        ("unswept", left),
    )
    whole = sum(count for _, count in parts)
    placed, start = [], 0.0
    for name, count in parts:
        width = _percent(count, whole)
        placed.append(Slice(name, count, round(start, 2), width))
        start += width
    return tuple(part for part in placed if part.count)
