"""What one exchange has heard so far, and how it ended."""

import ssl
from dataclasses import dataclass, field
from datetime import datetime

from auditor.model import Endpoint, Exchange, Protocol, Status
from auditor.net.stream import NotTlsError


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

    def late(self, deadline: float) -> None:
        """The deadline passed: an answer that has begun counts, silence is silence."""
        place = "no word" if self.connected else "no connection"
        self.detail = f"deadline of {deadline:g} s" if self.heard else f"{place} within {deadline:g} s"

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
