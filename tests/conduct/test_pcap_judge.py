"""The judge of the wire finds what is planted, of each kind, and nothing where nothing is. Captures written by scapy."""

import struct
from pathlib import Path
from typing import Any

import pytest
from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.inet6 import ICMPv6ND_NS, IPv6
from scapy.layers.l2 import ARP, Dot1Q, Ether
from scapy.utils import wrpcap

from tests.conduct.frames import Kind, Packet, read
from tests.conduct.pcap_judge import Bounds, Verdict, judge, most_in_a_second

OWN, OTHER, BARRED = "02:00:00:00:00:01", "02:00:00:00:00:02", "02:00:00:00:00:99"
HERE, HOST, OUT = "10.90.1.200", "10.90.1.5", "10.90.9.9"
BOUNDS = Bounds(networks=("10.90.1.0/26", "2001:db8::/64"), excluded=("10.90.1.12",), segment=True)
START = 1_000_000.0


def frame(inner: Any, at: float = 0.0, mac: str = OTHER, own: str = OWN) -> Any:
    made = Ether(src=own, dst=mac) / inner
    made.time = START + at
    return made


def ip(to: str = HOST) -> Any:
    return IP(src=HERE, dst=to)


def tcp(flags: str = "S", seq: int = 1, own: int = 4000) -> Any:
    return TCP(sport=own, dport=80, flags=flags, seq=seq)


def judged(folder: Path, *frames: Any, bounds: Bounds = BOUNDS) -> Verdict:
    path = folder / "wire.pcap"
    wrpcap(str(path), list(frames))
    return judge(read(path, OWN), bounds)


def conversation(to: str = HOST, at: float = 0.0, own: int = 4000) -> list[Any]:
    steps = (
        ("S", 1, b""),
        ("A", 2, b""),
        ("PA", 2, b"GET / HTTP/1.1\r\n\r\n"),
        ("A", 20, b""),
        ("FA", 20, b""),
    )
    return [
        frame(ip(to) / tcp(flags, seq, own) / said, at + place / 1000)
        for place, (flags, seq, said) in enumerate(steps)
    ]


def test_an_orderly_conversation_is_no_trespass_and_is_counted_by_what_it_is_for(tmp_path: Path) -> None:
    answer = frame(IP(src=HOST, dst=HERE) / TCP(sport=80, dport=4000, flags="SA"), own=OTHER, mac=OWN)
    verdict = judged(tmp_path, *conversation(), answer)
    assert verdict.trespasses == verdict.unbidden == ()
    assert verdict.kinds == {Kind.SYN: 1, Kind.ACK: 2, Kind.DATA: 1, Kind.CLOSE: 1}
    assert (verdict.all.host, verdict.questions.host, verdict.acks.host, verdict.requests_host) == (
        5,
        2,
        2,
        1,
    )
    assert verdict.all.busiest == HOST


@pytest.mark.parametrize(
    "inner",
    [
        ip(OUT) / tcp(),
        ip(OUT) / UDP(dport=37020) / b"x",
        ARP(op=1, psrc=HERE, pdst=OUT),
        IPv6(dst="2001:db8:1::1") / tcp(),
    ],
)
def test_one_packet_outside_is_found(tmp_path: Path, inner: Any) -> None:
    verdict = judged(tmp_path, *conversation(), frame(inner))
    assert [one.to for one in verdict.outside] in ([OUT], ["2001:db8:1::1"])


def test_a_tag_of_a_virtual_network_hides_nothing(tmp_path: Path) -> None:
    assert len(judged(tmp_path, frame(Dot1Q(vlan=7) / ip(OUT) / tcp())).outside) == 1


def test_a_group_is_outside_where_no_segment_is_granted(tmp_path: Path) -> None:
    asked = frame(ip("239.255.255.250") / UDP(dport=37020) / b"x", mac="01:00:5e:7f:ff:fa")
    everybody = frame(ip("255.255.255.255") / UDP(dport=5050) / b"x", mac="ff:ff:ff:ff:ff:ff")
    assert judged(tmp_path, asked, everybody).outside == ()
    closed = Bounds(networks=BOUNDS.networks)
    assert len(judged(tmp_path, asked, everybody, bounds=closed).outside) == 2


def test_the_excluded_are_found_by_address_and_by_hardware_address(tmp_path: Path) -> None:
    bounds = Bounds(("10.90.1.0/26",), ("10.90.1.12",), (BARRED.upper(),), segment=True)
    verdict = judged(
        tmp_path,
        frame(ip("10.90.1.12") / tcp()),
        frame(ip("10.90.1.13") / tcp(), mac=BARRED),
        frame(ARP(op=1, psrc=HERE, pdst="10.90.1.13"), mac="ff:ff:ff:ff:ff:ff"),
        frame(ARP(op=2, psrc=HERE, pdst="10.90.1.13"), mac=BARRED),
        bounds=bounds,
    )
    assert [one.to for one in verdict.excluded] == ["10.90.1.12"]
    assert [one.to_mac for one in verdict.excluded_macs] == [BARRED], "the broadcast question is what tells"


def test_what_comes_behind_the_end_is_late_and_a_farewell_of_the_kernel_is_told_apart(tmp_path: Path) -> None:
    spans = ((START, START + 10), (START + 20, START + 30))
    frames = [
        frame(ip() / tcp(), -1),
        frame(ip() / tcp(), 11.9),
        frame(ip() / tcp(seq=2), 12.5),
        frame(ip() / tcp("RA"), 13),
        frame(ip() / UDP(dport=3702) / b"x", 25),
        frame(ip() / tcp("PA", 9) / b"x", 33),
        frame(ARP(op=1, psrc=HERE, pdst=HOST), 34),
    ]
    verdict = judged(tmp_path, *frames, bounds=Bounds(("10.90.1.0/26",), spans=spans, segment=True))
    assert [round(one.at - START, 1) for one in verdict.late] == [-1, 12.5, 33]
    assert [one.kind for one in verdict.late_farewells] == [Kind.CLOSE, Kind.ARP]


def test_the_most_in_any_second_is_found_wherever_the_second_begins(tmp_path: Path) -> None:
    slow = [frame(ip(f"10.90.1.{n}") / tcp(own=n), n * 0.5) for n in range(1, 10)]
    burst = [frame(ip() / tcp("A", n), 3.7 + n * 0.02) for n in range(40)]  # across a full second's border
    verdict = judged(tmp_path, *slow, *burst)
    assert (verdict.acks.host, verdict.acks.busiest, verdict.questions.host) == (40, HOST, 1)
    assert verdict.all.subnet == verdict.all.total == 42
    assert most_in_a_second([0.0, 0.999, 1.0, 1.5]) == 3
    assert most_in_a_second([]) == 0


def test_subnets_are_counted_apart_and_together(tmp_path: Path) -> None:
    frames = [frame(ip(f"10.90.{n % 2}.5") / tcp(own=1000 + n), n * 0.01) for n in range(30)]
    verdict = judged(tmp_path, *frames, bounds=Bounds(("10.90.0.0/23",)))
    assert (verdict.questions.subnet, verdict.questions.total) == (15, 30)


def test_repeated_segments_are_the_kernels_and_not_questions(tmp_path: Path) -> None:
    frames = [frame(ip() / tcp(seq=5), at) for at in (0, 1, 3)]
    frames += [frame(ip() / tcp("PA", 6) / b"GET /", at) for at in (4, 4.2)]
    frames += [frame(ip() / tcp(seq=77), 5)]  # the port is used again, for another connection
    verdict = judged(tmp_path, *frames)
    assert (verdict.syns_again, verdict.kinds[Kind.SYN], verdict.again.host) == (2, 2, 1)
    assert (verdict.kinds[Kind.DATA], verdict.kinds[Kind.DATA_AGAIN]) == (1, 1)


def test_requests_are_conversations_and_not_segments(tmp_path: Path) -> None:
    frames = [one for n in range(5) for one in conversation(at=n * 0.3, own=5000 + n)]
    frames.append(frame(ip() / tcp("PA", 900, 5000) / b"more of the first", 0.31))
    assert judged(tmp_path, *frames).requests_host == 4


def test_questions_by_arp_and_their_kin_are_counted_apart(tmp_path: Path) -> None:
    frames = [frame(ARP(op=1, psrc=HERE, pdst=f"10.90.1.{n}"), n * 0.1) for n in range(1, 31)]
    asked = IPv6(src="fe80::1", dst="ff02::1:ff00:5") / ICMPv6ND_NS(tgt="2001:db8::5")
    free = IPv6(src="::", dst="ff02::1:ff00:1") / ICMPv6ND_NS(tgt="fe80::1")
    verdict = judged(tmp_path, *frames, frame(asked), frame(free))
    assert (verdict.arp.total, verdict.arp.host, verdict.kinds[Kind.ARP]) == (10, 1, 31)
    assert verdict.all.total == 0
    assert verdict.outside == ()


def test_what_a_kernel_answers_to_a_stranger_is_no_choice_of_the_program(tmp_path: Path) -> None:
    verdict = judged(tmp_path, frame(ip(OUT) / tcp("RA")), frame(ip(OUT) / ICMP(type=3, code=3)))
    assert verdict.outside == ()
    assert [one.kind for one in verdict.unbidden] == [Kind.CLOSE, Kind.ICMP]


def test_an_own_router_may_be_asked_for(tmp_path: Path) -> None:
    asked = frame(ARP(op=1, psrc=HERE, pdst="10.90.9.1"))
    assert len(judged(tmp_path, asked).outside) == 1
    assert judged(tmp_path, asked, bounds=Bounds(BOUNDS.networks, resolves=("10.90.9.1",))).outside == ()


@pytest.mark.parametrize(("order", "magic", "unit"), [("<", 0xA1B2C3D4, 1e6), (">", 0xA1B23C4D, 1e9)])
def test_both_orders_and_both_clocks_of_the_format_are_read(
    tmp_path: Path, order: str, magic: int, unit: float
) -> None:
    body = bytes(frame(ip() / tcp()))
    head = struct.pack(f"{order}IHHiIII", magic, 2, 4, 0, 0, 65_535, 1)
    record = struct.pack(f"{order}IIII", 7, round(0.25 * unit), len(body), len(body))
    path = tmp_path / "wire.pcap"
    path.write_bytes(head + record + body + record[:9])  # cut off in the middle of a head
    (one,) = read(path, OWN)
    assert isinstance(one, Packet)
    assert (round(one.at, 3), one.kind, one.to, one.port) == (7.25, Kind.SYN, HOST, 80)


def test_what_is_no_capture_of_ethernet_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "wire.pcap"
    path.write_bytes(b"\x0a\x0d\x0d\x0a" + bytes(60))
    with pytest.raises(ValueError, match="no pcap"):
        list(read(path, OWN))
    path.write_bytes(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65_535, 113))
    with pytest.raises(ValueError, match="link type 113"):
        list(read(path, OWN))
