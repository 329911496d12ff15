"""The same targets under libFuzzer, where atheris is installed: slower by input, and led by coverage inside every line.

    python -m tests.fuzz.guided -runs=100000 [libFuzzer options] [folders of inputs]

The first byte of an input chooses the target, the rest is the input.
"""  # fmt: skip

import random
import sys
import tempfile
from collections import Counter
from contextlib import nullcontext
from pathlib import Path

from tests.fuzz import counter
from tests.fuzz.seeds import seeds
from tests.fuzz.target import Target, targets

_BETWEEN = 20_000
"""Inputs after which those so far are added to the counter: libFuzzer ends without a word."""


def main() -> None:
    """Run the fuzzer with libFuzzer's own options."""
    try:
        import atheris
    except ImportError:
        sys.exit("guided: atheris is not installed; install the dev group on Python 3.11 to 3.13")
    with atheris.instrument_imports(include=["auditor"], enable_loader_override=False):
        found = [one for one in targets() if not one.slow]
    had: Counter[str] = Counter()

    def one(data: bytes) -> None:
        if not data:
            return
        target = found[data[0] % len(found)]
        had[target.name] += 1
        if had.total() >= _BETWEEN:
            _count(had)
        target.feed(data[1:])

    own = sys.argv[1:]
    given = [each for each in own if not each.startswith("-")]
    with tempfile.TemporaryDirectory() if not given else nullcontext(given[0]) as folder:
        _write(Path(folder), found)
        bounds = [
            "-max_len=65536", "-timeout=10", "-rss_limit_mb=3072", f"-artifact_prefix={tempfile.gettempdir()}/",
        ]  # fmt: skip
        options = [each for each in own if each.startswith("-")]
        atheris.Setup([sys.argv[0], *bounds, *options, folder, *given[1:]], one)
        atheris.Fuzz()


def _count(had: Counter[str]) -> None:
    done = {name: counter.Had(count, 0, 0.0) for name, count in had.items()}
    counter.add(done, counter.day())
    had.clear()


def _write(folder: Path, found: list[Target]) -> None:
    """Write every target's own seeds, and every reply once for each of a few of the others."""
    chance = random.Random(1)
    others = [number for number, one in enumerate(found) if not one.own_seeds()]
    for number, one in enumerate(found):
        for place, seed in enumerate(one.own_seeds()):
            (folder / f"own-{number:03}-{place:03}").write_bytes(bytes((number,)) + seed)
    for number, seed in enumerate(seeds()):
        for chosen in chance.sample(others, min(12, len(others))):
            (folder / f"{number:05}-{chosen:03}").write_bytes(bytes((chosen,)) + seed)


if __name__ == "__main__":
    main()
