"""Apply other tools' public data to the recorded replies and write the counts to tests/corpus/compared.json.

usage: python -m tests.corpus.others --recog XML_FOLDER --recog-version TEXT [--nmap FOLDER] --date DAY [CORPUS]

None of that data is part of this project: recog's xml folder is of its public repository, nmap's files are where nmap is
installed.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.corpus.others import discovery, nmap, recog, registry
from tests.corpus.others.tool import Tool, counts
from tests.corpus.replies import FOLDER, HERE, corpora

COMPARED = HERE.with_name("compared.json")


def main(arguments: Sequence[str] | None = None) -> int:
    """Count, for each tool whose data is given, what it says of each set; write nothing where there are no replies."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--recog", type=Path)
    parser.add_argument("--recog-version", default="")
    parser.add_argument("--nmap", type=Path, default=Path("/usr/share/nmap"))
    parser.add_argument("--scanner-version", default="source of 2023-07-31")
    parser.add_argument("--date", required=True, help="the day it is done, YYYY-MM-DD")
    parser.add_argument("folder", nargs="?", type=Path, default=FOLDER)
    options = parser.parse_args(arguments)
    sets = corpora(options.folder)
    tools = list(_tools(options))
    if not sets or not tools:
        sys.stderr.write("no recorded replies or no tool's data at hand; nothing was written\n")
        return 1
    devices = [device for one in sets for device in one.devices]
    written = {
        "date": options.date,
        "corpora": {one.name: one.digest for one in sets},
        "tools": [{"name": one.name, "version": one.version} | counts(one, devices) for one in tools],
    }
    COMPARED.write_text(json.dumps(written, indent=1) + "\n", encoding="utf-8")
    return 0


def _tools(options: argparse.Namespace) -> list[Tool]:
    found = [discovery.tool(options.scanner_version)]
    if (options.nmap / "nmap-service-probes").is_file():
        version = _nmap_version()
        found.append(nmap.tool(options.nmap / "nmap-service-probes", version))
        found.append(registry.tool(options.nmap / "nmap-mac-prefixes", version))
    if options.recog is not None:
        found.append(recog.tool(options.recog, options.recog_version))
    return found


def _nmap_version() -> str:
    try:
        said = subprocess.run(["nmap", "--version"], capture_output=True, text=True, check=False).stdout
    except OSError:
        return ""
    return " ".join(said.split()[1:3]).removeprefix("version ")


if __name__ == "__main__":
    sys.exit(main())
