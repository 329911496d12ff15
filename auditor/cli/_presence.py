"""Whether a device is there, in a word or two for tables."""

from auditor.model import Device, State


def presence(device: Device) -> str:
    """Return in a word or two whether a device is there."""
    if device.is_retired:
        return "retired"
    return {State.REPLACED: "another in its place"}.get(device.standing.state, device.standing.state.value)
