"""What tells one device from another, and when two sets of marks cannot be those of one device."""

from dataclasses import dataclass, field

_SHORTEST_PART = 8
"""A serial number or model told in a short and in a long form shares at least so many signs with itself."""

_STATED = ("onvif.model=", "onvif.scope.hardware=")
"""Traits in which a device of whatever maker states its model; they count though no rule knows the model."""


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

    def contradicts(self, other: "Marks") -> str | None:
        """Say by which mark these cannot be the marks of one device: maker, serial, model or mac; None where they can.

        What only one of the two tells contradicts nothing, and a model told longer or shorter is the same model. A
        model that is only tentative counts where both state one, in the same field and in their own words. Where serial
        number and MAC address both agree, a model told otherwise is another name for the same device.
        """
        if self.maker and other.maker and self.maker != other.maker:
            return "maker"
        serial = same_serial(self.serial, other.serial)
        mac = self.mac == other.mac if self.mac and other.mac else None
        if serial is False:
            return "serial"
        if not (serial and mac) and not (same_model(self.model, other.model) and _same_words(self, other)):
            return "model"
        return "mac" if mac is False else None

    def shares(self, other: "Marks") -> str | None:
        """Say which mark both show: serial, mac or endpoint, else the first of the traits both show; None for none."""
        if same_serial(self.serial, other.serial):
            return "serial"
        if self.mac and self.mac == other.mac:
            return "mac"
        if self.endpoint and self.endpoint == other.endpoint:
            return "endpoint"
        return min(self.traits & other.traits, default=None)


def same_serial(one: str, other: str) -> bool | None:
    """Tell whether two serial numbers are those of one device; None where one of them is not known.

    A device may tell its number alone and, elsewhere, with its model before it and its region behind it.
    """
    if not one or not other:
        return None
    short, long = sorted((one.casefold(), other.casefold()), key=len)
    return short == long or (len(short) >= _SHORTEST_PART and short in long)


def same_model(one: str, other: str) -> bool:
    """Tell whether two models in normal form can be one: equal, one the beginning of the other, or one not known.

    A long one may also stand behind the prefix of a region or a seller, as in DH-IPC-HDW5231R-Z.
    """
    short, long = sorted((one, other), key=len)
    return long.startswith(short) or (len(short) >= _SHORTEST_PART and short in long)


def _same_words(one: Marks, other: Marks) -> bool:
    """Tell whether the models two meetings state can be one, where both state one in the same field."""
    for name in _STATED:
        mine, theirs = _stated(one, name), _stated(other, name)
        if mine and theirs and not any(same_model(first, second) for first in mine for second in theirs):
            return False
    return True


def _stated(marks: Marks, name: str) -> list[str]:
    return ["".join(one.removeprefix(name).upper().split()) for one in marks.traits if one.startswith(name)]


def plain_mac(text: str) -> str:
    """Return the hexadecimal digits of a text in lower case: twelve for a MAC address, however it is written."""
    return "".join(sign for sign in text.lower() if sign in "0123456789abcdef")
