"""Bodies of replies: chunks joined, compression undone within a bound. Source: RFC 9112 section 7, RFC 9110 section 8.4."""

import re
import zlib

MAX_INFLATED = 1_048_576
"""Bytes a compressed body may grow to; the rest is left out."""

_CHUNK_SIZE = re.compile(rb"[ \t]{0,16}([0-9A-Fa-f]{1,12})[ \t]{0,16}(?:;[^\n]{0,1024})?\r{0,2}\n")
_LINE_END = re.compile(rb"\r{0,2}\n")
_NEXT_REPLY = re.compile(rb"\s{0,8}HTTP/\d")
_GZIP = b"\x1f\x8b\x08"
_WBITS = {"gzip": (31,), "x-gzip": (31,), "deflate": (15, -15)}


def decoded(body: bytes, *, transfer: str, encoding: str, length: int | None) -> bytes:
    """Return the body a server meant; what cannot be decoded stays as it is."""
    if "chunked" in transfer.lower():
        body = dechunked(body)
    elif length is not None:
        body = _cut_to(body, length)
    for name in reversed([part.strip().lower() for part in encoding.split(",")[:3]]):
        body = _inflated(body, _WBITS["gzip"] if body.startswith(_GZIP) else _WBITS.get(name, ()))
    return body


def unpacked(body: bytes) -> bytes:
    """Return what is in a body that is packed with gzip though no header says so; any other body as it is."""
    return _inflated(body, _WBITS["gzip"]) if body.startswith(_GZIP) else body


def dechunked(body: bytes) -> bytes:
    """Join the chunks of a body; at the first fault the rest is taken as it stands."""
    parts: list[bytes] = []
    at = 0
    while found := _CHUNK_SIZE.match(body, at):
        size = int(found.group(1), 16)
        if size == 0:
            return b"".join(parts)
        parts.append(body[found.end() : found.end() + size])
        at = found.end() + size
        line_end = _LINE_END.match(body, at)
        at = line_end.end() if line_end else at
    parts.append(body[at:])
    return b"".join(parts)


def chunks_are_complete(reply: bytes, at: int) -> bool:
    """Tell whether the chunked body that begins at `at` has reached its last chunk or cannot be followed."""
    while at < len(reply):
        found = _CHUNK_SIZE.match(reply, at)
        if not found:
            # A size line may still be on its way; anything longer is no size line.
            return len(reply) - at > 64
        size = int(found.group(1), 16)
        if size == 0:
            return True
        at = found.end() + size
        line_end = _LINE_END.match(reply, at)
        at = line_end.end() if line_end else at
    return False


def _cut_to(body: bytes, length: int) -> bytes:
    """Leave out what follows the announced end when it is padding or another reply, and keep it when it is page.

    Servers that count their line ends wrongly announce too little.
    """
    rest = body[length:]
    if length and (not rest.strip(b"\r\n\t \x00") or _NEXT_REPLY.match(rest)):
        return body[:length]
    return body


def _inflated(body: bytes, windows: tuple[int, ...]) -> bytes:
    """Undo a compression in the first form that gives anything; the body itself where none does."""
    for window in windows:
        machine = zlib.decompressobj(window)
        try:
            plain = machine.decompress(body, MAX_INFLATED)
        except zlib.error:
            plain = _inflated_so_far(body, window)
        if plain:
            return plain
    return body


def _inflated_so_far(body: bytes, window: int) -> bytes:
    """Return what comes out before the fault, asking in steps because zlib gives nothing of a call that fails."""
    machine = zlib.decompressobj(window)
    plain = bytearray()
    for at in range(0, len(body), 512):
        try:
            plain += machine.decompress(body[at : at + 512], MAX_INFLATED - len(plain))
        except zlib.error:
            break
        if machine.unconsumed_tail or len(plain) >= MAX_INFLATED:
            break
    return bytes(plain)
