"""Write docs/accuracy.md from the recorded replies at hand: `make accuracy`.

usage: python -m tests.corpus.accuracy --date DAY --out docs/accuracy.md [FOLDER]
"""

import argparse
import json
import math
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from auditor.fingerprint import data_digest
from tests.corpus import ratios
from tests.corpus.count import FIELDS, Calibration, calibration, counted, decidable
from tests.corpus.judge import OURS, Judged, judged
from tests.corpus.others.__main__ import COMPARED
from tests.corpus.replies import FOLDER, HERE, Corpus, corpora

_COLUMNS = {name: name.replace("_", " ") for name in FIELDS}


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a table: its name, how many devices, and `right / wrong / missed` for each field."""

    name: str
    devices: int
    cells: tuple[str, ...]


def page(sets: Sequence[Corpus], day: str) -> str:
    """Return the page as Markdown."""
    devices = [judged(device) for one in sets for device in one.devices]
    marked = ratios.labelled([device for one in sets for device in one.devices])
    compared = json.loads(COMPARED.read_text(encoding="utf-8"))
    known, seldom = ratios.seldom(marked)
    environment = Environment(
        loader=FileSystemLoader(HERE.parent),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )  # Markdown for a file of ours: nothing to escape
    return environment.get_template("accuracy.md.j2").render(
        day=day,
        rules=data_digest()[:12],
        sets=sets,
        ours=sum(one.is_ours for one in devices),
        others=sum(not one.is_ours for one in devices),
        fields=list(_COLUMNS.values()),
        by_protocol=list(_lines(devices, lambda one: one.want.protocol)),
        by_fidelity=list(_lines(devices, lambda one: one.want.fidelity)),
        told=decidable(devices),
        calibrations=[_bounded(one) for one in calibration(devices, OURS)],
        everybody=[_bounded(one) for one in calibration(devices)],
        tools=compared["tools"],
        compared=compared["date"],
        is_compared_on_these=compared["corpora"] == {one.name: one.digest for one in sets},
        us=_us(devices),
        ratio=ratios.outcome(marked),
        hindsight=ratios.in_hindsight(marked),
        word=ratios.words(devices),
        known=known,
        seldom=seldom,
    )


def _lines(devices: Sequence[Judged], key: Callable[[Judged], str]) -> Iterator[Line]:
    for name, row in counted(devices, key).items():
        cells = (" / ".join(map(str, row.of(field))) for field in FIELDS)
        yield Line(name, row.devices, tuple("" if cell == "0 / 0 / 0" else cell for cell in cells))


def _bounded(one: Calibration) -> tuple[Calibration, str]:
    """Give with a calibration how wrong such claims may still be, at 95 % confidence, as a share in words."""
    total = one.right + one.wrong
    return one, f"1 in {1 / upper_bound(one.wrong, total):.0f}" if total else "nothing to say"


def upper_bound(wrong: int, total: int) -> float:
    """Return the largest share of wrong claims that these counts leave likely: the one-sided 95 % bound of Clopper and Pearson."""
    low, high = wrong / total, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        likely = sum(math.comb(total, k) * middle**k * (1 - middle) ** (total - k) for k in range(wrong + 1))
        low, high = (middle, high) if likely > 0.05 else (low, middle)
    return high


def _us(devices: Sequence[Judged]) -> dict[str, int]:
    """Count ourselves as the other tools are counted."""
    all_rows = counted(devices, lambda one: one.want.protocol)["all"]
    right, wrong, missed = all_rows.of("maker")
    return {
        "right": right,
        "wrong": wrong,
        "silent": missed,
        "alarms": all_rows.of("alarm")[1],
        "hints": all_rows.of("hint")[1],
        "named": all_rows.of("named")[0],
        "others": sum(not one.is_ours for one in devices),
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the page; leave it as it is where no recorded replies are at hand."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--date", required=True, help="the day it is done, YYYY-MM-DD")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("folder", nargs="?", type=Path, default=FOLDER)
    options = parser.parse_args(arguments)
    sets = corpora(options.folder)
    if not sets:
        sys.stderr.write(f"{options.folder}: no recorded replies at hand; {options.out} is left as it is\n")
        return 0
    options.out.write_text(page(sets, options.date), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
