"""The registry of hardware addresses, as nmap-mac-prefixes has it: who registered the block of an address a reply shows."""

import re
from pathlib import Path

from auditor import probes
from auditor.model import Exchange
from tests.corpus.others.tool import Tool

_FIELD = re.compile(r"(?:^|[._])mac(?:_address)?$")


def tool(path: Path, version: str) -> Tool:
    """Return the registry as a tool; `path` is nmap-mac-prefixes: six hexadecimal digits and a name a line."""
    lines = (line.split(None, 1) for line in path.read_text(encoding="utf-8").splitlines())
    blocks = {
        parts[0].upper(): parts[1] for parts in lines if len(parts) > 1 and not parts[0].startswith("#")
    }

    def reads(exchange: Exchange) -> tuple[str, ...] | None:
        shown = [one.value for one in probes.read(exchange) if _FIELD.search(one.field)]
        prefixes = [re.sub(r"[^0-9A-F]", "", text.upper())[:6] for text in shown]
        return tuple(dict.fromkeys(blocks[one] for one in prefixes if one in blocks)) if shown else None

    return Tool("registry of hardware addresses", version, "", reads)
