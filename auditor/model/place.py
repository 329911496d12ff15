"""How a device's key is taken apart: its site, and the place in it."""

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
