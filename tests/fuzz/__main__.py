"""Run one piece of fuzzing, add it to the counter and print what that makes in total: `make fuzz`, or

    python -m tests.fuzz --inputs 20000 --seconds 5 [--target NAME ...] [--rounds 3]
    python -m tests.fuzz --target NAME --repeat FILE
"""  # fmt: skip

import argparse
import sys
from collections.abc import Iterable
from pathlib import Path

from tests.fuzz import counter, piece
from tests.fuzz.target import Target, targets


def main() -> int:
    """Run what is asked; 1 when anything failed."""
    given = _given()
    chosen = [
        one
        for one in targets()
        if not given.target or any(one.name.startswith(each) for each in given.target)
    ]
    if not chosen:
        sys.exit(f"no such target; there are {', '.join(one.name for one in targets())}")
    piece.bound_memory()
    if given.repeat:
        for one in chosen:
            one.feed(given.repeat.read_bytes())
        return 0
    failed = 0
    for _ in range(given.rounds):
        failed += _piece(chosen, piece.Bounds(given.inputs, given.seconds), given.crashes)
    return 1 if failed else 0


def _piece(chosen: Iterable[Target], bounds: piece.Bounds, folder: Path) -> int:
    number = counter.next_piece()
    had: dict[str, counter.Had] = {}
    for one in chosen:
        had[one.name] = piece.run(one, number, bounds, folder)
        total = counter.add({one.name: had[one.name]}, counter.day())
    inputs, failures = sum(one.inputs for one in had.values()), sum(one.failures for one in had.values())
    seconds = sum(one.seconds for one in had.values())
    sys.stdout.write(
        f"piece {number}: {inputs:,} inputs over {len(had)} targets in {seconds:.0f} s, {failures} failures; "
        f"{total:,} inputs in all pieces\n"
    )
    return failures


def _given() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="tests.fuzz", description=__doc__.splitlines()[0])
    parser.add_argument("--inputs", type=int, default=20_000, help="inputs for each target at most")
    parser.add_argument("--seconds", type=float, default=3.0, help="seconds of work for each target at most")
    parser.add_argument("--rounds", type=int, default=1, help="pieces, one after the other")
    parser.add_argument("--target", action="append", help="only targets whose name begins so")
    parser.add_argument("--repeat", type=Path, help="feed this file once, and show what it raises")
    parser.add_argument(
        "--crashes", type=Path, default=Path("out/fuzz"), help="where inputs that fail are kept"
    )
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
