"""How far a run has got, as a value that whoever watches can show."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Progress:
    """A moment of a run. Counts only grow within one run."""

    phase: str
    """`finding`, `asking`, `waiting`, `ending`."""
    granted: int
    """Addresses that can be swept."""
    swept: int
    found: int
    """Addresses where somebody answered."""
    done: int
    """Devices asked to the end."""
    exchanges: int
    seconds: float
    """Since this process began."""
    left: float | None
    """Seconds to go, as far as can be told."""

    @property
    def rate(self) -> float:
        """Exchanges each second so far."""
        return self.exchanges / self.seconds if self.seconds > 0 else 0.0


@dataclass(slots=True)
class Tally:
    """The counts behind it, kept by the run."""

    granted: int = 0
    swept: int = 0
    found: int = 0
    done: int = 0
    exchanges: int = 0
    phase: str = "finding"

    def progress(self, seconds: float, expected: float) -> Progress:
        """Return this moment; `expected` is how long the sweep should take at the set pace, in seconds."""
        return Progress(
            self.phase, self.granted, self.swept, self.found, self.done, self.exchanges, seconds,
            self._left(seconds, expected),
        )  # fmt: skip

    def _left(self, seconds: float, expected: float) -> float | None:
        """Sweeping goes at the set pace; the devices still to ask, at the rate of those asked so far."""
        waiting = self.found - self.done
        asking = waiting * seconds / self.done if self.done else None
        if self.phase == "finding":
            sweeping = max(0.0, expected * (1 - self.swept / self.granted if self.granted else 0.0) - seconds)
            return max(sweeping, asking or 0.0)
        return asking if waiting else 0.0
