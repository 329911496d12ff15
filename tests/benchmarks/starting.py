"""What every command pays before it does anything: processor time of starting, and of loading rules beside reading YAML."""

import os
import resource
import subprocess
import sys
from pathlib import Path
from time import process_time

import yaml

from auditor import resources
from auditor.fingerprint.load import read_folder

_TIMES = 5


def run(_out: Path) -> dict[str, object]:
    """Measure each the best of five times, in seconds of processor time."""
    loading = min(_seconds(_load) for _ in range(_TIMES))
    reading = min(_seconds(_read) for _ in range(_TIMES))
    return {
        "auditor --help": round(min(_of([sys.executable, "-m", "auditor.cli", "--help"]) for _ in range(_TIMES)), 3),
        "python alone": round(min(_of([sys.executable, "-c", ""]) for _ in range(_TIMES)), 3),
        "loading the rules": round(loading, 3),
        "times reading the same YAML": round(loading / reading, 2),
    }  # fmt: skip


def _seconds(what: object) -> float:
    assert callable(what)
    began = process_time()
    what()
    return process_time() - began


def _load() -> None:
    read_folder(resources.fingerprints())


def _read() -> None:
    for path in resources.fingerprints().glob("*/*.yaml"):
        if path.parent.name in {"vendors", "nursery"}:
            yaml.load(path.read_bytes(), Loader=yaml.CSafeLoader)


def _of(words: list[str]) -> float:
    with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    assert isinstance(used, resource.struct_rusage)
    return used.ru_utime + used.ru_stime
