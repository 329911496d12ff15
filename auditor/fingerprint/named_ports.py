"""In which fields a device names a port of its own, and what it says is spoken there, from fingerprints/named_ports.yaml."""

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from pathlib import Path

from auditor import resources
from auditor.fingerprint.data_file import entries
from auditor.fingerprint.rule import DataError
from auditor.model import Protocol

_SPOKEN = frozenset({Protocol.HTTP, Protocol.ONVIF, Protocol.RTSP, Protocol.SDK, Protocol.TLS})


class Form(StrEnum):
    """How a field names a port."""

    PORT = "port"
    ADDRESS = "address"
    PAGE = "page"


@dataclass(frozen=True, slots=True)
class NamingField:
    """One field of observations that names a port."""

    field: str
    speaks: Protocol
    form: Form
    source: str
    is_tls: bool = False
    """Of a bare number; an address has a scheme."""
    is_page: bool = False
    """The path named is a document to be read whoever the device is."""


@lru_cache(maxsize=1)
def named_ports() -> dict[str, NamingField]:
    """Return the shipped list by field. Raises DataError for a bad one."""
    return read(resources.fingerprints() / "named_ports.yaml")


def read(path: Path) -> dict[str, NamingField]:
    """Return the entries of a file by field: a list under `fields:` with field, speaks, form, source, tls and page."""
    _, items = entries(path, "fields")
    return {one.field: one for one in (_entry(item, path) for item in items)}


def _entry(item: object, path: Path) -> NamingField:
    known = {"field", "speaks", "form", "source", "tls", "page"}
    if not isinstance(item, dict) or not item.get("field") or not item.get("source") or set(item) - known:
        raise DataError(f"{path}: every entry has `field`, `speaks`, `form` and `source`, and no other keys than {sorted(known)}: {item!r}")  # fmt: skip
    try:
        speaks, form = Protocol(item["speaks"]), Form(item["form"])
    except (KeyError, ValueError) as error:
        raise DataError(f"{path}: {item['field']}: {error}") from error
    if speaks not in _SPOKEN:
        raise DataError(f"{path}: {item['field']}: `speaks` is one of {sorted(_SPOKEN)}, not {speaks}")
    return NamingField(
        str(item["field"]),
        speaks,
        form,
        str(item["source"]),
        is_tls=bool(item.get("tls", False)),
        is_page=bool(item.get("page", False)),
    )
