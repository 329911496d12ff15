"""First bytes of the private ports of video devices, compared and never interpreted."""

_SHOWN = 32


def shape(reply: bytes) -> str:
    """Return the first 32 bytes in hexadecimal."""
    return reply[:_SHOWN].hex()
