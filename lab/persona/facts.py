"""Resolve a persona's facts: plain text, text with placeholders, or values derived from other facts.

A placeholder is `${name}` or `${name:filter}`. A derived fact is a mapping with one of the keys
`of`+`take` (first group of a pattern found in another fact), `hash`+`length` (stable hexadecimal
text made of another text) or `date`+`as` (an ISO date written in another form).
"""

import base64
import hashlib
import re
from collections.abc import Callable, Mapping
from datetime import date
from urllib.parse import quote
from xml.sax.saxutils import escape

from lab.persona.model import PersonaError

_PLACEHOLDER = re.compile(r"\$\{([a-z][a-z0-9_]*)(?::([a-z]+))?\}")


def _mac_octets(value: str) -> list[str]:
    plain = re.sub(r"[^0-9A-Fa-f]", "", value)
    return [plain[index : index + 2] for index in range(0, len(plain), 2)]


FILTERS: Mapping[str, Callable[[str], str]] = {
    "dash": lambda value: "-".join(_mac_octets(value)),
    "plain": lambda value: "".join(_mac_octets(value)),
    "upper": str.upper,
    "lower": str.lower,
    "url": quote,
    "xml": escape,
    "hex": lambda value: value.encode().hex(),
    "basehex": lambda value: base64.b64encode(value.encode()).hex(),
}


def fill(text: str, look: Callable[[str], str | None], place: str) -> str:
    """Replace every placeholder of the text by what `look` gives for its name; PersonaError when it gives None."""

    def one(match: re.Match[str]) -> str:
        value = look(match[1])
        if value is None:
            raise PersonaError(f"{place}: ${{{match[1]}}} is not a fact; state it under `facts:` or `is:`")
        if match[2] is None:
            return value
        if match[2] not in FILTERS:
            raise PersonaError(f"{place}: no filter `{match[2]}`; known are {', '.join(FILTERS)}")
        return FILTERS[match[2]](value)

    return _PLACEHOLDER.sub(one, text)


class Facts:
    """The resolved facts of one device; each is worked out once, when first asked for."""

    __slots__ = ("_place", "_resolved", "_resolving", "_stated")

    def __init__(self, stated: Mapping[str, object], place: str) -> None:
        self._stated = stated
        self._resolved: dict[str, str] = {}
        self._resolving: set[str] = set()
        self._place = place

    def get(self, name: str) -> str | None:
        """Return the fact's text, or None when the persona does not state it."""
        if name in self._resolved:
            return self._resolved[name]
        if name not in self._stated:
            return None
        if name in self._resolving:
            raise PersonaError(f"{self._place}: fact `{name}` refers to itself")
        self._resolving.add(name)
        try:
            self._resolved[name] = self._resolve(name, self._stated[name])
        finally:
            self._resolving.discard(name)
        return self._resolved[name]

    def _resolve(self, name: str, stated: object) -> str:
        if isinstance(stated, Mapping):
            return self._derive(name, {str(key): str(value) for key, value in stated.items()})
        return fill(str(stated), self.get, f"{self._place}: fact `{name}`")

    def _derive(self, name: str, recipe: Mapping[str, str]) -> str:
        place = f"{self._place}: fact `{name}`"
        if set(recipe) == {"of", "take"}:
            source = self._needed(recipe["of"], place)
            found = re.search(recipe["take"], source)
            if found is None:
                raise PersonaError(f"{place}: pattern {recipe['take']!r} is not found in {source!r}")
            return found[1]
        if set(recipe) == {"hash", "length"}:
            text = fill(recipe["hash"], self.get, place)
            return hashlib.sha256(text.encode()).hexdigest()[: int(recipe["length"])]
        if set(recipe) == {"date", "as"}:
            return date.fromisoformat(self._needed(recipe["date"], place)).strftime(recipe["as"])
        raise PersonaError(f"{place}: a derived fact has the keys of+take, hash+length or date+as")

    def _needed(self, name: str, place: str) -> str:
        value = self.get(name)
        if value is None:
            raise PersonaError(f"{place}: it is derived from `{name}`, which is not stated")
        return value
