"""Reading a data file by name and type, so that a slip in it is reported with its place."""

import difflib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import yaml

from auditor import saved_text

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class DataError(ValueError):
    """A data file says something we cannot use; the message names the file, the place and what to do."""


@dataclass(frozen=True, slots=True)
class Node:
    """One mapping of a data file, and where it stands in it."""

    file: str
    place: str
    values: dict[str, object]

    def fail(self, what: str) -> DataError:
        """Return the error for this place, to be raised by the caller."""
        where = f"{self.file}: {self.place}" if self.place else self.file
        return DataError(f"{where}: {what}")

    def known(self, keys: Iterable[str]) -> None:
        """Refuse keys that nobody reads: a misspelt key must not be a silent one."""
        allowed = sorted(keys)
        for key in self.values:
            if key not in allowed:
                near = difflib.get_close_matches(key, allowed, n=1)
                hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(allowed)}"
                raise self.fail(f"unknown key {key!r}; {hint}")

    def has(self, key: str) -> bool:
        """Tell whether the key is there with a value."""
        return self.values.get(key) is not None

    def text(self, key: str, default: str | None = None) -> str:
        """Return a text; numbers are refused where text is meant, since 2.10 would become 2.1."""
        value = self.values.get(key)
        if value is None and default is not None:
            return default
        if not isinstance(value, str):
            raise self.fail(f"{key} must be text, got {saved_text.shown(value)}; put it in quotes")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """Return a list of texts, empty when the key is missing."""
        value = self.values.get(key) or []
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self.fail(f"{key} must be a list of texts, got {saved_text.shown(value)}")
        return tuple(value)

    def number(self, key: str, default: float | None = None) -> float | None:
        """Return a number or the default."""
        value = self.values.get(key, default)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.fail(f"{key} must be a number, got {saved_text.shown(value)}")
        return float(value)

    def flag(self, key: str) -> bool:
        """Return a yes or no, no when the key is missing."""
        value = self.values.get(key, False)
        if not isinstance(value, bool):
            raise self.fail(f"{key} must be true or false, got {saved_text.shown(value)}")
        return value

    def day(self, key: str) -> date | None:
        """Return a date, None when the key is missing."""
        value = self.values.get(key)
        if value is None:
            return None
        if isinstance(value, datetime):
            return value.date()
        if isinstance(value, date):
            return value
        try:
            return date.fromisoformat(str(value))
        except ValueError:
            raise self.fail(f"{key} must be a date as in 2026-11-22, got {saved_text.shown(value)}") from None

    def one_of(self, key: str, allowed: Iterable[str], default: str | None = None) -> str:
        """Return a text out of a closed set."""
        value = self.text(key, default)
        choices = sorted(allowed)
        if value not in choices:
            raise self.fail(f"{key} is {saved_text.shown(value)}; it must be one of {', '.join(choices)}")
        return value

    def node(self, key: str) -> "Node | None":
        """Return the mapping below a key, None when it is missing."""
        value = self.values.get(key)
        return None if value is None else self._below(key, value)

    def nodes(self, key: str) -> tuple["Node", ...]:
        """Return the mappings of a list, empty when the key is missing."""
        value = self.values.get(key) or []
        if not isinstance(value, list):
            raise self.fail(f"{key} must be a list, got {saved_text.shown(value)}")
        return tuple(self._below(f"{key}[{number}]", item) for number, item in enumerate(value, 1))

    def table(self, key: str) -> tuple[tuple[str, str], ...]:
        """Return a mapping of texts as pairs, in the file's order."""
        below = self.node(key)
        if below is None:
            return ()
        return tuple((name, below.text(name)) for name in below.values)

    def _below(self, key: str, value: object) -> "Node":
        place = f"{self.place}.{key}" if self.place else key
        if not isinstance(value, dict) or not all(isinstance(name, str) for name in value):
            raise DataError(
                f"{self.file}: {place}: must be a mapping of names to values, got {saved_text.shown(value)}"
            )
        return Node(self.file, place, value)


def read(path: Path) -> Node:
    """Read one YAML, TOML or JSON file whose top is a mapping."""
    name = f"{path.parent.name}/{path.name}"
    try:
        raw = path.read_bytes()
        data = _parse(path.suffix, raw)
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        # ValueError: a day or a number that is none, too
        raise DataError(f"{name}: not readable as {path.suffix[1:] or 'data'}: {error}") from error
    if not isinstance(data, dict):
        raise DataError(f"{name}: the top must be a mapping of names to values")
    return Node(name, "", {str(key): value for key, value in data.items()})


def _parse(suffix: str, raw: bytes) -> object:
    if suffix == ".toml":
        return saved_text.toml(saved_text.decoded(raw))
    if suffix == ".json":
        return json.loads(saved_text.decoded(raw))
    return yaml.load(raw, Loader=_LOADER)  # noqa: S506 - CSafeLoader, the safe one, in C
