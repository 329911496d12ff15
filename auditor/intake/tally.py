"""What a capture did not show: gaps, wrapped and foreign packets, bytes left out; counted for each file and said once."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from auditor.intake.evidence import Problem, Tell

MOST_KINDS = 32
"""Kinds of packets that are told apart; a damaged file could name thousands."""

LINK_NAMES = {
    105: "Wi-Fi", 119: "Wi-Fi", 127: "Wi-Fi", 163: "Wi-Fi", 189: "USB", 220: "USB", 187: "Bluetooth", 201: "Bluetooth",
    195: "IEEE 802.15.4", 230: "IEEE 802.15.4", 252: "exported PDUs",
}  # fmt: skip
"""Source: tcpdump.org, link-layer header types."""


@dataclass(slots=True)
class Tally:
    """The counts of one file."""

    file: str
    links: Counter[int] = field(default_factory=Counter)
    """Packets by link type that is not read."""
    wrapped: Counter[str] = field(default_factory=Counter)
    """Packets by encapsulation that was recognised and not read."""
    networks: set[str] = field(default_factory=set)
    """Virtual networks of which packets were read."""
    gaps: int = 0
    missing: int = 0
    """Bytes of TCP conversations that were said and are not in the file."""
    unasked: int = 0
    """Answers whose question is not in the file, or not surely."""
    left_out: int = 0
    """Bytes of long bodies behind what is kept of each."""
    passed_over: int = 0
    """Bytes between two messages that are neither."""
    sideless: int = 0
    """Conversations joined midway of which it cannot be told who asked."""
    given_up: int = 0
    """Conversations given up before their end, to bound memory."""
    not_kept: int = 0
    """Answers read and not kept, since very many of that address are and these show nothing further."""
    cut: int = 0
    """Packets of which the capture kept only the beginning."""

    def foreign(self, link: int) -> None:
        """Count a packet of a link type that is not read."""
        self.links[link if link in self.links or len(self.links) < MOST_KINDS else -1] += 1

    def unread(self, name: str) -> None:
        """Count a packet within something that is not opened."""
        self.wrapped[name] += 1

    def network(self, name: str) -> None:
        """Note a virtual network."""
        if len(self.networks) < MOST_KINDS:
            self.networks.add(name)

    def tell(self, tell: Tell) -> None:
        """Say what there is to say, each kind once."""
        for place, what in (*self._packets(), *self._talks()):
            tell(Problem(self.file, place, what, is_count=True))

    def _packets(self) -> Iterator[tuple[str, str]]:
        for link, count in sorted(self.links.items()):
            name = f"link type {link}" + (f" ({LINK_NAMES[link]})" if link in LINK_NAMES else "")
            if link < 0:
                name = "further link types"
            yield "packets", f"{count} of {name} not read; capture on a wired interface, or give Ethernet"
        if self.wrapped:
            kinds = ", ".join(f"{count} in {name}" for name, count in sorted(self.wrapped.items()))
            yield (
                "packets",
                f"wrapped and not read: {kinds}; devices that speak only there are not in the result",
            )
        if len(self.networks) > 1:
            names = ", ".join(sorted(self.networks))
            yield (
                "packets",
                f"of several virtual networks ({names}): one address may stand for a device in each",
            )
        if self.cut:
            yield (
                "packets",
                f"{self.cut} cut when captured; capture whole packets (tcpdump -s 0)",
            )

    def _talks(self) -> Iterator[tuple[str, str]]:
        place = "conversations"
        if self.gaps:
            missing = f"{_many(self.gaps, 'gap')}, {_many(self.missing, 'byte')} not in the file"
            yield place, f"{missing}; answers with a gap are cut or missing"
        if self.unasked:
            yield (
                place,
                f"{_many(self.unasked, 'answer')} whose question is not surely known, read as answers to none",
            )
        if self.left_out:
            yield place, f"{_many(self.left_out, 'byte')} of answers above 64 KiB not read"
        if self.passed_over:
            yield place, f"{_many(self.passed_over, 'byte')} behind gaps or between messages not read"
        if self.not_kept:
            yield (
                place,
                f"{_many(self.not_kept, 'answer')} read and not kept: of each address so many are, then what is new",
            )
        if self.sideless:
            yield place, f"{self.sideless} joined midway and left out: nothing tells which side is the device"
        if self.given_up:
            yield place, f"{self.given_up} given up before their end, as too many were open at once"


def _many(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"
