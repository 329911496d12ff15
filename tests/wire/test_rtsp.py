"""RTSP replies, single and in a row."""

import pytest

from auditor.wire import rtsp

OPTIONS = b"RTSP/1.0 200 OK\r\nCSeq: 1\r\nPublic: OPTIONS, DESCRIBE, PLAY\r\nDate:  Tue, Dec 21 2021 12:08:36 GMT\r\n\r\n"
REFUSED = b'RTSP/1.0 401 Unauthorized\r\nCSeq: 2\r\nWWW-Authenticate: Digest realm="IP Camera(D2959)", nonce="00ff", stale="FALSE"\r\nWWW-Authenticate: Basic realm="IP Camera(D2959)"\r\n\r\n'
SDP = b"v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=Media Presentation\r\nnonsense\r\na=control:*\r\n"
DESCRIBED = b"RTSP/1.0 200 OK\r\nContent-Type: application/sdp\r\nContent-Length: %d\r\n\r\n" % len(SDP) + SDP


def test_replies_in_a_row_are_read_one_by_one() -> None:
    found = rtsp.responses(OPTIONS + REFUSED + DESCRIBED + OPTIONS)
    assert [reply.status for reply in found] == [200, 401, 200, 200]
    assert found[0].header("date") == "Tue, Dec 21 2021 12:08:36 GMT"
    assert len(found[1].headers_named("www-authenticate")) == 2
    assert found[2].body == SDP


@pytest.mark.parametrize("between", [b"\r\n", b"\n\n", b"\x00\x00"])
def test_padding_between_replies_is_not_a_reply(between: bytes) -> None:
    assert [reply.status for reply in rtsp.responses(between + OPTIONS + between + REFUSED)] == [200, 401]


def test_a_description_without_a_reply_around_it_is_bare() -> None:
    (only,) = rtsp.responses(SDP)
    assert (only.bare, only.status, only.body) == (True, None, SDP)
    assert rtsp.session_lines(only)[2] == ("s", "Media Presentation")
    assert "nonsense" not in {value for _, value in rtsp.session_lines(only)}


def test_a_media_frame_before_a_reply_is_left_out() -> None:
    assert [reply.status for reply in rtsp.responses(b"$\x00\x00\x04abcd\n" + OPTIONS)] == [200]


@pytest.mark.parametrize("reply", [b"", b"\r\n", b"\x00" * 9])
def test_nothing_gives_no_reply(reply: bytes) -> None:
    assert rtsp.responses(reply) == ()


def test_no_more_replies_are_read_than_the_bound() -> None:
    assert len(rtsp.responses(OPTIONS * 1000)) == rtsp.MAX_RESPONSES


@pytest.mark.parametrize(
    ("reply", "complete"),
    [
        (b"", False),
        (OPTIONS[:-2], False),
        (OPTIONS, True),
        (DESCRIBED[:-1], False),
        (DESCRIBED, True),
        (b"\r\n" + DESCRIBED, True),
        (SDP, False),
    ],
)
def test_a_reply_is_complete_with_its_header_and_its_length(reply: bytes, complete: bool) -> None:
    assert rtsp.is_complete(reply) is complete


def test_the_two_requests_are_as_the_standard_writes_them() -> None:
    assert rtsp.options("rtsp://127.0.0.1/", cseq=1, user_agent="a") == (
        b"OPTIONS rtsp://127.0.0.1/ RTSP/1.0\r\nCSeq: 1\r\nUser-Agent: a\r\n\r\n"
    )
    assert b"Accept: application/sdp\r\n" in rtsp.describe("rtsp://127.0.0.1/", cseq=2, user_agent="a")


def test_the_room_offers_no_request_beyond_describe() -> None:
    made = rtsp.options("u", cseq=1, user_agent="a") + rtsp.describe("u", cseq=1, user_agent="a")
    assert {line.split(b" ")[0] for line in made.split(b"\r\n") if b" RTSP/" in line} == {
        b"OPTIONS",
        b"DESCRIBE",
    }
    assert not {"setup", "play", "record"} & {name.lower() for name in vars(rtsp)}
