"""Evidence that others recorded: one file for each form it comes in. Nothing here sends anything.

A module here that is a kind of file offers `kinds()`: each a name as in `auditor import pcap`, and how such a
file is read into exchanges whose `device` is the address that spoke. Transcripts name their devices themselves.
Whatever is read goes through `sieved` before anybody sees it: logins that others recorded are kept nowhere.
"""

import importlib
import pkgutil
from functools import cache

from auditor.intake.evidence import EvidenceError, Kind, Problem, Tell, Together
from auditor.intake.sieved import behind

__all__ = ["EvidenceError", "Kind", "Problem", "Tell", "Together", "kinds"]


@cache
def kinds() -> dict[str, Kind]:
    """Return every kind of file that can be imported, by name, found by walking this folder."""
    found: dict[str, Kind] = {}
    for module in pkgutil.iter_modules(__path__):
        loaded = importlib.import_module(f"{__name__}.{module.name}")
        if hasattr(loaded, "kinds"):
            found |= {kind.name: behind(kind) for kind in loaded.kinds()}
    return dict(sorted(found.items()))
