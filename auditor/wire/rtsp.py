"""RTSP before login: the two requests we make, and replies however many came in one reading. Source: RFC 2326."""

import re
from itertools import pairwise

from auditor.wire import charset, http
from auditor.wire.http import Response

MAX_RESPONSES = 64
"""Replies read from one recording."""

_STATUS_LINE = re.compile(rb"(?:\A|(?<=\n)|(?<=\x00))[ \t]{0,8}RTSP/\d", re.IGNORECASE)
_SDP_CHARSET = re.compile(rb"(?:\A|\n)a=charset:([A-Za-z0-9_.:-]{2,32})")
_LEADING = b"\r\n\t \x00"


def options(url: str, *, cseq: int, user_agent: str) -> bytes:
    """Return an OPTIONS request, which asks what the server can do."""
    return _request("OPTIONS", url, cseq, user_agent)


def describe(url: str, *, cseq: int, user_agent: str) -> bytes:
    """Return a DESCRIBE request, which asks what a stream would be and never asks for the stream."""
    return _request("DESCRIBE", url, cseq, user_agent, "Accept: application/sdp")


def is_complete(reply: bytes) -> bool:
    """Tell whether one whole reply is there; a reply without a length ends with its header."""
    opening = _STATUS_LINE.search(reply)
    if not opening:
        return False
    head, body_at = http.split_head(reply, opening.start())
    if body_at is None:
        return False
    length = http.content_length(http.read_head(head)[1])
    return length is None or len(reply) - body_at >= length


def responses(reply: bytes) -> tuple[Response, ...]:
    """Read every reply of one recording; what comes before the first status line is a bare body."""
    starts = [
        found.start() for found, _ in zip(_STATUS_LINE.finditer(reply), range(MAX_RESPONSES), strict=False)
    ]
    before = reply[: starts[0]] if starts else reply
    found = [Response("", None, "", (), before, bare=True)] if _is_page(before) else []
    for start, end in pairwise((*starts, len(reply))):
        parsed = http.parse(reply[start:end])
        if parsed is not None:
            found.append(parsed)
    return tuple(found)


def session_lines(response: Response) -> tuple[tuple[str, str], ...]:
    """Return the session description of a reply as (letter, value) pairs in order. Source: RFC 8866."""
    body = response.body[:65_536]
    stated = _SDP_CHARSET.search(body)
    declared = stated.group(1).decode() if stated else charset.named_in(response.header("content-type") or "")
    lines = charset.decode(body, declared).splitlines()
    return tuple(
        (line[0], line[2:].strip()) for line in lines[:512] if line[1:2] == "=" and line[0].isalpha()
    )


def _is_page(before: bytes) -> bool:
    """Tell whether bytes outside any reply are text worth keeping, not padding and not an interleaved frame."""
    return bool(before.strip(_LEADING)) and not before.startswith(b"$")


def _request(method: str, url: str, cseq: int, user_agent: str, *headers: str) -> bytes:
    """Return one request; RTSP servers take the line ends literally."""
    return http.head_bytes(
        (f"{method} {url} RTSP/1.0", f"CSeq: {cseq}", f"User-Agent: {user_agent}", *headers)
    )
