"""What one exchange has heard so far, and how it ended."""

import ssl
from dataclasses import dataclass, field
from datetime import datetime

from auditor.model import Endpoint, Exchange, Protocol, Status
from auditor.net.lateness import TOO_LATE
from auditor.net.stream import NotTlsError

ASKED_AGAIN = "asked once more"
"""How the detail of an exchange ends whose silence was our own: the next one of the same question counts."""
_NOBODY = ("no word", "no connection")
QUIET = 2.0
"""Seconds without another byte after which an answer that has begun is taken to have come to its end."""


@dataclass(slots=True)
class Talk:
    """The bytes heard, bounded; the status that follows from them and from how it ended."""

    limit: int
    heard: bytearray = field(default_factory=bytearray)
    status: Status | None = None
    detail: str = ""
    cut: bool = False
    connected: bool = False
    began: float | None = None
    first: float | None = None
    """Moment of the first byte, on the monotonic clock."""
    last: float | None = None
    delay_of_ours: float = 0.0
    """Seconds by which our own event loop was late while we waited."""

    def add(self, chunk: bytes, now: float) -> None:
        """Keep what came, up to the limit."""
        self.first = now if self.first is None else self.first
        self.last = now
        room = self.limit - len(self.heard)
        self.heard += chunk[:room]
        if len(chunk) > room or len(self.heard) >= self.limit:
            self.cut = True
            self.detail = f"cut at {self.limit} bytes"

    def end(self, status: Status, detail: str) -> None:
        """State how it ended, when the bytes alone do not say."""
        self.status = status
        self.detail = detail

    def late(self, deadline: float, now: float) -> None:
        """The deadline passed: an answer that has begun counts, silence is silence.

        What had stopped coming before is told from what was still coming: a length announced too large, or a
        connection left open, is no answer without end.
        """
        if not self.heard:
            place = _NOBODY[0] if self.connected else _NOBODY[1]
            self.detail = f"{place} within {deadline:g} s"
        elif self.last is not None and now - self.last >= QUIET:
            self.quiet(now - self.last)
        else:
            self.detail = f"deadline of {deadline:g} s"

    def quiet(self, seconds: float) -> None:
        """The answer stopped coming though its end was not reached."""
        self.detail = f"nothing more came for {seconds:.0f} s"

    def failed(self, error: OSError | NotTlsError) -> None:
        """The connection broke: what came before counts, a reset without a word is a refusal."""
        if isinstance(error, NotTlsError):
            self.heard[:] = error.said[: self.limit]
            self.end(Status.GARBLED, str(error))
            return
        self.detail = _reason(error)
        if not self.heard:
            self.status = Status.REFUSED

    @property
    def outcome(self) -> Status:
        """The status stated, or the one that the bytes show."""
        return self.status or (Status.ANSWERED if self.heard else Status.SILENT)

    @property
    def is_ours(self) -> bool:
        """Whether nobody was heard by the deadline while we were too late ourselves to hear anybody."""
        return self.status is None and self._is_timed_out and self.delay_of_ours >= TOO_LATE

    @property
    def _is_timed_out(self) -> bool:
        return not self.heard and self.detail.startswith(_NOBODY)

    def ask_again(self) -> None:
        """State that this silence is not the other side's, and that the question is put once more."""
        self.detail += f", {self.delay_of_ours:.1f} s of which we were late ourselves: {ASKED_AGAIN}"

    @property
    def delay(self) -> float | None:
        """Seconds from the first byte sent to the first received."""
        return None if self.first is None or self.began is None else self.first - self.began

    def exchange(
        self, *, device: str, probe: str, protocol: Protocol, endpoint: Endpoint, request: bytes, at: datetime
    ) -> Exchange:
        """Return the evidence."""
        seconds = self.last - self.began if self.last is not None and self.began is not None else 0.0
        return Exchange(
            device=device,
            probe=probe,
            protocol=protocol,
            endpoint=endpoint,
            request=request,
            reply=bytes(self.heard),
            status=self.outcome,
            at=at,
            seconds=seconds,
            cut=self.cut,
            detail=self.detail if self.outcome is Status.ANSWERED or self.detail else "closed without a word",
        )


def _reason(error: OSError) -> str:
    if isinstance(error, ssl.SSLEOFError):
        return "closed during the TLS handshake"
    if isinstance(error, ssl.SSLError):
        return f"TLS: {(error.reason or 'failure').lower().replace('_', ' ')}"
    if isinstance(error, ConnectionResetError | BrokenPipeError):
        return "reset by the other side"
    return (error.strerror or type(error).__name__).lower()
