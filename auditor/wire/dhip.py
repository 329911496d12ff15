"""DHIP: the search of the discovery by UDP 37810, and answers with whatever header they carry, of calls too.

Source: julienblitte/UniversalScanner doc/protocols; public captures.
"""

import re
import struct
from dataclasses import dataclass

from auditor.wire import charset, json_pairs

MAX_ANSWERS = 64
"""Answers read from one recording."""

_MAGIC = b"DHIP"
# Where a header begins inside a recording: its own length, then the magic.
_DATAGRAM = re.compile(rb"[\x00-\xff]\x00\x00\x00(?=DHIP)")
_TELLING = b"notifyDevInfo"
_HEADER = struct.Struct("<I4sIIIIII")
_SEARCH = b'{ "method" : "DHDiscover.search", "params" : { "mac" : "", "uni" : 1 } }\n'
_INFORMATION = "params.deviceinfo."
_CALLS = frozenset({"DHDiscover", "DevInit", "PasswdFind"})
"""What a tool asks or tells a device, with the device's hardware address in it: nobody's word about himself."""
# What answers to calls may tell, by the name it has in an announcement; random numbers and sessions are left out.
_CALLED = {
    "params.realm": "Realm",
    "params.sn": "SerialNo",
    "params.version.version": "Version",
    "params.version.builddate": "BuildDate",
    "params.vendor": "Vendor",
}
_HARDWARE_ADDRESS = re.compile(r"(?:[0-9A-Fa-f]{2}[:-]?){5}[0-9A-Fa-f]{2}")  # some firmware says `errormac`


@dataclass(frozen=True, slots=True)
class Answer:
    """What one device says of itself; nested fields have dotted names such as `IPv4Address.IPAddress`."""

    method: str
    mac: str
    fields: tuple[tuple[str, str], ...]

    def field(self, name: str) -> str | None:
        """Return the first value of a field, whatever its case, or None."""
        wanted = name.lower()
        return next((value for key, value in self.fields if key.lower() == wanted), None)


def search() -> bytes:
    """Return the search datagram, the only question of this protocol the program can ask."""
    size = len(_SEARCH)
    return _HEADER.pack(_HEADER.size, _MAGIC, 0, 0, size, 0, size, 0) + _SEARCH


def parse(reply: bytes) -> Answer | None:
    """Return the first answer of a datagram, or None when it holds none; our own search come back is none."""
    return next(iter(answers(reply)), None)


def answers(reply: bytes) -> tuple[Answer, ...]:
    """Return every answer of a recording that may hold several datagrams one after the other."""
    found: list[Answer] = []
    for part in _DATAGRAM.split(reply, MAX_ANSWERS):
        if (_MAGIC in reply[:64] or _TELLING in part) and b"{" in part:
            pairs = json_pairs.pairs(charset.decode(part[part.index(b"{") :]))
            answer = _answer(pairs)
            found += [answer] if answer else []
    return tuple(found)


def _answer(pairs: tuple[tuple[str, str], ...]) -> Answer | None:
    """Read the pairs of one JSON body."""
    top = {name.lower(): value for name, value in reversed(pairs)}
    method = top.get("method", "")
    fields = tuple(
        (name[len(_INFORMATION) :], value) for name, value in pairs if name.lower().startswith(_INFORMATION)
    )
    if not method and ("result" in top or "error.code" in top):
        return _of_call(top)
    if method.partition(".")[0] in _CALLS or not (fields or top.get("mac")):
        return None
    return Answer(method, top.get("mac", ""), fields)


def _of_call(top: dict[str, str]) -> Answer | None:
    """Read the answer to a call over the same header, such as the challenge of a login; a call itself has a method."""
    fields = tuple((name, value) for key, name in _CALLED.items() if (value := top.get(key, "")))
    error = " ".join(part for part in (top.get("error.code", ""), top.get("error.message", "")) if part)
    mac = top.get("params.mac", "")
    if error:
        fields = (*fields, ("Error", error))
    is_address = _HARDWARE_ADDRESS.fullmatch(mac) is not None
    return Answer("", mac if is_address else "", fields) if fields or is_address else None
