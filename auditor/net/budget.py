"""What one device may cost us, and it: seconds, bytes and requests."""

from dataclasses import dataclass


@dataclass(slots=True)
class Budget:
    """Upper bounds for one device over a whole run; the clock starts with the first request."""

    seconds: float = 180.0
    received: int = 4 * 1024 * 1024
    """Bytes we read from it at most."""
    requests: int = 150
    _started: float | None = None

    def refusal(self, now: float) -> str | None:
        """Return why nothing more may be asked at this moment of the monotonic clock, or None."""
        if self.requests <= 0:
            return "the device's budget of requests is spent"
        if self.received <= 0:
            return "the device's budget of bytes is spent"
        if self._started is not None and now - self._started >= self.seconds:
            return f"the device's time of {self.seconds:g} s is over"
        return None

    def begin(self, now: float) -> None:
        """Count one request, made at this moment of the monotonic clock."""
        if self._started is None:
            self._started = now
        self.requests -= 1

    def read(self, count: int) -> None:
        """Count bytes read."""
        self.received -= count

    def left(self, now: float) -> float:
        """Return the seconds left at this moment of the monotonic clock."""
        return self.seconds if self._started is None else max(0.0, self._started + self.seconds - now)
