"""Greetings and replies as the installed nmap describes them: one instance of each of its patterns.

nmap's own file is read where it is installed; nothing of it is kept here. An instance has the constant words of the pattern,
and the least that its open parts allow: a digit, a letter, a blank.
"""

import importlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PROBES = Path("/usr/share/nmap/nmap-service-probes")
_parser: Any = importlib.import_module("re._parser")
_op: Any = importlib.import_module("re._constants")
_MATCH = re.compile(r"(?:soft)?match (\S+) m(.)(.*?)\2([is]*)\s*(.*)")
_TRIED = '1aA0 .-_/x\r\n:;"' + "".join(map(chr, range(33, 256)))
_MOST = 400


@dataclass(frozen=True, slots=True)
class Service:
    """What one pattern is about, in nmap's words, and one text that it matches."""

    protocol: str
    described: str
    text: str


def services(wanted: frozenset[str]) -> Iterator[Service]:
    """Give an instance of each pattern for these protocols; patterns that Python reads otherwise are left out."""
    for line in PROBES.read_text(encoding="latin1").splitlines():
        found = _MATCH.match(line)
        if not found or found[1] not in wanted:
            continue
        flags = re.DOTALL | (re.IGNORECASE if "i" in found[4] else 0)
        try:
            text = _instance(_parser.parse(found[3], flags), {})
            if re.search(found[3], text, flags):
                yield Service(found[1], found[5], text)
        except re.error:
            continue


def _instance(tree: Any, groups: dict[int, str]) -> str:
    return "".join(_one(op, argument, groups) for op, argument in tree)


def _one(op: Any, argument: Any, groups: dict[int, str]) -> str:
    if op is _op.LITERAL:
        return chr(argument)
    if op is _op.NOT_LITERAL:
        return "y" if argument == ord("x") else "x"
    if op is _op.ANY:
        return "x"
    if op is _op.IN:
        return _allowed(argument)
    if op in {_op.MAX_REPEAT, _op.MIN_REPEAT, _op.POSSESSIVE_REPEAT}:
        least, most, below = argument
        return "" if least == 0 else _instance(below, groups) * min(3 if most > least else least, most, _MOST)
    if op is _op.SUBPATTERN:
        text = _instance(argument[3], groups)
        groups[argument[0] or 0] = text
        return text
    if op is _op.BRANCH:
        return _instance(argument[1][0], groups)
    return groups.get(argument, "") if op is _op.GROUPREF else ""


def _allowed(members: Any) -> str:
    """Return the first character that a class allows."""
    negated = members[0][0] is _op.NEGATE
    fits = (sign for sign in _TRIED if any(_is_in(sign, *one) for one in members) != negated)
    return next(fits, "")


def _is_in(sign: str, op: Any, argument: Any) -> bool:
    if op is _op.LITERAL:
        return bool(ord(sign) == argument)
    if op is _op.RANGE:
        return bool(argument[0] <= ord(sign) <= argument[1])
    word = sign.isalnum() or sign == "_"
    kinds = {
        _op.CATEGORY_DIGIT: sign.isdigit(),
        _op.CATEGORY_NOT_DIGIT: not sign.isdigit(),
        _op.CATEGORY_SPACE: sign.isspace(),
        _op.CATEGORY_NOT_SPACE: not sign.isspace(),
        _op.CATEGORY_WORD: word,
        _op.CATEGORY_NOT_WORD: not word,
    }
    return bool(op is _op.CATEGORY and kinds[argument])
