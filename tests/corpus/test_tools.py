"""What other tools' data says of a reply, on data of their form written for it."""

from dataclasses import replace
from pathlib import Path

import pytest

from auditor.model import Endpoint, Exchange, Protocol, Status
from tests.corpus.others import discovery, nmap, recog, registry
from tests.corpus.others.tool import counts, slugs
from tests.corpus.replies import Recorded, Want

PROBES = r"""
Probe TCP GetRequest q|GET / HTTP/1.0\r\n\r\n|
match http m|^HTTP/1\.0 200 OK\r\nServer: Acme/(\d)\r\n|s p/Acme camera/ v/$1/ d/webcam/ cpe:/h:acme:cam/
match http m%^HTTP/1\.1 401 .*realm="login to \w+"%is p/Dahua webcam httpd/ d/webcam/
match rtsp m|^RTSP/1\.0 401 [a-z{2|
"""
XML = """<?xml version='1.0'?><fingerprints matches="x">
<fingerprint pattern="^(?:Basic|Digest) realm=&quot;Login to \\w+&quot;" flags="REG_ICASE">
<param pos="0" name="hw.vendor" value="Dahua"/><param pos="0" name="hw.device" value="IP Camera"/></fingerprint>
<fingerprint pattern="^.*"><param pos="0" name="hw.vendor" value="Axis"/></fingerprint></fingerprints>"""
REFUSED = b'HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Digest realm="Login to 4K01", nonce="1"\r\n\r\n'


def exchange(
    reply: bytes, protocol: Protocol = Protocol.HTTP, request: bytes = b"GET / HTTP/1.1\r\n\r\n"
) -> Exchange:
    return Exchange("d", "test", protocol, Endpoint("192.0.2.9", 80), request, reply, Status.ANSWERED)


def recorded(reply: bytes, maker: str, source: str = "", true_maker: str = "", **shown: str) -> Recorded:
    want = Want(
        "d", "http", "real-capture", maker, true_maker, maker == "dahua", tuple(shown.items()), source
    )
    return Recorded(want, (exchange(reply),))


def test_match_lines_of_nmap_are_read_with_their_delimiters_and_flags(tmp_path: Path) -> None:
    path = tmp_path / "nmap-service-probes"
    path.write_text(PROBES, encoding="latin-1")
    tool = nmap.tool(path, "1")
    acme = tool.reads(exchange(b"HTTP/1.0 200 OK\r\nServer: Acme/1\r\n\r\n"))
    assert list(acme or ()) == ["Acme camera", "webcam", "acme"]
    assert list(tool.reads(exchange(REFUSED)) or ()) == ["Dahua webcam httpd", "webcam"]
    unread = tool.reads(exchange(b"RTSP/1.0 401 ab", Protocol.RTSP))
    assert unread is not None, "there are lines for the service, even where one of them cannot be read"
    assert list(unread) == []
    assert tool.reads(exchange(b"x", Protocol.SADP)) is None


def test_recog_takes_the_first_pattern_of_the_fields_own_file(tmp_path: Path) -> None:
    for name in set(recog._FIELDS.values()):
        (tmp_path / name).write_text(
            XML if name == "http_wwwauth.xml" else "<fingerprints/>", encoding="utf-8"
        )
    tool = recog.tool(tmp_path, "1")
    assert list(tool.reads(exchange(REFUSED)) or ()) == ["Dahua"]
    assert list(tool.reads(exchange(REFUSED.replace(b"Login to", b"Logging"))) or ()) == ["Axis"]
    assert tool.reads(exchange(b"x", Protocol.SADP)) is None


def test_a_scanner_by_signature_takes_the_protocol_for_the_maker() -> None:
    tool = discovery.tool("1")
    assert tool.reads(exchange(b"<ProbeMatch><MAC>1</MAC></ProbeMatch>", Protocol.SADP)) == ("Hikvision",)
    assert tool.reads(exchange(b'\x20\0\0\0DHIP{"method":"client.notifyDevInfo"}', Protocol.DHIP)) == (
        "Dahua",
    )
    assert tool.reads(exchange(b"<d:Types>dn:NetworkVideoTransmitter</d:Types>", Protocol.WSD)) == ()
    assert tool.reads(exchange(REFUSED)) is None


def test_the_registry_names_whose_block_an_address_is_of(tmp_path: Path) -> None:
    path = tmp_path / "nmap-mac-prefixes"
    path.write_text("# comment\n4419B6 Hangzhou Hikvision Digital Technology\n", encoding="utf-8")
    said = exchange(b"<ProbeMatch><MAC>44-19-b6-00-00-01</MAC></ProbeMatch>", Protocol.SADP)
    assert registry.tool(path, "1").reads(said) == ("Hangzhou Hikvision Digital Technology",)
    assert registry.tool(path, "1").reads(exchange(REFUSED)) is None


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("Dahua IP camera rtspd", {"dahua"}),
        ("Hangzhou Hikvision Digital Technology", {"hikvision"}),
        ("Lorex", {"lorex"}),
        ("axis", {"axis"}),
        ("webcam", set()),
        ("Apache httpd", set()),
    ],
)
def test_names_are_found_in_a_tools_words(text: str, named: set[str]) -> None:
    assert slugs([text]) == named


def test_what_a_tool_says_is_counted_against_what_the_device_is() -> None:
    said = {b"1": ["Dahua"], b"2": ["Lorex"], b"3": ["Axis"], b"4": [], b"5": None}
    tool = replace(discovery.tool("1"), source="its/own", reads=lambda heard: said[heard.reply])
    devices = [recorded(reply, "dahua", brand="Lorex") for reply in said]
    devices += [
        recorded(b"1", "other"),
        recorded(b"3", "other", true_maker="axis"),
        recorded(b"1", "dahua", "its/own"),
    ]
    assert counts(tool, devices) == {
        "right": 1, "label": 1, "wrong": 1, "silent": 1, "unread": 1,
        "alarms": 1, "named": 1, "others": 2, "own_examples": 1,
    }  # fmt: skip
