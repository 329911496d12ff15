import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.wire import banner, favicon, sdk, ssdp, telnet


@pytest.mark.parametrize(
    ("reply", "text", "options"),
    [
        (
            b"\xff\xfb\x01\xff\xfb\x03\xff\xfd\x1f192.0.0.64 login: ",
            "192.0.0.64 login:",
            "WILL 1,WILL 3,DO 31",
        ),
        (b"\xff\xfa\x18\x01\xff\xf0Password: ", "Password:", ""),
        (b"a\xff\xffb\x00c", "a\xffbc", ""),
        (b"cut\xff", "cut", ""),
        (b"cut\xff\xfb", "cut", ""),
        (b"\xff\xfa\x18 never ends", "", ""),
        ("ÿû\x01ÿû\x03Welcome\r\n\r\nPassword:".encode(), "Welcome\r\n\r\nPassword:", "WILL 1,WILL 3"),
        ("Grüße ÿ login:".encode(), "Grüße ÿ login:", ""),
        (b"", "", ""),
    ],
)
def test_telnet_text_and_options_are_kept_apart(reply: bytes, text: str, options: str) -> None:
    assert telnet.text(reply) == text
    assert telnet.negotiation(reply) == options


@pytest.mark.parametrize(
    ("reply", "lines"),
    [
        (b"SSH-2.0-dropbear_2022.83\r\n\x00\x00\x01\x5c", "SSH-2.0-dropbear_2022.83\n\x01\\"),
        (b"220-Welcome\r\n220 Network Camera 2.43 ready.\r\n", "220-Welcome\n220 Network Camera 2.43 ready."),
        (b"\r\n\r\n220 ready   \r\n", "220 ready"),
        (b"", ""),
    ],
)
def test_the_first_lines_of_a_greeting_are_told(reply: bytes, lines: str) -> None:
    assert banner.first_lines(reply) == lines


def test_a_greeting_is_bounded() -> None:
    assert len(banner.first_lines(b"x" * 1_000_000)) == banner.MAX_CHARACTERS
    assert banner.first_lines(b"a\n" * 100).count("\n") == banner.MAX_LINES - 1


def test_favicon_hashes_are_those_search_engines_show() -> None:
    # Independent computation: base64 with a line feed after each 76 characters, then MurmurHash3 x86 32, seed 0.
    assert favicon.mmh3(b"") == 0
    assert favicon.mmh3(b"hello") == murmur3_x86_32(b"aGVsbG8=\n")
    assert favicon.mmh3(bytes(range(100))) == murmur3_x86_32(wrapped(bytes(range(100))))
    assert favicon.md5(b"hello") == hashlib.md5(b"hello").hexdigest() == "5d41402abc4b2a76b9719d911017c592"


def wrapped(data: bytes) -> bytes:
    import base64

    text = base64.b64encode(data)
    return b"".join(text[at : at + 76] + b"\n" for at in range(0, len(text), 76))


def murmur3_x86_32(data: bytes) -> int:
    """Austin Appleby's algorithm written down again, so that the library is checked by something else."""
    mask, value = 0xFFFFFFFF, 0

    def turned(number: int, by: int) -> int:
        return (number << by | number >> (32 - by)) & mask

    for at in range(0, len(data) - len(data) % 4, 4):
        block = int.from_bytes(data[at : at + 4], "little") * 0xCC9E2D51 & mask
        value = (turned(value ^ turned(block, 15) * 0x1B873593 & mask, 13) * 5 + 0xE6546B64) & mask
    tail = data[len(data) - len(data) % 4 :]
    if tail:
        value ^= turned(int.from_bytes(tail, "little") * 0xCC9E2D51 & mask, 15) * 0x1B873593 & mask
    value ^= len(data)
    for by, factor in ((16, 0x85EBCA6B), (13, 0xC2B2AE35)):
        value = (value ^ value >> by) * factor & mask
    value ^= value >> 16
    return value - (1 << 32) if value & 0x80000000 else value


def test_the_shape_of_an_sdk_port_is_its_first_bytes() -> None:
    assert sdk.shape(bytes.fromhex("000000100000001e0000001e00000000") + b"x" * 99).startswith(
        "000000100000001e"
    )
    assert len(sdk.shape(b"x" * 99)) == 64
    assert sdk.shape(b"") == ""


def test_a_search_for_upnp_is_one_datagram_for_all() -> None:
    sent = ssdp.search("upnp:rootdevice\r\nX: y")
    assert sent.startswith(b"M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\n")
    assert sent.endswith(b"ST: upnp:rootdeviceX:y\r\n\r\n")


def test_an_announcement_is_read_as_head_without_a_status() -> None:
    reply = b"NOTIFY * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nSERVER: os/7.0 UPnP/1.0 NC-2/1.0\r\nUSN: uuid:1\r\n\r\n"
    read = ssdp.parse(reply)
    assert read is not None
    assert (read.status, read.reason, read.header("server")) == (None, "NOTIFY", "os/7.0 UPnP/1.0 NC-2/1.0")


def test_an_answer_to_a_search_is_read() -> None:
    read = ssdp.parse(
        b"HTTP/1.1 200 OK\r\nLOCATION: http://127.0.0.1:49152/d.xml\r\nST: upnp:rootdevice\r\n\r\n"
    )
    assert read is not None
    assert (read.status, read.header("location")) == (200, "http://127.0.0.1:49152/d.xml")


@given(st.binary(max_size=600))
def test_any_bytes_are_read_without_failing(noise: bytes) -> None:
    for data in (noise, b"NOTIFY " + noise, b"\xff\xfa" + noise):
        assert isinstance(telnet.text(data), str)
        assert isinstance(banner.first_lines(data), str)
        ssdp.parse(data)
        assert len(sdk.shape(data)) <= 64
