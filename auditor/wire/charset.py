"""Bytes to text, for devices that name the wrong character set or none."""

import codecs
import re
from collections.abc import Iterable
from functools import lru_cache

# By what devices call them; supersets stand for what is mostly meant. Only character sets proper: Python's registry also
# holds codecs that decompress or run in quadratic time. Source: WHATWG Encoding Standard, labels.
_CODECS = tuple(
    (re.compile(names), codec)
    for names, codec in (
        (r"utf-?8|unicode-1-1-utf-8", "utf-8"),
        (r"utf-?16-?le", "utf-16-le"),
        (r"utf-?16-?be", "utf-16-be"),
        (r"utf-?16|unicode|ucs-2", "utf-16"),
        (
            r"(?:x-)?gb[-_]?(?:2312|k|18030)(?:[-_](?:80|1980|2000|2005))?|csgb2312|(?:cp|ms|windows-?)936|(?:x-)?euc-cn|chinese",
            "gb18030",
        ),
        (r"(?:cn-|x-x-|cs)?big-?5(?:-?hkscs)?|(?:cp|ms|windows-?)950", "big5hkscs"),
        (r"(?:cs)?euc-?kr|ks_?c_?-?5601(?:[-_]19(?:87|89))?|(?:cp|ms|windows-?)949|uhc", "cp949"),
        (r"(?:cs|x-)?s(?:hift)?[-_]?jis|ms_kanji|(?:cp|ms)932|windows-(?:31j|932)", "cp932"),
        (r"(?:x-)?euc-jp", "euc_jp"),
        (r"tis-?620|iso-?8859-11|(?:cp|windows-?)874", "cp874"),
        (r"koi8-?(?:r|ru)", "koi8_r"),
        (r"koi8-?u", "koi8_u"),
        (r"(?:cp|ibm)?(?:437|850|852|866)", "{digits}"),
        (r"(?:windows-?|cp)?(?:125[0-8])", "{digits}"),
        (r"us-ascii|ascii|latin-?1|l1|iso[-_]?8859[-_]?1", "latin-1"),
        # There is no part 12.
        (r"iso[-_]?8859[-_]?(?:[2-9]|1[013-6])", "iso8859-{digits}"),
    )
)
_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_CHARSET = re.compile(r"(?:charset|encoding)\s{0,8}=\s{0,8}[\"']?([\w.:-]{2,32})", re.ASCII | re.IGNORECASE)
_HEAD = 2048
"""Bytes within which a document names its own character set."""
# What a server puts into every head: it says nothing of the page, and any bytes are text in it.
_SAYS_LITTLE = "latin-1"
# A character of two octets in GB 18030, and one that people use: signs, full-width letters, the common ideographs.
_PAIR = re.compile(rb"[\x81-\xfe][\x30-\xfe]")
_COMMON = re.compile(rb"[\xa1\xa3\xb0-\xd7][\xa1-\xfe]")
_MARKUP_LE = re.compile(rb"(?:[<{\[]\x00)(?:[\x09-\x7e]\x00)")
_MARKUP_BE = re.compile(rb"(?:\x00[<{\[])(?:\x00[\x09-\x7e])")
_PRIVATE = re.compile("[\ue000-\uf8ff]")
_LEGIBLE = 2
"""Characters that are read for each one that is not, in text with a fault."""


def decode(data: bytes, *declared: str | None) -> str:
    """Return the text of bytes: by byte order mark, as UTF-8, as declared, as GB 18030, at last as Latin-1.

    Of several declarations the first that says something counts. Valid UTF-8 wins over any, because embedded servers
    declare what their template said. A character cut off at the very end is dropped, one cut off within is replaced.
    """
    if data.isascii() and b"\x00" not in data:
        return data.decode("ascii")
    for mark, name in _BOMS:
        if data.startswith(mark):
            return data[len(mark) :].decode(name, "replace")
    wide = _looks_wide(data) or (_declared_wide(declared) if b"\x00" in data else None)
    if wide is None and data.isascii():
        return data.decode("ascii")
    names = [
        codec
        for each in declared
        if (codec := _known(each)) and codec != _SAYS_LITTLE and not codec.startswith("utf-16")
    ]
    for candidate in (wide, "utf-8", *names):
        read = _strictly(data, candidate)
        if read is not None:
            return read
    return _guessed(data, names)


def document(data: bytes, declared: str | None = None) -> str:
    """Return the text of a page, an XML or another text that may name its own character set in its head."""
    return decode(data, declared, named_in(data[:_HEAD].replace(b"\x00", b"").decode("latin-1")))


def named_in(text: str) -> str | None:
    """Return the character set that a Content-Type value or the head of a page or an XML text names, in lower case."""
    found = _CHARSET.search(text)
    return found.group(1).lower() if found else None


def _guessed(data: bytes, names: list[str]) -> str:
    """Return the text of bytes that no declaration explains whole: with a fault, Chinese, or at last Latin-1."""
    for name in ("utf-8", *names):
        text = data.decode(name, "replace")
        if _is_legible(text):
            return text
    if _is_chinese(data):
        text = _strictly(data, "gb18030") or data.decode("gb18030", "replace")
        if _is_legible(text):
            return text
    return data.decode("latin-1")


def _is_legible(text: str) -> bool:
    """Tell whether few characters are missing and none is for private use, as under a set the text is not in."""
    faults = text.count("\ufffd")
    wide = sum(not sign.isascii() for sign in text) - faults
    return wide >= _LEGIBLE * faults and not _PRIVATE.search(text)


def _is_chinese(data: bytes) -> bool:
    """Tell whether the characters beyond ASCII are, for the most part, those that Chinese is written with.

    Latin-1 has such letters alone, Big5 and Cyrillic sets have them in other places.
    """
    pairs = _PAIR.findall(data)
    return bool(pairs) and 2 * sum(bool(_COMMON.fullmatch(pair)) for pair in pairs) >= len(pairs)


def _looks_wide(data: bytes) -> str | None:
    """Return the codec of markup in two octets a character that does not say so."""
    if _MARKUP_LE.match(data):
        return "utf-16-le"
    return "utf-16-be" if _MARKUP_BE.match(data) else None


def _declared_wide(declared: Iterable[str | None]) -> str | None:
    """Return the codec of two octets a character that is declared; programs declare it over text that is in UTF-8."""
    names = (_known(each) for each in declared)
    return next((name for name in names if name and name.startswith("utf-16")), None)


@lru_cache(maxsize=256)
def _known(declared: str | None) -> str | None:
    """Return the codec for a declared name when it is a plain character set."""
    name = (declared or "").strip(" \t\"'").lower()
    codec = next((codec for names, codec in _CODECS if names.fullmatch(name)), None)
    return codec.format(digits=_digits(name, codec)) if codec else None


def _digits(name: str, codec: str) -> str:
    """Return the number in a name, as codecs spell it."""
    # `iso-88595` is as good a name of part 5 as `iso-8859-5`.
    found = re.findall(r"\d+", name.replace("8859", "8859 "))
    number = found[-1] if found else ""
    return f"cp{number}" if codec == "{digits}" else number


def _strictly(data: bytes, name: str | None) -> str | None:
    """Decode without guessing, allowing for a cut at the end; None when the bytes are not in that set."""
    if name is None:
        return None
    try:
        return codecs.getincrementaldecoder(name)("strict").decode(data, final=False)
    except (UnicodeError, LookupError):
        return None
