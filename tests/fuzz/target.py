"""What is fuzzed: a target is something that must take any bytes; the files of this folder offer them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path


def _no_seeds() -> tuple[bytes, ...]:
    return ()


@dataclass(frozen=True, slots=True)
class Target:
    """Its name, a call that raises when what it does with some bytes is no good, and what mutation starts from."""

    name: str
    feed: Callable[[bytes], None]
    own_seeds: Callable[[], tuple[bytes, ...]] = _no_seeds
    """Inputs of its own form; with none, the replies of personas are its seeds."""
    slow: bool = False
    """Takes milliseconds an input (a database, a page), so that it gets fewer."""


@cache
def targets() -> tuple[Target, ...]:
    """Return what every file of this folder that has `targets()` offers, found by walking it."""
    found: list[Target] = []
    for file in sorted(Path(__file__).parent.glob("*.py")):
        if file.stem == "target" or file.stem.startswith(("test_", "conftest", "_")):
            continue
        module = import_module(f"tests.fuzz.{file.stem}")
        offered: Callable[[], Iterator[Target]] | None = getattr(module, "targets", None)
        if offered is not None and offered.__module__ == module.__name__:
            found.extend(offered())
    return tuple(found)
