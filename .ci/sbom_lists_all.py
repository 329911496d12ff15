"""Check that an SBOM (CycloneDX JSON, first argument) lists every package locked for a run (second), and no other version."""

import json
import re
import sys
from pathlib import Path

from packaging.markers import Marker
from packaging.utils import canonicalize_name

sbom = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
listed = {canonicalize_name(one["name"]): one.get("version", "") for one in sbom["components"]}
locked = {
    canonicalize_name(name): version
    for name, version, marker in re.findall(
        r"^([A-Za-z0-9._-]+)==([^ ;\\]+)(?: ; ([^\\\n]+?))?(?: \\)?$",
        Path(sys.argv[2]).read_text(encoding="utf-8"),
        flags=re.MULTILINE,
    )
    if not marker or Marker(marker).evaluate()
}
wrong = {name: version for name, version in locked.items() if listed.get(name) != version}
beyond = listed.keys() - locked.keys() - {"auditor"}
if wrong or beyond or len(locked) < 20:
    sys.exit(f"SBOM: not as locked: {wrong or ''} {sorted(beyond) or ''}; run `make lock` and `make setup`")
