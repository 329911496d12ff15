"""Inputs that lead somewhere new: seeds are chosen, and mutations kept, by the lines of the product they reach."""

import random
import sys
from collections.abc import Iterator
from pathlib import Path
from types import CodeType, FrameType
from typing import Any, Self

from tests.fuzz.damage import mutated
from tests.fuzz.seeds import seeds
from tests.fuzz.target import Target

_OURS = str(Path(__file__).resolve().parents[2] / "auditor")
_TRIED = 300
"""Seeds tried for where they lead before the first mutation."""
_TRIED_SLOWLY = 32
_LOOK = 40
"""One of so many inputs is traced, which takes several times as long."""
_KEPT = 400
Line = tuple[CodeType, int]


class Reached:
    """Traces which lines of the product run: `with Reached() as reached: …`, then `reached.lines`."""

    def __init__(self) -> None:
        self.lines: set[Line] = set()
        self._before: Any = None

    def __enter__(self) -> Self:
        self._before = sys.gettrace()
        sys.settrace(self._called)
        return self

    def __exit__(self, *_: object) -> None:
        sys.settrace(self._before)

    def _called(self, frame: FrameType, _event: str, _given: object) -> Any:
        return self._line if frame.f_code.co_filename.startswith(_OURS) else None

    def _line(self, frame: FrameType, event: str, _given: object) -> Any:
        if event == "line":
            self.lines.add((frame.f_code, frame.f_lineno))
        return self._line


class Explorer:
    """Makes the inputs of one target: the same ones for the same number, as long as the product is the same."""

    def __init__(self, target: Target, number: int) -> None:
        self._target = target
        self._chance = random.Random(f"{number} {target.name}")
        own = target.own_seeds()
        pool = own or seeds()
        most = _TRIED_SLOWLY if target.slow else _TRIED
        tried = list(pool) if own else self._chance.sample(pool, min(most, len(pool)))
        self._chance.shuffle(tried)
        self._pool = tried
        self._good: list[bytes] = []
        self._seen: set[Line] = set()
        self._waiting = tried[:most]
        self._count = 0

    def inputs(self) -> Iterator[bytes]:
        """Yield inputs without end; `run` is to be called for each."""
        yield from self._waiting
        roll = self._chance.random
        while True:
            known = self._good if self._good and roll() < 0.8 else self._pool
            seed = known[int(roll() * len(known))]
            yield mutated(seed, self._chance, self._pool[int(roll() * len(self._pool))])

    def run(self, data: bytes) -> None:
        """Feed the target, and now and then look where that leads; what leads somewhere new is mutated further."""
        self._count += 1
        if self._count > len(self._waiting) and self._count % _LOOK:
            self._target.feed(data)
            return
        with Reached() as reached:
            self._target.feed(data)
        if not reached.lines <= self._seen and len(self._good) < _KEPT:
            self._seen |= reached.lines
            self._good.append(data)
