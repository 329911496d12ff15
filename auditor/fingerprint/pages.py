"""The documented pages that any browser may load before login, from fingerprints/pages.yaml."""

from functools import lru_cache
from pathlib import Path

from auditor import resources
from auditor.fingerprint.data_file import entries
from auditor.fingerprint.rule import DataError
from auditor.model import Page


@lru_cache(maxsize=1)
def pages() -> tuple[Page, ...]:
    """Return the shipped list of pages; empty when there is no list. Raises DataError for a bad one."""
    path = resources.fingerprints() / "pages.yaml"
    return read(path) if path.is_file() else ()


def read(path: Path) -> tuple[Page, ...]:
    """Return the pages in a file: a list under `pages:` with path, suspected, reason, method, body and challenge."""
    _, items = entries(path, "pages")
    return tuple(_page(item, path) for item in items)


def _page(item: object, path: Path) -> Page:
    if not isinstance(item, dict) or not str(item.get("path", "")).startswith("/"):
        raise DataError(f"{path}: every page has a `path` that starts with a slash: {item!r}")
    return Page(
        path=str(item["path"]),
        suspected=str(item.get("suspected", "")),
        reason=str(item.get("reason", "")),
        method=str(item.get("method", "GET")),
        body=str(item.get("body", "")),
        challenge=bool(item.get("challenge", False)),
    )
