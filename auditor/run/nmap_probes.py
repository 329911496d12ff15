"""nmap's version probes cut down to the reviewed ones: a copy of its own file, made anew for each run.

With all its probes nmap says things to private ports and shells that no client would say.
"""

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

_NAME = "nmap-service-probes"
_FOLDERS = ("/usr/share/nmap", "/usr/local/share/nmap", "/opt/local/share/nmap", "/opt/homebrew/share/nmap")


def service_probes() -> Path | None:
    """Return where the installed nmap keeps its probes, or None where it cannot be found."""
    folders = [folder for folder in (os.environ.get("NMAPDIR"), *_FOLDERS) if folder]
    return next((path for folder in folders if (path := Path(folder) / _NAME).is_file()), None)


def reduced(lines: Iterable[str], allowed: Mapping[str, Mapping[str, str]]) -> Iterator[str]:
    """Yield the lines of the allowed probes, each with its reviewed ports in place of its own."""
    ports: Mapping[str, str] | None = {}
    for line in lines:
        words = line.split(" ", 3)
        if words[0] == "Probe":
            ports = allowed.get(words[2]) if len(words) > 2 else None
            if ports is not None:
                yield line
                yield from (f"{key} {ports[key]}\n" for key in ("ports", "sslports") if key in ports)
        elif ports is not None and words[0] not in {"ports", "sslports", "fallback"}:
            yield line
