"""The damages that networks, devices, editors and enemies do to what we read."""

import random

MOST = 262_144
"""Bytes of an input at most: a line on the network reads no more."""

TOKENS = (
    b"<", b">", b"</", b"/>", b"<![CDATA[", b"]]>", b"<!--", b"&#x110000;", b"&lt;", b"&a;", b'"', b"'", b"\\", b"\\ud800",
    b"{", b"}", b"[", b"]", b":", b",", b"=", b"\r\n", b"\r\n\r\n", b"\n", b" ", b"\x00", b"\xff", b"\xff\xfd", b"\xef\xbb\xbf",
    b"HTTP/1.1 200 OK\r\n", b"RTSP/1.0 401 \r\n", b"Content-Length: 99999999999999999999\r\n", b"Content-Encoding: gzip\r\n",
    b"Transfer-Encoding: chunked\r\n", b'WWW-Authenticate: Digest realm="', b"ffffffffffff\r\n", b"DHIP", b"\x30\x84\xff\xff\xff\xff",
    b"\x16\x03\x01\xff\xff", b"-----BEGIN CERTIFICATE-----", b"9" * 5000, b"\xc0\x0c", b"<title>", b"1970-02-30",
    b"\xff\xfe", b"\xed\xa0\x80", b"\xe2\x80\xae", b"\x1b[2J", b"-1", b"1e999", b"NaN", b"null", b"true", b"2026-13-45",
    b"9999-12-31T23:59:59-14:00", b"0001-01-01T00:00:00+14:00", b"::ffff:192.0.2.1", b"0.0.0.0/0", b"::/0", b"fe80::1%eth0",
    b"&a [*a,*a]", b"!!python/name:os.system", b"[[", b"]]", b"'''", b'"""', b"{{ 7*7 }}", b"=1+1", b"\xe2\x91\xa0", b"\xd9\xa3",
)  # fmt: skip
"""Words that some grammar gives a meaning, and values at the edges of what clocks, numbers and texts can hold."""
_SIZES = (1, 1, 2, 4, 16, 64, 512)
_TIMES = (1, 1, 1, 30)


def mutated(seed: bytes, chance: random.Random, other: bytes = b"") -> bytes:
    """Return a seed with one to six damages, the last of which may be a piece of another input."""
    data = bytearray(seed)
    roll = chance.random
    for _ in range(1 + int(roll() * 6)):
        at = int(roll() * (len(data) + 1))
        size = _SIZES[int(roll() * 7)]
        match int(roll() * 9):
            case 0:
                if roll() < 0.4:
                    del data[at:]
            case 1:
                del data[at : at + size]
            case 2:
                data[at:at] = chance.randbytes(size)
            case 3:
                data[at : at + size] = data[at : at + size] * (2 + int(roll() * 39))
            case 4:
                data[at:at] = TOKENS[int(roll() * len(TOKENS))] * _TIMES[int(roll() * 4)]
            case 5 if at < len(data):
                data[at] ^= 1 << int(roll() * 8)
            case 6:
                data[at : at + size] = TOKENS[int(roll() * len(TOKENS))]
            case 7 if other:
                start = int(roll() * len(other))
                data[at:at] = other[start : start + 4 * size]
            case _:
                data[at:at] = data[:size]
    return bytes(data[:MOST])
