"""`make bench`: run every benchmark beside this file and write what they measured."""

import argparse
import importlib
import json
import pkgutil
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent


def main() -> int:
    """Run the benchmarks, or those named, and leave out/bench/bench.json."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("out/bench"))
    parser.add_argument("only", nargs="*")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    measured: dict[str, object] = {}
    for _, name, _ in sorted(pkgutil.iter_modules([str(HERE)]), key=lambda one: one[1]):
        if name.startswith("_") or (arguments.only and name not in arguments.only):
            continue
        sys.stdout.write(f"== {name}\n")
        sys.stdout.flush()
        result = importlib.import_module(f"tests.benchmarks.{name}").run(arguments.out)
        measured[name] = result
        for key, value in result.items():
            sys.stdout.write(f"   {key}: {value}\n")
    (arguments.out / "bench.json").write_text(json.dumps(measured, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
