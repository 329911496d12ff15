"""Several capture files as one recording: their packets in the order of time, few files open at once.

The files of a ring follow each other; those of two taps overlap and are merged. Within a file the order is its own.
"""

import heapq
from collections.abc import Iterator, Sequence
from pathlib import Path

from auditor.intake.capture_file import Record, records
from auditor.intake.evidence import EvidenceError, Problem, Refuse, Tell


class Ring:
    """Capture files, in the order of their first packets. `refuse` is told of those that are none."""

    def __init__(self, paths: Sequence[Path], tell: Tell, refuse: Refuse) -> None:
        self._tell, self._refuse = tell, refuse
        begun: list[tuple[float, int, Path]] = []
        for number, path in enumerate(dict.fromkeys(paths)):
            try:
                first = next(records(path, _unheard), None)
            except (EvidenceError, OSError) as error:
                refuse(path, error)
                continue
            begun.append((first[0] if first is not None else float("inf"), number, path))
        self._begun = [one[0] for one in sorted(begun)]
        self.paths = [one[2] for one in sorted(begun)]

    def records(self) -> Iterator[tuple[int, Record]]:
        """Yield the packets of all files with the number of their file in `paths`. A file is opened at its turn."""
        running: list[tuple[float, int]] = []
        files: dict[int, Iterator[Record]] = {}
        heads: dict[int, Record] = {}
        following = 0
        while running or following < len(self.paths):
            while following < len(self.paths) and (not running or self._begun[following] <= running[0][0]):
                files[following] = self._records(following)
                self._advance(following, files, heads, running, float("-inf"))
                following += 1
            if not running:
                continue
            when, number = heapq.heappop(running)
            yield number, heads.pop(number)
            self._advance(number, files, heads, running, when)

    def _advance(
        self,
        number: int,
        files: dict[int, Iterator[Record]],
        heads: dict[int, Record],
        running: list[tuple[float, int]],
        not_before: float,
    ) -> None:
        """Take the next packet of a file into the queue, or close the file."""
        record = next(files[number], None)
        if record is None:
            del files[number]
            return
        heads[number] = record
        heapq.heappush(running, (max(record[0], not_before), number))

    def _records(self, number: int) -> Iterator[Record]:
        try:
            yield from records(self.paths[number], self._tell)
        except (EvidenceError, OSError) as error:  # changed since it was looked at
            self._refuse(self.paths[number], error)


def _unheard(problem: Problem) -> None:
    """Say nothing: the file is read again, and said then."""
    del problem
