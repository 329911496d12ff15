"""First bytes of the private ports of video devices: compared, and of a recorded challenge its realm."""

import re

from auditor.wire import charset

_SHOWN = 32
# A challenge: a binary header, then lines. Source: mcw0/DahuaConsole, the answer to the first question of a login.
_REALM = re.compile(rb"(?:\A|[\x00\n])Realm:([^\r\n\x00]{1,128})")


def shape(reply: bytes) -> str:
    """Return the first 32 bytes in hexadecimal."""
    return reply[:_SHOWN].hex()


def realm(reply: bytes) -> str | None:
    """Return the realm that a recorded challenge names, or None."""
    found = _REALM.search(reply[:4096])
    return charset.decode(found.group(1)).strip() if found else None
