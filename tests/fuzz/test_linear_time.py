"""Four times the bytes may take little more than four times the time, and memory has a bound, whatever the bytes are."""

import gc
import os
import time
import tracemalloc
from collections.abc import Callable
from typing import Any

SMALL = 8192
GROWTH = 4
# A quadratic reading grows sixteenfold; a linear one fourfold, give or take a noisy machine.
TOO_MUCH = 9
# Below this many seconds for the large input nothing can be said and nothing is wrong.
NEGLIGIBLE = 0.03

# A line reads 262,144 bytes at most; the quick run takes a quarter of that and of the memory.
LIMIT = 262_144 if "AUDITOR_FUZZ_EXAMPLES" in os.environ else 65_536
MEMORY = 384 * LIMIT
GREEDY = (b"<a>", b"<a/>", b"<ProbeMatch>", b'{"a":', b'{"a":1},', b"[", b"1,", b"A: b\r\n", b"1\r\na\r\n", b"RTSP/1.0 200 OK\r\n\r\n", b"\x30\x00", b"\x01a")  # fmt: skip

UNITS = (
    b"<", b"<a", b"<a ", b'<a b="', b"<a b='", b"<a b=\"' ", b"</", b"</a>", b"<a>", b"<a/>", b"<![CDATA[", b"<!--", b"<!", b"<?",
    b"&", b"&#", b"&#1;", b"&lt", b"<title", b"<title ", b"<title>", b"<script ", b'<script src="', b"<script src=a ", b"<meta ",
    b'<meta content="0;url=', b"location", b"location = ", b"src=", b"src =  ", b"charset=", b"<Hello>", b"<ProbeMatch>", b"<XAddr>a",
    b"{", b"[", b'{"a":', b'["', b'"\\', b'"a":1,', b'{"a":{', b"}{", b'"', b"'", b"\\", b",", b", ", b"=", b"a=", b'a="', b"a='",
    b"a = ", b"Digest ", b"Basic a,", b"\r\n", b"\n", b"\r", b"\n ", b" ", b"\t", b"\n\t<", b"A: b\r\n", b"A:\n b", b"a", b"0", b"9", b"f\r\n",
    b"1\r\na\r\n", b"1;", b"\x00", b"\xff", b"\xff\xfa", b"\xff\xfd\x01", b"\xc0\x0c", b"\x01a", b"\x30\x80", b"\x30\x82\xff\xff", b"\x30\x03",
    b"\x16\x03\x01\x00\x01\x00", b"\xb3\xff", b"HTTP/1.1 100 \r\n\r\n", b"HTTP/1.1 200 OK\r\n", b"RTSP/1.0 200 OK\r\n\r\n", b"\nRTSP/1",
    b" \x00\x00\x00DHIP{", b"DHIP", b"-----BEGIN CERTIFICATE-----", b"-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----",
    b"\xe9", b"\xc3\xa9", b"\xb0\xa1", b"\xef\xbb\xbf", b"%41", b"onvif://a/", b"$\x00\x00\x01a",
)  # fmt: skip
# What has to stand before a hostile run for the code in question to be reached, by a word of the target's name.
HEADS = {
    "": b"",
    "http": b"HTTP/1.1 200 OK\r\n\r\n",
    "http_body": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
    "http_challenge": b"HTTP/1.1 401 \r\nWWW-Authenticate: Digest realm=",
    "rtsp": b"RTSP/1.0 401 \r\nWWW-Authenticate: Digest realm=",
    "onvif": b"HTTP/1.1 200 OK\r\n\r\n<s:Envelope>",
    "dhip": b" \x00\x00\x00DHIP" + bytes(24) + b'{"method":"client.notifyDevInfo","a":',
    "sadp": b"<ProbeMatch><DeviceSN>",
    "snmp": b"\x30\x84\x7f\xff\xff\xff\x02\x01\x01",
    "mdns": b"\x00\x00\x84\x00\xff\xff\xff\xff\xff\xff\xff\xff",
}


def _seconds(feed: Callable[[bytes], None], data: bytes) -> float:
    # The collector looks at everything the test process holds, which is no work of the reader's.
    gc.disable()
    try:
        started = time.process_time()
        feed(data)
        return time.process_time() - started
    finally:
        gc.enable()


def _grows_too_fast(feed: Callable[[bytes], None], head: bytes, unit: bytes) -> bool:
    for attempt in range(4):
        # A reader may remember what it read last, so every attempt differs.
        small = head + unit * (SMALL // len(unit)) + b"-" * attempt
        large = head + unit * (SMALL * GROWTH // len(unit)) + b"-" * attempt
        longer = _seconds(feed, large)
        if longer < NEGLIGIBLE or longer < TOO_MUCH * _seconds(feed, small):
            return False
    return True


def _heads(target: Any) -> list[bytes]:
    return [head for word, head in HEADS.items() if word in target.name]


def test_time_grows_with_the_size_and_no_faster(target: Any) -> None:
    slow = [
        (head, unit) for head in _heads(target) for unit in UNITS if _grows_too_fast(target.feed, head, unit)
    ]
    assert not slow, f"more than linear: {slow[:3]!r}"


def test_memory_stays_within_a_bound(target: Any) -> None:
    for head in _heads(target):
        for unit in GREEDY:
            data = head + unit * (LIMIT // len(unit))
            tracemalloc.start()
            try:
                target.feed(data)
                _, peak = tracemalloc.get_traced_memory()
            finally:
                tracemalloc.stop()
            assert peak < MEMORY, f"{peak} bytes for {len(data)} bytes of {head!r} and {unit!r}"
