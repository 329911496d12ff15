"""Text tables as cells: which separator, quotes as RFC 4180 has them, and what to do where a quote is never closed.

Python's own reader gives a quote that is never closed every line behind it. Here a record of several lines counts only
where its quote is closed before a separator, and where its lines are no whole records by themselves.
Source: RFC 4180; what Excel, LibreOffice and databases write (semicolons, `sep=` in the first line, quotes within words).
"""

import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from itertools import chain

MAX_LINE = 1024 * 1024
"""Characters of one line that are read."""
_MOST_LINES = 256
_MOST_CHARACTERS = 65_536
"""What a cell of several lines may hold before its quote counts as never closed."""
SEPARATORS = (",", ";", "\t", "|")
_SAYS_SEPARATOR = re.compile(r"\ufeff?\"?sep=(.)\"?\s*", re.IGNORECASE)

Trouble = Callable[[int, str], None]
"""What is called for a line that could not be read as it stands: its number, and what is wrong."""


def lines(read: Callable[[int], str], trouble: Trouble) -> Iterator[tuple[int, str]]:
    """Yield lines with their number, from 1, without their end and without zero octets; of overlong ones the beginning."""
    number = 0
    while line := read(MAX_LINE):
        number += 1
        if len(line) >= MAX_LINE and not line.endswith("\n"):
            trouble(number, f"the line is longer than {MAX_LINE} characters; the rest of it is left out")
            while (rest := read(MAX_LINE)) and not rest.endswith("\n"):
                pass
        yield number, line.rstrip("\r\n").replace("\x00", "")


def separator(sample: Iterable[str], worth: Callable[[list[str]], int]) -> str:
    """Return the separator under which a line of a sample is worth most as a heading, else the one that fits most lines."""
    sample = [line for line in sample if line.strip()]
    if sample and (said := _SAYS_SEPARATOR.fullmatch(sample[0])):
        return said.group(1)
    return max(SEPARATORS, key=lambda one: _fit(sample, one, worth))


def _fit(sample: list[str], by: str, worth: Callable[[list[str]], int]) -> tuple[int, int, int]:
    cells = [split(line, by)[0] for line in sample]
    widths = [len(one) for one in cells if len(one) > 1]
    usual = max(widths, key=widths.count, default=0)
    return max(map(worth, cells), default=0), widths.count(usual), usual


def says_separator(line: str) -> bool:
    """Tell whether a first line says only which separator follows, as Excel writes it."""
    return _SAYS_SEPARATOR.fullmatch(line) is not None


def records(
    numbered: Iterable[tuple[int, str]], by: str, trouble: Trouble
) -> Iterator[tuple[int, list[str]]]:
    """Yield each record's first line number and its cells."""
    source = iter(numbered)
    waiting: deque[tuple[int, str]] = deque()
    width = 0
    for number, line in _pushed(waiting, source):
        cells, is_open = split(line, by)
        if not is_open:
            width = len(cells) if len(cells) > 1 else width
            yield number, cells
            continue
        ahead = list(_until_closed(waiting, source, by))
        whole = _joined(line, [text for _, text in ahead], by)
        if whole is None or (_swallows(whole, by) and _are_records(line, ahead, by, width)):
            waiting.extendleft(reversed(ahead))
            trouble(number, "a quote is opened and never closed; the line is read as it stands")
            yield number, cells
        else:
            yield number, whole


def _pushed(waiting: deque[tuple[int, str]], source: Iterator[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    """Yield lines that were put back, then those of the source."""
    while True:
        if waiting:
            yield waiting.popleft()
        elif (line := next(source, None)) is not None:
            yield line
        else:
            return


def _until_closed(
    waiting: deque[tuple[int, str]], source: Iterator[tuple[int, str]], by: str
) -> Iterator[tuple[int, str]]:
    """Yield the lines behind an open quote up to the one that closes it, or to where it is plain that none does."""
    taken = 0
    is_open: bool | None = True
    for count, (number, line) in enumerate(_pushed(waiting, source), 1):
        yield number, line
        taken += len(line)
        is_open = _is_open_after(line, by) if is_open else is_open
        if is_open is not True or count >= _MOST_LINES or taken > _MOST_CHARACTERS:
            return


def _is_open_after(line: str, by: str) -> bool | None:
    """Tell whether a quoted cell goes on behind this line; None where a quote stands where none may."""
    closing = _patterns(by)[1].match(line)
    if closing is None:
        return True if _no_lone_quote(line) else None
    return split(line[closing.end() + 1 :], by)[1] if closing.end() < len(line) else False


def _no_lone_quote(line: str) -> bool:
    return '"' not in line.replace('""', "")


def _joined(first: str, ahead: list[str], by: str) -> list[str] | None:
    """Return the cells of a record of several lines, None where its quote is not closed."""
    if not ahead or _is_open_after(ahead[-1], by) is not False:
        return None
    cells, is_open = split("\n".join((first, *ahead)), by)
    return None if is_open else cells


def _swallows(cells: list[str], by: str) -> bool:
    """Tell whether a cell of several lines holds separators, as one does that a stray quote made."""
    return any("\n" in cell and by in cell for cell in cells)


def _are_records(first: str, ahead: list[tuple[int, str]], by: str, width: int) -> bool:
    """Tell whether every line of a span has as many cells by itself as records have: then a stray quote joined them."""
    return all(len(split(line, by)[0]) == width for line in chain((first,), (line for _, line in ahead)))


def split(line: str, by: str) -> tuple[list[str], bool]:
    """Return the cells of a line, and whether its last quote is open; a quote that is no quoting stays in its cell."""
    if '"' not in line:
        return [cell.strip() for cell in line.split(by)], False
    cell, _, opened = _patterns(by)
    found: list[str] = []
    at, is_open = 0, False
    while True:
        here = cell.match(line, at)
        if here is None:  # never: the last alternative matches anything
            return found, is_open
        quoted, bare = here.groups()
        found.append((quoted.replace('""', '"') if bare is None else bare).strip())
        is_open = is_open or (bare is not None and opened.match(line, at) is not None)
        at = here.end() + 1
        if here.end() >= len(line):
            return found, is_open


@cache
def _patterns(by: str) -> tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str]]:
    """Return what matches a cell, the end of a quoted cell that began on an earlier line, and one that is not closed."""
    mark = re.escape(by)
    blank = " " if by == "\t" else r"[ \t]"
    inside = r'(?:[^"]|"")*+'
    return (
        re.compile(rf'{blank}*+"({inside})"{blank}*(?={mark}|\Z)|([^{mark}]*+)', re.DOTALL),
        re.compile(rf'{inside}"{blank}*(?={mark}|\Z)', re.DOTALL),
        re.compile(rf'{blank}*+"{inside}\Z', re.DOTALL),
    )
