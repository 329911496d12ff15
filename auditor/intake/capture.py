"""Captures: what devices said while somebody listened, as exchanges that the same readers understand as live ones.

One pass over the packets. Each costs a look at its ports and no more unless it can matter; of video, the packet's
head is all that is ever looked at. Memory is bounded by the limits in `streams`, `frames` and here.
"""

import ipaddress
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path

from auditor import probes
from auditor.intake import frames, wrapping
from auditor.intake.capture_file import Record, records
from auditor.intake.datagrams import PORTS, Datagrams
from auditor.intake.evidence import Kind, Refuse, Tell, moment
from auditor.intake.heads import Saying, answered, sayings
from auditor.intake.kept import Kept
from auditor.intake.ring import Ring
from auditor.intake.sides import SHORT_STARTS, STARTS
from auditor.intake.sieved import decoded, sifted
from auditor.intake.streams import Streams
from auditor.intake.talks import Pair
from auditor.intake.tally import Tally
from auditor.model import Endpoint, Exchange, Status

NAME = "pcap"

_MISSING = object()
_UDP_PORTS = PORTS | wrapping.PORTS


def kinds() -> tuple[Kind, ...]:
    """Return the one kind of file this module reads."""
    what = "captures of tcpdump or Wireshark (pcap, pcapng, also packed), the files of a ring together"
    return (Kind(NAME, what, read, says_when=True, read_together=read_together),)


def read(path: Path, tell: Tell, _at: datetime | None = None) -> Iterator[Exchange]:
    """Yield what a capture file shows; each exchange's device is an address. EvidenceError when it is no capture."""
    dissector = Dissector(f"{NAME} {path.name}", path.name)
    yield from dissector.exchanges(records(path, tell))
    dissector.tally.tell(tell)


def read_together(paths: Sequence[Path], tell: Tell, refuse: Refuse) -> Iterator[Exchange]:
    """Yield what capture files show that are parts of one recording, in the order of their packets' time.

    Conversations go on from file to file. What is missing is said of each file, at the end. A file that is no capture
    is handed to `refuse`, and the others are read.
    """
    ring = Ring(paths, tell, refuse)
    names = [path.name for path in ring.paths]
    tallies = [Tally(name) for name in names]
    dissector: Dissector | None = None
    for number, packet in ring.records():
        if dissector is None:
            dissector = Dissector("", "")
        dissector.source, dissector.tally = f"{NAME} {names[number]}", tallies[number]
        if dissector.packet(packet):
            yield from dissector.ready()
    if dissector is not None:
        dissector.source = (
            f"{NAME} {names[0]} and {len(names) - 1} more" if len(names) > 1 else dissector.source
        )
        yield from dissector.finish()
    for tally in tallies:
        tally.tell(tell)


class Dissector:
    """Takes packets, gives exchanges. `source` is written into each; `tally` counts what cannot be read of them."""

    def __init__(self, source: str, place: str) -> None:
        self.source = source
        self.tally = Tally(place)
        self._streams = Streams(lambda: self.tally)
        self._assembler = frames.Assembler()
        self._datagrams = Datagrams()
        self._kept = Kept()

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

    def settle(self, before: float) -> Iterator[Exchange]:
        """Yield what is known of conversations silent since a moment, and of addresses settled only at the end."""
        self._streams.finish(before)
        self._datagrams.finish()
        yield from self.ready()

    def packet(self, record: Record) -> bool:
        """Take a packet; tell whether something may be ready. The way of most packets is kept short on purpose."""
        seconds, link, buffer, begin, end, is_cut = record
        if is_cut:
            self.tally.cut += 1
        if link == 1 and end - begin >= 42 and buffer[begin + 12] == 8 and buffer[begin + 13] == 0:
            at = begin + 14
            if buffer[at] == 0x45 and not (buffer[at + 6] & 0x3F or buffer[at + 7]):
                protocol = buffer[at + 9]
                if protocol == 17:
                    if (buffer[at + 20] << 8 | buffer[at + 21]) not in _UDP_PORTS and (
                        buffer[at + 22] << 8 | buffer[at + 23]
                    ) not in _UDP_PORTS:
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
        """Take a packet that is not in the plainest form: tagged, wrapped, fragmented, IPv6, ARP, UDP that matters."""
        seconds, link, buffer, begin, end, is_cut = record
        if link not in frames.LINKS:
            self.tally.foreign(link)
            return False
        kind, at = frames.payload_of(link, buffer, begin, end)
        for _ in range(wrapping.MOST_LAYERS):
            if kind == frames.ARP:
                self._datagrams.arp(buffer[at:end], seconds)
                return bool(self._datagrams.ready)
            if kind in {frames.IPV4, frames.IPV6}:
                read = self._assembler.ipv4 if kind == frames.IPV4 else self._assembler.ipv6
                packet = read(buffer, at, end)
                if packet is None:
                    return False
                step = wrapping.of_packet(packet)
                if step is None:
                    return self._spoken(packet, seconds, cut=packet.cut or is_cut)
                if network := wrapping.network_of(packet):
                    self.tally.network(network)
                buffer, end = packet.data, len(packet.data)
            else:
                step = wrapping.of_type(kind, buffer, at, end)
            if not isinstance(step, tuple):
                if step is not None:
                    self.tally.unread(step)
                return False
            kind, at = step
        self.tally.unread(f"more than {wrapping.MOST_LAYERS} layers")
        return False

    def _spoken(self, packet: frames.Packet, seconds: float, *, cut: bool) -> bool:
        """Take what is wrapped no further."""
        data = packet.data
        if packet.protocol == frames.TCP and len(data) >= 20:
            key = packet.source + packet.target + data[:4]
            self._tcp(key, data, 0, max(20, data[12] >> 4 << 2), len(data), seconds)
        elif packet.protocol == frames.UDP and len(data) > 8:
            self._datagrams.udp(packet, seconds, cut=cut)
        return bool(self._streams.ready or self._datagrams.ready)

    def _tcp(self, key: bytes, buffer: bytes, head: int, data: int, stop: int, seconds: float) -> None:
        part = buffer[data:stop]
        flags = buffer[head + 13]
        if part or flags & 7:
            number = int.from_bytes(buffer[head + 4 : head + 8], "big")
            ack = int.from_bytes(buffer[head + 8 : head + 12], "big")
            self._streams.segment(key, flags, number, ack, part, seconds)

    def ready(self) -> Iterator[Exchange]:
        """Yield the exchanges that have become ready."""
        talks, self._streams.ready = self._streams.ready, []
        for talk in talks:
            when = talk.answer.when if isinstance(talk, Pair) else talk.began
            for saying in answered(talk) if isinstance(talk, Pair) else sayings(talk):
                exchange = self._of_talk(talk.key, saying, when)
                yield from self._wanted(exchange, logged_in=saying.logged_in)
        heard, self._datagrams.ready = self._datagrams.ready, []
        for one in heard:
            exchange = Exchange(
                one.address, one.protocol.value, one.protocol, Endpoint(one.address, one.port, one.transport),
                b"", one.payload,
                Status.ANSWERED, moment(one.at), cut=one.cut, detail=one.detail, source=self.source,
            )  # fmt: skip
            yield from self._wanted(exchange, logged_in=False)

    def _of_talk(self, key: bytes, saying: Saying, when: float) -> Exchange:
        size = (len(key) - 4) // 2
        first = 0 if saying.by_client else size
        address = str(ipaddress.ip_address(key[first : first + size]))
        port = int.from_bytes(key[-4:-2] if saying.by_client else key[-2:], "big")
        return Exchange(
            address, saying.protocol.value, saying.protocol, Endpoint(address, port, saying.transport),
            saying.request, saying.reply, Status.ANSWERED, moment(when), cut=saying.cut, source=self.source,
        )  # fmt: skip

    def _wanted(self, exchange: Exchange, *, logged_in: bool) -> Iterator[Exchange]:
        """Yield an exchange if it shows something that has not been kept often enough already."""
        shown = [(one.field, one.value) for one in probes.read(exchange)]
        if not shown:
            return
        if not self._kept.wants(exchange, shown):
            self.tally.not_kept += self._kept.is_full(exchange)
            return
        yield decoded(exchange) if logged_in else sifted(exchange)
