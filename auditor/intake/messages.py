"""Messages of HTTP, RTSP and SIP in what one side says, taken as it comes and found again behind a gap.

A body whose length is announced ends where it must, whatever of it is missing. Behind anything else that is lost, the
next message begins where a segment begins like one. Source: RFC 9112 sections 6 and 7.1, RFC 2326, RFC 3261.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum, auto

from auditor.intake.tally import Tally
from auditor.wire import http

MOST_HEAD = 65_536
BODY = 65_536
"""Bytes kept of one body."""
_AT_A_TIME = 2_048
"""Bytes looked at at once, so that many small messages in one segment cost no more than few large ones."""
_SHORTEST_START = 24
_MOST_LINE = 4_096

_ANSWER = re.compile(rb"(?:HTTP|RTSP)/\d\.\d[ \t]{1,4}\d{3}|SIP/2\.0 \d{3}|ICY \d{3}", re.IGNORECASE)
_START = re.compile(
    rb"(?i:(?:HTTP|RTSP)/\d\.\d[ \t]{1,4}\d{3}|SIP/2\.0 \d{3}|ICY \d{3})"
    rb"|[A-Z_-]{3,20} [^\r\n]{1,4096}[ \t](?:HTTP|RTSP|SIP)/\d"
)
_SIP = re.compile(rb"SIP/2\.0 |[^\r\n]{1,4096} SIP/2\.0", re.IGNORECASE)
_MEDIA = ("multipart/", "video/", "audio/", "application/x-rtsp", "image/", "application/octet")
_ENDLESS = _MEDIA[:4]
_MAY_START = re.compile(rb"[A-Za-z_-]{1,20}(?:\Z|[ /])")
_CHUNK = re.compile(rb"[ \t]{0,16}([0-9A-Fa-f]{1,8})[ \t]{0,16}(?:;[^\n]*)?\r?\n")


class _At(Enum):
    """Where in a message the next byte is."""

    HEAD = auto()
    BODY = auto()
    CHUNK_LINE = auto()
    CHUNK = auto()
    TRAILER = auto()
    OPEN = auto()
    """In a body that runs to the end of the connection, or to the next head."""
    NOWHERE = auto()
    """Behind something lost or not understood."""
    DONE = auto()


@dataclass(slots=True, eq=False)
class Message:
    """One request or answer; `start` is its place in the stream, `ack` how far its sender had heard the other side."""

    head: bytes
    headers: http.Headers
    start: int
    ack: int | None
    when: float
    body: bytearray = field(default_factory=bytearray)
    cut: bool = False
    """Not all of it is here."""
    request: "Message | None" = None
    """Of an answer: the question it surely answers."""
    is_inferred: bool = False
    """That it is this question follows only from the client's waiting for answers."""

    @property
    def first_line(self) -> bytes:
        """The request or status line."""
        return self.head.split(b"\n", 1)[0].strip()

    @property
    def is_answer(self) -> bool:
        """It is no request."""
        return _ANSWER.match(self.head) is not None

    @property
    def is_sip(self) -> bool:
        """It is one of SIP, where either side asks."""
        return _SIP.match(self.head) is not None

    @property
    def status(self) -> int:
        """The number of an answer, 0 without one."""
        found = _ANSWER.match(self.head)
        return int(found.group()[-3:]) if found else 0

    @property
    def opens_tunnel(self) -> bool:
        """It lets a client through a proxy: what follows is somebody else's. Source: RFC 9110 section 9.3.6."""
        return self.request is not None and self.request.verb == b"CONNECT" and self.status // 100 == 2

    @property
    def is_interim(self) -> bool:
        """It announces another answer. 101 does not: it ends what we understand."""
        return 100 <= self.status < 200 and self.status != 101

    @property
    def verb(self) -> bytes:
        """The method of a request."""
        return self.head.partition(b" ")[0].upper()

    def header(self, name: str) -> str:
        """Return a header's first value, or an empty text."""
        return next((value for key, value in self.headers if key.lower() == name), "")

    @property
    def bytes(self) -> bytes:
        """Head and body as they were."""
        return self.head + bytes(self.body)


def is_start(part: bytes | bytearray) -> bool:
    """Tell whether bytes begin like a message."""
    return _START.match(part[:_MOST_LINE]) is not None


def may_be_start(part: bytes | bytearray) -> bool:
    """Tell whether bytes are, or may become, the beginning of a message."""
    if len(part) < _SHORTEST_START or b"\n" not in part[:_MOST_LINE]:
        return len(part) < _MOST_LINE and _MAY_START.match(part) is not None
    return is_start(part)


def _is_interleaved(part: bytes) -> bool:
    """Tell whether media within RTSP begin here. Source: RFC 2326 section 10.12."""
    return part[:1] == b"$" and part[1:2] < b"\x20"


class Reader:
    """Reads one side. `begun` is called with each message's head, `ended` when it is over, `unsure` at what is lost."""

    def __init__(
        self,
        tally: Callable[[], Tally],
        begun: Callable[[Message], None],
        ended: Callable[[Message], None],
        unsure: Callable[[], None],
    ) -> None:
        self._tally, self._begun, self._ended, self._unsure = tally, begun, ended, unsure
        self._state = _At.HEAD
        self._head = bytearray()
        self._start, self._when = 0, 0.0
        self._ack: int | None = None
        self._message: Message | None = None
        self._left = 0
        self._is_media = False
        self._is_partial = False
        self._line = bytearray()
        self._broken = False
        """A part of this body is missing; nothing behind it is kept."""
        self.enough = False
        """Nothing behind this is worth reading: media, a tunnel, another protocol."""

    @property
    def held(self) -> int:
        """How many bytes are held."""
        return len(self._head) + len(self._line) + (len(self._message.body) if self._message else 0)

    def feed(self, at: int, part: bytes, ack: int | None, when: float) -> None:
        """Take a segment's bytes, which begin at this place of the stream."""
        if self._begins_anew(part):
            self._end_message()
            self._state = _At.HEAD
        done = 0
        while done < len(part) and self._state is not _At.DONE:
            done += self._take(at + done, part[done : done + _AT_A_TIME], ack, when)

    def lost(self, size: int) -> None:
        """Take note that so many bytes are missing here."""
        if self._state is _At.BODY and size <= self._left:
            assert self._message is not None
            self._message.cut = self._broken = True
            self._left -= size
            if not self._left:
                self._end_message()
            return
        self._begin_with_what_is_there()
        if self._message is not None:
            self._message.cut = True
        self._end_message()
        self._state = _At.DONE if self.enough else _At.NOWHERE
        self._unsure()

    def end(self, *, is_closed: bool) -> None:
        """Take note that nothing more comes, and whether the side said so itself."""
        if self._begin_with_what_is_there():
            if self._message is not None:
                self._message.cut = True
        elif self._message is not None and self._state is not _At.TRAILER:
            self._message.cut |= self._state is not _At.OPEN or not is_closed
        self._end_message()
        self._state = _At.DONE

    def _begin_with_what_is_there(self) -> bool:
        """Begin a message of whose head the rest is missing, with its whole lines; tell whether there was one."""
        head = bytes(self._head[: self._head.rfind(b"\n") + 1])
        if self._state is not _At.HEAD or not is_start(head):
            return False
        self._is_partial = True
        self._begin(head)
        self._is_partial = False
        return True

    def _begins_anew(self, part: bytes) -> bool:
        """Tell whether a segment begins the next message though the last one's end was not seen."""
        if self._state in {_At.OPEN, _At.TRAILER}:
            return _ANSWER.match(part) is not None
        if self._state is _At.NOWHERE:
            return may_be_start(part)
        message = self._message
        # The answer to HEAD announces a body that does not come; of an answer whose question is not known this shows it.
        return (
            self._state is _At.BODY and message is not None and not message.body and not message.cut
            and message.request is None and message.is_answer and _ANSWER.match(part) is not None
        )  # fmt: skip

    def _take(self, at: int, part: bytes, ack: int | None, when: float) -> int:
        match self._state:
            case _At.HEAD:
                return self._take_head(at, part, ack, when)
            case _At.BODY | _At.CHUNK:
                return self._take_counted(part)
            case _At.CHUNK_LINE | _At.TRAILER:
                return self._take_line(part)
            case _At.OPEN:
                self._keep(part)
                assert self._message is not None
                if len(self._message.body) >= BODY:
                    self._message.cut, self.enough = True, True
                    self._end_message()
                return len(part)
        self.enough = self.enough or _is_interleaved(part)
        self._unsure()
        self._tally().passed_over += len(part)
        return len(part)

    def _take_head(self, at: int, part: bytes, ack: int | None, when: float) -> int:
        if not self._head:
            blank = len(part) - len(part.lstrip(b"\r\n\x00 "))
            if blank:
                return blank
            self._start, self._ack, self._when = at, ack, when
        before = len(self._head)
        self._head += part
        if not before and _is_interleaved(part):
            self.enough = True
        if not self._may_be_head():
            self._tally().passed_over += 0 if self.enough else len(self._head)
            self._head.clear()
            self._state = _At.DONE if self.enough else _At.NOWHERE
            self._unsure()
            return len(part)
        seen = max(0, before - 6)
        _, body_at = http.split_head(bytes(self._head[seen:]))
        if body_at is None:
            return len(part)
        body_at += seen
        self._begin(bytes(self._head[:body_at]))
        return max(0, body_at - before)

    def _may_be_head(self) -> bool:
        return len(self._head) <= MOST_HEAD and may_be_start(self._head)

    def _begin(self, head: bytes) -> None:
        """Begin a message, and go to where its body begins, or to the next one."""
        self._head.clear()
        message = Message(head, http.read_head(head)[1], self._start, self._ack, self._when)
        self._message, self._broken = message, False
        message.cut = self._is_partial
        self._is_media = message.header("content-type").lower().startswith(_MEDIA)
        self._begun(message)
        self._state = self._behind_head(message)
        if self._state is _At.HEAD:
            self._end_message()

    def _behind_head(self, message: Message) -> _At:
        if message.is_answer and self._has_no_body(message):
            return _At.HEAD
        if "chunked" in message.header("transfer-encoding").lower():
            return _At.CHUNK_LINE
        length = http.content_length(message.headers)
        if length is not None:
            self._left = length
            return _At.BODY if length else _At.HEAD
        if message.head[:5].upper() == b"HTTP/":
            kind = message.header("content-type").lower()
            if kind.startswith(_ENDLESS):
                message.cut, self.enough = True, True
                return _At.HEAD
            return _At.OPEN
        return _At.HEAD

    def _has_no_body(self, message: Message) -> bool:
        """Tell whether an answer has no body whatever its head announces. Source: RFC 9112 section 6.3."""
        verb = message.request.verb if message.request else b""
        if message.status == 101 or message.opens_tunnel:
            self.enough = True
            return True
        return message.is_interim or message.status in {204, 304} or verb == b"HEAD"

    def _take_counted(self, part: bytes) -> int:
        used = min(len(part), self._left)
        self._keep(part[:used])
        self._left -= used
        if not self._left:
            if self._state is _At.CHUNK:
                self._state = _At.CHUNK_LINE
            else:
                self._end_message()
        return used

    def _take_line(self, part: bytes) -> int:
        """Take the size of a chunk, or a line behind the last one."""
        end = part.find(b"\n")
        used = len(part) if end < 0 else end + 1
        self._line += part[:used]
        self._keep(part[:used])
        if end < 0 and len(self._line) <= _MOST_LINE:
            return used
        line = bytes(self._line)
        self._line.clear()
        if self._state is _At.TRAILER:
            if not line.strip() or len(line) > _MOST_LINE:
                self._end_message()
        elif line.strip():
            found = _CHUNK.fullmatch(line)
            self._left = int(found.group(1), 16) if found else 0
            self._state = _At.CHUNK if self._left else _At.TRAILER
            if not found:
                assert self._message is not None
                self._message.cut = True
                self._end_message()
                self._state = _At.NOWHERE
                self._unsure()
        return used

    def _keep(self, part: bytes) -> None:
        """Keep what there is room for; pictures and recordings beyond it are not worth a word."""
        message = self._message
        assert message is not None
        if self._broken:
            return
        room = BODY - len(message.body)
        message.body += part[:room]
        if len(part) > room:
            message.cut = True
            if message.is_answer and not self._is_media:
                self._tally().left_out += len(part) - room

    def _end_message(self) -> None:
        message, self._message = self._message, None
        self._line.clear()
        self._head.clear()
        self._state = _At.DONE if self.enough else _At.HEAD
        if message is not None:
            self._ended(message)
