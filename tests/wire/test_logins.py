"""What of a recorded message is a login, and the message without it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.wire import logins

PLAIN = b"GET /doc/main.js?version=V4.0.1&_=1700000000 HTTP/1.1\r\nHost: x\r\n\r\n"
PAIR = b"YXVkaXQ6UzNjcjN0"  # audit:S3cr3t
SHOWN = [
    b"GET /System/deviceInfo?auth=" + PAIR + b" HTTP/1.1\r\n\r\n",
    b"GET /video?" + PAIR + b"%3D%3D HTTP/1.1\r\n\r\n",
    b"GET /live?loginuse=audit&loginpas=S3cr3t HTTP/1.0\r\n\r\n",
    b"GET /cgi-bin/x?usr=audit&pwd=S3cr3t HTTP/1.0\r\n\r\n",
    b"GET /api/v1?token=S3cr3t HTTP/1.1\r\n\r\n",
    b"GET /cam/realmonitor;jsessionid=S3cr3t HTTP/1.1\r\n\r\n",
    b"DESCRIBE rtsp://192.0.2.1/user=audit&password=S3cr3t&channel=1 RTSP/1.0\r\nCSeq: 1\r\n\r\n",
    b"DESCRIBE rtsp://192.0.2.1/user=audit_password=S3cr3t_channel=1_stream=0.sdp RTSP/1.0\r\nCSeq: 1\r\n\r\n",
    b"DESCRIBE rtsp://audit:S3cr3t@192.0.2.1/ch1 RTSP/1.0\r\nCSeq: 1\r\n\r\n",
    b"DESCRIBE rtsp://audit:S3cr3t@/S3cr3t@192.0.2.1/ch1 RTSP/1.0\r\nCSeq: 1\r\n\r\n",
    b"GET / HTTP/1.1\r\nAuthorization: Basic " + PAIR + b"\r\n\r\n",
    b"GET / HTTP/1.1\r\nAUTHORIZATION :\r\n\tBasic\r\n " + PAIR + b"\r\nHost: x\r\n\r\n",
    b"GET / HTTP/1.1\nCookie: a=1;\n WebSession=S3cr3t\n\n",
    b"GET / HTTP/1.1\r\nX-Auth-Token: S3cr3t\r\n\r\n",
    b'REGISTER sip:192.0.2.60 SIP/2.0\r\nAuthorization: Digest username="1001",\r\n nonce="n",\r\n response="S3cr3t"\r\n\r\n',
    b"REGISTER sip:1001:S3cr3t@192.0.2.60 SIP/2.0\r\n\r\n",
    b"POST /onvif/device_service HTTP/1.1\r\n\r\n<e:Envelope><wsse:UsernameToken><wsse:Password Type='x'>S3cr3t</wsse:Password></wsse:UsernameToken></e:Envelope>",
    b'POST /RPC2 HTTP/1.1\r\n\r\n{"params":{"userName":"audit","password":"S3cr3t"}}',
]  # fmt: skip


@pytest.mark.parametrize("request_bytes", SHOWN)
def test_a_login_is_told_and_taken_out(request_bytes: bytes) -> None:
    assert logins.shows_login(request_bytes)
    kept = logins.without_login(request_bytes)
    assert b"S3cr3t" not in kept
    assert PAIR not in kept
    assert not logins.shows_login(kept), "what was taken out is not taken for a login once more"
    assert logins.without_login(kept) == kept
    line = logins.plain_target(request_bytes)
    assert b"S3cr3t" not in line
    assert PAIR not in line
    assert line.split(b" ")[0] == request_bytes.split(b" ")[0]


@pytest.mark.parametrize(
    "message",
    [
        PLAIN,
        b"GET /ISAPI/Security/sessionLogin/capabilities?username=audit HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nAuthorization: (withheld)\r\n\r\n",
        b"DESCRIBE rtsp://192.0.2.1:554/cam/realmonitor?channel=1&subtype=0 RTSP/1.0\r\nCSeq: 3\r\nSession: 12\r\n\r\n",
        b'HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Digest realm="a:b", nonce="'
        + PAIR
        + b'", qop="auth"\r\n\r\n',
        b"HTTP/1.1 200 OK\r\nServer: x\r\nContent-Length: 59\r\n\r\n<script>var t={password:\"Password\",login:'Login'}</script>\r\n",
        b'{"passwordLevel":2,"isDefaultPassword":true,"minPasswordLength":8,"ProfileToken":"Profile_1"}',
        b"http://registry.example/@scope/name.js",
    ],
)
def test_what_is_no_login_stays_as_it_is(message: bytes) -> None:
    assert logins.without_login(message) == message


def test_values_are_taken_out_by_their_names_and_the_head_announces_what_is_left() -> None:
    body = b'<a><deviceName>Gate</deviceName><wifiKey a="b">S3cr3t</wifiKey><Password><![CDATA[S3cr3t]]></Password></a>'
    kept = logins.without_login(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
    head, _, rest = kept.partition(b"\r\n\r\n")
    assert b"S3cr3t" not in rest
    assert b"<deviceName>Gate</deviceName>" in rest
    assert head.endswith(b"Content-Length: %d" % len(rest))


def test_chunks_are_joined_where_a_value_had_to_go() -> None:
    part = b"table.A.Name=Gate\r\ntable.A.Password=S3cr3t\r\n"
    said = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" % (len(part), part)
    kept = logins.without_login(said)
    assert b"S3cr3t" not in kept
    assert b"table.A.Name=Gate" in kept
    assert b"chunked" not in kept


@pytest.mark.parametrize(
    "body",
    [
        b"v=0\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:S3cr3tS3cr3t|2^20\r\nk=clear:S3cr3t\r\n",
        b" \x00\x00\x00DHIP" + bytes(24) + b'{"method":"x","params":{"password":"S3cr3t"}}',
        "\ufeff<Probe><Password>S3cr3t</Password></Probe>".encode("utf-16"),
        b'<form><input name=a value=1><input value="S3cr3t" type="password" name=p></form><html>',
        b"<Hello><Salt>x</Salt><Password>S3cr3t</Password></Hello>",
    ],
    ids=["SDP", "DHIP", "UTF-16", "form", "SADP"],
)
def test_secrets_are_found_in_every_form_of_body(body: bytes) -> None:
    kept = logins.without_login(body)
    assert b"S3cr3t" not in kept.replace(b"\x00", b"")
    assert kept


NOISE = st.binary(max_size=200).map(lambda noise: noise.translate(None, b"\r\n<>\"'{}&=:"))


@given(
    NOISE,
    st.sampled_from(
        ["Authorization: Basic %s", "cookie:a=%s", "x-api-key:\r\n %s", "Proxy-Authorization: %s,\r\n\t%s"]
    ),
)
def test_a_header_that_shows_a_login_never_passes(noise: bytes, shape: str) -> None:
    line = shape.replace("%s", "S3CR3Tx9Q7").encode()
    kept = logins.without_login(
        b"GET /" + noise + b" HTTP/1.1\r\nHost: a\r\n" + line + b"\r\nAccept: b\r\n\r\n"
    )
    assert b"S3CR3Tx9Q7" not in kept
    assert kept.endswith(b"Accept: b\r\n\r\n")
