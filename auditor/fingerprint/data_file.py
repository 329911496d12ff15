"""Opening a file of fingerprints/: what is not YAML, or not of the expected outline, is refused with the file's name."""

from pathlib import Path
from typing import Any

import yaml

from auditor.fingerprint.rule import DataError

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def mapping(path: Path, expected: str) -> dict[str, Any]:
    """Return the mapping a file holds, an empty one for an empty file; DataError says what was expected instead."""
    try:
        data = yaml.load(path.read_bytes(), Loader=_LOADER)  # noqa: S506 - CSafeLoader, the safe one, in C
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        # ValueError: a day that is none, of the constructor
        raise DataError(f"{path}: not readable as YAML: {error}") from error
    if data is None:
        return {}
    if not isinstance(data, dict) or not all(isinstance(key, str) for key in data):
        raise DataError(f"{path}: expected {expected}")
    return data


def entries(path: Path, key: str, schema: int | None = None) -> tuple[dict[str, Any], list[Any]]:
    """Return a file's mapping and the list under one of its keys; DataError where it is of no such form."""
    stated = f"`schema: {schema}` and " if schema else ""
    expected = f"{stated}a list under `{key}:`"
    data = mapping(path, expected)
    found = data.get(key)
    if not isinstance(found, list) or (schema and data.get("schema") != schema):
        raise DataError(f"{path}: expected {expected}")
    return data, found
