"""Which character set a text file is in, by evidence.

Evidence are marks, zero octets, valid UTF-8, pairs that Chinese is written with, else the set under which the letters
beyond ASCII are those of one language. The choice is said wherever it is a choice.

Source: byte order marks of the Unicode Standard; GB 2312 (level 1 is rows B0 to D7) and Big5 (frequent characters are A440
to C67E); fingerprints/imports/charsets.yaml for languages.
"""

import codecs
import math
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import BinaryIO

import yaml

from auditor.resources import fingerprints

EVIDENCE = 65_536
"""Bytes of lines beyond ASCII that are weighed."""
_READ = 64 * 1024 * 1024
"""Bytes of a file in which such lines are looked for."""
_PIECE = 1024 * 1024
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_BEYOND = re.compile(rb"[\x80-\xff]")
_PAIR = re.compile(rb"([\x81-\xfe])([\x30-\xff])|[\x80-\xff]")
_CAPITALS = re.compile(rb"(?:[\x00-\x7f]|[\xc0-\xdf])*")
"""Where the capitals of Cyrillic and Greek sets are; of Chinese pairs one in six has both octets there."""
_MOSTLY = 0.85
"""Share of the pairs of a Chinese text that are common characters."""
_STRANGE = 1e-4
"""Weight of a letter that the language does not write, out of 1."""
_SIGN = 0.02
_UNUSUAL = 3.0
"""Logarithm by which a capital within a word, or two scripts in one word, are less likely than another letter."""
_DOUBT = 1.5
_WORD = re.compile(r"[^\s;,|\"]+")
_SIGN_INSIDE = re.compile(r"(?<=[^\W\d_])[^\w\s\x00-\x7f\u2019\u00b7](?=[^\W\d_])")
"""A sign with a letter at either side, as bytes of another set give it; an apostrophe and a middle dot stand so."""
_NAMES = {
    "cp1252": "Windows-1252", "cp1250": "Windows-1250", "cp1251": "Windows-1251", "cp1253": "Windows-1253",
    "cp1254": "Windows-1254", "cp1257": "Windows-1257", "iso8859-2": "ISO 8859-2", "mac_roman": "Mac Roman",
    "cp850": "DOS code page 850", "cp852": "DOS code page 852", "cp866": "DOS code page 866", "koi8_r": "KOI8-R",
    "gb18030": "GB 18030", "big5hkscs": "Big5", "utf-8": "UTF-8", "utf-8-sig": "UTF-8", "utf-16": "UTF-16",
    "utf-16-le": "UTF-16", "utf-16-be": "UTF-16", "utf-32": "UTF-32",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Choice:
    """A character set by the name of its codec, and the evidence in words; empty where there was nothing to choose."""

    codec: str
    because: str = ""

    @property
    def name(self) -> str:
        """What people call it."""
        return _NAMES.get(self.codec, self.codec)


def choose(file: BinaryIO) -> Choice:
    """Return the character set of a file that is read from where it stands; the place in the file is not kept."""
    start = file.read(_PIECE)
    for mark, codec in _MARKS:
        if start.startswith(mark):
            return Choice(codec)
    if wide := _without_mark(start):
        return Choice(wide, "every other octet is zero")
    return of_evidence(_evidence(start, file))


def of_evidence(evidence: bytes) -> Choice:
    """Return the set in which these lines are text; they hold no byte order mark."""
    if evidence.isascii() or _is_utf8(evidence):
        return Choice("utf-8")
    return _chinese(evidence) or _by_language(evidence)


def _without_mark(start: bytes) -> str:
    """Return the codec of text in two octets a character that bears no mark, else an empty text."""
    sample = start[:4096]
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    if odd * 4 > len(sample) and odd > 8 * even:
        return "utf-16-le"
    return "utf-16-be" if even * 4 > len(sample) and even > 8 * odd else ""


def _evidence(start: bytes, file: BinaryIO) -> bytes:
    """Return lines of a file that hold octets beyond ASCII, as many as are weighed."""
    kept: list[bytes] = []
    size, read, piece = 0, 0, start
    while piece and size < EVIDENCE and read < _READ:
        read += len(piece)
        if not piece.isascii():
            piece += file.readline(4096)  # so that no character is cut at the end of the piece
            for line in piece.splitlines():
                if line.isascii():
                    continue
                kept.append(_around(line))
                size += len(kept[-1])
                if size >= EVIDENCE:
                    break
        piece = file.read(_PIECE)
    return b"\n".join(kept)


def _around(line: bytes) -> bytes:
    """Return a line as evidence; of a very long one what follows the first octet beyond ASCII."""
    if len(line) <= EVIDENCE:
        return line
    first = _BEYOND.search(line)
    return line[first.start() if first else 0 :][:EVIDENCE]


def _is_utf8(evidence: bytes) -> bool:
    """Tell whether bytes are UTF-8, but for a character cut at the very end and a few damaged among very many."""
    try:
        codecs.getincrementaldecoder("utf-8")("strict").decode(evidence, final=len(evidence) < EVIDENCE)
    except UnicodeDecodeError:
        faults = evidence.decode("utf-8", "replace").count("\ufffd")
        whole = len(re.findall(rb"[\xc3-\xf4][\x80-\xbf]+", evidence))
        return whole > 20 * faults
    return True


def _chinese(evidence: bytes) -> Choice | None:
    """Return the set of a text whose octets beyond ASCII come in pairs that are, mostly, common Chinese characters."""
    pairs = [found.groups() for found in _PAIR.finditer(evidence)]
    common = sum(1 for one, two in pairs if one and b"\xb0" <= one <= b"\xd7" and b"\xa1" <= two <= b"\xfe")
    signs = sum(1 for one, two in pairs if one and one in {b"\xa1", b"\xa3"} and b"\xa1" <= two <= b"\xfe")
    capitals = len(pairs) > 1 and _CAPITALS.fullmatch(evidence) is not None
    if common and common + signs >= _MOSTLY * len(pairs) and not capitals and _reads(evidence, "gb18030"):
        return Choice("gb18030", f"{common + signs} of {len(pairs)} characters are common ones of GB 2312")
    frequent = sum(
        1 for one, two in pairs if one and b"\xa4" <= one <= b"\xc6" and (two <= b"\x7e" or two >= b"\xa1")
    )
    signs = sum(
        1 for one, two in pairs if one and b"\xa1" <= one <= b"\xa3" and (two <= b"\x7e" or two >= b"\xa1")
    )
    # Western letters stand alone between ASCII ones: as pairs they would be Big5 without a second octet beyond ASCII.
    high = sum(1 for one, two in pairs if one and two >= b"\xa1")
    if (
        frequent
        and frequent + signs >= _MOSTLY * len(pairs)
        and 3 * high >= len(pairs)
        and _reads(evidence, "big5hkscs")
    ):
        return Choice("big5hkscs", f"{frequent + signs} of {len(pairs)} characters are frequent ones of Big5")
    return None


def _reads(evidence: bytes, codec: str) -> bool:
    try:
        codecs.getincrementaldecoder(codec)("strict").decode(evidence, final=False)
    except UnicodeError:
        return False
    return True


@dataclass(frozen=True, slots=True)
class _Set:
    """One character set that may be meant: how often it is met, and the languages its users write."""

    codec: str
    often: float
    languages: tuple[str, ...]


@cache
def _known() -> tuple[tuple[_Set, ...], Mapping[str, Mapping[str, float]]]:
    """Return the sets, and of each language how likely each letter beyond ASCII is."""
    given = yaml.safe_load((fingerprints() / "imports" / "charsets.yaml").read_text(encoding="utf-8"))
    weights: dict[str, dict[str, float]] = {}
    for language, letters in given["languages"].items():
        whole = float(sum(letters.values()))
        weights[language] = {
            **dict.fromkeys(given["signs"], _SIGN),
            **{letter: share / whole for letter, share in letters.items()},
        }
    sets = (_Set(name, one["often"], tuple(one["languages"])) for name, one in given["sets"].items())
    return tuple(sets), weights


def _by_language(evidence: bytes) -> Choice:
    """Return the set under which the letters are most likely those of one language (a naive Bayes over letters)."""
    found: list[tuple[float, str, str, str]] = []
    sets, weights = _known()
    for one in sets:
        text = evidence.decode(one.codec, "replace")
        letters, strange = _letters(text)
        for language in one.languages:
            likely = math.log(one.often) + _likeness(letters, weights[language]) - _UNUSUAL * strange
            found.append((likely, one.codec, language, text))
    best = max(found)
    others = {
        Choice(codec).name: None
        for likely, codec, _, text in sorted(found, reverse=True)
        if best[0] - likely < _DOUBT and text != best[3]
    }
    doubt = f"; {' or '.join(others)} would fit nearly as well" if others else ""
    return Choice(best[1], f"its letters are those of {best[2]}{doubt}")


def _likeness(letters: Mapping[str, int], weights: Mapping[str, float]) -> float:
    """Return the logarithm of how likely these letters are in a language."""
    return sum(math.log(weights.get(letter, _STRANGE)) * times for letter, times in letters.items())


def _letters(text: str) -> tuple[Counter[str], int]:
    """Count the signs beyond ASCII, capitals as small letters, and how many stand where no language has them."""
    letters: Counter[str] = Counter()
    strange = 0
    for found in _WORD.finditer(text):
        word = found.group()
        if word.isascii():
            continue
        own = [sign for sign in word if not sign.isascii()]
        letters.update(sign.lower() if len(sign.lower()) == 1 else sign for sign in own)
        strange += sum(one.islower() and two.isupper() and not two.isascii() for one, two in pairwise(word))
        strange += len(_SIGN_INSIDE.findall(word))
        other_script = sum(sign >= "\u0370" for sign in own if sign.isalpha())
        strange += min(other_script, sum(sign.isascii() and sign.isalpha() for sign in word))
    return letters, strange
