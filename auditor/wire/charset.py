"""Bytes to text, for devices that name the wrong character set or none."""

import codecs
import re
from functools import lru_cache

# Only character sets proper: Python's registry also holds codecs that decompress or run in quadratic time.
_KNOWN = re.compile(
    r"utf-?8|utf-?16(?:-?[lb]e)?|us-?ascii|iso-?8859-?\d{1,2}|latin-?1|windows-?125[0-8]|cp125[0-8]"
    r"|gb-?2312|gbk|gb18030|big5|euc-(?:kr|jp|cn)|shift[-_]jis|koi8-[ru]"
)
_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_CHARSET = re.compile(r"(?:charset|encoding)\s{0,8}=\s{0,8}[\"']?([\w.:-]{2,32})", re.ASCII | re.IGNORECASE)


def decode(data: bytes, declared: str | None = None) -> str:
    """Return the text of bytes: by byte order mark, as UTF-8, as declared, as GB2312, at last as Latin-1.

    Valid UTF-8 wins over the declaration, because embedded servers declare what their template said.
    A character cut off at the very end is dropped.
    """
    if declared is None and data.isascii():
        return data.decode("ascii")
    for mark, name in _BOMS:
        if data.startswith(mark):
            return data[len(mark) :].decode(name, "replace")
    for candidate in (_wide(declared), "utf-8", _known(declared)):
        text = _strictly(data, candidate) if candidate else None
        if text is not None:
            return text
    guess = _strictly(data, "gb2312")
    return data.decode("latin-1") if guess is None or guess.isascii() else guess


def named_in(text: str) -> str | None:
    """Return the character set that a Content-Type value or the head of a page or an XML text names, in lower case."""
    found = _CHARSET.search(text)
    return found.group(1).lower() if found else None


@lru_cache(maxsize=256)
def _known(declared: str | None) -> str | None:
    """Return the codec for a declared name when it is a plain character set."""
    name = (declared or "").strip().lower()
    if not _KNOWN.fullmatch(name):
        return None
    # What devices call GB2312 is its superset.
    return "gb18030" if name in {"gb2312", "gb-2312", "gbk", "euc-cn"} else name


def _wide(declared: str | None) -> str | None:
    """Return the codec when two bytes make a character, where trying UTF-8 first would succeed wrongly."""
    name = _known(declared)
    return name if name and name.replace("-", "").startswith("utf16") else None


def _strictly(data: bytes, name: str) -> str | None:
    """Decode without guessing, allowing for a cut at the end; None when the bytes are not in that set."""
    try:
        return codecs.getincrementaldecoder(name)("strict").decode(data, final=False)
    except (UnicodeError, LookupError):
        return None
