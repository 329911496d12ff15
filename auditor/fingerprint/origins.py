"""Where texts come from that products of several makers give, read from fingerprints/origins.yaml."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from auditor import resources
from auditor.fingerprint.data_file import entries
from auditor.fingerprint.rule import DataError

_KEYS = frozenset({"name", "is", "makers", "products", "source"})


@dataclass(frozen=True, slots=True)
class Origin:
    """A library, sample, web server or convention, and the makers whose products carry it."""

    name: str
    what: str
    makers: tuple[str, ...]
    products: tuple[str, ...]
    source: str


@lru_cache(maxsize=1)
def origins() -> Mapping[str, Origin]:
    """Return the shipped origins by name. Raises DataError for a bad file."""
    return read(resources.fingerprints() / "origins.yaml")


def read(path: Path) -> Mapping[str, Origin]:
    """Return the origins in a file by name; DataError names file and entry."""
    _, items = entries(path, "origins", schema=1)
    found = [_origin(item, f"{path}: origins[{number}]") for number, item in enumerate(items)]
    names = [one.name for one in found]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise DataError(f"{path}: origin {twice[0]!r} is written twice; keep one")
    return {one.name: one for one in found}


def _origin(item: object, place: str) -> Origin:
    if not isinstance(item, dict) or set(item) != _KEYS:
        raise DataError(f"{place}: an origin has {', '.join(sorted(_KEYS))}")
    for key in ("makers", "products"):
        if not isinstance(item[key], list):
            raise DataError(f"{place}: `{key}` is a list")
    if not str(item["source"]).strip():
        raise DataError(f"{place}: has an empty source; say who reports this origin")
    makers, products = (tuple(str(name) for name in item[key]) for key in ("makers", "products"))
    return Origin(str(item["name"]), str(item["is"]), makers, products, str(item["source"]))
