"""How every command speaks: exit codes, escaped text from devices, failures that say what to do."""

import io
import json
import logging
import os
import sys
import traceback
from collections.abc import Iterable, Mapping
from contextlib import suppress
from enum import IntEnum
from types import TracebackType
from typing import Self

import click

logger = logging.getLogger(__name__)


class Exit(IntEnum):
    """What the program's exit code says. A promise to scripts; see docs/architecture.md section 6."""

    DONE = 0
    FINDINGS = 1
    """Findings at or above `--fail-on`."""
    USAGE = 2
    """Wrong usage or unreadable input."""
    REFUSED = 3
    """Refused by the scope."""
    PARTIAL = 4
    """Stopped, window closed or budget spent; `--resume` continues."""
    NETWORK = 5
    """Network or permission."""
    BUG = 70
    INTERRUPTED = 130


class Failure(click.ClickException):
    """A command cannot do what it was asked; the message says why and what to do."""

    def __init__(self, message: str, code: Exit = Exit.USAGE) -> None:
        super().__init__(message)
        self.code = code

    def show(self, file: object = None) -> None:
        """Write the message to stderr, control characters escaped."""
        del file
        words(f"auditor: {self.message}")


_PLAIN_WHITESPACE = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def shown(text: str, limit: int = 0) -> str:
    """Return text from a device safe to print: whatever moves a cursor, hides or reorders is escaped.

    With a limit, longer text is cut and ends in an ellipsis.
    """
    if limit and len(text) > limit:
        text = text[: limit - 1] + "…"
    if text.isascii() and text.isprintable():
        return text
    return "".join(_shown(character) for character in text)


def _shown(character: str) -> str:
    if character in _PLAIN_WHITESPACE:
        return _PLAIN_WHITESPACE[character]
    if character.isprintable():
        return character
    number = ord(character)
    return f"\\x{number:02x}" if number < 256 else f"\\u{{{number:x}}}"


def shown_bytes(data: bytes, limit: int = 4096) -> tuple[str, ...]:
    """Return bytes from a device as safe lines: text stays readable, every other byte is escaped."""
    text = data[:limit].decode("utf-8", "backslashreplace").replace("\r\n", "\n")
    lines = [shown(line) for line in text.split("\n")]
    if len(data) > limit:
        lines.append(f"… and {len(data) - limit} more bytes")
    return tuple(lines)


def words(message: str) -> None:
    """Write a line for a person to stderr; line breaks of the message stay, other control characters do not.

    Where nobody can be told, as when stderr is closed or its disk full, the command goes on: its work is not less done.
    """
    with suppress(OSError):
        click.echo("\n".join(shown(line) for line in message.split("\n")), err=True)


def say_json(value: Mapping[str, object]) -> None:
    """Write one JSON object, indented, to stdout."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=True))


def say_jsonl(values: Iterable[Mapping[str, object]]) -> None:
    """Write JSON objects to stdout, one a line."""
    for value in values:
        click.echo(json.dumps(value, ensure_ascii=True))


def is_verbose() -> bool:
    """Tell whether -v was given to this command or to the program."""
    context = click.get_current_context(silent=True)
    return bool(context and context.find_root().meta.get("auditor.verbose"))


def with_color() -> bool:
    """Tell whether colour may be used: not with --no-color, NO_COLOR or a dumb terminal."""
    context = click.get_current_context(silent=True)
    refused = bool(context and context.find_root().color is False)
    return not refused and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


class Judge:
    """Turns whatever ends a command into its exit code: `with Judge() as judge: …`, then `judge.code`.

    An exception nobody foresaw is our bug: a short message, the traceback only with -v, exit code 70.
    """

    def __init__(self, *, verbose: bool = False) -> None:
        self.code: int = Exit.DONE
        self.verbose = verbose

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        if error is None:
            return True
        self.code = self._code_of(error)
        return not isinstance(error, SystemExit | GeneratorExit)

    def _code_of(self, error: BaseException) -> int:
        match error:
            case SystemExit():
                return Exit.DONE
            case click.exceptions.Exit():
                return error.exit_code
            case Failure():
                error.show()
                return error.code
            case click.ClickException():
                # What is wrong with a word is said with the word in it, whatever it is made of.
                said = io.StringIO()
                error.show(said)
                words(said.getvalue().rstrip("\n"))
                return Exit.USAGE
            case KeyboardInterrupt() | click.Abort():
                words("auditor: interrupted")
                return Exit.INTERRUPTED
            case BrokenPipeError():
                return Exit.DONE
        return self._expected(error)

    def _expected(self, error: BaseException) -> int:
        code = getattr(error, "exit_code", None)
        if isinstance(code, int):
            words(f"auditor: {error}")
            return code
        if type(error).__name__ in {"ScopeError", "DataError"}:
            words(f"auditor: {error}")
            return Exit.USAGE
        if type(error).__name__ == "OutsideScopeError":
            words(f"auditor: refused by the scope: {error}")
            return Exit.REFUSED
        if isinstance(error, PermissionError):
            words(f"auditor: permission denied: {error}")
            return Exit.NETWORK
        if isinstance(error, OSError):
            what = error.filename or "what is to be printed cannot be written"
            words(f"auditor: {what}: {error.strerror or error}")
            return Exit.USAGE
        return self._bug(error)

    def _bug(self, error: BaseException) -> int:
        words(f"auditor: our fault, not yours: {type(error).__name__}: {error}")
        if self.verbose:
            words("".join(traceback.format_exception(error)))
        else:
            words("Run the same command with -v and report what it prints.")
        return Exit.BUG


def heedless_of_characters() -> None:
    """Let stdout spell out what its character set has not, as half a character or any in ASCII, instead of failing."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def flush() -> None:
    """Write out what was printed; OSError where that cannot be done."""
    if sys.stdout is not None:
        sys.stdout.flush()


def let_go() -> None:
    """Point stdout and stderr at nothing where they cannot be written, so that the interpreter does not end in a code of its own."""
    for stream in (sys.stdout, sys.stderr):
        if stream is None:
            continue
        try:
            stream.flush()
        except (OSError, ValueError):
            with suppress(OSError, ValueError):
                void = os.open(os.devnull, os.O_WRONLY)
                os.dup2(void, stream.fileno())
                os.close(void)
