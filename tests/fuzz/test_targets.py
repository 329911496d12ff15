"""What reads from outside is fuzzed: every module of the rooms that read is entered by some target, found by running them."""

import pkgutil
import sys
from importlib import import_module
from pathlib import Path
from types import FrameType

from tests.fuzz import databases
from tests.fuzz.seeds import seeds
from tests.fuzz.target import Target, targets

ROOMS = ("wire", "probes", "intake", "scope", "store", "exports", "reporting")
FEW = 30
SENDS = "it only writes what is sent"
NOT_ENTERED = {
    "auditor.exports.pdf_pages": "lays out the page that the HTML target writes, by another program, in seconds",
    "auditor.reporting.masking": "is a form without content",
    "auditor.store.filling": "fills databases of an older version, which no seed is",
    "auditor.wire.digest": SENDS,
    "auditor.wire.snmp_ask": SENDS,
    "auditor.wire.wsse": SENDS,
}
"""Modules no target enters, and why that is right."""


class _Entered:
    """Notes which files functions were called in."""

    def __init__(self) -> None:
        self.files: set[str] = set()

    def __call__(self, frame: FrameType, event: str, _given: object) -> None:
        if event == "call":
            self.files.add(frame.f_code.co_filename)


def _modules() -> dict[str, Path]:
    """Return every module of the rooms that has a function, by name."""
    found: dict[str, Path] = {}
    for room in ROOMS:
        package = import_module(f"auditor.{room}")
        for one in pkgutil.iter_modules(package.__path__, f"auditor.{room}."):
            path = Path(str(import_module(one.name).__file__))
            if "def " in path.read_text("utf-8"):
                found[one.name] = path
    return found


def _inputs(target: Target) -> tuple[bytes, ...]:
    """Return enough to enter what a target reads: of what takes its time, one for each command and format."""
    if target.name == "auditor.store.values":
        return ()
    if target.slow:
        own = target.own_seeds()
        return own if target.name.endswith("bytes") else own[:2]
    own = target.own_seeds()
    return own[:FEW] or seeds()[:: max(1, len(seeds()) // FEW)]


def test_every_module_that_reads_is_entered_by_a_target() -> None:
    modules = _modules()
    databases.whole()
    entered = _Entered()
    for target in targets():
        given = _inputs(target)
        sys.setprofile(entered)
        try:
            for data in given:
                target.feed(data)
        finally:
            sys.setprofile(None)
    missing = {name for name, path in modules.items() if str(path) not in entered.files}
    assert missing == set(NOT_ENTERED)
