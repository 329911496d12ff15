"""WS-Discovery answers under many prefixes."""

import pytest

from auditor.wire import soap, ws_discovery, xml

ENTRY = (
    "<{w}:EndpointReference><{w}:Address>{endpoint}</{w}:Address></{w}:EndpointReference>"
    "<{d}:Types>dn:NetworkVideoTransmitter\r\n tds:Device</{d}:Types><{d}:Scopes>\n onvif://www.onvif.org/hardware/NC2-D  "
    "onvif://www.onvif.org/name/NORTH%20NC2-D </{d}:Scopes><{d}:XAddrs>http://192.0.2.7/onvif/device_service "
    "http://[fe80::2a57:beff:fe00:1]/onvif/device_service</{d}:XAddrs><{d}:MetadataVersion>10</{d}:MetadataVersion>"
)
ANSWER = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<{s}:Envelope><{s}:Header><{w}:RelatesTo>uuid:0a</{w}:RelatesTo><{w}:ReplyTo>'
    "<{w}:Address>http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous</{w}:Address></{w}:ReplyTo>"
    '<{d}:AppSequence InstanceId="1592239476" MessageNumber="7"/></{s}:Header><{s}:Body><{d}:ProbeMatches><{d}:ProbeMatch>'
    + ENTRY
    + "</{d}:ProbeMatch></{d}:ProbeMatches></{s}:Body></{s}:Envelope>\x00"
)


def answer(
    s: str = "s", w: str = "a", d: str = "d", endpoint: str = "urn:uuid:aa85c000-6324-11b3-819e-5850ed000001"
) -> bytes:
    return ANSWER.format(s=s, w=w, d=d, endpoint=endpoint).encode()


@pytest.mark.parametrize(
    ("s", "w", "d"),
    [("s", "a", "d"), ("SOAP-ENV", "wsa", "wsdd"), ("env", "wsadis", "d"), ("soap", "wsa", "wsd")],
)
def test_an_answer_reads_the_same_under_any_prefix(s: str, w: str, d: str) -> None:
    (match,) = ws_discovery.matches(answer(s, w, d))
    assert match.endpoint == "urn:uuid:aa85c000-6324-11b3-819e-5850ed000001"
    assert match.types == "dn:NetworkVideoTransmitter tds:Device"
    assert match.scopes == (
        "onvif://www.onvif.org/hardware/NC2-D",
        "onvif://www.onvif.org/name/NORTH%20NC2-D",
    )
    assert match.xaddrs[1] == "http://[fe80::2a57:beff:fe00:1]/onvif/device_service"
    assert (match.metadata_version, match.relates_to, match.instance, match.hello) == (
        "10",
        "uuid:0a",
        "1592239476",
        False,
    )


@pytest.mark.parametrize("prefix", ["urn:uuid:", "uuid:", "URN:UUID:", ""])
def test_an_endpoint_is_the_same_with_and_without_its_prefix(prefix: str) -> None:
    (match,) = ws_discovery.matches(answer(endpoint=prefix + "0CBC0D5B-A7A1-47C7-BB60-85C878000002"))
    assert match.endpoint == prefix + "0CBC0D5B-A7A1-47C7-BB60-85C878000002"
    assert match.uuid == "0cbc0d5b-a7a1-47c7-bb60-85c878000002"


def test_a_hello_is_told_from_an_answer() -> None:
    text = (
        "<s:Envelope><s:Body><d:Hello>"
        + ENTRY.format(w="a", d="d", endpoint="uuid:1")
        + "</d:Hello></s:Body></s:Envelope>"
    )
    (match,) = ws_discovery.matches(text.encode())
    assert match.hello
    assert match.relates_to == ""


def test_several_devices_in_one_answer_stay_apart() -> None:
    one, two = (ENTRY.format(w="a", d="d", endpoint=f"uuid:{n}") for n in "12")
    text = f"<E><d:ProbeMatches><d:ProbeMatch>{one}</d:ProbeMatch><d:ProbeMatch>{two}</d:ProbeMatch></d:ProbeMatches></E>"
    assert [match.uuid for match in ws_discovery.matches(text.encode())] == ["1", "2"]


def test_an_answer_cut_short_gives_what_is_whole() -> None:
    whole = answer()
    (match,) = ws_discovery.matches(whole[: whole.index(b"name/NORTH")])
    assert match.endpoint
    assert match.scopes == ()


@pytest.mark.parametrize(
    "reply",
    [
        b"",
        b"\x00\xff",
        ws_discovery.probe("uuid:1", "tds:Device"),
        b"<s:Envelope><d:Bye><a:Address>x</a:Address></d:Bye></s:Envelope>",
    ],
)
def test_a_question_a_farewell_and_noise_name_nobody(reply: bytes) -> None:
    assert ws_discovery.matches(reply) == ()


def test_the_probe_is_one_line_with_its_prefixes_declared() -> None:
    sent = ws_discovery.probe("urn:uuid:1<&", "dn:NetworkVideoTransmitter").decode()
    assert "\n" not in sent
    assert xml.first(sent, "MessageID") == "urn:uuid:1<&"
    assert xml.first(sent, "Types") == "dn:NetworkVideoTransmitter"
    assert ("dn", "http://www.onvif.org/ver10/network/wsdl") in xml.namespaces(sent)
    assert soap.fault(sent) is None
    assert xml.first(ws_discovery.probe("u", "").decode(), "Types") is None


OWN_FORM = b"""<?xml version="1.0" encoding="UTF-8"?>
<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing"
 xmlns:tns="http://www.example.com/Ver10/Device/wsdl">
 <s:Header><a:RelatesTo>urn:uuid:1</a:RelatesTo></s:Header>
 <s:Body><tns:ExampleProbeMatches>
  <tns:Scopes> onvif://www.onvif.org/manufacturer/EXAMPLE onvif://www.onvif.org/hardware/IPC-1 </tns:Scopes>
  <tns:XAddrs>http://192.0.2.9:8080/device</tns:XAddrs>
 </tns:ExampleProbeMatches></s:Body></s:Envelope>"""


def test_an_answer_of_a_makers_own_form_tells_of_one_device() -> None:
    (match,) = ws_discovery.matches(OWN_FORM)
    assert match.scopes == (
        "onvif://www.onvif.org/manufacturer/EXAMPLE",
        "onvif://www.onvif.org/hardware/IPC-1",
    )
    assert match.xaddrs == ("http://192.0.2.9:8080/device",)
    assert match.relates_to == "urn:uuid:1"
