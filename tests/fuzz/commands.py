"""Commands run inside this process, and what may come of them: never a fault of ours, nothing that acts on a terminal."""

import io
import sys
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass

from auditor.cli import run
from auditor.cli._words import Exit

_ACTS = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_MAY = "\n"


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended, and what it wrote."""

    code: int
    out: bytes
    err: str


def ran(words: Sequence[str]) -> Ended:
    """Run a command as `main` does, its streams caught. AssertionError when it calls its end a fault of ours."""
    with _caught() as (out, err):
        code = run(words)
    ended = Ended(code, out(), err())
    if code in {Exit.BUG, Exit.INTERRUPTED} or not 0 <= code <= Exit.INTERRUPTED:
        raise AssertionError(f"{list(words)!r} ended with {code}: {_because(words) or ended.err[-500:]}")
    return ended


def _because(words: Sequence[str]) -> str:
    """Run it once more to see what it fails at."""
    with _caught() as (_, err):
        run(["-v", *words])
    return err()[-700:]


@contextmanager
def _caught() -> Iterator[tuple[object, object]]:
    streams = [
        io.TextIOWrapper(io.BytesIO(), encoding="utf-8", errors="backslashreplace", write_through=True)
        for _ in range(2)
    ]
    with redirect_stdout(streams[0]), redirect_stderr(streams[1]):
        yield (
            lambda: streams[0].buffer.getvalue(),  # type: ignore[attr-defined]  # a BytesIO
            lambda: streams[1].buffer.getvalue().decode("utf-8", "replace"),  # type: ignore[attr-defined]  # as above
        )
    sys.stdout.flush()


def check_terminal(text: str) -> None:
    """Refuse text that would act on a terminal, hide or reorder what stands in it."""
    if text.isascii() and text.replace("\n", "").isprintable():
        return
    found = next((one for one in text if one not in _MAY and unicodedata.category(one) in _ACTS), None)
    if found is not None:
        at = text.index(found)
        raise AssertionError(f"{found!r} is written to a terminal: {text[max(0, at - 80) : at + 20]!r}")
