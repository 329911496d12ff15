"""What passes wrapped is read as if it passed plainly, and what cannot be opened is counted and said."""

import struct
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scapy.layers.inet import IP
from scapy.layers.l2 import GRE, Dot1Q, Ether

from auditor.intake import Problem, kinds
from auditor.model import Exchange
from tests.intake import speech, wrapped
from tests.intake.dialogue import Dialogue, get, reply

BODY = b"<html><title>Tunnelled</title></html>" + b"<!--" + b"x" * 2500 + b"-->"


def read(path: Path, frames: list[Any]) -> tuple[list[Exchange], str]:
    """Return what a capture of these frames shows, and what is said of it."""
    told: list[Problem] = []
    found = list(kinds()["pcap"].read(speech.written(path / "x.pcap", frames), told.append, None))
    return found, "\n".join(map(str, told))


def plain_frames() -> list[Any]:
    talk = Dialogue().open().asks(get("/")).says(reply(BODY)).close()
    return [*talk.frames, speech.datagram(speech.SADP, 37020)]


@pytest.mark.parametrize("way", wrapped.WAYS)
def test_the_same_is_read_inside_as_outside(tmp_path: Path, way: str) -> None:
    plain, _ = read(tmp_path, plain_frames())
    found, said = read(tmp_path, [wrapped.WAYS[way](frame) for frame in plain_frames()])
    assert not said
    assert [(one.device, one.endpoint, one.request, one.reply) for one in found] == [
        (one.device, one.endpoint, one.request, one.reply) for one in plain
    ]
    assert len(found) == 2


def test_ipv6_is_read_in_ipv4(tmp_path: Path) -> None:
    frame = speech.over_ipv6(speech.SADP, 37020)
    for wrap in (
        wrapped.OUTER / IP(src=wrapped.A, dst=wrapped.B, proto=41),
        wrapped.OVER_IP / GRE(proto=0x86DD),
    ):
        ((found,), said) = read(tmp_path, [wrap / frame.payload])
        assert (found.device, said) == ("2001:db8::10", "")


def test_hardware_addresses_are_read_inside(tmp_path: Path) -> None:
    ((found,), _) = read(tmp_path, [wrapped.WAYS["erspan ii"](speech.arp(speech.CAMERA, speech.CAMERA_MAC))])
    assert found.device == speech.CAMERA


def test_a_wrapping_packet_in_fragments_is_opened_whole(tmp_path: Path) -> None:
    frames = [wrapped.WAYS["vxlan"](frame) for frame in plain_frames()]
    pieces = [piece for frame in frames for piece in speech.fragments(frame, 600)]
    found, said = read(tmp_path, pieces)
    assert len(found) == 2
    assert not said


def test_packets_seen_both_wrapped_and_plain_are_one(tmp_path: Path) -> None:
    both = [one for frame in plain_frames() for one in (wrapped.WAYS["vxlan"](frame), frame)]
    found, said = read(tmp_path, both)
    assert len(found) == 2
    assert not said


@pytest.mark.parametrize("link", wrapped.of_other_links(speech.datagram(b"", 1)))
def test_links_that_carry_packets_in_other_ways_are_read(tmp_path: Path, link: int) -> None:
    path = tmp_path / "x.pcap"
    with path.open("wb") as file:
        file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262_144, link))
        for number, frame in enumerate(plain_frames()):
            data = wrapped.of_other_links(frame)[link]
            file.write(struct.pack("<IIII", int(speech.AT) + number, 0, len(data), len(data)) + data)
    told: list[Problem] = []
    assert len(list(kinds()["pcap"].read(path, told.append, None))) == 2
    assert not told


@pytest.mark.parametrize("name", wrapped.CLOSED)
def test_what_is_closed_is_counted_by_its_kind(tmp_path: Path, name: str) -> None:
    found, said = read(
        tmp_path, [wrapped.CLOSED[name], speech.datagram(speech.SADP, 37020), wrapped.CLOSED[name]]
    )
    assert len(found) == 1
    assert said == (
        f"x.pcap: packets: wrapped and not read: 2 in {name}; devices that speak only there are not in the result"
    )


def test_layers_without_end_are_counted_and_left(tmp_path: Path) -> None:
    frame = speech.datagram(speech.SADP, 37020)
    for _ in range(9):
        frame = wrapped.OVER_IP / GRE(proto=0x6558) / frame
    found, said = read(tmp_path, [frame])
    assert found == []
    assert "1 in more than 12 layers" in said


def test_several_virtual_networks_are_said_since_addresses_may_repeat_in_them(tmp_path: Path) -> None:
    first = wrapped.datagram(4789, b"\x08\x00\x00\x00\x00\x00\x01\x00", speech.datagram(speech.SADP, 37020))
    other = wrapped.datagram(4789, b"\x08\x00\x00\x00\x00\x00\x02\x00", speech.datagram(speech.SADP, 37020))
    assert read(tmp_path, [first])[1] == ""
    assert "of several virtual networks (VXLAN 1, VXLAN 2)" in read(tmp_path, [first, other])[1]


def test_media_on_a_port_of_a_tunnel_is_no_tunnel(tmp_path: Path) -> None:
    rtp = b"\x80\x60" + bytes(200)
    ports = (4789, 8472, 4790, 6081, 2152, 37008, 4754, 6635, 1701, 3544, 4341, 51820, 5247, 1194)
    found, said = read(tmp_path, [wrapped.datagram(port, rtp, b"") for port in ports])
    assert (found, said) == ([], "")


def test_packets_cut_when_captured_are_counted(tmp_path: Path) -> None:
    path = speech.written(tmp_path / "x.pcap", [speech.datagram(speech.SADP, 37020)])
    data = bytearray(path.read_bytes())
    data[36:40] = struct.pack("<I", 4000)
    path.write_bytes(data)
    told: list[Problem] = []
    ((found,)) = kinds()["pcap"].read(path, told.append, None)
    assert found.cut
    assert "packets: 1 cut when captured" in str(told[0])


@settings(max_examples=400, deadline=None)
@given(
    way=st.sampled_from([*wrapped.WAYS]),
    flips=st.lists(st.tuples(st.integers(0, 120), st.integers(0, 255)), max_size=6),
    length=st.integers(0, 400),
)
def test_damaged_wrapping_is_survived(
    tmp_path_factory: pytest.TempPathFactory, way: str, flips: list[tuple[int, int]], length: int
) -> None:
    data = bytearray(
        bytes(wrapped.WAYS[way](Ether(src=speech.CAMERA_MAC) / Dot1Q(vlan=1) / IP(src="192.0.2.1")))
    )
    for at, value in flips:
        data[at % len(data)] = value
    path = tmp_path_factory.mktemp("junk") / "x.pcap"
    kept = bytes(data[:length])
    head = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262_144, 1)
    path.write_bytes(head + struct.pack("<IIII", 1, 0, len(kept), len(kept)) + kept)
    assert all(one.device for one in kinds()["pcap"].read(path, lambda _: None, None))
