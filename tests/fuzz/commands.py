"""Commands run inside this process, and what may come of them: never a fault of ours, nothing that acts on a terminal."""

import io
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
    ended = Ended(code, out.getvalue(), _text(err))
    if code in {Exit.BUG, Exit.INTERRUPTED} or not 0 <= code <= Exit.INTERRUPTED:
        raise AssertionError(f"{list(words)!r} ended with {code}: {_because(words) or ended.err[-500:]}")
    return ended


def _because(words: Sequence[str]) -> str:
    """Run it once more to see what it fails at."""
    with _caught() as (_, err):
        run(["-v", *words])
    return _text(err)[-700:]


def _text(held: io.BytesIO) -> str:
    return held.getvalue().decode("utf-8", "replace")


def _stream() -> tuple[io.BytesIO, io.TextIOWrapper]:
    held = io.BytesIO()
    return held, io.TextIOWrapper(held, encoding="utf-8", errors="backslashreplace", write_through=True)


@contextmanager
def _caught() -> Iterator[tuple[io.BytesIO, io.BytesIO]]:
    (out, written), (err, said) = _stream(), _stream()
    with redirect_stdout(written), redirect_stderr(said):
        yield out, err
    for one in (written, said):
        one.detach()  # or the bytes go with it


def check_terminal(text: str) -> None:
    """Refuse text that would act on a terminal, hide or reorder what stands in it."""
    if text.isascii() and text.replace("\n", "").isprintable():
        return
    found = next((one for one in text if one not in _MAY and unicodedata.category(one) in _ACTS), None)
    if found is not None:
        at = text.index(found)
        raise AssertionError(f"{found!r} is written to a terminal: {text[max(0, at - 80) : at + 20]!r}")
