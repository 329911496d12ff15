"""The older discovery's binary answers."""

import struct

import pytest

from auditor.wire import dahua_5050


def answer(
    *,
    naming: bytes = b"90:02:a9:00:00:01NC-HDW",
    text: bytes = b"Name:gate\r\nDevice:NC\r\nIPv6Addr:fe80::1/64;gateway:::\r\nSerialNo:1F00000PAX00001\r\n",
) -> bytes:
    fixed = bytearray(0x78)
    fixed[0], fixed[2], fixed[4], fixed[0x10] = 0xB3, len(naming), 0x58, 2
    struct.pack_into("<H", fixed, 0x14, len(text))
    struct.pack_into("<HHHH", fixed, 0x20, 2, 400, 0, 8)
    fixed[0x28:0x2F] = b"1F00000"
    fixed[0x38:0x3C] = bytes((192, 0, 2, 14))
    struct.pack_into("<HHH", fixed, 0x5E, 80, 443, 37777)
    return bytes(fixed) + naming + text


def test_all_three_sections_are_read() -> None:
    found = dahua_5050.parse(answer())
    assert found
    assert (found.device_class, found.mac, found.model) == ("1F00000", "90:02:a9:00:00:01", "NC-HDW")
    assert (found.address, found.http_port, found.https_port, found.tcp_port) == (
        "192.0.2.14",
        80,
        443,
        37777,
    )
    assert found.text[:2] == (("Name", "gate"), ("Device", "NC"))
    assert found.field("ipv6addr") == "fe80::1/64;gateway:::"
    assert found.field("SerialNo") == "1F00000PAX00001"
    assert found.numbers == (2, 400, 0, 8)


def test_sections_may_be_padded_short_or_missing() -> None:
    padded = dahua_5050.parse(answer(naming=b"90:02:a9:00:00:01NC-HDW\x00\x00\x00", text=b"SerialNo:1\x00"))
    assert padded
    assert (padded.model, padded.field("SerialNo")) == ("NC-HDW", "1")
    short = dahua_5050.parse(answer()[: 0x78 + 17])
    assert short
    assert (short.mac, short.model, short.text) == ("90:02:a9:00:00:01", "", ())
    bare = dahua_5050.parse(answer(naming=b"", text=b""))
    assert bare
    assert (bare.mac, bare.text) == ("", ())


@pytest.mark.parametrize("reply", [b"", b"\xb3" * 20, dahua_5050.search(), bytes(0x78), answer()[:0x77]])
def test_short_and_foreign_datagrams_are_no_answer(reply: bytes) -> None:
    assert dahua_5050.parse(reply) is None


def test_the_search_never_changes() -> None:
    assert dahua_5050.search().hex() == "a3010001" + "00" * 12 + "02000000" + "00" * 12
