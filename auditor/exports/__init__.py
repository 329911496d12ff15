"""One file per format; the folder is the list."""

import importlib
import pkgutil
from collections.abc import Iterable
from functools import lru_cache
from typing import BinaryIO, Protocol

from auditor.model import Device, Run
from auditor.reporting import Context


class Export(Protocol):
    """What a file of this folder offers. `write` reads no clock and writes the same bytes for the same values.

    A file may also state `REDACTS = True` (it honours the context's redaction; without it a redacted copy is
    refused) and `NEEDS_BYTES = False` (it does not show requests and replies, which need not be read then).
    """

    NAME: str
    SUFFIX: str

    def write(
        self, run: Run, devices: Iterable[Device], out: BinaryIO, *, context: Context | None = None
    ) -> None:
        """Write the devices of a run in this format."""


@lru_cache(maxsize=1)
def exports() -> dict[str, Export]:
    """Return every format by its name, found by walking this folder."""
    found: dict[str, Export] = {}
    for module in pkgutil.iter_modules(__path__):
        if not module.name.startswith("_"):
            loaded = importlib.import_module(f"{__name__}.{module.name}")
            if hasattr(loaded, "NAME"):
                found[loaded.NAME] = loaded
    return dict(sorted(found.items()))


__all__ = ["Export", "exports"]
