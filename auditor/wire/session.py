"""Sessions that a login opens: what a later request shows of one, as header lines. Source: RFC 6265 section 5.4."""

import re

from auditor.wire import http, json_pairs

_PAIR = re.compile(r"\s{0,8}([!-:<-~]{1,4096})")
_TOKEN = re.compile(r"[!-~]{1,4096}")
_TOKEN_HEADER = "X-csrftoken"  # noqa: S105 - the name of a header
_OK = 200
_MAX_COOKIES = 8


def opened(reply: bytes) -> bytes:
    """Return the header lines that show the session which a login's answer opened; empty where it opened none."""
    response = http.parse(reply)
    if response is None or response.status != _OK or _fails(response.text()):
        return b""
    stated = (_PAIR.match(value) for value in response.headers_named("set-cookie")[:_MAX_COOKIES])
    cookies = [found[1] for found in stated if found and "=" in found[1]]
    if not cookies:
        return b""
    token = (response.header(_TOKEN_HEADER) or "").strip()
    second = f"{_TOKEN_HEADER}: {token}\r\n" if _TOKEN.fullmatch(token) else ""
    return f"Cookie: {'; '.join(cookies)}\r\n{second}".encode("latin-1", "replace")


def _fails(text: str) -> bool:
    """Tell whether an answer says in its body that the login failed, whatever its status."""
    told = {path.rpartition(".")[2].lower(): value.lower() for path, value in json_pairs.pairs(text)}
    return bool(told.get("error_code")) or told.get("result", "success") not in {"success", "ok"}
