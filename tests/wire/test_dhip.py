"""DHIP answers under many headers."""

import json
import struct

import pytest

from auditor.wire import dhip

INFORMATION = {
    "mac": "3c:ef:8c:00:00:01",
    "method": "client.notifyDevInfo",
    "params": {
        "deviceInfo": {
            "DeviceClass": "VTO",
            "DeviceType": "VTO2000A",
            "HttpPort": 80,
            "IPv4Address": {"DhcpEnable": False, "IPAddress": "192.0.2.232"},
            "IPv6Address": {"LinkLocalAddress": "fe80::3eef/64"},
            "Init": 150,
            "SerialNo": "3C00000PAN00001",
            "Vendor": "General",
            "Version": "3.120.0000.0.R",
        }
    },
}
BODY = json.dumps(INFORMATION).replace("/64", r"\/64").encode()


def framed(body: bytes, header: int = 0x20) -> bytes:
    return (
        struct.pack("<I4sIIIIII", header, b"DHIP", 0, 0, len(body), 0, len(body), 0)[:header].ljust(
            header, b"\x00"
        )
        + body
    )


def test_nested_fields_have_dotted_names_in_the_devices_order() -> None:
    answer = dhip.parse(framed(BODY))
    assert answer
    assert (answer.method, answer.mac) == ("client.notifyDevInfo", "3c:ef:8c:00:00:01")
    assert [name for name, _ in answer.fields][:5] == [
        "DeviceClass",
        "DeviceType",
        "HttpPort",
        "IPv4Address.DhcpEnable",
        "IPv4Address.IPAddress",
    ]
    assert answer.field("ipv6address.linklocaladdress") == "fe80::3eef/64"
    assert answer.field("Init") == "150"
    assert answer.field("IPv4Address.DhcpEnable") == "false"
    assert answer.field("DeviceID") is None


@pytest.mark.parametrize(
    "reply",
    [
        framed(BODY + b"\n"),
        framed(BODY + b"\x00"),
        framed(BODY + b"\n\x00\x00trailing"),
        framed(BODY, 0x28),
        framed(BODY, 0x18),
        framed(BODY + b"}}"),
        BODY,
    ],
)
def test_header_length_and_padding_change_nothing(reply: bytes) -> None:
    answer = dhip.parse(reply)
    assert answer
    assert answer.field("SerialNo") == "3C00000PAN00001"


def test_datagrams_in_a_row_are_read_one_by_one() -> None:
    other = BODY.replace(b"00:00:01", b"00:00:02").replace(b"VTO2000A", "前门".encode())
    # The length of this body puts a byte outside ASCII into the header that follows the first body.
    padded = other.replace(b'"Init"', b'"Pad": "%s", "Init"' % (b"x" * (0x2DA - len(other) - 9)))
    found = dhip.answers(framed(padded) + framed(BODY) + framed(padded))
    assert [answer.mac[-2:] for answer in found] == ["02", "01", "02"]
    assert found[0].field("DeviceType") == "前门"
    assert len(dhip.answers(framed(BODY) * 500)) <= dhip.MAX_ANSWERS + 1


def test_an_answer_cut_short_gives_what_is_whole() -> None:
    reply = framed(BODY)
    answer = dhip.parse(reply[: reply.index(b".0000.0.R")])
    assert answer
    assert answer.field("Vendor") == "General"
    assert answer.field("Version") is None


@pytest.mark.parametrize(
    "reply",
    [
        b"",
        b"DHIP",
        framed(b""),
        framed(b"{}"),
        framed(b'{"method":"client.other","params":{}}'),
        b'{"mac":"x"}',
        b"DH\x01\x01" + BODY[:20],
        dhip.search(),
        dhip.search().replace(b'"mac" : ""', b'"mac" : "a"'),
    ],
)
def test_our_own_search_and_other_bytes_are_no_answer(reply: bytes) -> None:
    assert dhip.parse(reply) is None


def test_the_search_is_framed_as_makers_tools_frame_it() -> None:
    sent = dhip.search()
    assert sent[:32].hex() == "2000000044484950000000000000000049000000000000004900000000000000"
    assert json.loads(sent[32:]) == {"method": "DHDiscover.search", "params": {"mac": "", "uni": 1}}
    assert len(sent) == 32 + 0x49
