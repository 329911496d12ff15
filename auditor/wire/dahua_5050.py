"""The older discovery by UDP 5050: one fixed question and a binary answer in three sections.

Source: julienblitte/UniversalScanner doc/protocols.
"""

import struct
from dataclasses import dataclass
from ipaddress import IPv4Address

from auditor.wire import charset

_QUESTION = b"\xa3\x01\x00\x01" + bytes(12) + b"\x02\x00\x00\x00" + bytes(12)
_FIXED = 0x78
_MAC_LENGTH = 17
MAX_LINES = 64
"""Text fields kept of one answer."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What one device says of itself; a port of 0 is one it does not have.

    `numbers` are four version numbers of unconfirmed meaning: never present them as firmware.
    `text` holds the named lines of the third section, such as `SerialNo`.
    """

    device_class: str
    mac: str
    model: str
    address: str
    http_port: int
    https_port: int
    tcp_port: int
    text: tuple[tuple[str, str], ...]
    numbers: tuple[int, ...] = ()

    def field(self, name: str) -> str | None:
        """Return the first text field of that name, whatever its case, or None."""
        wanted = name.lower()
        return next((value for key, value in self.text if key.lower() == wanted), None)


def search() -> bytes:
    """Return the search datagram, 32 bytes that never change."""
    return _QUESTION


def parse(reply: bytes) -> Answer | None:
    """Read an answer; None when the fixed part is not whole or does not begin as one."""
    if len(reply) < _FIXED or reply[0] != 0xB3:
        return None
    second, third = reply[2], int.from_bytes(reply[0x14:0x16], "little")
    naming = reply[_FIXED : _FIXED + second]
    http_port, https_port, tcp_port = struct.unpack_from("<HHH", reply, 0x5E)
    return Answer(
        device_class=_text(reply[0x28:0x38]),
        mac=_text(naming[:_MAC_LENGTH]),
        model=_text(naming[_MAC_LENGTH:]),
        address=str(IPv4Address(reply[0x38:0x3C])),
        http_port=http_port,
        https_port=https_port,
        tcp_port=tcp_port,
        text=_lines(reply[_FIXED + second : _FIXED + second + third]),
        numbers=struct.unpack_from("<HHHH", reply, 0x20),
    )


def _text(data: bytes) -> str:
    """Return text up to the first NUL."""
    return charset.decode(data.partition(b"\x00")[0]).strip()


def _lines(data: bytes) -> tuple[tuple[str, str], ...]:
    """Split `Name:value` lines; a value may hold further colons."""
    split = (
        line.partition(":") for line in charset.decode(data).replace("\x00", "\n").splitlines()[:MAX_LINES]
    )
    return tuple((name.strip(), value.strip()) for name, colon, value in split if colon)
