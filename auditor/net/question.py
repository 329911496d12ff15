"""What a discovery protocol asks by UDP, as a value: discovery states it, the field puts it."""

from collections.abc import Callable
from dataclasses import dataclass

from auditor.model import Method, Protocol


@dataclass(frozen=True, slots=True)
class Heard:
    """What one datagram is: which of our requests it answers (empty: none, it came unasked), and whose it is."""

    request: bytes
    mac: str | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """One question of a discovery protocol.

    `requests` are sent in order, a `gap` apart, each to everybody; with `retry` a later one only to those
    who have not answered at all. `read` returns None for bytes that are no answer.
    """

    method: Method
    protocol: Protocol
    port: int
    requests: tuple[bytes, ...]
    read: Callable[[bytes], Heard | None]
    group: str | None = None
    """Multicast group, used where the scope grants an interface."""
    broadcast: bool = False
    """Also sent to the broadcast address of granted interfaces."""
    listen: bool = False
    """Answers may also be sent to the group (without a group: broadcast) on the protocol's own port."""
    retry: bool = False
    gap: float = 1.0
    wait: float = 3.0
    """Seconds to listen after the last request."""

    def __post_init__(self) -> None:
        if not self.requests:
            raise ValueError(f"{self.method} has no request")
