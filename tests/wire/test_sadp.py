"""SADP answers with everything that goes wrong in them."""

import pytest

from auditor.wire import sadp

REPLY = (
    b'<?xml version="1.0" encoding="UTF-8" ?>\r\n<ProbeMatch>\r\n<Uuid>E8ECFE09-90E4-44C0-842B-000000000001</Uuid>\r\n'
    b"<Types>inquiry</Types>\r\n<DeviceType>141945</DeviceType>\r\n<DeviceDescription>NC-2385G1-I</DeviceDescription>\r\n"
    b"<DeviceSN>NC-2385G1-I20200414AAWRE30000001</DeviceSN>\r\n<MAC>58-50-ed-00-00-01</MAC>\r\n"
    b"<SoftwareVersion>V5.6.2build 190701</SoftwareVersion>\r\n<HCPlatformEnable>flase</HCPlatformEnable>\r\n</ProbeMatch>\r\n"
)


def test_an_answer_keeps_its_fields_in_order_and_in_the_devices_words() -> None:
    answer = sadp.parse(REPLY)
    assert answer
    assert answer.root == "ProbeMatch"
    assert [name for name, _ in answer.fields][:3] == ["Uuid", "Types", "DeviceType"]
    assert answer.field("softwareversion") == "V5.6.2build 190701"
    assert answer.field("HCPlatformEnable") == "flase"
    assert answer.field("OEMCode") is None


@pytest.mark.parametrize(
    "reply",
    [
        b"\x00\x01\xff" + REPLY + b"\x00",
        REPLY.replace(b"\r\n", b""),
        REPLY.replace(b"ProbeMatch", b"PROBEMATCH").replace(b"DeviceSN", b"DEVICESN"),
        REPLY.replace(b"ProbeMatch", b"x:ProbeMatch"),
        REPLY.replace(b"</ProbeMatch>", b""),
        REPLY[REPLY.index(b"<DeviceType>") :],
        REPLY.replace(b"<Types>inquiry</Types>", b"<Types>inquiry<Types>"),
        REPLY.replace(b"<MAC>", b"<Salt>\x80\x01</Salt><MAC>"),
        b"<!DOCTYPE a [<!ENTITY b 'c'>]>" + REPLY,
    ],
)
def test_a_badly_formed_answer_still_gives_its_serial_number(reply: bytes) -> None:
    answer = sadp.parse(reply)
    assert answer
    assert answer.field("DeviceSN") == "NC-2385G1-I20200414AAWRE30000001"


def test_blanks_inside_a_value_are_the_devices_own() -> None:
    answer = sadp.parse(b"<Hello><DeviceSN> NC-406-E 20250322AIFX00000001 </DeviceSN></Hello>")
    assert answer == sadp.Answer("Hello", (("DeviceSN", "NC-406-E 20250322AIFX00000001"),))


def test_a_version_cut_off_by_the_end_of_the_datagram_is_left_out() -> None:
    answer = sadp.parse(REPLY[: REPLY.index(b"0701</Soft")])
    assert answer
    assert answer.field("SoftwareVersion") is None
    assert answer.field("MAC") == "58-50-ed-00-00-01"


@pytest.mark.parametrize(
    "reply",
    [
        b"",
        b"<",
        b"text",
        b"<html><body>no</body></html>",
        sadp.inquiry("A", sadp.Kind.INQUIRY),
        b"<s:Envelope><s:Body><d:ProbeMatches><d:ProbeMatch><d:Types>x</d:Types></d:ProbeMatch></d:ProbeMatches></s:Body></s:Envelope>",
    ],
)
def test_our_own_question_and_other_protocols_are_no_answer(reply: bytes) -> None:
    assert sadp.parse(reply) is None


def test_chinese_names_are_read_in_either_encoding() -> None:
    for encoding in ("utf-8", "gb2312"):
        answer = sadp.parse("<ProbeMatch><DeviceName>大门摄像机</DeviceName></ProbeMatch>".encode(encoding))
        assert answer
        assert answer.field("DeviceName") == "大门摄像机"


def test_only_the_two_inquiries_can_be_asked() -> None:
    assert {kind.value for kind in sadp.Kind} == {"inquiry", "inquiry_v32"}
    for kind in sadp.Kind:
        assert sadp.inquiry("13A888A9-F1B1-4020-AE9F-000000000001", kind) == (
            b'<?xml version="1.0" encoding="utf-8"?><Probe><Uuid>13A888A9-F1B1-4020-AE9F-000000000001</Uuid>'
            b"<Types>%s</Types></Probe>" % kind.value.encode()
        )
    with pytest.raises(ValueError, match="activate"):
        sadp.inquiry("A", "activate")  # type: ignore[arg-type]
    assert b"<Types>inquiry</Types>" in sadp.inquiry("</Uuid><Types>reset</Types>", sadp.Kind.INQUIRY)
    assert b"<Types>reset" not in sadp.inquiry("</Uuid><Types>reset</Types>", sadp.Kind.INQUIRY)
