"""HTTP as embedded servers speak it: our requests are strict, our reading of replies is not. Source: RFC 9112."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from auditor.wire import charset, http_body

MAX_HEADERS = 256
"""Header lines kept of one reply."""
MAX_VALUE = 16_384
"""Characters kept of one header value."""

Headers = tuple[tuple[str, str], ...]

# An empty line, or a page that begins without one.
_HEAD_END = re.compile(rb"\n(?:\r{0,2}\n|(?=(?:\xef\xbb\xbf)?<))")
_LEADING = b"\r\n\t \x00\xef\xbb\xbf"
_STATUS_LINE = re.compile(
    rb"(?P<version>(?:HTTP|RTSP|SIP)/\d(?:\.\d)?|(?:HTTP|ICY)(?=[ \t/]))"
    rb"(?:[ \t]{0,16}(?P<status>\d{3})(?!\d))?[ \t]{0,16}(?P<reason>[^\r\n]*)",
    re.IGNORECASE,
)
_FIELD = re.compile(r"([^\s:\x00-\x1f\"<>(){}=]{1,128})[ \t]{0,8}:(.*)", re.DOTALL)
# A reply without a status line has a header only if it holds one of these: pages hold colons too.
_TELLING = frozenset(
    {
        "cache-control",
        "connection",
        "content-length",
        "content-type",
        "cseq",
        "date",
        "etag",
        "expires",
        "last-modified",
        "location",
        "pragma",
        "server",
        "set-cookie",
        "transfer-encoding",
        "www-authenticate",
    }
)
_NUMBER = re.compile(r"\s*\+?(\d{1,15})(?!\d)")
_TARGET = re.compile(rb"[A-Za-z_-]{1,32}[ \t]+([^\r\n]*)")
_NO_BODY = frozenset({204, 304})


@dataclass(frozen=True, slots=True)
class Response:
    """One reply, its header in the order and the case it came in, its body decoded.

    `status` is None where the reply has no readable number; `bare` tells that it has no status line at all.
    """

    version: str
    status: int | None
    reason: str
    headers: Headers
    body: bytes
    bare: bool = False

    def header(self, name: str) -> str | None:
        """Return the first value of a header, whatever its case, or None."""
        return next(iter(self.headers_named(name)), None)

    def headers_named(self, name: str) -> tuple[str, ...]:
        """Return every value of a header in order, whatever its case."""
        wanted = name.lower()
        return tuple(value for key, value in self.headers if key.lower() == wanted)

    def text(self) -> str:
        """Return the body as text, by the character set it is in rather than the one it claims."""
        body = http_body.unpacked(self.body)
        return charset.document(body, charset.named_in(self.header("content-type") or ""))


def request(
    method: str,
    path: str,
    host: str,
    *,
    user_agent: str,
    headers: Sequence[tuple[str, str]] = (),
    body: bytes = b"",
) -> bytes:
    """Return a request that asks for one answer and the end of the connection; line ends in values are dropped."""
    lines = [
        f"{method} {path.replace(' ', '%20')} HTTP/1.1",
        f"Host: {host}",
        f"User-Agent: {user_agent}",
        "Accept: */*",
        *(f"{name}: {value}" for name, value in headers),
    ]
    if body or method == "POST":
        lines.append(f"Content-Length: {len(body)}")
    lines.append("Connection: close")
    return head_bytes(lines) + body


def head_bytes(lines: Sequence[str]) -> bytes:
    """Return header lines as they go on the wire, ended by the empty line."""
    clean = (re.sub(r"[\x00-\x08\x0a-\x1f\x7f]", "", line) for line in lines)
    return "".join(f"{line}\r\n" for line in (*clean, "")).encode("utf-8", "replace")


def request_method(request: bytes) -> str:
    """Return the method of a recorded request, or an empty text."""
    return request.split(None, 1)[0][:32].decode("latin-1").upper() if request.strip() else ""


def request_path(request: bytes) -> str:
    """Return the path and query a recorded request asks for, or an empty text."""
    found = _TARGET.match(request.lstrip())
    if not found:
        return ""
    target = charset.decode(found.group(1)).strip()
    before, blank, protocol = target.rpartition(" ")
    target = before.rstrip() if blank and "/" in protocol and protocol[:1].isalpha() else target
    scheme, separator, rest = target.partition("://")
    if separator and scheme.isalpha():
        return "/" + rest.partition("/")[2]
    return target


def is_complete(reply: bytes) -> bool:
    """Tell whether nothing more is to be expected; False also where only the end of the connection can tell."""
    start = _after_informational(reply)
    head, body_at = split_head(reply, start)
    if body_at is None or not _STATUS_LINE.match(head):
        return False
    first, headers = read_head(head)
    if _status(first) in _NO_BODY:
        return True
    if "chunked" in _value(headers, "transfer-encoding").lower():
        return http_body.chunks_are_complete(reply, body_at)
    length = content_length(headers)
    return length is not None and len(reply) - body_at >= length


def parse(reply: bytes) -> Response | None:
    """Read a reply however odd; None when there is none: nothing at all, or a TLS record."""
    start = _after_informational(reply)
    if start >= len(reply) or (reply[:1] in {b"\x15", b"\x16"} and reply[1:2] == b"\x03"):
        return None
    head, body_at = split_head(reply, start)
    first, headers = read_head(head)
    status_line = _STATUS_LINE.match(first)
    if not status_line:
        return _bare(reply, head, body_at)
    body = reply[body_at:] if body_at is not None else b""
    return Response(
        version=status_line["version"].decode("latin-1").upper(),
        status=_status(first),
        reason=charset.decode(status_line["reason"][:1024]).strip(),
        headers=headers,
        body=http_body.decoded(
            body,
            transfer=_value(headers, "transfer-encoding"),
            encoding=_value(headers, "content-encoding"),
            length=content_length(headers),
        ),
    )


def split_head(reply: bytes, start: int = 0) -> tuple[bytes, int | None]:
    """Return the head that begins at `start` and where the body begins; None when no empty line was reached."""
    end = _HEAD_END.search(reply, start)
    return (reply[start : end.start()], end.end()) if end else (reply[start:], None)


def read_head(head: bytes) -> tuple[bytes, Headers]:
    """Return the first line and the header fields, folded lines joined; the first line is not read as a field."""
    first, _, rest = head.partition(b"\n")
    return first.strip(b"\r\x00 \t"), _fields(rest)


def content_length(headers: Headers) -> int | None:
    """Return the announced length of the body in bytes, or None when none can be read."""
    found = _NUMBER.match(_value(headers, "content-length"))
    return int(found.group(1)) if found else None


def _fields(block: bytes) -> Headers:
    """Read header lines in order; a line that is no field is left out, one that begins with a blank continues."""
    fields: list[tuple[str, str]] = []
    declared = None if block.isascii() else charset.named_in(block.decode("latin-1"))
    for raw in block.split(b"\n", MAX_HEADERS)[:MAX_HEADERS]:
        line = charset.decode(raw[:MAX_VALUE].rstrip(b"\r\x00"), declared)
        if line[:1] in {" ", "\t"} and fields:
            name, value = fields[-1]
            fields[-1] = (name, f"{value} {line.strip()}"[:MAX_VALUE].strip())
        elif found := _FIELD.fullmatch(line):
            fields.append((found.group(1), found.group(2).strip()))
    return tuple(fields)


def _bare(reply: bytes, head: bytes, body_at: int | None) -> Response:
    """Read a reply that has no status line: a header all the same, or nothing but a body."""
    headers = _fields(head)
    has_header = body_at is not None and any(name.lower() in _TELLING for name, _ in headers)
    if has_header and len(headers) >= head.count(b"\n"):
        return Response("", None, "", headers, reply[body_at:], bare=True)
    return Response("", None, "", (), reply, bare=True)


def _after_informational(reply: bytes) -> int:
    """Return where the reply proper begins, past stray line ends and up to eight 1xx replies."""
    opening = reply[:1024]
    start = len(opening) - len(opening.lstrip(_LEADING))
    for _ in range(8):
        line = _STATUS_LINE.match(reply, start, start + 256)
        if not line or not (line["status"] or b"").startswith(b"1"):
            break
        _, body_at = split_head(reply, start)
        if body_at is None or not _STATUS_LINE.match(reply, body_at):
            break
        start = body_at
    return start


def _status(first: bytes) -> int | None:
    """Return the number of a status line, or None."""
    found = _STATUS_LINE.match(first)
    return int(found["status"]) if found and found["status"] else None


def _value(headers: Headers, name: str) -> str:
    """Return the first value of a header, or an empty text."""
    return next((value for key, value in headers if key.lower() == name), "")
