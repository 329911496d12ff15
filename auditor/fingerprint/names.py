"""How makers write their names and which enterprise numbers are theirs, read from fingerprints/names.yaml.

A field that plainly names a maker needs no rule for each maker: one rule for the field, and the list of spellings.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from auditor import resources
from auditor.fingerprint.data_file import entries
from auditor.fingerprint.rule import DataError

_KEYS = frozenset({"maker", "spelled", "enterprises", "labels"})
_EXACT = 3
"""Letters up to which a spelling counts only in its own case: TVT is a maker, tvt may be anything."""


@dataclass(frozen=True, slots=True)
class Name:
    """One maker: its spellings, its enterprise numbers, and whether its label is also on what others built."""

    maker: str
    spelled: tuple[str, ...]
    enterprises: tuple[str, ...] = ()
    labels: bool = False


@dataclass(frozen=True, slots=True)
class Names:
    """All makers that may be named by what a field plainly says."""

    all: tuple[Name, ...]
    others: tuple[str, ...] = ()
    """Names of other firms that begin like one of the list."""
    _spellings: dict[str, Name] = field(default_factory=dict, repr=False, compare=False)
    _numbers: dict[str, str] = field(default_factory=dict, repr=False, compare=False)

    def __post_init__(self) -> None:
        for name in self.all:
            self._numbers.update(dict.fromkeys(name.enterprises, name.maker))
            self._spellings.update({_key(spelling): name for spelling in name.spelled})
        self._spellings.update({_key(other): Name("", (other,)) for other in self.others})

    def maker(self, text: str) -> str:
        """Return the maker whose name a text begins with, as a whole word; empty when it is none of the list."""
        name = self._named(text)
        return name.maker if name else ""

    def builder(self, text: str) -> str:
        """Return the same, but only where a maker builds everything that it sells under its name."""
        name = self._named(text)
        return name.maker if name and not name.labels else ""

    def enterprise(self, number: str) -> str:
        """Return the maker an enterprise number is registered to; empty when it is none of the list."""
        return self._numbers.get(number, "")

    def _named(self, text: str) -> Name | None:
        found = _beginning(tuple(self._spellings)).match(" ".join(text.split()))
        return self._spellings[_key(found[1])] if found else None


def _key(spelling: str) -> str:
    return spelling if len(spelling) <= _EXACT else spelling.casefold()


@lru_cache(maxsize=4)
def _beginning(spellings: tuple[str, ...]) -> re.Pattern[str]:
    """Return a pattern of all spellings, the longest first, each followed by no letter or digit."""
    longest = sorted(spellings, key=len, reverse=True)
    forms = (re.escape(one) if len(one) <= _EXACT else f"(?i:{re.escape(one)})" for one in longest)
    return re.compile(f"({'|'.join(forms)})(?![^\\W_])")


@lru_cache(maxsize=1)
def names() -> Names:
    """Return the shipped names. Raises DataError for a bad file."""
    return read(resources.fingerprints() / "names.yaml")


def read(path: Path) -> Names:
    """Return the names in a file; DataError names file and entry."""
    data, items = entries(path, "names", schema=1)
    found = tuple(_name(item, f"{path}: names[{number}]") for number, item in enumerate(items))
    for said in (
        [_key(one) for name in found for one in name.spelled],
        [one for name in found for one in name.enterprises],
    ):
        if twice := sorted({one for one in said if said.count(one) > 1}):
            raise DataError(f"{path}: {twice[0]!r} is given to two makers or written twice; keep one")
    return Names(found, tuple(str(other) for other in data.get("others", ())))


def _name(item: object, place: str) -> Name:
    if not isinstance(item, Mapping) or not {"maker", "spelled"} <= item.keys() <= _KEYS:
        raise DataError(f"{place}: a name has maker and spelled, and may have enterprises and labels")
    if not isinstance(item["spelled"], list) or not item["spelled"]:
        raise DataError(f"{place}: `spelled` is a list of at least one spelling")
    spelled = tuple(str(one) for one in item["spelled"])
    numbers = tuple(str(one) for one in item.get("enterprises", ()))
    return Name(str(item["maker"]), spelled, numbers, bool(item.get("labels", False)))
