"""Score the recorded replies at hand and print what is right, what is wrong and by which rules: `make corpus`.

usage: python -m tests.corpus [--misses] [FOLDER]
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.corpus.count import FIELDS, Row, by_rule, calibration, counted, decidable
from tests.corpus.judge import OURS, Judged, Verdict, judged
from tests.corpus.replies import FOLDER, corpora


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a table for each set in the folder, and for all of them what is wrong by rule."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--misses", action="store_true", help="list every claim that is wrong or missed")
    parser.add_argument("folder", nargs="?", type=Path, default=FOLDER)
    options = parser.parse_args(arguments)
    sets = {one.name: [judged(device) for device in one.devices] for one in corpora(options.folder)}
    if not sets:
        sys.stderr.write(f"{options.folder}: no *.transcript.jsonl with an *.expected.jsonl beside it\n")
        return 0
    everything = [device for devices in sets.values() for device in devices]
    for name, devices in sets.items():
        _say(f"\n== {name}: {len(devices)} devices; right/wrong/missed", *_table(devices))
    _say("\n== all sets", *_rows(counted(everything, lambda one: one.want.fidelity)))
    told = decidable(everything)
    _say(f"\n== makers of the replies that tell one: {told.right} of {told.total} right")
    _say(*(f"   {device} does not: {why}" for device, why in told.silent))
    _say("", *_blame(everything), "", *_calibrated(everything))
    if options.misses:
        _say("\n== wrong or missed: device, field, verdict, wanted, claimed, rules", *_misses(everything))
    return 0


def _say(*lines: str) -> None:
    sys.stdout.writelines(f"{line}\n" for line in lines)


def _table(devices: Sequence[Judged]) -> Iterator[str]:
    yield from _rows(counted(devices, lambda one: one.want.protocol))


def _rows(rows: dict[str, Row]) -> Iterator[str]:
    yield f"{'':22}{'devices':>8}" + "".join(f"{name:>11}" for name in FIELDS)
    for name, row in rows.items():
        cells = ["/".join(map(str, row.of(field))) for field in FIELDS]
        yield f"{name:22}{row.devices:>8}" + "".join(
            f"{'-' if cell == '0/0/0' else cell:>11}" for cell in cells
        )


def _blame(devices: Sequence[Judged]) -> Iterator[str]:
    for what, fields in (
        ("alarms (one of the three makers, firm or certain, for what is none)", {"alarm"}),
        ("hints (the same, tentative)", {"hint"}),
        ("wrong makers of the three makers' own devices", {"maker"}),
        ("other makers' devices called by a wrong name", {"named"}),
        ("other wrong claims", {"model", "firmware", "build_date", "serial", "mac", "brand", "kind"}),
    ):
        blamed = by_rule(devices, frozenset(fields))
        yield f"== {what}, by rule: {'none' if not blamed else ''}".rstrip()
        for rule, said in blamed.items():
            yield f"   {len(said):4} {rule:44} {'; '.join(said[:3])}{' …' if len(said) > 3 else ''}"


def _calibrated(devices: Sequence[Judged]) -> Iterator[str]:
    for what, makers in (("one of the three makers", OURS), ("any maker", None)):
        yield f"== calibration, where {what} is claimed: right, wrong, not known to anybody"
        for one in calibration(devices, makers):
            yield f"   {one.certainty:10} {one.right:5} {one.wrong:5} {one.unknown:5}"


def _misses(devices: Sequence[Judged]) -> Iterator[str]:
    for device in devices:
        for one in device.judgements:
            if one.verdict is not Verdict.RIGHT:
                yield "\t".join(
                    (
                        device.want.device,
                        one.field,
                        one.verdict,
                        one.wanted,
                        one.claimed or "-",
                        " ".join(one.rules),
                    )
                )


if __name__ == "__main__":
    sys.exit(main())
