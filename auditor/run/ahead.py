"""What a sweep under way has still before it."""

from dataclasses import dataclass, field

from auditor.net import Stretch
from auditor.run.plan import Chunk


@dataclass(slots=True)
class Ahead:
    """What of a chunk the sweep has not come to yet: who is met there is asked when it does, all at one go."""

    chunk: Chunk
    _reached: dict[tuple[int, int], int] = field(default_factory=dict)
    """By (IP version, /24): the last address that was entered."""

    def enter(self, stretch: Stretch) -> None:
        """Take note of where the sweep is."""
        for _, piece in stretch.pieces:
            key = piece.version, piece.first >> 8
            self._reached[key] = max(piece.last, self._reached.get(key, 0))

    def holds(self, version: int, number: int) -> bool:
        """Tell whether an address is still ahead."""
        return number > self._reached.get((version, number >> 8), -1) and self.chunk.holds(version, number)
