"""Time windows in which sending is allowed, in the time zone of the place."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_HORIZON = 9
"""Days to look ahead: a week and its edges."""


@dataclass(frozen=True, slots=True)
class Window:
    """Open on these days from `start` to `end` local time; when `end` is not after `start`, until the next day."""

    days: frozenset[int]
    start: time
    end: time
    zone: ZoneInfo

    def spans(self, around: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Yield the (open, close) moments in UTC, from the day before `around` on, earliest first."""
        today = around.astimezone(self.zone).date()
        for offset in range(-1, _HORIZON):
            day = today + timedelta(days=offset)
            if day.weekday() in self.days:
                yield self._moment(day, self.start), self._close(day)

    def _close(self, day: date) -> datetime:
        return self._moment(day + timedelta(days=1) if self.end <= self.start else day, self.end)

    def _moment(self, day: date, at: time) -> datetime:
        return datetime.combine(day, at, tzinfo=self.zone).astimezone(UTC)


def closes(windows: tuple[Window, ...], at: datetime) -> datetime | None:
    """Return when the window open at this moment closes (adjoining windows taken together), or None when none is open."""
    spans = sorted(span for window in windows for span in window.spans(at))
    end: datetime | None = None
    for opened, closed in spans:
        if opened <= (end or at) < closed:
            end = closed
    return end


def opens(windows: tuple[Window, ...], after: datetime) -> datetime | None:
    """Return the next moment a window opens after this one, or None when there are no windows."""
    return min(
        (opened for window in windows for opened, _ in window.spans(after) if opened > after), default=None
    )
