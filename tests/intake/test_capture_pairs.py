"""Each answer of a capture stands with the question it answers, or with none: whatever is lost, doubled or disordered."""

import itertools
import random
import struct
from pathlib import Path
from typing import Any

import pytest

from auditor.intake import Problem, kinds
from auditor.model import Exchange, Protocol
from tests.intake import speech
from tests.intake.dialogue import Dialogue, get, reply


def read(path: Path, frames: list[Any]) -> tuple[list[Exchange], str]:
    """Return what a capture of these frames shows, and what is said of it."""
    told: list[Problem] = []
    found = list(kinds()["pcap"].read(speech.written(path / "x.pcap", frames), told.append, None))
    return found, "\n".join(map(str, told))


def pairs(exchanges: list[Exchange]) -> dict[str, str]:
    """By the name of a page, which our answers carry: the name its answer was given under."""
    found = {}
    for one in exchanges:
        asked = one.request.split(b" ")[1].decode() if one.request else "?"
        server = one.reply.partition(b"Server: ")[2].partition(b"\r\n")[0].decode()
        if one.protocol is not Protocol.OBSERVED:
            found[f"{asked} {server}"] = one.reply.split(b" ")[1].decode()
    return found


def visit(number: int, *, body: bytes = b"") -> Dialogue:
    """One connection with so many questions, of which each answer names its question in the Server line."""
    talk = Dialogue().open()
    for page in range(number):
        talk.asks(get(f"/{page}")).says(reply(body, server=f"/{page}"))
    return talk.close()


def test_a_capture_joined_midway_gives_no_answer_to_another_question(tmp_path: Path) -> None:
    frames = visit(4).frames
    for start in range(len(frames)):
        found, said = read(tmp_path, frames[start:])
        given = pairs(found)
        assert all(name.split()[0] in {name.split()[1], "?"} for name in given), (start, given)
        whole = [page for page in range(4) if start <= 3 + 2 * page]
        assert {f"/{page} /{page}" for page in whole} <= given.keys(), (start, given)
        assert ("1 answer whose question is not surely known" in said) == (start in {4, 6, 8, 10}), (
            start,
            said,
        )


@pytest.mark.parametrize("lost", range(3, 11))
def test_one_lost_packet_loses_one_answer_at_most(tmp_path: Path, lost: int) -> None:
    frames = visit(4).frames
    del frames[lost]
    found, said = read(tmp_path, frames)
    given = pairs(found)
    assert all(name.split()[0] in {name.split()[1], "?"} for name in given), given
    assert len([name for name in given if "?" not in name]) >= 3
    assert "1 gap, " in said


def test_every_loss_of_two_packets_is_survived_without_a_wrong_pair(tmp_path: Path) -> None:
    frames = visit(3, body=b"<p>" + b"x" * 1500).frames
    for one, other in itertools.combinations(range(3, len(frames) - 2), 2):
        kept = [frame for number, frame in enumerate(frames) if number not in {one, other}]
        found, said = read(tmp_path, kept)
        given = pairs(found)
        assert all(name.split()[0] in {name.split()[1], "?"} for name in given), (one, other, given)
        assert " gap" in said


def test_hundreds_of_answers_behind_a_lost_segment_are_read(tmp_path: Path) -> None:
    talk = Dialogue().open().asks(get("/script.js"))
    talk.says(reply(b"x" * 4000, kind="application/javascript", server="/script.js"))
    for page in range(300):
        talk.asks(get(f"/{page}")).says(reply(server="same"))
    body = b"<DeviceInfo><model>DS-2CD2143G0-I</model><firmwareVersion>V5.5.82</firmwareVersion></DeviceInfo>"
    talk.asks(get("/ISAPI/System/deviceInfo")).says(reply(body, kind="application/xml", server="same"))
    frames = talk.close().frames
    del frames[5]
    found, said = read(tmp_path, frames)
    assert pairs(found).keys() >= {
        f"/{page} same" for page in range(250)
    }  # as many as are kept of one address
    assert found[-1].reply.endswith(body)  # and what nothing before it has shown
    assert "x.pcap: conversations: 1 gap, 1400 bytes not in the file" in said
    assert "answers read and not kept: " in said
    script = next(one for one in found if b"/script.js" in one.request)
    assert script.cut


@pytest.mark.parametrize("seed", range(6))
def test_disorder_and_repetition_change_nothing(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    frames = visit(5, body=b"<p>" + b"x" * 4000).frames
    plain, _ = read(tmp_path, frames)
    places = sorted(range(3, len(frames) - 2), key=lambda place: place + chance.uniform(0, 6))
    disordered = frames[:3] + [frames[place] for place in places] + frames[-2:]
    for place in chance.sample(range(4, len(disordered) - 2), 6):
        disordered.insert(place + 2, disordered[place])
    found, said = read(tmp_path, disordered)
    assert pairs(found) == pairs(plain)
    assert [(one.request, one.reply) for one in found] == [(one.request, one.reply) for one in plain]
    assert not said


def test_segments_that_overlap_are_put_together_once(tmp_path: Path) -> None:
    answer = reply(b"<title>" + bytes(range(65, 91)) * 20 + b"</title>")
    talk = Dialogue().open().asks(get("/"))
    start = talk.its
    for begin, end in ((0, 100), (50, 250), (240, 300), (0, 300), (280, len(answer))):
        talk.its = start + begin
        talk.says(answer[begin:end])
    talk.its = start + len(answer)
    found, said = read(tmp_path, talk.close().frames)
    assert [one.reply for one in found] == [answer]
    assert not said


def test_questions_asked_ahead_are_answered_in_order_and_not_guessed_behind_a_gap(tmp_path: Path) -> None:
    talk = Dialogue().open().asks(get("/0") + get("/1") + get("/2"))
    for page in range(3):
        talk.says(reply(server=f"/{page}"))
    talk.asks(get("/3")).asks(get("/4")).says(reply(server="/3")).says(reply(server="/4"))
    frames = talk.close().frames
    assert pairs(read(tmp_path, frames)[0]).keys() == {f"/{page} /{page}" for page in range(5)}
    del frames[5]
    given = pairs(read(tmp_path, frames)[0])
    assert all(name.split()[0] in {name.split()[1], "?"} for name in given), given
    assert "/0 /0" in given


def test_an_answer_nobody_asked_for_shifts_nothing(tmp_path: Path) -> None:
    talk = Dialogue().open().asks(get("/0")).says(reply(server="/0")).says(reply(server="again"))
    talk.asks(get("/1")).says(reply(server="/1"))
    given = pairs(read(tmp_path, talk.close().frames)[0])
    assert given.keys() == {"/0 /0", "? again", "/1 /1"}


@pytest.mark.parametrize(
    ("verb", "first"),
    [
        ("GET", reply(b"x" * 200, "304 Not Modified", server="/0")[:-200]),
        ("HEAD", reply(b"x" * 200, server="/0")[:-200]),
        ("GET", b"HTTP/1.1 204 No Content\r\nServer: /0\r\nContent-Length: 44\r\n\r\n"),
        ("GET", b"HTTP/1.1 100 Continue\r\nContent-Length: 9\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\n" + reply(server="/0")),
        ("GET", b"HTTP/1.1 200 OK\r\nServer: /0\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n0\r\nMore: 1\r\n\r\n"),
        ("GET", b"HTTP/1.1 200 OK\r\nServer: /0\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n"),
        ("GET", reply(b"HTTP/1.1 404 Not Found\r\nServer: no\r\n\r\n", server="/0")),
    ],
    ids=["304", "head", "204", "interim", "chunked", "no end", "an answer in a body"],
)  # fmt: skip
def test_the_answer_behind_one_without_a_body_is_its_own(tmp_path: Path, verb: str, first: bytes) -> None:
    talk = Dialogue().open().asks(get("/0", verb)).says(first).asks(get("/1")).says(reply(server="/1"))
    given = pairs(read(tmp_path, talk.close().frames)[0])
    assert given.keys() == {"/0 /0", "/1 /1"}
    midway = pairs(read(tmp_path, talk.frames[4:])[0])
    assert "/1 /1" in midway
    assert "/0 /1" not in midway


def test_a_body_broken_off_by_the_end_of_its_connection_is_cut(tmp_path: Path) -> None:
    whole, short = reply(b"<p>0123456789"), reply(b"<p>0123456789")[:-4]
    open_end = b"HTTP/1.0 200 OK\r\nServer: s\r\nContent-Type: text/html\r\n\r\n<p>all"
    for said, close, cut in (
        (whole, True, False), (short, True, True), (short, False, True), (open_end, True, False), (open_end, False, True),
    ):  # fmt: skip
        talk = Dialogue().open().asks(get("/")).says(said)
        ((found,), _) = read(tmp_path, (talk.close() if close else talk).frames)
        assert (found.reply, found.cut) == (said, cut)


def test_a_large_script_hides_nothing_behind_it_and_what_is_left_out_is_said(tmp_path: Path) -> None:
    script = b"//x\n" * 30_000
    talk = Dialogue().open().asks(get("/lib.js"))
    talk.says(reply(script, kind="application/javascript", server="/lib.js")).asks(get("/1")).says(
        reply(server="/1")
    )
    found, said = read(tmp_path, talk.close().frames)
    assert pairs(found).keys() == {"/lib.js /lib.js", "/1 /1"}
    assert found[0].cut
    assert f"{len(script) - 65_536} bytes of answers above 64 KiB not read" in said


def test_what_was_answered_to_an_unknown_question_is_kept_without_its_body(tmp_path: Path) -> None:
    talk = Dialogue().says(reply(b"<deviceName>Lager</deviceName>", kind="application/xml"))
    talk.asks(get("/")).says(reply(b"<title>x</title>"))
    found, _ = read(tmp_path, talk.close().frames)
    assert [one.request[:5] for one in found] == [b"", b"GET /"]
    assert b"Lager" not in repr(found).encode()
    assert found[0].cut


def test_a_recording_of_one_direction_gives_no_question_an_answer(tmp_path: Path) -> None:
    frames = [frame for frame in visit(8).frames if frame.src == speech.CAMERA_MAC]
    found, said = read(tmp_path, frames)
    assert pairs(found).keys() == {f"? /{page}" for page in range(8)}
    assert "8 gaps, " in said
    assert "8 answers whose question is not surely known" in said


def test_numbered_questions_of_rtsp_find_their_answers_behind_any_gap(tmp_path: Path) -> None:
    talk = Dialogue(554).open()
    for number in range(1, 5):
        talk.asks(b"OPTIONS rtsp://192.0.2.10/%d RTSP/1.0\r\nCSeq: %d\r\n\r\n" % (number, number))
        talk.says(b"RTSP/1.0 200 OK\r\nCSeq: %d\r\nServer: /%d\r\n\r\n" % (number, number))
    for lost in (3, 4, 5, 6):
        frames = list(talk.frames)
        del frames[lost]
        given = [(one.request.partition(b" RTSP")[0][-2:], one.reply.partition(b"Server: ")[2][:2]) for one in read(tmp_path, frames)[0]]  # fmt: skip
        assert all(asked in {server, b""} for asked, server in given), (lost, given)
        assert len(given) >= 3


def hello(kind: int, more: bytes = b"") -> bytes:
    """A TLS record with one handshake message."""
    body = b"\x03\x03" + bytes(32) + b"\x00" + (b"\x00\x02\xc0\x2f\x01\x00" if kind == 1 else b"\xc0\x2f\x00")
    message = bytes((kind,)) + len(body).to_bytes(3, "big") + body
    return b"\x16\x03\x03" + len(message).to_bytes(2, "big") + message + more


WARNING = b"\x15\x03\x03\x00\x02\x01\x70"


@pytest.mark.parametrize("midway", [False, True])
@pytest.mark.parametrize("warning", [b"", WARNING])
def test_the_side_that_shows_a_certificate_is_told_by_what_it_says(
    tmp_path: Path, midway: bool, warning: bytes
) -> None:
    for port, viewer_port in ((443, 40000), (50443, 40000), (40000, 443)):
        talk = Dialogue(port, viewer_port=viewer_port).open().asks(hello(1)).says(warning + hello(2)).close()
        found, _ = read(tmp_path, talk.frames[3:] if midway else talk.frames)
        assert [(one.device, one.endpoint.port, one.protocol) for one in found] == [
            (speech.CAMERA, port, Protocol.TLS)
        ]
        if midway:
            found, _ = read(tmp_path, talk.frames[4:])
            assert [(one.device, one.endpoint.port) for one in found] == [(speech.CAMERA, port)]


def ssh(kind: int) -> bytes:
    return struct.pack(">IBB", 10, 4, kind) + bytes(8)


@pytest.mark.parametrize(("port", "viewer_port"), [(22, 40000), (40022, 50000), (50000, 22)])
@pytest.mark.parametrize("start", [0, 1])
def test_the_server_of_ssh_is_told_by_its_part_in_the_key_exchange(
    tmp_path: Path, port: int, viewer_port: int, start: int
) -> None:
    talk = Dialogue(port, viewer_port=viewer_port)
    talk.asks(b"SSH-2.0-OpenSSH_9.6\r\n").says(b"SSH-2.0-dropbear\r\n").asks(ssh(20)).says(ssh(20))
    talk.asks(ssh(30)).says(ssh(31))
    found, _ = read(tmp_path, talk.frames[start:])
    assert [(one.device, one.endpoint.port) for one in found] == [(speech.CAMERA, port)]
    assert found[0].reply.startswith(b"SSH-2.0-dropbear")


def test_who_cannot_be_told_apart_is_counted_and_nobody(tmp_path: Path) -> None:
    talk = Dialogue(40022, viewer_port=50000).asks(b"SSH-2.0-OpenSSH_9.6\r\n").says(b"SSH-2.0-dropbear\r\n")
    found, said = read(tmp_path, talk.frames)
    assert found == []
    assert "1 joined midway and left out: nothing tells which side is the device" in said


def test_impossible_numbers_end_nothing_and_hang_nothing(tmp_path: Path) -> None:
    chance = random.Random(4)
    frames = visit(6).frames
    for frame in chance.sample(frames[3:], 8):
        frame["TCP"].ack = chance.randrange(2**32)
    for frame in chance.sample(frames[3:], 4):
        frame["TCP"].seq = chance.randrange(2**32)
    found, _ = read(tmp_path, frames)
    assert all(name.split()[0] in {name.split()[1], "?"} for name in pairs(found))
