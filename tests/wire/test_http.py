"""Replies of embedded web servers, as they come rather than as they should."""

import gzip
import zlib

import pytest

from auditor.wire import http, http_body
from auditor.wire.http import Response

PAGE = b"<html><head><title>NVR</title></head></html>"


def read(reply: bytes) -> Response:
    parsed = http.parse(reply)
    assert parsed is not None
    return parsed


def test_header_fields_keep_their_order_and_case() -> None:
    reply = read(
        b'HTTP/1.1 200 OK\r\nCONNECTION: close\r\nEtag: "1420452000:1dd4"\r\nP3P: CP=CAO PSA OUR\r\n\r\n'
        + PAGE
    )
    assert [name for name, _ in reply.headers] == ["CONNECTION", "Etag", "P3P"]
    assert reply.header("etag") == '"1420452000:1dd4"'
    assert (reply.version, reply.status, reply.reason, reply.bare) == ("HTTP/1.1", 200, "OK", False)
    assert reply.body == PAGE


@pytest.mark.parametrize(
    ("line", "status", "reason"),
    [
        (b"HTTP/1.0 200\r\n", 200, ""),
        (b"HTTP/1.0 401\n", 401, ""),
        (b"HTTP/1.1 200 \r\n", 200, ""),
        (b"HTTP/1.1200 OK\r\n", 200, "OK"),
        (b"http/1.1 404 Not Found\r\n", 404, "Not Found"),
        (b"HTTP/1.1\t503\tService Unavailable\r\n", 503, "Service Unavailable"),
        (b"HTTP/1.1 abc def\r\n", None, "abc def"),
        (b"HTTP/1.1\r\n", None, ""),
        (b"HTTP 302 Redirect\r\n", 302, "Redirect"),
        (b"HTTP/1.1 20000 OK\r\n", None, "20000 OK"),
        (b"\r\n\r\nHTTP/1.1 200 OK\r\n", 200, "OK"),
        (b"\x00\x00HTTP/1.1 200 OK\r\n", 200, "OK"),
        (b"\xef\xbb\xbfHTTP/1.1 200 OK\r\n", 200, "OK"),
    ],
)
def test_a_status_line_is_read_however_it_is_written(line: bytes, status: int | None, reason: str) -> None:
    reply = read(line + b"Server: x\r\n\r\n" + PAGE)
    assert (reply.status, reply.reason, reply.bare) == (status, reason, False)
    assert reply.header("Server") == "x"
    assert reply.body == PAGE


def test_a_body_without_any_header_is_bare_and_whole() -> None:
    reply = read(b"\xef\xbb\xbf" + PAGE)
    assert (reply.status, reply.headers, reply.bare) == (None, (), True)
    assert reply.body == b"\xef\xbb\xbf" + PAGE
    assert reply.text() == PAGE.decode()


def test_a_page_with_colons_is_not_taken_for_a_header() -> None:
    page = b"Note: read this\nName: nobody\n\nmore"
    assert read(page).headers == ()
    assert read(page).body == page


def test_a_header_without_a_status_line_is_still_a_header() -> None:
    reply = read(b"Server: thttpd\r\nContent-Type: text/html\r\n\r\n" + PAGE)
    assert reply.bare
    assert reply.header("server") == "thttpd"
    assert reply.body == PAGE


def test_line_ends_may_be_bare_or_mixed() -> None:
    for ends in (b"\n", b"\r\n", b"\r\r\n"):
        reply = read(b"HTTP/1.0 200 OK" + ends + b"A: 1" + ends + b"B: 2" + ends + ends + PAGE)
        assert (reply.headers, reply.body) == ((("A", "1"), ("B", "2")), PAGE)
    assert read(b"HTTP/1.0 200 OK\nA: 1\r\n\nbody").body == b"body"


def test_folded_lines_are_joined_and_repeated_fields_are_kept() -> None:
    reply = read(
        b'HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Digest realm="a",\r\n\tnonce="b"\r\nwww-authenticate: Basic realm="a"\r\n\r\n'
    )
    assert reply.headers_named("WWW-Authenticate") == ('Digest realm="a", nonce="b"', 'Basic realm="a"')


def test_a_folded_line_that_begins_with_an_address_is_no_page() -> None:
    reply = read(b"HTTP/1.1 200 OK\r\nLink:\r\n <http://192.0.2.1/>; rel=a\r\nServer: b\r\n\r\nbody")
    assert reply.headers == (("Link", "<http://192.0.2.1/>; rel=a"), ("Server", "b"))
    assert reply.body == b"body"


def test_a_line_that_is_no_field_is_left_out() -> None:
    reply = read(b"HTTP/1.1 200 OK\r\nServer: a\r\nthis is no field\r\n: empty\r\nDate: b\r\n\r\n")
    assert reply.headers == (("Server", "a"), ("Date", "b"))


def test_a_page_that_follows_the_header_without_an_empty_line_is_found() -> None:
    reply = read(b"HTTP/1.0 200 OK\r\nServer: a\r\n" + PAGE)
    assert (reply.headers, reply.body) == ((("Server", "a"),), PAGE)


def test_a_header_cut_short_is_read_as_far_as_it_goes() -> None:
    assert read(b"HTTP/1.0 200 OK\r\nServer: App").headers == (("Server", "App"),)


@pytest.mark.parametrize("reply", [b"", b"\r\n \x00", b"\x15\x03\x03\x00\x02\x02\x46"])
def test_nothing_and_a_tls_alert_are_no_reply(reply: bytes) -> None:
    assert http.parse(reply) is None


def test_interim_replies_are_passed_over() -> None:
    assert read(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nA: b\r\n\r\nx").status == 200
    assert read(b"HTTP/1.1 100 Continue\r\n\r\n").status == 100


@pytest.mark.parametrize(
    ("length", "sent", "kept"),
    [
        (b"4", b"page", b"page"),
        (b"4", b"page\r\n\r\n", b"page"),
        (b"4", b"pageHTTP/1.1 404 x\r\n\r\n", b"page"),
        (b"4", b"page of more", b"page of more"),
        (b"0", b"page", b"page"),
        (b"400", b"page", b"page"),
        (b"-1", b"page", b"page"),
        (b"4, 4", b"page\n", b"page"),
        (b"none", b"page", b"page"),
        (b"9" * 5000, b"page", b"page"),
    ],
)
def test_a_wrong_length_loses_no_page(length: bytes, sent: bytes, kept: bytes) -> None:
    assert read(b"HTTP/1.1 200 OK\r\nContent-Length: " + length + b"\r\n\r\n" + sent).body == kept


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        (b"4\r\npage\r\n0\r\n\r\n", b"page"),
        (b"4;name=value\r\npage\r\n2\r\n!!\r\n0\r\n\r\n", b"page!!"),
        (b"  4  \npage\n0\n\n", b"page"),
        (b"4\r\npage0\r\n\r\n", b"page"),
        (b"10\r\npa", b"pa"),
        (b"4\r\npage\r\nxyz", b"pagexyz"),
        (b"page without chunks", b"page without chunks"),
        (b"ffffffffffff\r\npage", b"page"),
        (b"", b""),
    ],
)
def test_chunks_are_joined_until_they_go_wrong(sent: bytes, kept: bytes) -> None:
    assert read(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n" + sent).body == kept


@pytest.mark.parametrize(
    ("name", "packed"),
    [
        (b"gzip", gzip.compress(PAGE, mtime=0)),
        (b"x-gzip", gzip.compress(PAGE, mtime=0)),
        (b"deflate", zlib.compress(PAGE)),
        (b"deflate", zlib.compress(PAGE)[2:-4]),
        (b"identity", PAGE),
        (b"gzip", PAGE),
        (b"gzip, gzip", gzip.compress(gzip.compress(PAGE, mtime=0), mtime=0)),
        (b"gzip", gzip.compress(PAGE, mtime=0)[:-6]),
    ],
)
def test_compressed_pages_are_opened_and_mislabelled_ones_kept(name: bytes, packed: bytes) -> None:
    assert read(b"HTTP/1.1 200 OK\r\nContent-Encoding: " + name + b"\r\n\r\n" + packed).body == PAGE


def test_a_damaged_compressed_page_gives_what_comes_before_the_damage() -> None:
    page = b"".join(b"<p>%d</p>" % (number * 7919) for number in range(4000))
    packed = bytearray(gzip.compress(page, mtime=0))
    packed[len(packed) // 2 :] = b"\xff" * 64
    body = read(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + bytes(packed)).body
    assert len(body) > 1000
    assert page.startswith(body[:1000])


@pytest.mark.parametrize("name", [b"gzip", b"deflate", b"gzip, gzip"])
def test_a_compression_bomb_stops_at_the_bound(name: bytes) -> None:
    zeros = bytes(200_000_000 // 8)
    packed = zlib.compress(zeros) if name == b"deflate" else gzip.compress(zeros, mtime=0)
    packed = gzip.compress(packed, mtime=0) if b"," in name else packed
    body = read(b"HTTP/1.1 200 OK\r\nContent-Encoding: " + name + b"\r\n\r\n" + packed).body
    assert len(body) == http_body.MAX_INFLATED


def test_a_header_of_a_megabyte_is_cut_to_the_bound() -> None:
    reply = read(b"HTTP/1.1 200 OK\r\nServer: " + b"a" * 1_000_000 + b"\r\nDate: b\r\n\r\nbody")
    assert len(reply.header("Server") or "") <= http.MAX_VALUE
    assert (reply.header("Date"), reply.body) == ("b", b"body")
    many = read(b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 100_000 + b"\r\nbody")
    assert (len(many.headers), many.body) == (http.MAX_HEADERS, b"body")


@pytest.mark.parametrize(
    ("kind", "body", "text"),
    [
        ("text/html; charset=utf-8", "Caméra 摄像机".encode(), "Caméra 摄像机"),
        ("text/html; charset=gb2312", "摄像机".encode("gb2312"), "摄像机"),
        ("text/html; charset=iso-8859-1", "Caméra".encode(), "Caméra"),
        ("text/html", "网络视频".encode("gb2312"), "网络视频"),
        ("text/html", "Caméra à l'été".encode("latin-1"), "Caméra à l'été"),
        ("text/html; charset=zlib_codec", b"plain", "plain"),
        (
            "text/html",
            '<meta charset="windows-1251"><b>Камера</b>'.encode("cp1251"),
            '<meta charset="windows-1251"><b>Камера</b>',
        ),
        ("text/html", "摄像机".encode()[:-1], "摄像"),
        (
            "application/xml",
            '<?xml version="1.0" encoding="GBK"?><a>東門</a>'.encode("gbk"),
            '<?xml version="1.0" encoding="GBK"?><a>東門</a>',
        ),
        ("text/xml; charset=utf-16le", "<a/>".encode("utf-16-le"), "<a/>"),
        ("text/html", b"\xff\xfe<\x00a\x00", "<a"),
        ("", b"a\x00b\xff", "a\x00b\xff"),
    ],
)
def test_text_is_read_in_the_set_it_is_in(kind: str, body: bytes, text: str) -> None:
    assert read(b"HTTP/1.1 200 OK\r\nContent-Type: " + kind.encode() + b"\r\n\r\n" + body).text() == text


@pytest.mark.parametrize(
    ("reply", "complete"),
    [
        (b"", False),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n", False),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\npag", False),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\npage", True),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", True),
        (b"HTTP/1.1 200 OK\r\n\r\npage", False),
        (b"HTTP/1.1 304 Not Modified\r\n\r\n", True),
        (b"HTTP/1.1 100 Continue\r\n\r\n", False),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\npage\r\n", False),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\npage\r\n0\r\n\r\n", True),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"no size line" * 9, True),
        (PAGE, False),
    ],
)
def test_a_reply_is_complete_when_nothing_more_can_come(reply: bytes, complete: bool) -> None:
    assert http.is_complete(reply) is complete


def test_a_request_is_whole_and_asks_for_the_end_of_the_connection() -> None:
    sent = http.request("GET", "/doc/page/login.asp?_1", "[::1]:8080", user_agent="auditor/0 (x@example.org)")
    assert sent == (
        b"GET /doc/page/login.asp?_1 HTTP/1.1\r\nHost: [::1]:8080\r\nUser-Agent: auditor/0 (x@example.org)\r\n"
        b"Accept: */*\r\nConnection: close\r\n\r\n"
    )
    posted = http.request(
        "POST", "/onvif", "127.0.0.1", user_agent="a", headers=[("Content-Type", "x")], body=b"<a/>"
    )
    assert b"Content-Type: x\r\nContent-Length: 4\r\nConnection: close\r\n\r\n<a/>" in posted


def test_no_value_can_add_a_line_to_a_request() -> None:
    sent = http.request("GET", "/a b\r\nX: 1", "h\nY: 2", user_agent="u\rZ: 3", headers=[("A", "b\r\n\r\nc")])
    assert sent.count(b"\r\n\r\n") == 1
    assert not {b"X", b"Y", b"Z"} & {line.split(b":")[0] for line in sent.split(b"\r\n")}


@pytest.mark.parametrize(
    ("request_", "method", "path"),
    [
        (b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", "GET", "/"),
        (b"POST /onvif/device_service HTTP/1.1\r\n\r\nGetDeviceInformation", "POST", "/onvif/device_service"),
        (b"GET /cgi-bin/a.cgi?action=b&c=d", "GET", "/cgi-bin/a.cgi?action=b&c=d"),
        (b"GET http://127.0.0.1:80/a/b?c HTTP/1.0\n", "GET", "/a/b?c"),
        (b"get /a b HTTP/1.1", "GET", "/a b"),
        (b"", "", ""),
        (b"\x00\xff", "\x00ÿ".upper(), ""),
    ],
)
def test_what_a_recorded_request_asked_for_is_read(request_: bytes, method: str, path: str) -> None:
    assert (http.request_method(request_), http.request_path(request_)) == (method, path)
