"""What one device may cost us, and it: seconds, bytes and requests."""

from dataclasses import dataclass

from auditor.net.owed import BUDGET, TIME


@dataclass(slots=True)
class Budget:
    """Upper bounds for one device over a whole run. Its time is what is spent talking with it.

    Neither what passes while others are asked, while a port of it is found, nor while the pace makes us wait counts.
    """

    seconds: float = 180.0
    received: int = 4 * 1024 * 1024
    """Bytes we read from it at most."""
    requests: int = 150
    _spent: float = 0.0
    """Seconds of talks that are over."""
    _began: float | None = None
    """When the talk under way began."""

    def refusal(self, now: float) -> str | None:
        """Return why nothing more may be asked at this moment of the monotonic clock, or None."""
        if self.requests <= 0:
            return f"{BUDGET} of requests is spent"
        if self.received <= 0:
            return f"{BUDGET} of bytes is spent"
        if self.left(now) <= 0:
            return f"{TIME} of {self.seconds:g} s is over"
        return None

    def begin(self, now: float) -> None:
        """Count one request, and a talk that begins at this moment of the monotonic clock."""
        self._began = now
        self.requests -= 1

    def end(self, now: float) -> None:
        """Count the talk under way as over."""
        self._spent, self._began = self._talked(now), None

    def read(self, count: int) -> None:
        """Count bytes read."""
        self.received -= count

    def left(self, now: float) -> float:
        """Return the seconds left at this moment of the monotonic clock."""
        return max(0.0, self.seconds - self._talked(now))

    def _talked(self, now: float) -> float:
        return self._spent + (now - self._began if self._began is not None else 0.0)
