"""What a refusal shows: the challenges of a 401, for HTTP and RTSP alike."""

import base64
import binascii
from collections.abc import Iterator

from auditor.wire.challenge import challenges
from auditor.wire.http import Response

_SHORTEST_NONCE_TEXT = 8


def pairs(prefix: str, response: Response) -> Iterator[tuple[str, str | None]]:
    """Yield challenge, form, realm and nonce of every challenge of a reply, under `prefix`."""
    for header in response.headers_named("www-authenticate"):
        yield f"{prefix}.challenge", header
        for each in challenges(header):
            names = ",".join(name for name, _ in each.params)
            yield f"{prefix}.challenge_form", f"{each.scheme} {names}".strip()
            yield f"{prefix}.realm", each.param("realm")
            nonce = each.param("nonce")
            if nonce:
                yield f"{prefix}.nonce", nonce
                yield f"{prefix}.nonce_text", _nonce_text(nonce)


def _nonce_text(nonce: str) -> str | None:
    """Return the text inside a nonce that is hexadecimal, base64 or one inside the other; else None."""
    text, current = None, nonce
    for decode in (_from_hexadecimal, _from_base64):
        found = decode(current)
        if found is not None:
            text = current = found
    return text


def _from_hexadecimal(text: str) -> str | None:
    try:
        return _plain(bytes.fromhex(text))
    except ValueError:
        return None


def _from_base64(text: str) -> str | None:
    try:
        return _plain(base64.b64decode(text, validate=True))
    except (binascii.Error, ValueError):
        return None


def _plain(data: bytes) -> str | None:
    """Return printable ASCII as text, and None for other bytes."""
    is_plain = len(data) >= _SHORTEST_NONCE_TEXT and all(0x20 <= octet < 0x7F for octet in data)
    return data.decode("ascii") if is_plain else None
