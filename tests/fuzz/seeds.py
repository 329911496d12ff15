"""What mutation starts from where a target has nothing of its own: replies of the lab's personas and, if there, of others."""

import base64
import json
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
MAX_SEED = 8192
"""Bytes kept of one seed: what breaks a parser is in its first kilobytes."""
# An installed copy has no lab beside it; then one plain page has to do.
PAGE = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<title>x</title>"
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@cache
def seeds() -> tuple[bytes, ...]:
    """Return the replies, each once, in a fixed order."""
    found: dict[bytes, None] = {}
    for seed in (*_persona_replies(), *_recorded_replies()):
        found[seed[:MAX_SEED]] = None
    return tuple(found) or (PAGE,)


def requests() -> tuple[bytes, ...]:
    """Return requests for every page the data names, because page readers go by what was asked."""
    paths = {"/", "/favicon.ico", "/onvif/device_service"}
    for file in sorted((ROOT / "fingerprints").glob("pages*.yaml")):
        paths |= {text for text in _texts(_loaded(file)) if text.startswith("/")}
    calls = ("GetDeviceInformation", "GetScopes", "GetSystemDateAndTime", "GetServices", "GetCapabilities")
    pages = [f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode() for path in sorted(paths)]
    return (*pages, *(f"POST /onvif/device_service HTTP/1.1\r\n\r\n<tds:{call}/>".encode() for call in calls))


def _loaded(file: Path) -> object:
    return yaml.load(file.read_bytes(), Loader=_LOADER)


def _persona_replies() -> Iterator[bytes]:
    for file in sorted((ROOT / "lab" / "personas").glob("*.yaml")):
        with suppress(yaml.YAMLError):
            for text in _texts(_loaded(file)):
                if len(text) > 16:
                    yield text.encode("utf-8", "replace")


def _texts(node: object) -> Iterator[str]:
    """Yield every text and every run of bytes in a YAML document."""
    if isinstance(node, str):
        yield node
    elif isinstance(node, bytes):
        yield node.decode("latin-1")
    elif isinstance(node, dict):
        for value in node.values():
            yield from _texts(value)
    elif isinstance(node, list):
        for value in node:
            yield from _texts(value)


def _recorded_replies() -> Iterator[bytes]:
    file = ROOT.parent / "shared" / "corpus" / "dev.transcript.jsonl"
    lines = file.read_text("utf-8").splitlines() if file.exists() else []
    for line in lines:
        record = json.loads(line)
        if record.get("reply_base64"):
            yield base64.b64decode(record["reply_base64"])
        elif record.get("reply"):
            yield record["reply"].encode()
