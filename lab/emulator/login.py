"""Check the logins askers show: HTTP digest and basic, ONVIF WS-Security. Lab accounts only."""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Iterable

from lab.persona import Account, Login

_AUTHORIZATION = re.compile(r"^authorization:\s*(\w+)\s+(.*?)\s*$", re.IGNORECASE | re.MULTILINE)
_PARAMETER = re.compile(r"(\w+)\s*=\s*(?:\"([^\"]*)\"|([^\s,]+))")
_WSSE = {
    name: re.compile(rf"<(?:\w+:)?{name}\b[^>]*>([^<]*)</")
    for name in ("Username", "Password", "Nonce", "Created")
}


def shows_login(request: str) -> bool:
    """Tell whether the request carries a login of any kind, right or wrong."""
    return bool(_AUTHORIZATION.search(request)) or "UsernameToken" in request


def may_enter(form: Login, request: str, method: str, accounts: Iterable[Account]) -> bool:
    """Tell whether the request proves knowledge of one of the accounts, in the form wanted."""
    if form is Login.WSSE and _wsse(request, accounts):
        return True
    found = _AUTHORIZATION.search(request)
    if found is None:
        return False
    scheme, value = found[1].lower(), found[2]
    if scheme == "basic":
        return form is Login.BASIC and _basic(value, accounts)
    return scheme == "digest" and form is not Login.BASIC and _digest(value, method, accounts)


def _basic(value: str, accounts: Iterable[Account]) -> bool:
    try:
        shown = base64.b64decode(value, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return False
    return any(hmac.compare_digest(shown, f"{one.user}:{one.password}") for one in accounts)


def _digest(value: str, method: str, accounts: Iterable[Account]) -> bool:
    """Verify RFC 7616 digest with MD5 or SHA-256, with and without qop."""
    said = {name.lower(): quoted or bare for name, quoted, bare in _PARAMETER.findall(value)}
    kind = hashlib.sha256 if said.get("algorithm", "").upper() == "SHA-256" else hashlib.md5

    def digest(text: str) -> str:
        return kind(text.encode(), usedforsecurity=False).hexdigest()

    for one in accounts:
        if one.user != said.get("username"):
            continue
        first = digest(f"{one.user}:{said.get('realm', '')}:{one.password}")
        second = digest(f"{method}:{said.get('uri', '')}")
        middle = [said.get("nonce", "")]
        if "qop" in said:
            middle += [said.get("nc", ""), said.get("cnonce", ""), said["qop"]]
        wanted = digest(":".join([first, *middle, second]))
        return hmac.compare_digest(wanted, said.get("response", "").lower())
    return False


def _wsse(request: str, accounts: Iterable[Account]) -> bool:
    """Verify a WS-Security UsernameToken: base64(sha1(nonce + created + password))."""
    found = {name: pattern.search(request) for name, pattern in _WSSE.items()}
    said = {name: match[1].strip() for name, match in found.items() if match}
    if len(said) < len(_WSSE):
        return False
    try:
        nonce = base64.b64decode(said["Nonce"])
    except binascii.Error:
        return False
    for one in accounts:
        if one.user == said["Username"]:
            whole = nonce + said["Created"].encode() + one.password.encode()
            wanted = base64.b64encode(hashlib.sha1(whole, usedforsecurity=False).digest()).decode()
            return hmac.compare_digest(wanted, said["Password"])
    return False
