"""What a device says after login outranks what it showed before, and the contradiction stays."""

from auditor.model import Certainty, Endpoint, Exchange, Protocol, Status
from auditor.run.again import known_from

ENDPOINT = Endpoint("192.0.2.1", 80)
INFO = """<?xml version="1.0" encoding="UTF-8"?><DeviceInfo version="2.0" xmlns="http://www.hikvision.com/ver20/XMLSchema"><model>DS-2CD2043G0-I</model><serialNumber>DS-2CD2043G0-I20190313AAWRD00000001</serialNumber><firmwareVersion>V5.6.3</firmwareVersion><firmwareReleasedDate>build 190923</firmwareReleasedDate><deviceType>IPCamera</deviceType></DeviceInfo>"""
FALSE = """<?xml version="1.0" encoding="UTF-8"?><ProbeMatch><Uuid>1</Uuid><Types>inquiry</Types><DeviceType>138224</DeviceType><DeviceDescription>DS-2CD2143G2-I</DeviceDescription><DeviceSN>DS-2CD2143G2-I20220207AAWRJ00000001</DeviceSN><SoftwareVersion>V5.7.3build 220112</SoftwareVersion><Activated>true</Activated></ProbeMatch>"""


def said(probe: str, protocol: Protocol, request: bytes, reply: str) -> Exchange:
    body = reply.encode()
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/xml\r\nContent-Length: %d\r\n\r\n" % len(body)
    whole = head + body if protocol is Protocol.HTTP else body
    return Exchange("hall/192.0.2.1", probe, protocol, ENDPOINT, request, whole, Status.ANSWERED)


BEFORE = said("sadp", Protocol.SADP, b"", FALSE)
AFTER = said("login_isapi", Protocol.HTTP, b"GET /ISAPI/System/deviceInfo HTTP/1.1\r\n\r\n", INFO)


def test_before_the_login_the_false_reply_is_believed() -> None:
    identity = known_from("hall/192.0.2.1", [BEFORE]).identity
    assert (identity.value("model"), identity.value("firmware")) == ("DS-2CD2143G2-I", "V5.7.3")


def test_after_the_login_the_device_is_taken_at_its_word_to_the_owner() -> None:
    identity = known_from("hall/192.0.2.1", [BEFORE, AFTER]).identity
    assert (identity.value("model"), identity.value("firmware")) == ("DS-2CD2043G0-I", "V5.6.3")
    assert identity.value("build_date") == "2019-09-23"
    firmware = identity.claim("firmware")
    assert firmware is not None
    assert firmware.certainty is not Certainty.TENTATIVE


def test_the_contradiction_is_kept_with_both_sayings() -> None:
    identity = known_from("hall/192.0.2.1", [AFTER, BEFORE]).identity
    against = {one.name: (one.held.value, one.against.value) for one in identity.contradictions}
    assert against["model"] == ("DS-2CD2043G0-I", "DS-2CD2143G2-I")
    assert against["firmware"] == ("V5.6.3", "V5.7.3")
