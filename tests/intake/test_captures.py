"""Captures: the same readers as for live replies, media never kept, logins never kept, broken files said."""

import gzip
import struct
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor import fingerprint, probes
from auditor.intake import EvidenceError, Problem, kinds
from auditor.intake.streams import MOST_KNOWN, Streams
from auditor.intake.talks import HEAD
from auditor.model import Exchange, Protocol
from tests.intake import speech

HELLO = speech.datagram(speech.SADP, 37020)


def read(path: Path, problems: list[Problem] | None = None) -> list[Exchange]:
    told = problems if problems is not None else []
    found = list(kinds()["pcap"].read(path, told.append, None))
    if problems is None:
        assert not told, told
    return found


def captured(folder: Path, *frames: Any, name: str = "x.pcap") -> list[Exchange]:
    return read(speech.written(folder / name, list(frames)))


def shown(exchanges: list[Exchange]) -> set[tuple[str, str]]:
    return {(seen.field, seen.value) for one in exchanges for seen in probes.read(one)}


@pytest.mark.parametrize("name", ["x.pcap", "x.pcapng", "x.pcap.gz"])
def test_an_announcement_identifies_its_device_from_any_form_of_file(tmp_path: Path, name: str) -> None:
    (found,) = captured(tmp_path, *speech.video(3), HELLO, name=name)
    identity = fingerprint.identify("x", probes.read(found))
    assert (identity.value("maker"), identity.value("firmware")) == ("hikvision", "V5.6.2")
    assert (found.device, found.endpoint.port, found.source) == (speech.CAMERA, 37020, f"pcap {name}")
    assert found.at is not None
    assert found.at.timestamp() == pytest.approx(speech.AT + 3)


@pytest.mark.parametrize(
    "frames",
    [
        [speech.tagged(HELLO)],
        [speech.tagged(HELLO, twice=True)],
        speech.fragments(HELLO),
        speech.fragments(HELLO)[::-1],
    ],
    ids=["vlan", "qinq", "fragments backwards", "fragments"],
)
def test_tags_and_fragments_hide_nothing(tmp_path: Path, frames: list[Any]) -> None:
    assert ("sadp.software_version", "V5.6.2build 190701") in shown(captured(tmp_path, *frames))


def test_datagrams_over_ipv6_are_read_behind_extension_headers(tmp_path: Path) -> None:
    (found,) = captured(tmp_path, speech.over_ipv6(speech.SADP, 37020))
    assert found.device == "2001:db8::10"


def test_a_search_by_somebodys_tool_is_no_device(tmp_path: Path) -> None:
    assert captured(tmp_path, speech.datagram(speech.SEARCH, 37020, source=speech.VIEWER)) == []


@pytest.mark.parametrize("order", ["in order", "swapped", "twice"])
def test_a_page_is_put_together_from_its_segments(tmp_path: Path, order: str) -> None:
    body = b"<title>NVR</title>" + b"x" * 5000
    reply = (
        b"HTTP/1.1 200 OK\r\nServer: DNVRS-Webs\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n"
        % len(body)
        + body
    )
    frames = speech.talk(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", reply, 80)
    if order == "swapped":
        frames[4], frames[5] = frames[5], frames[4]
    if order == "twice":
        frames[4:4] = [frames[3], frames[3]]
    (found,) = captured(tmp_path, *frames)
    assert (found.reply, found.cut) == (reply, False)
    assert found.request.startswith(b"GET / ")
    assert ("http.title", "NVR") in shown([found])


def test_several_answers_on_one_connection_are_told_apart(tmp_path: Path) -> None:
    asked = b"GET /a HTTP/1.1\r\n\r\nGET /b HTTP/1.1\r\n\r\n"
    said = (
        b"HTTP/1.1 200 OK\r\nServer: a\r\nTransfer-Encoding: chunked\r\nContent-Type: text/html\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
        b"HTTP/1.1 404 Not Found\r\nServer: b\r\nContent-Length: 0\r\n\r\n"
    )
    found = captured(tmp_path, *speech.talk(asked, said, 8081))
    assert [(one.request[:6], one.endpoint.port) for one in found] == [(b"GET /a", 8081), (b"GET /b", 8081)]
    assert ("http.answer", "GET /b 404") in shown(found)


def test_a_talk_joined_midway_is_read_all_the_same(tmp_path: Path) -> None:
    frames = speech.talk(b"GET / HTTP/1.1\r\n\r\n", speech.PAGE, 80)[2:]
    assert ("http.realm", "IP Camera(83813)") in shown(captured(tmp_path, *frames))


def test_pictures_are_dropped_and_icons_kept(tmp_path: Path) -> None:
    def answer(kind: bytes, body: bytes) -> bytes:
        return (
            b"HTTP/1.1 200 OK\r\nServer: s\r\nContent-Type: "
            + kind
            + b"\r\nContent-Length: %d\r\n\r\n" % len(body)
            + body
        )

    picture = b"\xff\xd8\xff\xe0" + b"PICTURE" * 100
    asked = b"GET /snap.jpg HTTP/1.1\r\n\r\nGET /favicon.ico HTTP/1.1\r\n\r\n"
    said = answer(b"image/jpeg", picture) + answer(b"image/x-icon", b"\x00\x00\x01\x00icon")
    found = captured(tmp_path, *speech.talk(asked, said, 80))
    assert not any(b"PICTURE" in one.reply for one in found)
    assert found[0].cut
    assert any(field == "http.favicon.md5" for field, _ in shown(found))


def test_interleaved_media_is_never_kept(tmp_path: Path) -> None:
    media = b"".join(b"$\x00\x05\x00" + b"MEDIA" * 256 for _ in range(40))
    frames = speech.talk(speech.OPTIONS, speech.OPTIONS_ANSWER + media, 554, server=speech.RECORDER)
    found = captured(tmp_path, *frames)
    assert ("rtsp.server", "Rtsp Server/3.0") in shown(found)
    assert not any(b"MEDIA" in one.reply for one in found)


def test_a_viewers_login_is_never_kept_and_what_it_opened_only_as_fields(tmp_path: Path) -> None:
    asked = (
        b"GET /ISAPI/System/deviceInfo?token=5ecret HTTP/1.1\r\n"
        b'Authorization: Digest username="admin", response="5ecret5ecret"\r\nCookie: WebSession=5ecret\r\n\r\n'
    )
    body = b"<DeviceInfo><model>DS-1</model><firmwareVersion>V5.4.5</firmwareVersion><wifiKey>5ecret</wifiKey></DeviceInfo>"
    said = (
        b"HTTP/1.1 200 OK\r\nSet-Cookie: WebSession=5ecret; path=/\r\nContent-Type: application/xml\r\nContent-Length: %d\r\n\r\n"
        % len(body)
        + body
    )
    (found,) = captured(tmp_path, *speech.talk(asked, said, 80))
    assert found.protocol is Protocol.OBSERVED
    assert ("isapi.firmware_version", "V5.4.5") in found.observed
    assert "5ecret" not in repr(found)


def test_a_login_in_an_address_or_a_soap_head_is_never_kept(tmp_path: Path) -> None:
    rtsp = b"DESCRIBE rtsp://admin:5ecret@192.0.2.20/ch1 RTSP/1.0\r\nCSeq: 2\r\n\r\n"
    answer = b"RTSP/1.0 200 OK\r\nCSeq: 2\r\nServer: Rtsp Server/3.0\r\nContent-Length: 0\r\n\r\n"
    soap = b"<s:Envelope><UsernameToken><Password>5ecret</Password></UsernameToken></s:Envelope>"
    call = b"POST /onvif/device_service HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % len(soap) + soap
    frames = [
        *speech.talk(rtsp, answer, 554),
        *speech.talk(call, b"HTTP/1.1 200 OK\r\nServer: gSOAP\r\nContent-Length: 0\r\n\r\n", 80),
    ]
    found = captured(tmp_path, *frames)
    assert {one.protocol for one in found} == {Protocol.OBSERVED}
    assert "5ecret" not in repr(found)


def test_a_registration_names_the_camera_and_not_its_password(tmp_path: Path) -> None:
    (found,) = captured(tmp_path, speech.datagram(speech.REGISTER, 5060, target="192.0.2.50"))
    assert ("sip.user_agent", "SIP UAS V3.0.0.675168") in shown([found])
    assert b"0123456789abcdef" not in found.reply


def test_what_a_camera_tells_its_platform_identifies_it(tmp_path: Path) -> None:
    (found,) = captured(tmp_path, speech.datagram(speech.ITSELF, 5060, target="192.0.2.50"))
    identity = fingerprint.identify("x", probes.read(found))
    assert identity.value("maker") == "dahua"
    assert identity.value("model") == "IPC-HFW1220M-I1"
    assert (identity.value("firmware"), identity.value("build_date")) == ("V2.420.14.R", "2016-06-18")


def test_dhcp_is_filed_under_the_address_the_client_is_given(tmp_path: Path) -> None:
    found = captured(tmp_path, *speech.dhcp_talk())
    assert {one.device for one in found} == {speech.CAMERA}
    assert {
        ("dhcp.vendor_class", "udhcp 1.19"),
        ("dhcp.host_name", "cam"),
        ("dhcp.parameters", "1,3,6"),
    } <= shown(found)


def test_arp_gives_hardware_addresses_but_not_those_of_routers(tmp_path: Path) -> None:
    frames = [speech.arp(speech.CAMERA, speech.CAMERA_MAC)]
    frames += [speech.arp(f"192.0.2.{number}", "02:00:00:00:00:01") for number in range(100, 106)]
    found = captured(tmp_path, *frames)
    assert [(one.device, *shown([one])) for one in found] == [(speech.CAMERA, ("mac", speech.CAMERA_MAC))]


def test_the_same_answer_is_kept_once_however_often_it_is_said(tmp_path: Path) -> None:
    assert len(captured(tmp_path, *[HELLO] * 20)) == 1


@pytest.mark.parametrize(
    ("name", "place"), [("x.pcap", "in the middle of a packet"), ("x.pcapng", "in the middle of a block")]
)
def test_a_file_cut_short_gives_what_it_holds_and_says_where_it_broke(
    tmp_path: Path, name: str, place: str
) -> None:
    path = speech.written(tmp_path / name, [HELLO, *speech.video(2)])
    path.write_bytes(path.read_bytes()[:-700])
    problems: list[Problem] = []
    assert len(read(path, problems)) == 1
    (problem,) = problems
    assert problem.file == name
    assert problem.place.startswith("byte ")
    assert place in str(problem)


def test_a_packed_file_cut_short_gives_what_it_holds(tmp_path: Path) -> None:
    whole = speech.written(tmp_path / "x.pcap", [HELLO, *speech.video(50)]).read_bytes()
    path = tmp_path / "x.pcap.gz"
    path.write_bytes(gzip.compress(whole, 0)[:-5000])
    problems: list[Problem] = []
    assert len(read(path, problems)) == 1
    assert "x.pcap.gz" in str(problems[0])


@pytest.mark.parametrize("name", ["x.pcap", "x.pcapng"])
def test_files_put_one_behind_the_other_are_read_to_the_end(tmp_path: Path, name: str) -> None:
    first = speech.written(tmp_path / name, [HELLO, *speech.video(2)]).read_bytes()
    other = speech.datagram(speech.SADP, 37020, source="192.0.2.11")
    second = speech.written(tmp_path / name, [other]).read_bytes()
    (tmp_path / name).write_bytes(first + second)
    assert [one.device for one in read(tmp_path / name)] == [speech.CAMERA, "192.0.2.11"]


def test_a_damaged_length_is_said_with_its_place(tmp_path: Path) -> None:
    path = speech.written(tmp_path / "x.pcap", [HELLO])
    path.write_bytes(path.read_bytes() + b"\xff" * 64)
    problems: list[Problem] = []
    assert len(read(path, problems)) == 1
    assert "the file is damaged here, and 64 bytes from here on are left out" in str(problems[0])


def test_what_is_no_capture_is_refused_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "x.pcap").write_bytes(b"<html>not a capture</html>" * 10)
    with pytest.raises(EvidenceError, match=r"x\.pcap: byte 0: .* give a pcap or pcapng file"):
        read(tmp_path / "x.pcap")


def test_packets_of_an_unknown_link_type_are_counted_and_named_once(tmp_path: Path) -> None:
    path = speech.written(tmp_path / "x.pcap", [HELLO, HELLO])
    data = bytearray(path.read_bytes())
    data[20] = 105
    path.write_bytes(data)
    problems: list[Problem] = []
    assert read(path, problems) == []
    assert [one.what for one in problems] == [
        "2 of link type 105 (Wi-Fi) not read; capture on a wired interface, or give Ethernet"
    ]


def test_memory_stays_bounded_however_many_connections_there_are() -> None:
    streams = Streams()
    for number in range(20_000):
        key = number.to_bytes(4, "big") + bytes(4) + b"\x9c\x40\x00\x50"
        streams.segment(key, 0x10, 1, 1, b"GET / HTTP/1.1\r\n" + bytes(4000), 0.0)
        streams.ready.clear()
    assert sum(side.held for side in streams.known.values() if side is not None) < 60_000_000
    assert len(streams.known) <= MOST_KNOWN
    assert HEAD == 65_536


FRAME = st.binary(min_size=0, max_size=120)


@settings(max_examples=150, deadline=None)
@given(
    frames=st.lists(FRAME, max_size=6),
    flips=st.lists(st.tuples(st.integers(0, 900), st.integers(0, 255)), max_size=12),
)
def test_any_frames_and_any_damage_are_survived(
    tmp_path_factory: pytest.TempPathFactory, frames: list[bytes], flips: list[tuple[int, int]]
) -> None:
    path = tmp_path_factory.mktemp("junk") / "x.pcap"
    speech.written(
        path, [HELLO, *speech.talk(speech.OPTIONS, speech.OPTIONS_ANSWER, 554), *speech.dhcp_talk()]
    )
    data = bytearray(path.read_bytes())
    for frame in frames:
        data += bytes(8) + len(frame).to_bytes(4, "little") * 2 + frame
    for at, value in flips:
        data[24 + at % (len(data) - 24)] = value
    path.write_bytes(data)
    found = list(kinds()["pcap"].read(path, lambda _: None, None))
    assert all(one.device and one.source == "pcap x.pcap" for one in found)


def framed(body: bytes) -> bytes:
    return struct.pack("<I4sIIIIII", 32, b"DHIP", 7, 2, len(body), 0, len(body), 0) + body


def test_the_challenge_of_a_login_is_kept_and_what_the_login_opened_only_as_fields(tmp_path: Path) -> None:
    challenge = framed(
        b'{"error":{"code":268632079,"message":"Component error: login challenge!"},"id":1,'
        b'"params":{"mac":"BC325F000001","random":"64770","realm":"Login to 6J000A6EPAJ4FE1"},"result":false,"session":7}'
    )
    settings = framed(b'{"id":2,"params":{"table":{"Password":"5ecret"}},"result":true,"session":7}')
    login = framed(b'{"method":"global.login","params":{"password":"5ecret","userName":"admin"}}')
    (found,) = captured(tmp_path, *speech.talk(login, challenge + settings, 5000))
    assert found.protocol is Protocol.DHIP
    assert ("dhip.realm", "Login to 6J000A6EPAJ4FE1") in shown([found])
    assert "5ecret" not in repr(found)
    assert captured(tmp_path, *speech.talk(b"", settings, 5000)) == []
