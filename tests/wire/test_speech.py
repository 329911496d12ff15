"""Which protocol the first words of a server are in, whatever it was asked in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.model import Protocol
from auditor.wire.speech import is_tls_record, spoken

SAID = {
    b"HTTP/1.1 200 OK\r\nServer: gSOAP/2.8\r\n\r\n": Protocol.HTTP,
    b"\r\nHTTP/1.0 404 Not Found\r\n\r\n": Protocol.HTTP,
    b"HTTP/1.1 405 Method Not Allowed\r\n\r\n": Protocol.HTTP,
    b"<!DOCTYPE html><html><head></head></html>": Protocol.HTTP,
    b"\xef\xbb\xbf<html><title>x</title>": Protocol.HTTP,
    b"RTSP/1.0 400 Bad Request\r\nCSeq: 0\r\n\r\n": Protocol.RTSP,
    b"SSH-2.0-dropbear_2018.76\r\n": Protocol.SSH,
    b"220 (vsFTPd 3.0.3)\r\n": Protocol.FTP,
    b"\xff\xfd\x18\xff\xfd\x20login: ": Protocol.TELNET,
    # An alert: handshake failure, and one before a version was agreed on.
    b"\x15\x03\x01\x00\x02\x02\x28": Protocol.TLS,
    b"\x15\x03\x03\x00\x02\x02\x46": Protocol.TLS,
    b"HTTP/1.1 400 Bad Request\r\nServer: nginx\r\n\r\n<html><head><title>400 The plain HTTP request was sent to HTTPS "
    b"port</title></head></html>": Protocol.TLS,
    b"HTTP/1.1 400 Bad Request\r\n\r\nReason: You're speaking plain HTTP to an SSL-enabled server port.": Protocol.TLS,
    b"HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n": Protocol.TLS,
    b"HTTP/1.1 301 Moved Permanently\r\nLocation: https://192.0.2.9/\r\n\r\n": Protocol.HTTP,
    b"HTTP/1.1 200 OK\r\n\r\n<html>our https service and TLS settings</html>": Protocol.HTTP,
    b"220 mail.example ESMTP Postfix\r\n": None,
    b"DHAV\x00\x00": None,
    b"\x00\x00\x00\x10\x00\x00\x00\x00\x00\x00\x00\x02": None,
    b"hello": None,
    b"": None,
}


@pytest.mark.parametrize(("said", "protocol"), SAID.items(), ids=lambda one: str(one)[:40])
def test_the_first_words_tell_the_protocol(said: bytes, protocol: Protocol | None) -> None:
    assert spoken(said) is protocol


@given(st.binary(max_size=300))
def test_any_bytes_are_read_without_complaint(said: bytes) -> None:
    found = spoken(said)
    assert (found is Protocol.TLS) >= is_tls_record(said)
    assert spoken(b"RTSP/1.0 200 OK\r\n" + said) is Protocol.RTSP
