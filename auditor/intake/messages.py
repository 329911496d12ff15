"""Messages of HTTP, RTSP and SIP one after the other in what one side said, as far as it is there."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from auditor.wire import http

MAX_MESSAGES = 64
"""Messages read of one side."""

_START = re.compile(
    rb"(?:HTTP/\d\.\d|RTSP/\d\.\d|SIP/2\.0) \d{3}|[A-Z_]{3,16} [^\r\n]{1,4096} (?:HTTP|RTSP|SIP)/\d"
)
_CHUNK = re.compile(rb"([0-9A-Fa-f]{1,8})[^\n]{0,256}\n")


@dataclass(frozen=True, slots=True)
class Message:
    """One request or answer, whole or cut off by the end of what is there."""

    head: bytes
    body: bytes
    headers: http.Headers
    cut: bool = False

    @property
    def first_line(self) -> bytes:
        """The request or status line."""
        return self.head.split(b"\n", 1)[0].strip()

    def header(self, name: str) -> str:
        """Return a header's first value, or an empty text."""
        return next((value for key, value in self.headers if key.lower() == name), "")

    @property
    def bytes(self) -> bytes:
        """Head and body as they were."""
        return self.head + self.body


def messages(data: bytes) -> Iterator[Message]:
    """Yield the messages in order; what lies between them, such as interleaved media, is skipped."""
    at = 0
    for _ in range(MAX_MESSAGES):
        found = _START.search(data, at)
        if found is None:
            return
        at = found.start()
        head, body_at = http.split_head(data, at)
        if body_at is None:
            yield Message(data[at:], b"", http.read_head(head)[1], cut=True)
            return
        headers = http.read_head(head)[1]
        end, is_whole = _end(data, body_at, headers, first=head[:16])
        yield Message(data[at:body_at], data[body_at:end], headers, cut=not is_whole)
        at = end


def _end(data: bytes, at: int, headers: http.Headers, *, first: bytes) -> tuple[int, bool]:
    """Return where a body ends, and whether that end is there."""
    known = {name.lower(): value.lower() for name, value in headers}
    if "chunked" in known.get("transfer-encoding", ""):
        return _end_of_chunks(data, at)
    length = http.content_length(headers)
    if length is not None:
        return min(len(data), at + length), at + length <= len(data)
    is_open = first.startswith(b"HTTP/") and first[9:12] not in {b"204", b"304"} and first[9:10] != b"1"
    if is_open:
        following = _START.search(data, at)
        return (following.start() if following else len(data)), True
    return at, True


def _end_of_chunks(data: bytes, at: int) -> tuple[int, bool]:
    while found := _CHUNK.match(data, at):
        size = int(found.group(1), 16)
        at = found.end() + size
        if at >= len(data):
            return len(data), False
        if data[at : at + 2] == b"\r\n":
            at += 2
        if size == 0:
            return at, True
    return len(data), False
