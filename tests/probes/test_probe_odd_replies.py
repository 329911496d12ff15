"""Replies that are not as the standard has them, each in the form of a recorded one with other names and digits."""

import gzip
import json
import struct

import pytest

from auditor.model import Protocol
from tests.probes.replies import get, page, shown

ENTRANCE = "東門 攝像機"


def envelope(body: str, *namespaces: str, encoding: str = "UTF-8") -> str:
    declared = "".join(f' xmlns:n{number}="{address}"' for number, address in enumerate(namespaces))
    return f'<?xml version="1.0" encoding="{encoding}"?><e:Envelope{declared}><e:Body>{body}</e:Body></e:Envelope>'


def percent(text: str, codec: str) -> str:
    return "".join(f"%{octet:02X}" for octet in text.encode(codec))


@pytest.mark.parametrize(("label", "codec"), [("GB2312", "gb18030"), ("big5", "big5"), ("utf-16", "utf-16")])
def test_every_protocol_is_read_in_the_set_its_reply_declares(label: str, codec: str) -> None:
    def told(protocol: Protocol, text: str, request: str = "") -> str:
        return repr(shown(protocol, text.encode(codec), request))

    declaration = f'<?xml version="1.0" encoding="{label}"?>'
    assert ENTRANCE in told(
        Protocol.SADP, f"{declaration}<ProbeMatch><DeviceSN>1</DeviceSN><Name>{ENTRANCE}</Name></ProbeMatch>"
    )
    assert ENTRANCE in told(
        Protocol.SSDP,
        f"{declaration}<multicastSearchResult><deviceName>{ENTRANCE}</deviceName></multicastSearchResult>",
    )
    hello = (
        f"<d:Hello><d:Scopes>onvif://www.onvif.org/location/{ENTRANCE.replace(' ', '_')}</d:Scopes></d:Hello>"
    )
    assert ENTRANCE.replace(" ", "_") in told(Protocol.WSD, envelope(hello, encoding=label))
    if codec != "utf-16":
        head = "MESSAGE sip:a@b SIP/2.0\r\nContent-Length: 999\r\n\r\n"
        answer = f"<Response><CmdType>DeviceInfo</CmdType><Manufacturer>{ENTRANCE}</Manufacturer></Response>"
        assert ENTRANCE in told(Protocol.SIP, f"{head}{declaration}{answer}")
        described = (
            f"RTSP/1.0 200 OK\r\n\r\nv=0\r\ns={ENTRANCE}\r\na=charset:{label}\r\nm=video 0 RTP/AVP 96\r\n"
        )
        assert ENTRANCE in told(Protocol.RTSP, described)
        head = f'Content-Type: text/html; charset={label}\r\nWWW-Authenticate: Basic realm="{ENTRANCE}"'
        assert ENTRANCE in told(Protocol.HTTP, page("", head, status="401 Unauthorized"), get("/"))


@pytest.mark.parametrize(
    ("label", "codec", "text"),
    [
        ("UTF-8", "utf-8", "東門"),
        ("UTF-8", "gb2312", "大门"),
        ("GB18030", "gbk", "東門"),
        ("Big5", "big5", "東門"),
    ],
)
def test_octets_behind_percent_signs_are_in_the_declared_set(label: str, codec: str, text: str) -> None:
    name = f"onvif://www.onvif.org/name/{percent(text, codec)}%20{percent(text, codec)}"
    reply = page(
        envelope(f"<r><s:ScopeItem>{name}</s:ScopeItem></r>", encoding=label), "Content-Type: text/xml"
    )
    assert shown(Protocol.ONVIF, reply)["onvif.scope.name"] == (f"{text} {text}",)
    found = shown(
        Protocol.WSD, envelope(f"<d:ProbeMatch><d:Scopes>{name}</d:Scopes></d:ProbeMatch>", encoding=label)
    )
    assert found["onvif.scope.name"] == (f"{text} {text}",)


@pytest.mark.parametrize("mark", ["utf-8-sig", "utf-16"])
def test_a_byte_order_mark_is_no_part_of_xml_json_or_keys(mark: str) -> None:
    def body(text: str, kind: str) -> bytes:
        return f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\n\r\n".encode() + text.encode(mark)

    info = '<?xml version="1.0"?><DeviceInfo version="2.0"><model>NC-2</model></DeviceInfo>'
    assert shown(Protocol.HTTP, body(info, "application/xml"), get("/ISAPI/System/deviceInfo"))[
        "isapi.model"
    ] == ("NC-2",)
    assert shown(Protocol.HTTP, body('{"model":"NC-2"}', "application/json"), get("/info.json"))[
        "json.model"
    ] == ("NC-2",)
    asked = get("/cgi-bin/magicBox.cgi?action=getSerialNo")
    assert shown(Protocol.HTTP, body("sn=4K01000PAJ00001", "text/plain"), asked)["cgi.serial"] == (
        "4K01000PAJ00001",
    )


def test_a_packed_page_is_read_though_no_header_says_so() -> None:
    packed = gzip.compress("<title>NC-2 大门</title>".encode("gb2312"))
    for headers in ("", "Content-Encoding: deflate\r\n", "Content-Encoding: identity\r\n"):
        head = f"HTTP/1.1 200 OK\r\n{headers}Content-Type: text/html; charset=gb2312\r\n\r\n".encode()
        assert shown(Protocol.HTTP, head + packed, get("/"))["http.title"] == ("NC-2 大门",)


def test_a_length_that_lies_costs_neither_page_nor_answer() -> None:
    info = envelope("<GetDeviceInformationResponse><Model>NC-2</Model></GetDeviceInformationResponse>")
    for length in (len(info) + 9, len(info) - 9, 0, 10**14):
        told = shown(Protocol.ONVIF, page(info, f"Content-Length: {length}"))
        assert told.get("onvif.model") == ("NC-2",), length


def test_an_envelope_with_forty_name_spaces_shows_the_last_of_them() -> None:
    standard = [f"http://www.onvif.org/ver10/n{number}" for number in range(39)]
    told = shown(Protocol.ONVIF, page(envelope("<x/>", *standard, "http://own.example/topics")))
    assert told["onvif.namespace"] == ("http://own.example/topics",)
    assert told["onvif.envelope"] == ("e:Envelope",)


def test_a_port_is_read_as_what_it_speaks() -> None:
    refusal = 'RTSP/1.0 401 Unauthorized\r\nServer: NC-Stream/4.2\r\nWWW-Authenticate: Digest realm="NC", nonce="00"\r\n\r\n'
    for protocol in (Protocol.HTTP, Protocol.ONVIF):
        told = shown(protocol, refusal, get("/"))
        assert (told["rtsp.server"], told["rtsp.realm"]) == (("NC-Stream/4.2",), ("NC",))
        assert not [field for field in told if field.startswith(("http.", "onvif."))]
    told = shown(
        Protocol.RTSP,
        page("<title>NC-2</title>", "Server: NC-Web/1"),
        "OPTIONS rtsp://127.0.0.1:80/ RTSP/1.0\r\n\r\n",
    )
    assert (told["http.server"], told["http.title"]) == (("NC-Web/1",), ("NC-2",))


def test_interfaces_show_their_hardware_addresses() -> None:
    def interface(number: int, mac: str) -> str:
        return f"<NetworkInterface><id>{number}</id><Link><MACAddress>{mac}</MACAddress></Link></NetworkInterface>"

    body = (
        '<NetworkInterfaceList version="2.0" xmlns="http://www.isapi.org/ver20/XMLSchema">'
        f"{interface(1, '58:50:ed:00:00:01')}{interface(2, '58:50:ed:00:00:02')}</NetworkInterfaceList>"
    )
    told = shown(Protocol.HTTP, page(body), get("/ISAPI/System/Network/interfaces"))
    assert told["isapi.root"] == ("NetworkInterfaceList",)
    assert told["isapi.mac"] == ("58:50:ed:00:00:01",)
    assert told["mac"] == ("58:50:ed:00:00:01", "58:50:ed:00:00:02")


def test_a_session_login_without_a_name_space_shows_its_root_and_no_secret() -> None:
    body = "<SessionLoginCap><sessionID>00ab</sessionID><challenge>77</challenge><salt>5a17</salt></SessionLoginCap>"
    told = shown(Protocol.HTTP, page(body), get("/ISAPI/Security/sessionLogin/capabilities?username=x"))
    assert told["isapi.root"] == ("SessionLoginCap",)
    assert "5a17" not in repr({field: value for field, value in told.items() if field.startswith("isapi.")})


def dhip(message: object) -> bytes:
    body = json.dumps(message).encode() + b"\n"
    return struct.pack("<I4sIIIIII", 32, b"DHIP", 7, 2, len(body), 0, len(body), 0) + body


def challenge(mac: str) -> dict[str, object]:
    params = {
        "authorization": "ab12",
        "encryption": "Default",
        "mac": mac,
        "random": "64770",
        "realm": "Login to 6J000A6EPAJ4FE1",
    }
    error = {"code": 268632079, "message": "Component error: login challenge!"}
    return {"error": error, "id": 2, "params": params, "result": False, "session": 2147483}


def test_a_challenge_over_dhip_shows_realm_and_hardware_address_and_nothing_secret() -> None:
    told = shown(Protocol.DHIP, dhip(challenge("BC325F000001")))
    assert told["dhip.realm"] == ("Login to 6J000A6EPAJ4FE1",)
    assert told["dhip.mac"] == told["mac"] == ("BC325F000001",)
    assert told["dhip.error"] == ("268632079 Component error: login challenge!",)
    assert not {"64770", "ab12", "2147483"} & {value for values in told.values() for value in values}
    assert "mac" not in shown(Protocol.DHIP, dhip(challenge("errormac")))


def test_a_call_over_dhip_is_nobodys_answer() -> None:
    call = {
        "method": "global.login",
        "params": {"userName": "x", "realm": "Login to 6J000A6EPAJ4FE1", "mac": "BC325F000001"},
    }
    assert "dhip.realm" not in shown(Protocol.DHIP, dhip(call))
    assert shown(Protocol.DHIP, dhip({"id": 1, "result": True, "session": 5})) == {}


def test_a_challenge_over_http_and_on_a_private_port_shows_the_same() -> None:
    told = shown(
        Protocol.HTTP, page(json.dumps(challenge("BC325F000001"))), "POST /RPC2_Login HTTP/1.1\r\n\r\n"
    )
    assert told["json.error"] == ("268632079 Component error: login challenge!",)
    assert (told["json.realm"], told["json.mac"]) == (("Login to 6J000A6EPAJ4FE1",), ("BC325F000001",))
    reply = b"\xb0\x01\x00x" + bytes(28) + b"Realm:Login to 4K01000PAJ00002\r\nRandom:1234567\r\n\r\n"
    told = shown(Protocol.SDK, reply)
    assert told["sdk.realm"] == ("Login to 4K01000PAJ00002",)


def test_a_list_of_cameras_and_what_a_video_input_can_do_are_keys_of_their_own() -> None:
    cameras = "camera[0].DeviceInfo.Address=192.0.2.21\r\ncamera[0].DeviceInfo.DeviceType=IPC-HDW3849H\r\ncamera[0].DeviceInfo.Password=geheim\r\ncamera[0].DeviceInfo.SerialNo=8J00000PAJ00001\r\ncamera[0].UniqueChannel=0\r\n"
    told = shown(Protocol.HTTP, page(cameras), get("/cgi-bin/LogicDeviceManager.cgi?action=getCameraAll"))
    assert told["cgi.channel.1.model"] == ("IPC-HDW3849H",)
    assert told["cgi.channel.1.serial"] == ("8J00000PAJ00001",)
    assert told["cgi.keys"][0].endswith(",camera[0].UniqueChannel")
    assert "geheim" not in repr(told)
    assert "cgi.serial" not in told
    assert shown(Protocol.HTTP, page("caps.CoverCount=4\r\ncaps.InfraRed=true"))["cgi.keys"] == (
        "caps.CoverCount,caps.InfraRed",
    )
    assert "cgi.keys" not in shown(Protocol.HTTP, page("<a href=x>\nb=c"))


def test_addresses_of_media_are_shown_without_a_login() -> None:
    def answer(name: str, address: str) -> str:
        return page(
            envelope(
                f"<t:{name}Response><t:MediaUri><tt:Uri>{address}</tt:Uri></t:MediaUri></t:{name}Response>"
            )
        )

    address = "rtsp://admin:geheim@192.0.2.7:554/user=admin&amp;password=geheim&amp;channel=1"
    told = shown(Protocol.ONVIF, answer("GetStreamUri", address))
    assert told["onvif.stream_uri"] == ("rtsp://192.0.2.7:554/user=&password=&channel=1",)
    told = shown(Protocol.ONVIF, answer("GetSnapshotUri", "http://192.0.2.7/still?Profile_1"))
    assert told["onvif.snapshot_uri"] == ("http://192.0.2.7/still?Profile_1",)


def test_a_device_description_shows_its_own_device_and_not_those_inside() -> None:
    inner = "<deviceList><device><modelName>Inner</modelName></device></deviceList>"
    body = (
        '<?xml version="1.0"?><root xmlns="urn:schemas-upnp-org:device-1-0"><device><friendlyName>Gate</friendlyName>'
        f"<manufacturer>Northcam</manufacturer><modelName>NC-2</modelName><serialNumber>NC200001</serialNumber>{inner}"
        "<UDN>uuid:00000000-0001</UDN></device></root>"
    )
    told = shown(Protocol.HTTP, page(body), get("/upnp_device_desc.xml"))
    assert told["upnp.manufacturer"] == ("Northcam",)
    assert told["upnp.model_name"] == ("NC-2",)
    assert told["upnp.serial_number"] == ("NC200001",)
    assert told["upnp.udn"] == ("uuid:00000000-0001",)
    assert "upnp.manufacturer" not in shown(
        Protocol.HTTP, page("<root><device><manufacturer>x</manufacturer></device></root>")
    )


def test_a_certificate_nobody_can_read_is_told_as_such() -> None:
    told = shown(
        Protocol.TLS,
        b"version: TLSv1.2\ncipher: X\n\n-----BEGIN CERTIFICATE-----\nMAMCAQE=\n-----END CERTIFICATE-----\n",
    )
    assert told["tls.unread"] == ("certificate",)
    assert told["tls.version"] == ("TLSv1.2",)


def test_device_information_in_json_shows_what_it_shows_in_xml() -> None:
    info = {
        "model": "NC-2",
        "serialNumber": "NC200001",
        "macAddress": "58:50:ed:00:00:01",
        "wifiKey": "geheim",
    }
    body = json.dumps(
        {"DeviceInfo": {**info, "firmwareVersion": "V5.6.2", "firmwareReleasedDate": "build 190701"}}
    )
    told = shown(Protocol.HTTP, page(body), get("/ISAPI/System/deviceInfo?format=json"))
    assert told["isapi.root"] == ("DeviceInfo",)
    assert (told["isapi.model"], told["isapi.serial"]) == (("NC-2",), ("NC200001",))
    assert told["mac"] == ("58:50:ed:00:00:01",)
    assert told["isapi.firmware"] == ("V5.6.2 build 190701",)
    assert "geheim" not in repr(told)
    elsewhere = shown(Protocol.HTTP, page(body), get("/api/device"))
    assert not [field for field in elsewhere if field.startswith("isapi.")]


def test_keys_of_a_recorders_table_may_hold_a_colon() -> None:
    body = "table.RemoteDevice.uuid:System_CONFIG_NETCAMERA_INFO_0.Address=192.0.2.21\r\n"
    told = shown(
        Protocol.HTTP, page(body), get("/cgi-bin/configManager.cgi?action=getConfig&name=RemoteDevice")
    )
    assert told["cgi.keys"] == ("table.RemoteDevice.uuid:System_CONFIG_NETCAMERA_INFO_0.Address",)
    assert told["cgi.channel.1.address"] == ("192.0.2.21",)
