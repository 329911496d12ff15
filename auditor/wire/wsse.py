"""The login of SOAP calls: a user name with a digest of the password, in the envelope's header. Source: WS-Security UsernameToken Profile 1.1."""

import base64
import hashlib
import re
from datetime import UTC, datetime

from auditor.wire import xml

_WSSE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
_WSU = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
_PROFILE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss"
_ENVELOPE = re.compile(rb"<(?:([\w.-]{1,64}):)?Envelope\b[^>]{0,4096}>")
_HEADER = re.compile(rb"<(?:[\w.-]{1,64}:)?Header\b[^>]{0,1024}?(/)?>")


def password_digest(nonce: bytes, created: str, password: str) -> str:
    """Return base64(SHA-1(nonce + created + password)), as the profile says in its section 3.1."""
    whole = nonce + created.encode() + password.encode()
    return base64.b64encode(hashlib.sha1(whole, usedforsecurity=False).digest()).decode("ascii")


def moment(at: datetime) -> str:
    """Return a moment as devices expect it: UTC, whole seconds and milliseconds."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"


def token(user: str, password: str, *, nonce: bytes, created: datetime) -> str:
    """Return the Security header with the user's token; `created` is on the device's clock."""
    when = moment(created)
    return (
        f'<wsse:Security xmlns:wsse="{_WSSE}" xmlns:wsu="{_WSU}"><wsse:UsernameToken>'
        f"<wsse:Username>{xml.escape(user)}</wsse:Username>"
        f'<wsse:Password Type="{_PROFILE}-username-token-profile-1.0#PasswordDigest">'
        f"{password_digest(nonce, when, password)}</wsse:Password>"
        f'<wsse:Nonce EncodingType="{_PROFILE}-soap-message-security-1.0#Base64Binary">'
        f"{base64.b64encode(nonce).decode('ascii')}</wsse:Nonce>"
        f"<wsu:Created>{when}</wsu:Created></wsse:UsernameToken></wsse:Security>"
    )


def with_token(envelope: bytes, header: str) -> bytes:
    """Return the envelope with a Security header in it; ValueError when it is no envelope."""
    start = _ENVELOPE.search(envelope)
    if start is None:
        raise ValueError("not a SOAP envelope")
    inside = header.encode()
    found = _HEADER.search(envelope, start.end())
    if found is not None and not found[1]:
        return envelope[: found.end()] + inside + envelope[found.end() :]
    prefix = start[1] + b":" if start[1] else b""
    whole = b"<" + prefix + b"Header>" + inside + b"</" + prefix + b"Header>"
    rest = found.end() if found is not None else start.end()
    return envelope[: start.end()] + whole + envelope[rest:]
