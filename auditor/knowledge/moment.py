"""Reading the times devices state: RFC 3339, HTTP dates, and the forms cameras make of them."""

import re
from datetime import UTC, datetime

_MONTHS = {
    name: number
    for number, name in enumerate(
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), 1
    )
}
_DAY_FIRST = re.compile(r"(\d{1,2})[ -]([A-Za-z]{3})[ -](\d{4})\s+(\d\d):(\d\d):(\d\d)")
_MONTH_FIRST = re.compile(r"([A-Za-z]{3}) +(\d{1,2}),? +(?:(\d{4}) +)?(\d\d):(\d\d):(\d\d)(?: +(\d{4}))?")


def moment(text: str) -> datetime | None:
    """Return the time a device states, in UTC as far as it says so; None when it is unreadable."""
    stripped = text.strip()
    try:
        told = datetime.fromisoformat(stripped)
    except ValueError:
        return _worded(stripped)
    return told.replace(tzinfo=UTC) if told.tzinfo is None else told.astimezone(UTC)


def _worded(text: str) -> datetime | None:
    if found := _DAY_FIRST.search(text):
        day, name, year, *clock = found.groups()
    elif found := _MONTH_FIRST.search(text):
        name, day, early, *clock, late = found.groups()
        year = early or late or ""
    else:
        return None
    month = _MONTHS.get(name.lower())
    if month is None or not year:
        return None
    hour, minute, second = (int(part) for part in clock)
    try:
        return datetime(int(year), month, int(day), hour, minute, min(second, 59), tzinfo=UTC)
    except ValueError:
        return None
