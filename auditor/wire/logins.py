"""What of a recorded message proves or carries a login, and the message without it: the one sieve for every way in.

It looks at names (headers, parameters of an address, elements, keys) and at forms (user and password before an address,
base64 of such a pair), in bytes of whatever protocol; what it takes out is replaced, so that the rest reads as before.
Source: RFC 9110 section 11, RFC 3986 section 3.2.1, RFC 3261 section 7.3.1 for folded lines, RFC 4568 for keys in SDP,
WS-Security UsernameToken; addresses of cameras as collected in public lists of RTSP paths.
"""

import base64
import binascii
import re
from functools import lru_cache

from auditor.wire import http, http_body
from auditor.wire.sieve import WITHHELD

GONE = WITHHELD.encode()
MARKS = (GONE, b"[removed]")
"""What stands where a login was taken out, by this program and by its exports."""

_HEADER = re.compile(
    rb"^([ \t]{0,16}(?:(?:proxy-)?authorization|(?:proxy-)?authentication-info|cookie2?|sessiontag|p-asserted-identity"
    rb"|[\w-]{0,64}(?:auth[-_]?(?:token|key|orization)|x-auth\b|wsse|csrf|xsrf|token|api-?key|secret|passw|session-?id)[\w-]{0,64})"
    rb"[ \t]{0,16}:)([^\n]*(?:\n[ \t][^\n]*)*)",
    re.IGNORECASE | re.MULTILINE,
)
"""A header line that shows a login, with the lines folded behind it. Challenges are no logins."""
_COOKIE = re.compile(
    rb"^([ \t]{0,16}set-cookie2?[ \t]{0,16}:[ \t]{0,16}[^=;\r\n]{0,256})=[^\r\n]*(?:\r{0,2}\n[ \t][^\r\n]*)*",
    re.IGNORECASE | re.MULTILINE,
)
_LENGTH = re.compile(
    rb"^([ \t]{0,16}content-length[ \t]{0,16}:[ \t]{0,16})\d{1,15}", re.IGNORECASE | re.MULTILINE
)
_CHUNKED = re.compile(
    rb"^[ \t]{0,16}transfer-encoding[ \t]{0,16}:[^\r\n]*chunked[^\r\n]*", re.IGNORECASE | re.MULTILINE
)
_BEFORE_ADDRESS = re.compile(rb"(://)([^\s\"'<>]{1,1024}@)")
_HOST = re.compile(rb"(?:[\w.~-]{1,255}|\[[0-9A-Fa-f:.%]{2,64}\])(?::\d{0,5})?(?=[/?#]|\Z)")
_SIP_PASSWORD = re.compile(rb"(\bsips?:[^\s:@;<>\"]{1,128}):[^\s@<>\"]{1,256}(?=@)", re.IGNORECASE)
_SDP_KEY = re.compile(
    rb"^(a=(?:crypto|key-mgmt):[^\r\n]{0,64}?(?:inline:|[ \t]))[^\r\n]*|^(k=)[^\r\n]*", re.MULTILINE
)
_PARAMETER = re.compile(
    rb"(?<![A-Za-z0-9])((?:[a-z]{0,12}[-_.]?)(?:passw(?:or)?d|passwd|passphrase|passcode|passwort|pwd|pswd|psw|loginpass?)"
    rb"[a-z0-9]{0,8}|auth(?:basic|info|token|key)?|pass?|pw|pin|credentials?|secret"
    rb"|(?:[a-z]{1,16}[-_]?)?(?:token|sessionid|session|apikey|api[-_]key)|sid|jsessionid|key|sig|signature)"
    rb"=(?!&|[\s;]|\Z)[^&?;/\s#\"'<>]{1,2048}",
    re.IGNORECASE,
)
"""A parameter of an address, in its query or in its path, whose value is a login or stands for one."""
_ENCODED = re.compile(rb"(?<![A-Za-z0-9+/_-])[A-Za-z0-9+/_-]{8,684}(?:={1,2}|%3[Dd]){0,2}")
_FORM_FIELD = re.compile(rb"<input\b[^<>]{0,2048}>", re.IGNORECASE)
_IS_PASSWORD_FIELD = re.compile(rb"\btype\s{0,4}=\s{0,4}[\"']?password", re.IGNORECASE)
_FIELD_VALUE = re.compile(rb"(\bvalue\s{0,4}=\s{0,4})(\"[^\"]*\"|'[^']*'|[^\s>\"']+)", re.IGNORECASE)
_ELEMENT = re.compile(
    rb"(<(?:[\w.-]{1,64}:)?([\w.-]{1,128})(?:\s[^<>]{0,1024})?>\s{0,64})(<!\[CDATA\[[^\]]{0,4096}\]\]>|[^<>]{1,4096})(?=</)"
)
_QUOTED = re.compile(
    rb"(?<![\w$.-])([A-Za-z_][\w.\[\]:-]{0,127})([\"']?\s{0,4}[=:]\s{0,4})"
    rb"(\"(?:[^\"\\\r\n]|\\[^\r\n]){0,4096}\"|'(?:[^'\\\r\n]|\\[^\r\n]){0,4096}'|-?\d{1,64}(?=\s{0,4}[,}\]]))"
)
_LINE = re.compile(
    rb"^([A-Za-z][\w.\[\]:/ -]{0,255}?)([ \t]{0,4}=[ \t]{0,4})([^\r\n\"'][^\r\n]{0,4095})", re.MULTILINE
)
_HARMLESS = re.compile(rb"(?i)[\"']?(?:true|false|yes|no|on|off|null|none|\*{1,64}|)[\"']?\s{0,4}")
_SECRET = re.compile(
    r"passw(?:or)?d|passwd|passphrase|passcode|passwort|kennwort|pwd|pswd|^pass$|^psw$|loginpas|secret|credential|communit"
    r"|verif(?:y|ication)code|privatekey|^psk$|presharedkey|sharedkey|wpakey|wifikey|wepkey|encryptionkey"
    r"|^token$|(?:access|auth|session|security|refresh|bearer|csrf|xsrf)token|^pin$|^pincode$|apikey|accesskey|authkey"
    r"|sessionid|sessiontag|^cookie|binarysecurity|privacykey"
)
_ABOUT = frozenset(
    [
        "level", "strength", "length", "len", "min", "max", "type", "mode", "policy", "expire", "expires", "expired",
        "expiration", "days", "enable", "enabled", "support", "supported", "count", "num", "number", "times", "tip", "tips",
        "hint", "rule", "rules", "way", "reset", "modify", "change", "changed", "risk", "risky", "default", "is", "status",
        "state", "error", "url", "format", "opt", "visible", "title", "label", "check", "valid", "validity",
    ]
)  # fmt: skip
"""Last words of a name that tell something about a secret and not the secret."""
_WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+")
_BINARY_WITHIN = 512
_CHUNK = re.compile(rb"[0-9A-Fa-f]{1,8}[^\n]{0,256}\n")
_WIDE = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}
_PAGE = re.compile(
    rb"<(?:!doctype html|html|head|script|body)\b|^\s{0,64}(?:function|var|/\*|\(function|define\()",
    re.IGNORECASE,
)


@lru_cache(maxsize=4096)
def is_secret_name(name: str) -> bool:
    """Tell whether what goes by this name, of whatever spelling, is a secret: `loginPassword` is, `passwordLevel` is not."""
    words = [word.lower() for word in _WORD.findall(name)]
    while words and words[-1].isdigit():
        words.pop()
    if not words or words[-1] in _ABOUT or words[0] == "is":
        return False
    return bool(_SECRET.search("".join(words)))


def shows_login(request: bytes) -> bool:
    """Tell whether a recorded question proves who asks: the answer to it may be meant for nobody else.

    A question from which this program has taken the login out shows none: what its answer told was sifted then.
    """
    head, body_at = http.split_head(request)
    if any(found[2].strip() not in (*MARKS, b"") for found in _HEADER.finditer(head)):
        return True
    first = head.partition(b"\n")[0]
    if without_login_in_address(first) != first:
        return True
    return body_at is not None and _body(request[body_at:]) != request[body_at:]


def without_login(message: bytes) -> bytes:
    """Return a message without the lines that prove or carry a login, and without passwords in addresses and bodies."""
    has_head = _has_head(message)
    head, body_at = http.split_head(message)
    if not has_head:
        return _body(message)
    if body_at is None:
        return in_head(message)
    body = message[body_at:]
    clean = _body(body)
    if clean == body:
        return in_head(message[:body_at]) + body
    return in_head(_announcing(message[:body_at], clean, _CHUNKED.search(head) is not None)) + clean


def without_login_in_address(text: bytes, *, parameters: bool = True) -> bytes:
    """Return text without users and passwords before an address, and without parameters that are a login or stand for one."""
    if b"@" in text:
        text = _SIP_PASSWORD.sub(rb"\1", _BEFORE_ADDRESS.sub(_bare_address, text))
    if parameters:
        text = _PARAMETER.sub(_without_value, text)
        text = b"\n".join(
            _ENCODED.sub(_unless_pair, line) if _is_target(line) else line for line in text.split(b"\n")
        )
    return text


def plain_target(request: bytes) -> bytes:
    """Return the first line of a question shown with a login: the method and the path up to whatever could be part of it."""
    method, _, rest = request.partition(b"\n")[0].strip().partition(b" ")
    target = _BEFORE_ADDRESS.sub(_bare_address, rest.partition(b" ")[0])
    path = re.split(rb"[?;#]", target, maxsplit=1)[0]
    at = path.find(b"=")
    if at >= 0:
        path = path[: path.rfind(b"/", 0, at) + 1]
    return (method + b" " + without_login_in_address(path))[:256].strip()


def in_head(head: bytes) -> bytes:
    """Return lines of a head, or of a print of one, without what they show of a login."""
    clean = _COOKIE.sub(rb"\1=-", _HEADER.sub(_shown, head))
    return without_login_in_address(clean)


def _shown(found: re.Match[bytes]) -> bytes:
    """Say that a header was there."""
    return found[1] + b" " + GONE + (b"\r" if found[2].endswith(b"\r") else b"")


def _announcing(head: bytes, body: bytes, is_chunked: bool) -> bytes:
    """Return a head that announces the body as it is now."""
    length = b"%d" % len(body)
    if is_chunked:
        return _CHUNKED.sub(b"Content-Length: " + length, head)
    return _LENGTH.sub(rb"\g<1>" + length, head)


def _has_head(head: bytes) -> bool:
    first = head[:512].partition(b"\n")[0].strip().upper()
    return first[:5] in {b"HTTP/", b"RTSP/", b"SIP/2"} or first.rpartition(b" ")[2][:5] in {
        b"HTTP/",
        b"RTSP/",
        b"SIP/2",
    }


def _is_target(line: bytes) -> bool:
    """Tell whether a line of a head holds an address: nonces and etags are base64, too."""
    start = line[:24].lower()
    return (
        b"://" in line
        or line.rstrip()[-9:-3].upper() in {b" HTTP/", b" RTSP/"}
        or start.startswith((b"location", b"referer"))
    )


def _bare_address(found: re.Match[bytes]) -> bytes:
    """Drop all before the last @, since passwords hold / and @; an address whose path holds an @ stays."""
    given = found[2]
    at = given.find(b"@")
    slash = given.find(b"/")
    if 0 <= slash < at and _HOST.match(given[: slash + 1]):
        return found.group()
    return found[1]


def _without_value(found: re.Match[bytes]) -> bytes:
    name, _, value = found.group().partition(b"=")
    return found.group() if value in MARKS else name + b"=" + GONE


def _unless_pair(found: re.Match[bytes]) -> bytes:
    """Return a word, or a mark in its place where it is base64 of a user and a password."""
    word = found.group().replace(b"%3D", b"=").replace(b"%3d", b"=").rstrip(b"=")
    try:
        plain = base64.b64decode(
            word.translate(bytes.maketrans(b"-_", b"+/")) + b"=" * (-len(word) % 4), validate=True
        )
    except (binascii.Error, ValueError):
        return found.group()
    user, colon, password = plain.partition(b":")
    is_pair = bool(colon and user and password) and plain.isascii() and all(32 <= one < 127 for one in plain)
    return GONE if is_pair and re.fullmatch(rb"[\w.@ -]{1,64}", user) else found.group()


def _body(body: bytes) -> bytes:
    """Return a body without the values whose names say that they are secret; of chunks, their content where any was."""
    if b"\x00" in body[:_BINARY_WITHIN]:
        return _packed(body)
    chunks = http_body.dechunked(body) if _CHUNK.match(body) else body
    clean = _text(chunks)
    return body if clean == chunks else clean


def _packed(body: bytes) -> bytes:
    """Look into what has NULs in it: text of two bytes a character, or JSON behind a binary head."""
    for mark, charset in _WIDE.items():
        if body.startswith(mark):
            plain = body[2:].decode(charset, "replace").encode()
            clean = _text(plain)
            return body if clean == plain else mark + clean.decode().encode(charset)
    at = body.find(b"{")
    return body[:at] + _text(body[at:]) if at >= 0 else body


def _text(body: bytes) -> bytes:
    """Return text without its secret values; a page for everybody keeps its words, and no filled-in password."""
    body = _SDP_KEY.sub(lambda found: (found[1] or found[2]) + GONE, body)
    if b"@" in body:
        body = without_login_in_address(body, parameters=False)
    if _PAGE.search(body[:2048]):
        return _FORM_FIELD.sub(_emptied, body)
    body = _QUOTED.sub(_quoted, _ELEMENT.sub(_element, body))
    return body if body.lstrip()[:1] in {b"<", b"{", b"["} else _LINE.sub(_line, body)


def _emptied(found: re.Match[bytes]) -> bytes:
    if not _IS_PASSWORD_FIELD.search(found.group()):
        return found.group()
    return _FIELD_VALUE.sub(lambda value: value[1] + b'""', found.group())


def _element(found: re.Match[bytes]) -> bytes:
    return found[1] + _kept(found[2], found[3])


def _quoted(found: re.Match[bytes]) -> bytes:
    quote = found[3][:1] if found[3][:1] in {b'"', b"'"} else b'"'
    kept = _kept(found[1], found[3])
    return found.group() if kept == found[3] else found[1] + found[2] + quote + kept + quote


def _line(found: re.Match[bytes]) -> bytes:
    return found[1] + found[2] + _kept(found[1], found[3])


def _kept(name: bytes, value: bytes) -> bytes:
    """Return a value, or the mark in its place where its name says that it is secret and it is more than yes or no."""
    last = re.split(rb"[.:/]", re.sub(rb"\[\d{1,6}\]", b"", name))[-1]
    if _HARMLESS.fullmatch(value) or value.strip(b"\"' \t") in MARKS:
        return value
    return GONE if is_secret_name(last.decode("latin-1")) else value
