"""Who a MAC prefix is registered to: our supplement first, then the registry that netaddr carries."""

import re
from functools import lru_cache

from auditor import resources
from auditor.fingerprint.data_file import mapping


@lru_cache(maxsize=1)
def _supplement() -> dict[str, str]:
    """Return prefix (6, 7 or 9 hex digits, lower case) to registrant from fingerprints/oui.yaml."""
    data = mapping(resources.fingerprints() / "oui.yaml", "`registrants:`, each with its prefixes")
    return {
        prefix.lower(): str(name)
        for name, prefixes in data["registrants"].items()
        for prefix in str(prefixes).split()
    }


@lru_cache(maxsize=65_536)
def registrant(mac: str) -> str | None:
    """Return the registrant of a MAC in aa:bb:… form; None when unregistered or locally administered."""
    digits = re.sub(r"[^0-9a-f]", "", mac.lower())
    if len(digits) != 12 or int(digits[1], 16) & 0b11:
        return None
    known = _supplement()
    for length in (9, 7, 6):
        if name := known.get(digits[:length]):
            return name
    return _registered(int(digits[:6], 16))


@lru_cache(maxsize=65_536)
def _registered(prefix: int) -> str | None:
    from netaddr import OUI, NotRegisteredError  # noqa: PLC0415 - 0.1 s that most commands never need

    try:
        return str(OUI(prefix).registration().org)
    except NotRegisteredError:
        return None
