"""Captures: what devices said while somebody listened, as exchanges that the same readers understand as live ones.

One pass over the packets. Each costs a look at its ports and no more unless it can matter; of video, the packet's
head is all that is ever looked at. Memory is bounded by the limits in `streams`, `frames` and here.
"""

import ipaddress
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path

from auditor import probes
from auditor.intake import frames
from auditor.intake.capture_file import Record, records
from auditor.intake.datagrams import PORTS, Datagrams
from auditor.intake.evidence import Kind, Problem, Tell, moment
from auditor.intake.heads import Saying, sayings
from auditor.intake.sieved import decoded, sifted
from auditor.intake.streams import SHORT_STARTS, STARTS, Conversation, Streams
from auditor.model import Endpoint, Exchange, Protocol, Status

NAME = "pcap"

MOST_EACH = 256
"""Exchanges kept of one address."""
MOST_ALIKE = 3
"""Different answers kept to one question to one port; a device's clock makes every answer different."""
MOST_CALLS = 16
"""The same for ONVIF, where one path answers all calls."""
MOST_ADDRESSES = 65_536
"""Addresses of which it is remembered what has been kept; beyond that it is forgotten, and may be kept twice."""

_MISSING = object()


def kinds() -> tuple[Kind, ...]:
    """Return the one kind of file this module reads."""
    return (Kind(NAME, "captures of tcpdump or Wireshark (pcap, pcapng, also gzip)", read, says_when=True),)


def read(path: Path, tell: Tell, _at: datetime | None = None) -> Iterator[Exchange]:
    """Yield what a capture file shows; each exchange's device is an address. EvidenceError when it is no capture."""
    dissector = Dissector(f"{NAME} {path.name}", path.name, tell)
    yield from dissector.exchanges(records(path, tell))


class Dissector:
    """Takes packets, gives exchanges. `source` is written into each; `place` names problems."""

    def __init__(self, source: str, place: str, tell: Tell) -> None:
        self._source = source
        self._place = place
        self._tell = tell
        self._streams = Streams()
        self._assembler = frames.Assembler()
        self._datagrams = Datagrams()
        self._kept: dict[str, dict[tuple[object, ...], int]] = {}
        self._strange_links: set[int] = set()

    def exchanges(self, packets: Iterable[Record]) -> Iterator[Exchange]:
        """Yield what the packets show, and at their end what was still open."""
        for packet in packets:
            if self.packet(packet):
                yield from self.ready()
        yield from self.finish()

    def finish(self) -> Iterator[Exchange]:
        """Yield what is known of conversations still open and of addresses settled only at the end."""
        self._streams.finish()
        self._datagrams.finish()
        yield from self.ready()

    def packet(self, record: Record) -> bool:
        """Take a packet; tell whether something may be ready. The way of most packets is kept short on purpose."""
        seconds, link, buffer, begin, end, _ = record
        if link == 1 and end - begin >= 42 and buffer[begin + 12] == 8 and buffer[begin + 13] == 0:
            at = begin + 14
            if buffer[at] == 0x45 and not (buffer[at + 6] & 0x3F or buffer[at + 7]):
                protocol = buffer[at + 9]
                if protocol == 17:
                    if (buffer[at + 20] << 8 | buffer[at + 21]) not in PORTS and (
                        buffer[at + 22] << 8 | buffer[at + 23]
                    ) not in PORTS:
                        return False
                elif protocol == 6 and end - begin >= 54:
                    key = buffer[at + 12 : at + 24]
                    flags = buffer[at + 33]
                    data = at + 20 + (buffer[at + 32] >> 4 << 2)
                    if not flags & 7:
                        side = self._streams.known.get(key, _MISSING)
                        if side is None:
                            return False
                        if side is _MISSING and (
                            buffer[data : data + 4] not in STARTS
                            and buffer[data : data + 2] not in SHORT_STARTS
                        ):
                            return False
                    stop = min(end, at + (buffer[at + 2] << 8 | buffer[at + 3]) or end)
                    self._tcp(key, buffer, at + 20, max(data, at + 40), stop, seconds)
                    return bool(self._streams.ready)
        return self._any(record)

    def _any(self, record: Record) -> bool:
        """Take a packet that is not in the plainest form: tagged, fragmented, IPv6, ARP, UDP that matters."""
        seconds, link, buffer, begin, end, is_cut = record
        if link not in frames.LINKS:
            self._strange(link)
            return False
        kind, at = frames.payload_of(link, buffer, begin, end)
        if kind == frames.ARP:
            self._datagrams.arp(buffer[at:end], seconds)
            return bool(self._datagrams.ready)
        packet = None
        if kind == frames.IPV4:
            packet = self._assembler.ipv4(buffer, at, end)
        elif kind == frames.IPV6:
            packet = self._assembler.ipv6(buffer, at, end)
        if packet is None:
            return False
        if packet.protocol == frames.TCP and len(packet.data) >= 20:
            data = packet.data
            key = packet.source + packet.target + data[:4]
            self._tcp(key, data, 0, max(20, data[12] >> 4 << 2), len(data), seconds)
        elif packet.protocol == frames.UDP and len(packet.data) > 8:
            self._datagrams.udp(packet, seconds, cut=packet.cut or is_cut)
        return bool(self._streams.ready or self._datagrams.ready)

    def _tcp(self, key: bytes, buffer: bytes, head: int, data: int, stop: int, seconds: float) -> None:
        part = buffer[data:stop]
        flags = buffer[head + 13]
        if part or flags & 7:
            self._streams.segment(
                key, flags, int.from_bytes(buffer[head + 4 : head + 8], "big"), part, seconds
            )

    def _strange(self, link: int) -> None:
        if link not in self._strange_links:
            self._strange_links.add(link)
            what = f"packets of link type {link} are not read; capture on a wired interface, or give Ethernet"
            self._tell(Problem(self._place, "packets", what))

    def ready(self) -> Iterator[Exchange]:
        """Yield the exchanges that have become ready."""
        talks, self._streams.ready = self._streams.ready, []
        for talk in talks:
            for saying in sayings(talk):
                exchange = self._of_talk(talk, saying)
                yield from self._wanted(exchange, logged_in=saying.logged_in)
        heard, self._datagrams.ready = self._datagrams.ready, []
        for one in heard:
            exchange = Exchange(
                one.address, one.protocol.value, one.protocol, Endpoint(one.address, one.port, one.transport),
                b"", one.payload,
                Status.ANSWERED, moment(one.at), cut=one.cut, detail=one.detail, source=self._source,
            )  # fmt: skip
            yield from self._wanted(exchange, logged_in=False)

    def _of_talk(self, talk: Conversation, saying: Saying) -> Exchange:
        size = (len(talk.key) - 4) // 2
        first = 0 if saying.by_client else size
        address = str(ipaddress.ip_address(talk.key[first : first + size]))
        port = int.from_bytes(talk.key[-4:-2] if saying.by_client else talk.key[-2:], "big")
        return Exchange(
            address, saying.protocol.value, saying.protocol, Endpoint(address, port, saying.transport),
            saying.request, saying.reply, Status.ANSWERED, moment(talk.began), cut=saying.cut, source=self._source,
        )  # fmt: skip

    def _wanted(self, exchange: Exchange, *, logged_in: bool) -> Iterator[Exchange]:
        """Yield an exchange if it shows something that has not been kept often enough already."""
        shown = [(one.field, one.value) for one in probes.read(exchange)]
        if not shown:
            return
        path = exchange.request.split(b"\n", 1)[0].partition(b"?")[0][:256]
        question = (exchange.endpoint, exchange.protocol, path)
        form = hash(tuple(pair for pair in shown if "date" not in pair[0] and "nonce" not in pair[0]))
        if len(self._kept) > MOST_ADDRESSES:
            self._kept.clear()
        kept = self._kept.setdefault(exchange.device, {})
        most = MOST_CALLS if exchange.protocol is Protocol.ONVIF else MOST_ALIKE
        if (*question, form) in kept or kept.get(question, 0) >= most or len(kept) > 2 * MOST_EACH:
            return
        kept[(*question, form)] = 1
        kept[question] = kept.get(question, 0) + 1
        yield decoded(exchange) if logged_in else sifted(exchange)
