"""JSON as flat pairs of dotted path and text, read without failing: cut, padded or followed by something else."""

import re

MAX_PAIRS = 4096
"""Pairs kept of one text."""
MAX_DEPTH = 16
"""Levels written into a path."""
MAX_NAME = 64
"""Characters kept of one name in a path."""
MAX_LEVELS = 128
"""Levels at which reading stops; nothing a device says is nested like that."""

_TOKEN = re.compile(r'"((?:[^"\\]|\\.)*+)(")?|([{}\[\],:])|([^\s"{}\[\],:]++)', re.DOTALL)
_ESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|(.))", re.DOTALL)
# A name without quotes, as scripts write it.
_NAME = re.compile(r"[A-Za-z_$][\w$-]{0,63}")
_SHORT = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}


def pairs(text: str) -> tuple[tuple[str, str], ...]:
    """Return every leaf of the first object or array as (path, value); list places count from 0.

    Strings are unescaped, other values stay as written. A value that the end of the text cuts off is left out.
    """
    return scan(text)[0]


def scan(text: str, at: int = 0) -> tuple[tuple[tuple[str, str], ...], int]:
    """Return the pairs of the first object or array from `at` on, and the place after its end."""
    starts = [place for place in (text.find("{", at), text.find("[", at)) if place >= 0]
    if not starts:
        return (), len(text)
    reader = _Reader()
    for token in _TOKEN.finditer(text, min(starts)):
        reader.take(token, last=token.end() == len(text))
        if reader.done:
            return tuple(reader.found), token.end()
    return tuple(reader.found), len(text)


class _Reader:
    """Where a scan stands: the levels open, each with the name or the place of the next value."""

    def __init__(self) -> None:
        self.found: list[tuple[str, str]] = []
        self._levels: list[tuple[bool, str | int]] = []

    @property
    def done(self) -> bool:
        """Tell whether the outermost level is closed or a bound reached."""
        return not 0 < len(self._levels) < MAX_LEVELS or len(self.found) >= MAX_PAIRS

    def take(self, token: re.Match[str], *, last: bool) -> None:
        """Read one token."""
        string, closed, mark, bare = token.groups()
        if mark:
            self._mark(mark)
        elif string is not None and closed:
            self._value(_unescaped(string), is_string=True)
        elif bare and not last:
            self._value(bare, is_string=False)

    def _mark(self, mark: str) -> None:
        if mark in "{[":
            self._levels.append((mark == "[", 0 if mark == "[" else ""))
        elif mark in "}]":
            self._levels.pop()
        elif mark == "," and self._levels:
            is_list, key = self._levels[-1]
            self._levels[-1] = (is_list, key + 1 if isinstance(key, int) else "")

    def _value(self, value: str, *, is_string: bool) -> None:
        is_list, key = self._levels[-1]
        if not is_list and key == "":
            if is_string or _NAME.fullmatch(value):
                self._levels[-1] = (False, value[:MAX_NAME])
            return
        names = (str(name) for _, name in self._levels[:MAX_DEPTH])
        self.found.append((".".join(names), value))


def _unescaped(text: str) -> str:
    """Resolve the escapes of a string; halves of a pair that stand alone become the replacement character."""
    if "\\" not in text:
        return text
    plain = _ESCAPE.sub(
        lambda found: chr(int(found[1], 16)) if found[1] else _SHORT.get(found[2], found[2]), text
    )
    return plain.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
