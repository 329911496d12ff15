"""Whether a device is there, in a word or two for tables."""

from auditor.cli._words import shown
from auditor.model import Device, State
from auditor.model.place import site_and_place


def presence(device: Device) -> str:
    """Return in a word or two whether a device is there."""
    if device.is_retired:
        return "retired"
    return {State.REPLACED: "another in its place"}.get(device.standing.state, device.standing.state.value)


def placed(key: str, site: str, address: str) -> str:
    """Name a device by its key, with the site and address where it was heard last, where these are others.

    A key is the place of first sight and stays; `192.0.2.9#2` in it is the second device known at that address.
    """
    first_site, first_place = site_and_place(key)
    if site and site != first_site:
        return f"{shown(key)} (now at {shown(address)}, site {shown(site)})"
    if address and first_place != address:
        return f"{shown(key)} (now at {shown(address)})"
    return shown(key)


def named(device: Device) -> str:
    """Name a device by its key, with where it was heard last if that is another place."""
    return placed(device.key, device.site, device.address)
