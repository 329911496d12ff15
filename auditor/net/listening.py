"""Reading one answer: until it is complete, ends, or stops coming."""

import asyncio
from collections.abc import Callable

from auditor.net.lateness import TOO_LATE, Lateness
from auditor.net.stream import Stream
from auditor.net.talk import QUIET, Talk
from auditor.wire import http

_DRIP = 0.005
"""Seconds to gather more when a large reply comes in small pieces, before looking at it again."""
_HEADS = (b"HTTP/", b"RTSP/")


async def listen(
    stream: Stream,
    talk: Talk,
    done: Callable[[bytes], bool],
    *,
    monotonic: Callable[[], float],
    lateness: Lateness,
) -> None:
    """Add to the talk what comes, until `done`, its limit or the end; whoever calls bounds the time."""
    while True:
        chunk = await _more(stream, talk, lateness)
        if not chunk:
            return
        talk.add(chunk, monotonic())
        if talk.cut or done(bytes(talk.heard)):
            return
        if len(chunk) < 1024 and len(talk.heard) > 16_384:
            await asyncio.sleep(_DRIP)


async def _more(stream: Stream, talk: Talk, lateness: Lateness) -> bytes:
    """Return what comes next; nothing when a body that has begun is not continued for a while.

    Servers announce lengths that they do not send, and leave connections open that they should close.
    Source: home-assistant/core 148093, a Content-Length that is nine too large.
    """
    if not _has_body(talk.heard):
        return await stream.read()
    while True:
        began = lateness.begin()
        try:
            async with asyncio.timeout(QUIET):
                return await stream.read()
        except TimeoutError:
            is_ours = lateness.late_since(began) >= TOO_LATE
        finally:
            lateness.end()
        if not is_ours:
            talk.quiet(QUIET)
            return b""


def _has_body(heard: bytearray) -> bool:
    """Tell whether something has come behind the head of an HTTP or RTSP reply."""
    if not heard.startswith(_HEADS):
        return False
    body_at = http.split_head(bytes(heard))[1]
    return body_at is not None and body_at < len(heard)
