"""How many inputs each target has had in all pieces together: tests/fuzz/counter.json, which is committed."""

import fcntl
import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

COUNTER = Path(__file__).with_name("counter.json")


@dataclass(frozen=True, slots=True)
class Had:
    """What one target had in one piece."""

    inputs: int
    failures: int
    seconds: float


@contextmanager
def _held(path: Path) -> Iterator[dict[str, Any]]:
    """Hold the file alone, so that pieces that run at the same time add up, and write it back."""
    with path.open("a+", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        text = file.read()
        state: dict[str, Any] = json.loads(text) if text else {"pieces": 0, "targets": {}}
        yield state
        state["inputs"] = sum(one["inputs"] for one in state["targets"].values())
        state["failures"] = sum(one["failures"] for one in state["targets"].values())
        state["targets"] = dict(sorted(state["targets"].items()))
        file.truncate(0)
        file.write(json.dumps(dict(sorted(state.items())), indent=1) + "\n")


def day() -> str:
    """Return today's date, which the counter says of its pieces."""
    return time.strftime("%Y-%m-%d", time.gmtime())


def next_piece(path: Path = COUNTER) -> int:
    """Return the number of a piece that was not begun before; pieces differ by their numbers."""
    with _held(path) as state:
        state["pieces"] += 1
        return int(state["pieces"])


def add(had: Mapping[str, Had], day: str, path: Path = COUNTER) -> int:
    """Add what a piece did, and return how many inputs that makes over all targets."""
    with _held(path) as state:
        state.setdefault("first", day)
        state["last"] = day
        for name, one in had.items():
            known = state["targets"].setdefault(name, {"inputs": 0, "failures": 0, "seconds": 0.0})
            known["inputs"] += one.inputs
            known["failures"] += one.failures
            known["seconds"] = round(known["seconds"] + one.seconds, 1)
        return sum(one["inputs"] for one in state["targets"].values())
