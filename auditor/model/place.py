"""How a place and a device's key are written, and taken apart."""

import re

_TURN = re.compile(r"\d+(?:#\d+)*")


def site_and_place(key: str) -> tuple[str, str]:
    """Return (site, place) of `site/place`; site is "" for a bare place.

    A place may itself hold a slash: `192.0.2.9:80/2` is the second of two devices that take turns at one port, and
    `192.0.2.9:80/2#3` a camera behind it. A site may hold slashes as well.
    """
    site, _, place = key.rpartition("/")
    if _TURN.fullmatch(place):
        before, _, port = site.rpartition("/")
        return before, f"{port}/{place}"
    return site, place


def place_of(address: str, part: str) -> str:
    """Return how the place of a device is written that shares an address: `part` is `:PORT` or `:PORT/2`, "" for none.

    An IPv6 address comes in brackets then; a site before the address stays.
    """
    site, slash, host = address.rpartition("/")
    return f"{site}{slash}[{host}]{part}" if part and ":" in host else f"{address}{part}"
