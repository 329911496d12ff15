"""TCP connections of a capture: the first bytes each side said, in order, in bounded memory.

Only the beginning of a conversation is kept (`HEAD` bytes each way), of a bounded number of connections, the
oldest given up first. A connection of which enough is known is marked, so that the packets of its video cost
one look-up each. Source: RFC 9293.
"""

from dataclasses import dataclass, field

HEAD = 65_536
"""Bytes kept of each direction."""
MOST_OPEN = 4_096
MOST_KNOWN = 262_144
MOST_BYTES = 48 * 1024 * 1024

FIN, SYN, RST, ACK = 0x01, 0x02, 0x04, 0x10
_PENDING = 32
"""Segments that came too early and wait for the one before them."""
_CLIENT_STARTS = frozenset(
    [b"GET ", b"POST", b"HEAD", b"OPTI", b"DESC", b"REGI", b"MESS", b"NOTI", b"SUBS", b"SETU", b"INVI"]
)
STARTS = _CLIENT_STARTS | {b"HTTP", b"RTSP", b"SSH-", b"SIP/", b"220 ", b"220-"}
"""First four bytes of what we read."""
SHORT_STARTS = frozenset({b"\x16\x03", b"\xff\xfd", b"\xff\xfb"})
"""First two bytes: a TLS handshake, telnet negotiation."""


@dataclass(slots=True, eq=False)
class Side:
    """What one end of a connection has said so far, in order."""

    key: bytes
    began: float
    is_client: bool
    data: bytearray = field(default_factory=bytearray)
    next: int | None = None
    pending: dict[int, bytes] = field(default_factory=dict)
    cut: bool = False
    """Not everything it said is here."""
    peer: "Side | None" = None

    def add(self, number: int, part: bytes) -> int:
        """Take a segment; return how many bytes longer the beginning has become."""
        if self.next is None:
            self.next = number
        before = len(self.data)
        self._take(number, part)
        while self.pending and (later := self.pending.pop(self.next, None)) is not None:
            self._take(self.next, later)
        return len(self.data) - before

    def _take(self, number: int, part: bytes) -> None:
        assert self.next is not None
        ahead = (number - self.next) & 0xFFFFFFFF
        if ahead == 0:
            self._append(part)
        elif ahead >= 0x80000000:
            known = 0x100000000 - ahead
            if known < len(part):
                self._append(part[known:])
        elif len(self.pending) < _PENDING and ahead < HEAD:
            self.pending[number] = part

    def _append(self, part: bytes) -> None:
        assert self.next is not None
        self.next = (self.next + len(part)) & 0xFFFFFFFF
        room = HEAD - len(self.data)
        self.data += part[:room]
        self.cut = self.cut or len(part) > room


@dataclass(frozen=True, slots=True)
class Conversation:
    """A connection's beginning: who asked whom, and both sides' first bytes."""

    key: bytes
    """Client address, server address, client port, server port, as in the packets."""
    began: float
    asked: bytes
    said: bytes
    cut: bool


class Streams:
    """The connections of one capture. `known` maps a direction's key to its side, or None when enough is known."""

    def __init__(self) -> None:
        self.known: dict[bytes, Side | None] = {}
        self.ready: list[Conversation] = []
        """Conversations of which enough is known, for the caller to take away."""
        self._open: dict[bytes, Side] = {}
        self._bytes = 0

    def segment(self, key: bytes, flags: int, number: int, part: bytes, at: float) -> None:
        """Take a segment that has data or one of SYN, FIN and RST."""
        if flags & SYN:
            self._opened(key, flags, number, at)
            return
        side = self.known.get(key)
        if side is None and part and key not in self.known and is_start(part):
            side = self._open_both(key, at, is_client=part[:4] in _CLIENT_STARTS)
        if side is None:
            return
        if part:
            self._bytes += side.add(number, part)
        if _is_enough(side, flags, part):
            self._close(side)
        while self._bytes > MOST_BYTES and self._open:
            self._close(next(iter(self._open.values())))

    def finish(self) -> None:
        """Make what is known of the connections still open ready."""
        while self._open:
            self._close(next(iter(self._open.values())))

    def _opened(self, key: bytes, flags: int, number: int, at: float) -> None:
        side = self.known.get(key)
        if side is None or (side.next is not None and not flags & ACK):
            if side is not None:
                self._close(side)  # the same ports again: another connection
            side = self._open_both(key, at, is_client=not flags & ACK)
        if side.next is None:
            side.next = (number + 1) & 0xFFFFFFFF

    def _open_both(self, key: bytes, at: float, *, is_client: bool) -> Side:
        side, peer = Side(key, at, is_client), Side(_turned(key), at, not is_client)
        side.peer, peer.peer = peer, side
        self.known[key], self.known[peer.key] = side, peer
        self._open[(side if is_client else peer).key] = side if is_client else peer
        if len(self._open) > MOST_OPEN:
            self._close(next(iter(self._open.values())))
        if len(self.known) > MOST_KNOWN:
            for old in [name for name, one in self.known.items() if one is None][: MOST_KNOWN // 4]:
                del self.known[old]
        return side

    def _close(self, side: Side) -> None:
        """Make a connection's conversation ready and keep nothing of it but that it is known."""
        client = side if side.is_client else side.peer
        server = side.peer if side.is_client else side
        assert client is not None
        assert server is not None
        self._open.pop(client.key, None)
        self.known[client.key] = self.known[server.key] = None
        self._bytes -= len(client.data) + len(server.data)
        if server.data or client.data:
            said, asked = bytes(server.data), bytes(client.data)
            lost = server.cut or bool(server.pending)
            self.ready.append(Conversation(client.key, client.began, asked, said, cut=lost))


def is_start(part: bytes) -> bool:
    """Tell whether a segment begins like a request or an answer we read, so that a talk can be joined midway."""
    return part[:4] in STARTS or part[:2] in SHORT_STARTS


def _is_enough(side: Side, flags: int, part: bytes) -> bool:
    """Tell whether nothing more is worth keeping: an end, a full beginning, or media."""
    if flags & RST or (flags & FIN and not side.is_client):
        return True
    if side.is_client:
        return False
    return len(side.data) >= HEAD or (part[:1] == b"$" and side.data[:4] == b"RTSP")


def _turned(key: bytes) -> bytes:
    """Return the other direction's key: addresses swapped, ports swapped."""
    size = (len(key) - 4) // 2
    return key[size : 2 * size] + key[:size] + key[-2:] + key[-4:-2]
