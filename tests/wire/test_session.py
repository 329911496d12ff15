"""Sessions opened by a login's answer."""

from auditor.wire import session

HEAD = b"HTTP/1.1 200 OK\r\nSet-Cookie: session=a1; Path=/; HttpOnly\r\nX-csrftoken: t2\r\n"


def test_cookie_and_token_are_shown_without_their_attributes() -> None:
    reply = HEAD + b'Content-Length: 29\r\n\r\n{"result":"success","data":{}}'
    assert session.opened(reply) == b"Cookie: session=a1\r\nX-csrftoken: t2\r\n"


def test_several_cookies_stand_in_one_line_and_a_token_may_be_missing() -> None:
    reply = b"HTTP/1.1 200 OK\r\nSet-Cookie: a=1; Path=/\r\nSet-Cookie: b=2\r\nContent-Length: 0\r\n\r\n"
    assert session.opened(reply) == b"Cookie: a=1; b=2\r\n"


def test_a_failure_told_in_the_body_opens_nothing() -> None:
    for body in (b'{"result":"failed"}', b'{"error_code":"user_locked_login"}'):
        assert session.opened(HEAD + b"Content-Length: %d\r\n\r\n%s" % (len(body), body)) == b""


def test_no_cookie_or_another_status_opens_nothing() -> None:
    assert session.opened(b"HTTP/1.1 200 OK\r\nX-csrftoken: t2\r\nContent-Length: 2\r\n\r\n{}") == b""
    assert session.opened(HEAD.replace(b"200 OK", b"403 No") + b"Content-Length: 0\r\n\r\n") == b""
    assert session.opened(b"") == b""


def test_a_value_cannot_bring_another_header_line() -> None:
    reply = b"HTTP/1.1 200 OK\r\nSet-Cookie: a=1\x0bX: y\r\nX-csrftoken: t t\r\nContent-Length: 0\r\n\r\n"
    shown = session.opened(reply)
    assert shown.count(b"\n") == 1
    assert b"X" not in shown
