"""Where the data folders are, in a checkout and in an installed wheel."""

from pathlib import Path

_HERE = Path(__file__).resolve().parent


def _folder(in_checkout: str, in_wheel: str) -> Path:
    checkout = _HERE.parent / in_checkout
    return checkout if checkout.is_dir() else _HERE / "_data" / in_wheel


def fingerprints() -> Path:
    """The folder with vendors/, advisories/, restrictions/, brands.yaml and vocabulary.yaml."""
    return _folder("fingerprints", "fingerprints")


def templates() -> Path:
    """The folder with the report's Jinja2 templates."""
    return _folder("reports/templates", "templates")
