"""The one place where the lab reads the time, and a device's own idea of it."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

Clock = Callable[[], float]
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def wall_clock() -> float:
    """Return seconds since 1970, UTC."""
    return time.time()  # noqa: TID251 - the lab's only clock; everything else is handed it


@dataclass(frozen=True, slots=True)
class DeviceTime:
    """What time a device believes it is."""

    now: datetime
    started: datetime

    def fact(self, name: str) -> str | None:
        """Give the time in a named form, or None for a name that is no form of time."""
        forms: dict[str, Callable[[], str]] = {
            "date_http": lambda: _http(self.now),
            "date_rtsp": lambda: _rtsp(self.now),
            "date_iso": lambda: self.now.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "boot_time": lambda: self.started.strftime("%Y-%m-%d %H:%M:%S"),
            "boot_epoch": lambda: str(int(self.started.timestamp())),
            "time_plain": lambda: self.now.strftime("%Y-%m-%d %H:%M:%S"),
            "year": lambda: str(self.now.year),
            "month": lambda: str(self.now.month),
            "day": lambda: str(self.now.day),
            "hour": lambda: str(self.now.hour),
            "minute": lambda: str(self.now.minute),
            "second": lambda: str(self.now.second),
        }
        form = forms.get(name)
        return form() if form else None


def device_time(clock: Clock, opened: float, stated: str) -> DeviceTime:
    """Work out a device's time: right when `stated` is empty, else counting on from the stated ISO moment."""
    now = datetime.fromtimestamp(clock(), UTC)
    start = datetime.fromtimestamp(opened, UTC)
    if stated:
        wrong = datetime.fromisoformat(stated).replace(tzinfo=UTC)
        return DeviceTime(now=wrong + (now - start), started=wrong - timedelta(minutes=2))
    return DeviceTime(now=now, started=start - timedelta(days=3, hours=7))


def _http(moment: datetime) -> str:
    day, month = _DAYS[moment.weekday()], _MONTHS[moment.month - 1]
    return f"{day}, {moment:%d} {month} {moment:%Y %H:%M:%S} GMT"


def _rtsp(moment: datetime) -> str:
    """Write the form some RTSP servers use: weekday, month, day, year (google/ExoPlayer issue 9800)."""
    day, month = _DAYS[moment.weekday()], _MONTHS[moment.month - 1]
    return f"{day}, {month} {moment:%d %Y %H:%M:%S} GMT"
