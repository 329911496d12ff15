"""Text files as people's editors save them: UTF-8 with or without a byte order mark, UTF-16 with one."""

import codecs
import tomllib
from collections.abc import Iterator
from io import TextIOWrapper
from pathlib import Path
from reprlib import Repr
from typing import Any, BinaryIO

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)

_SHOWING = Repr()
_SHOWING.maxlevel = 3
_SHOWING.maxstring = _SHOWING.maxother = _SHOWING.maxlong = 200


def read(path: Path) -> str:
    """Return the text of a file; OSError when it cannot be opened, UnicodeDecodeError when it is no such text."""
    return decoded(path.read_bytes())


def is_utf16(start: bytes) -> bool:
    """Tell whether a file that begins so says that it is in UTF-16, as what a shell of Windows writes by `>`."""
    return start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))


def utf16_lines(file: BinaryIO) -> Iterator[bytes]:
    """Yield the lines of a file in UTF-16 as UTF-8; half characters become the replacement character."""
    for line in TextIOWrapper(file, encoding="utf-16", errors="replace"):
        yield line.encode("utf-8", "replace")


def decoded(raw: bytes) -> str:
    """Return the text of a file's bytes, line ends as line feeds; UnicodeDecodeError when they are no such text."""
    for mark, name in _MARKS:
        if raw.startswith(mark):
            text = raw[len(mark) :].decode(name)
            break
    else:
        text = raw.decode("utf-8")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def toml(text: str) -> dict[str, Any]:
    """Return what a TOML text says; TOMLDecodeError for every text that cannot be read, however it is built."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        raise
    except RecursionError as error:
        raise tomllib.TOMLDecodeError("nested too deeply to be read") from error
    except ValueError as error:  # a number of thousands of digits
        raise tomllib.TOMLDecodeError(str(error)) from error


def shown(value: object) -> str:
    """Return a value out of a file as a message can quote it: as Python writes it, bounded whatever it holds."""
    try:
        return _SHOWING.repr(value)
    except ValueError:  # an integer too long to be written in decimal
        return "a number of thousands of digits"
