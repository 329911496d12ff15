"""XML as devices write it: a flat, lenient scan that resolves no document type and no entity of its own.

Replies come cut, with bytes before the first tag and after the last, with upper-case names and
undeclared prefixes; a conforming parser refuses those. Source: XML 1.0, read for what it forbids.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

MAX_ELEMENTS = 4096
"""Elements kept of one text."""
MAX_DEPTH = 16
"""Levels written into a path."""
MAX_NAME = 64
"""Characters kept of one name."""
MAX_ATTRIBUTES = 128
"""Attributes kept of one element; envelopes of real devices declare up to 38 name spaces."""

_NAME = re.compile(r"[^\s<>/='\"?!]{1,256}")
_ATTRIBUTE = re.compile(
    r"(?<![^\s<>/='\"])([^\s<>/='\"]{1,256}+)\s{0,16}=\s{0,16}(?:\"([^\"]*+)\"|'([^']*+)'|([^\s\"'>]++))"
)
_QUOTED_END = re.compile(r"(?:[^\"'>]|\"[^\"]*+\"|'[^']*+')*+>")
_REFERENCE = re.compile(r"&(?:(lt|gt|amp|quot|apos)|#(\d{1,7})|#[xX]([0-9A-Fa-f]{1,6}));")
_PADDING = " \t\r\n\x00"
_NAMED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"', "apos": "'"}


@dataclass(frozen=True, slots=True)
class Element:
    """One element in document order. `text` is its own text, without that of its children.

    `path` holds the local names from the root, joined by slashes. `cut` tells that the reply ended
    inside this text, so that the value may not be whole.
    """

    name: str
    prefix: str
    path: str
    text: str
    attributes: tuple[tuple[str, str], ...] = ()
    cut: bool = False

    def attribute(self, name: str) -> str | None:
        """Return the first value of an attribute, whatever its case and prefix, or None."""
        wanted = name.lower()
        return next(
            (value for key, value in self.attributes if key.rpartition(":")[2].lower() == wanted), None
        )


@lru_cache(maxsize=2)  # one reply is read for several things in a row
def elements(text: str) -> tuple[Element, ...]:
    """Return every element in the order of its start tag."""
    scan = _Scan()
    at = text.find("<")
    after = at
    while at >= 0 and not scan.full:
        after = scan.take(text, at)
        at = text.find("<", after)
        scan.say(text[after:] if at < 0 else text[after:at])
    return scan.result(trailing=text[after:] if after >= 0 else "")


def first(text: str, name: str) -> str | None:
    """Return the text of the first whole element of that local name, whatever its case, or None."""
    wanted = name.lower()
    return next(
        (found.text for found in elements(text) if found.name.lower() == wanted and not found.cut), None
    )


def namespaces(text: str) -> tuple[tuple[str, str], ...]:
    """Return the declared namespaces as pairs of prefix and address, each once; the default has an empty prefix."""
    declared: dict[tuple[str, str], None] = {}
    for element in elements(text):
        for key, value in element.attributes:
            prefix, colon, local = key.partition(":")
            if prefix.lower() == "xmlns":
                declared[(local if colon else "", value)] = None
    return tuple(declared)


def unescape(text: str) -> str:
    """Resolve the five named references and numbers; any other reference stays as written."""
    return _REFERENCE.sub(_character, text) if "&" in text else text


def escape(text: str) -> str:
    """Return text that is safe inside an element or an attribute."""
    for character, reference in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;")):
        text = text.replace(character, reference)
    return text


@dataclass(slots=True)
class _Open:
    """An element while it is read."""

    name: str
    prefix: str
    path: str
    attributes: tuple[tuple[str, str], ...]
    parts: list[str]


class _Scan:
    """The state of one pass: the elements so far, and those still open."""

    def __init__(self) -> None:
        self._all: list[_Open] = []
        self._stack: list[_Open] = []
        self._just_opened: _Open | None = None

    @property
    def full(self) -> bool:
        """Tell whether the bound is reached."""
        return len(self._all) >= MAX_ELEMENTS

    def take(self, text: str, at: int) -> int:
        """Read the markup that begins at `at` and return where it ends."""
        if text.startswith("<![CDATA[", at):
            end = _end(text, "]]>", at + 9)
            self.say(text[at + 9 : end], literal=True)
            return end + 3
        if text.startswith("<!--", at):
            return _end(text, "-->", at + 4) + 3
        if text.startswith(("<?", "<!"), at):
            return _end_of_tag(text, at + 2)
        return self._tag(text, at)

    def say(self, text: str, *, literal: bool = False) -> None:
        """Add text to the element that is open."""
        if text and self._stack:
            self._stack[-1].parts.append(text if literal else unescape(text))

    def result(self, trailing: str) -> tuple[Element, ...]:
        """Return what was read; the element whose text the reply ended in is marked as cut."""
        ended_in = self._stack[-1] if self._stack and trailing.strip(_PADDING) else self._just_opened
        return tuple(
            Element(
                name=each.name,
                prefix=each.prefix,
                path=each.path,
                text="".join(each.parts).strip(_PADDING),
                attributes=each.attributes,
                cut=each is ended_in,
            )
            for each in self._all
        )

    def _tag(self, text: str, at: int) -> int:
        """Read a start or an end tag; a `<` that begins neither is passed over."""
        closing = text.startswith("/", at + 1)
        name = _NAME.match(text, at + 1 + closing)
        if not name and at + 1 + closing >= len(text):
            self._just_opened = None
            return len(text)
        if not name:
            return at + 1
        end = _end_of_tag(text, name.end())
        self._just_opened = None
        if closing:
            self._close(name.group())
        else:
            self._open(name.group(), text[name.end() : end], self_closing=text.startswith("/", end - 2))
        return end

    def _open(self, name: str, inside: str, *, self_closing: bool) -> None:
        prefix, _, local = name.rpartition(":")
        local = local[:MAX_NAME]
        parent = self._stack[-1].path if self._stack else ""
        deep = len(self._stack) >= MAX_DEPTH
        path = parent if deep else f"{parent}/{local}".lstrip("/")
        opened = _Open(local, prefix[:MAX_NAME], path, _attributes(inside), [])
        self._all.append(opened)
        if not self_closing:
            self._stack.append(opened)
            self._just_opened = opened

    def _close(self, name: str) -> None:
        """Close the nearest open element of that name with all inside it; an end without a start is ignored."""
        local = name.rpartition(":")[2][:MAX_NAME].lower()
        for depth in range(1, min(len(self._stack), 2 * MAX_DEPTH) + 1):
            if self._stack[-depth].name.lower() == local:
                del self._stack[-depth:]
                return


def _attributes(inside: str) -> tuple[tuple[str, str], ...]:
    """Read the attributes of a tag, whatever their quotes."""
    found: list[tuple[str, str]] = []
    for each in _ATTRIBUTE.finditer(inside):
        if len(found) == MAX_ATTRIBUTES:
            break
        value = next(group for group in each.groups()[1:] if group is not None)
        found.append((each.group(1), unescape(value)))
    return tuple(found)


def _end_of_tag(text: str, at: int) -> int:
    """Return the place after a tag: after `>` outside quotes, after any `>`, or where the next tag begins.

    A raw `<` cannot stand in a tag, so the search never runs past the next one and stays linear.
    """
    limit = text.find("<", at)
    limit = len(text) if limit < 0 else limit
    found = _QUOTED_END.match(text, at, limit)
    if found:
        return found.end()
    plain = text.find(">", at, limit)
    return plain + 1 if plain >= 0 else limit


def _end(text: str, mark: str, at: int) -> int:
    """Return where a mark stands, or the end of the text."""
    found = text.find(mark, at)
    return found if found >= 0 else len(text)


def _character(found: re.Match[str]) -> str:
    """Resolve one reference."""
    named, decimal, hexadecimal = found.groups()
    if named:
        return _NAMED[named]
    code = int(decimal) if decimal else int(hexadecimal, 16)
    return chr(code) if 0 < code < 0x110000 and not 0xD800 <= code < 0xE000 else "\N{REPLACEMENT CHARACTER}"
