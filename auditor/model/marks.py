"""What tells one device from another, and when two sets of marks cannot be those of one device."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Marks:
    """The marks one meeting with a device showed; empty where it showed none that can be trusted.

    Made by `auditor.fingerprint.marks`, which leaves placeholders, guesses and documentation addresses out.
    """

    mac: str = ""
    """Twelve lower-case hex digits, given out by a maker."""
    serial: str = ""
    endpoint: str = ""
    """The ONVIF endpoint reference, where it is the device's own."""
    maker: str = ""
    """Empty where it is only tentative; as is model."""
    model: str = ""
    """In normal form: upper case, no blanks."""
    traits: frozenset[str] = field(default_factory=frozenset)
    """Whatever else it showed that most devices do not share, as `name=value`: maker, brand, model, platform of any
    certainty, titles, server names, certificates, host keys."""
