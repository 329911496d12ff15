import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.wire import ber, snmp

SYS_DESCR = bytes.fromhex("2b06010201010100")
SYS_OBJECT = bytes.fromhex("2b06010201010200")


def tlv(tag: int, *parts: bytes) -> bytes:
    return ber.encode(tag, b"".join(parts))


def response(version: int, *bindings: bytes, pdu: int = 0xA2) -> bytes:
    zero = tlv(2, b"\x00")
    return tlv(
        0x30,
        tlv(2, bytes((version,))),
        tlv(4, b"community of the owner"),
        tlv(pdu, tlv(2, b"\x01"), zero, zero, tlv(0x30, *bindings)),
    )


def test_engine_discovery_is_the_empty_question_of_rfc_3414() -> None:
    sent = snmp.engine_discovery(0x4A69)
    # The bytes nmap's SNMPv3GetRequest probe sends (nmap-service-probes), with one number for both identifiers.
    assert sent == (
        b"\x30\x3a\x02\x01\x03\x30\x0f\x02\x02\x4a\x69\x02\x03\0\xff\xe3\x04\x01\x04\x02\x01\x03\x04\x10"
        b"\x30\x0e\x04\0\x02\x01\0\x02\x01\0\x04\0\x04\0\x04\0\x30\x12\x04\0\x04\0\xa0\x0c"
        b"\x02\x02\x4a\x69\x02\x01\0\x02\x01\0\x30\0"
    )


def test_the_engine_of_a_report_is_read() -> None:
    engine = bytes.fromhex("80004fd903aabbccddee01")
    security = tlv(0x30, tlv(4, engine), tlv(2, b"\x07"), tlv(2, b"\x01"), tlv(4), tlv(4), tlv(4))
    binding = tlv(0x30, tlv(6, bytes.fromhex("2b060106030f01010400")), tlv(0x41, b"\x11"))
    pdu = tlv(0xA8, tlv(2, b"\x01"), tlv(2, b"\x00"), tlv(2, b"\x00"), tlv(0x30, binding))
    reply = tlv(
        0x30,
        tlv(2, b"\x03"),
        tlv(0x30, tlv(2, b"\x01")),
        tlv(4, security),
        tlv(0x30, tlv(4, engine), tlv(4), pdu),
    )
    assert snmp.parse(reply) == snmp.Message("3", "report", (("1.3.6.1.6.3.15.1.1.4.0", "17"),), engine)


@pytest.mark.parametrize(
    ("tag", "content", "value"),
    [
        (4, b"NC-2 Network Camera", "NC-2 Network Camera"),
        (4, bytes.fromhex("a2b3c4d5e6ff"), "a2b3c4d5e6ff"),
        (4, b"padded\x00\x00", "padded"),
        (2, b"\xff", "-1"),
        (0x43, b"\x01\x00", "256"),
        (0x41, b"\xff\xff\xff\xff", "4294967295"),
        (0x40, b"\x0a\x00\x00\x01", "10.0.0.1"),
        (6, bytes.fromhex("2b0601040181bd5103020a"), "1.3.6.1.4.1.24273.3.2.10"),
    ],
)
def test_every_kind_of_value_is_told_as_people_write_it(tag: int, content: bytes, value: str) -> None:
    read = snmp.parse(response(1, tlv(0x30, tlv(6, SYS_DESCR), tlv(tag, content))))
    assert read == snmp.Message("2c", "response", (("1.3.6.1.2.1.1.1.0", value),))


def test_objects_that_do_not_exist_are_left_out() -> None:
    gone = tlv(0x30, tlv(6, SYS_OBJECT), tlv(0x80))
    there = tlv(0x30, tlv(6, SYS_DESCR), tlv(4, b"x"))
    read = snmp.parse(response(0, gone, there))
    assert read is not None
    assert (read.version, read.varbinds) == ("1", (("1.3.6.1.2.1.1.1.0", "x"),))


def test_a_community_is_never_kept() -> None:
    assert "community" not in repr(snmp.parse(response(1, tlv(0x30, tlv(6, SYS_DESCR), tlv(4, b"x")))))


def test_what_is_no_message_gives_none() -> None:
    for reply in (b"", b"\x30\x80\x02\x01\x03", b"\x30\x05\x02\x01\x09\x04\x00", b"HTTP/1.1 200 OK", b"0"):
        assert snmp.parse(reply) is None


def test_a_message_of_a_million_objects_is_bounded() -> None:
    many = tlv(0x30, tlv(6, SYS_DESCR), tlv(4, b"x")) * 3000
    read = snmp.parse(response(1, many))
    assert read is not None
    assert len(read.varbinds) == snmp.MAX_VARBINDS


@given(st.binary(max_size=300))
def test_any_bytes_are_read_without_failing(noise: bytes) -> None:
    for data in (noise, tlv(0x30, tlv(2, b"\x03"), noise), response(1, noise), response(3, noise)):
        read = snmp.parse(data)
        assert read is None or read.version in {"1", "2c", "3"}


@given(st.binary(max_size=200))
def test_elements_never_reach_beyond_the_bytes(noise: bytes) -> None:
    assert sum(len(each.content) + 2 for each in ber.elements(noise)) <= len(noise)
