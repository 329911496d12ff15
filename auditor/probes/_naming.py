"""Field names from the names devices use, and which of those may hold a secret."""

import re
from functools import lru_cache

_IP_VERSION = re.compile(r"IPv(?=[46])")
_WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z0-9]+|[A-Z]+[0-9]*")
_SECRET = re.compile(
    r"passw|pwd|secret|salt|verif|encrypt|token|nonce|random|credential|communit|psk|privatekey|security|guid",
    re.IGNORECASE,
)
_HARMLESS = re.compile(r"true|false|flase|0|1", re.IGNORECASE)


@lru_cache(maxsize=4096)
def snake(name: str) -> str:
    """Return a device's name for a thing in snake case: `DeviceSN` is `device_sn`, `IPv4Address` is `ipv4_address`."""
    plain = _IP_VERSION.sub("Ipv", name[:128])
    parts = (_WORD.findall(part) for part in re.split(r"[^A-Za-z0-9.]+", plain.replace(".", " . ")))
    return "_".join(word.lower() for words in parts for word in words) or "unnamed"


def dotted(path: str) -> str:
    """Return a path of names in snake case, the levels joined by dots."""
    return ".".join(snake(part) for part in path.split(".")[:8])


def is_secret(name: str, value: str) -> bool:
    """Tell whether a field may hold something to keep to itself; true, false, 0 and 1 never do."""
    return bool(_SECRET.search(name)) and not _HARMLESS.fullmatch(value.strip())
