"""Make what devices say safe to look at: every character that could act is shown instead."""

import re
import unicodedata

MOST_BYTES = 4096
"""Bytes of one request or reply shown in a page; the database keeps all of them."""
_DUMP_BYTES = 512

# Cc (controls), Cf (bidi marks, zero width), Zl/Zp (line separators), Cs (lone surrogates), Co and Cn
# (private, unassigned): shown by their number. Line feed and tab stay: they only move text down and right.
_QUICK = re.compile(
    r"[^\n\t -~\u00a0-\u00ac\u00ae-\u024f\u0391-\u03a1\u03a3-\u03c9\u0400-\u0481\u4e00-\u9fff–—‘’“”•…·●○≥≤→×]"
)
_SHOWN: dict[str, str] = {"\x7f": "␡"}
_SHOWN.update({chr(code): chr(0x2400 + code) for code in range(32) if code not in {9, 10}})
_ACTS = frozenset({"Cc", "Cf", "Zl", "Zp", "Cs", "Co", "Cn"})


def visible(text: str) -> str:
    """Return the text with controls, direction marks and invisible characters made visible."""
    if _QUICK.search(text) is None:
        return text
    return _QUICK.sub(_shown, text)


def one_line(text: str) -> str:
    """Return the text made visible and on one line."""
    return visible(text).replace("\n", "␊").replace("\t", "␉")


def _shown(found: re.Match[str]) -> str:
    character = found.group()
    known = _SHOWN.get(character)
    if known is not None:
        return known
    if unicodedata.category(character) in _ACTS or unicodedata.combining(character):
        return f"⟨U+{ord(character):04X}⟩"
    return character


def spoken(data: bytes, most: int = MOST_BYTES) -> str:
    """Return bytes as text a person can read: text where it is text, a hex dump where it is not.

    At most `most` bytes are shown (512 of a dump). Nothing is dropped silently: bytes that are not
    UTF-8 become backslash escapes, controls become pictures, and a carriage return before a line feed is left out.
    """
    head = data[:most]
    if _is_binary(head):
        return _dump(data[:_DUMP_BYTES])
    text = head.decode("utf-8", errors="backslashreplace")
    return visible(text.replace("\r\n", "\n"))


def shown_bytes(data: bytes, most: int = MOST_BYTES) -> int:
    """Return how many of these bytes `spoken` shows."""
    return min(len(data), _DUMP_BYTES if _is_binary(data[:most]) else most)


def _is_binary(head: bytes) -> bool:
    odd = sum(head.count(code) for code in (*range(9), 11, 12, *range(14, 32), 127))
    return odd * 10 > len(head)


def _dump(head: bytes) -> str:
    lines = []
    for start in range(0, len(head), 16):
        row = head[start : start + 16]
        text = "".join(chr(code) if 32 <= code < 127 else "·" for code in row)
        lines.append(f"{start:04x}  {row.hex(' '):<47}  {text}")
    return "\n".join(lines)
