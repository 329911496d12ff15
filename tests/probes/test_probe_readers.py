"""Replies as devices send them (captures with changed digits, or composed in their form) and what each must show."""

import base64
import json
import struct

import pytest

from auditor.model import Protocol
from auditor.wire import favicon as wire_favicon
from tests.probes.replies import get, page, shown


def test_a_front_page_shows_head_order_title_scripts_and_text() -> None:
    body = '<html><head><title></title><script src="/js/login.js?v=1"></script></head></html>'
    told = shown(
        Protocol.HTTP,
        page(
            body,
            "CONNECTION: close",
            "Date: Tue, 14 Apr 1970 12:14:55 GMT",
            'Etag: "1420452000:1dd4"',
            "CONTENT-LENGTH: 81",
            "P3P: CP=CAO PSA OUR",
            "Set-Cookie: session=0123456789abcdef; path=/",
        ),
        get("/"),
    )
    assert told["http.status"] == ("200",)
    assert told["http.answer"] == ("GET / 200",)
    assert told["http.header_order"] == ("CONNECTION,Date,Etag,CONTENT-LENGTH,P3P,Set-Cookie",)
    assert told["http.date"] == ("Tue, 14 Apr 1970 12:14:55 GMT",)
    assert told["http.etag"] == ('"1420452000:1dd4"',)
    assert told["http.header.p3p"] == ("CP=CAO PSA OUR",)
    assert told["http.header.set-cookie"] == ("session",)
    assert told["http.title"] == ("",)
    assert told["http.script"] == ("/js/login.js?v=1",)
    assert told["http.body"] == (body,)
    assert "0123456789abcdef" not in repr(told)


def test_a_redirect_is_told_without_the_login_in_its_address() -> None:
    told = shown(
        Protocol.HTTP,
        page("", "Location: http://user:pw@203.0.113.9/index.asp", status="302 Redirect"),
        get("/"),
    )
    assert told["http.location"] == ("http://203.0.113.9/index.asp",)
    assert told["http.reason"] == ("Redirect",)


def test_a_page_without_a_status_line_is_told_as_such() -> None:
    told = shown(Protocol.HTTP, "<html><title>NC-2</title>", get("/"))
    assert told["http.bare"] == ("yes",)
    assert told["http.title"] == ("NC-2",)
    assert "http.status" not in told


@pytest.mark.parametrize(
    ("header", "forms", "realms", "nonce_texts"),
    [
        (
            (
                'Digest qop="auth", realm="IP Camera(83814)", nonce="4d5755784d7a41344d546b365a446b31597a51354e513d3d",'
                ' stale="FALSE"'
            ),
            ("Digest qop,realm,nonce,stale",),
            ("IP Camera(83814)",),
            ("1e130819:d95c495",),
        ),
        (
            'Digest realm="Login to 5K01FD3PAJ6E3F1",qop="auth",nonce="211955164",opaque="9a20"',
            ("Digest realm,qop,nonce,opaque",),
            ("Login to 5K01FD3PAJ6E3F1",),
            (),
        ),
        (
            'Digest realm="a", nonce="8b84a3b789283a8bea8da7fa7d41f08b", Basic realm="b"',
            ("Digest realm,nonce", "Basic realm"),
            ("a", "b"),
            (),
        ),
        ("Basic", ("Basic",), (), ()),
    ],
)
def test_a_refusal_shows_its_challenges(
    header: str, forms: tuple[str, ...], realms: tuple[str, ...], nonce_texts: tuple[str, ...]
) -> None:
    told = shown(Protocol.HTTP, page("", f"WWW-Authenticate: {header}", status="401 Unauthorized"), get("/"))
    assert told["http.challenge"] == (header,)
    assert told["http.challenge_form"] == forms
    assert told.get("http.realm", ()) == realms
    assert told.get("http.nonce_text", ()) == nonce_texts


def test_an_onvif_refusal_shows_its_challenge_too() -> None:
    reply = page("", 'WWW-Authenticate: Digest realm="device", userhash="true"', status="401 Unauthorized")
    told = shown(Protocol.ONVIF, reply, "POST /onvif/device_service HTTP/1.1\r\n\r\n")
    assert told["http.realm"] == ("device",)
    assert told["onvif.status"] == ("401",)


def test_a_favicon_is_told_by_its_hashes() -> None:
    picture = bytes(range(256)) * 3
    told = shown(Protocol.HTTP, b"HTTP/1.1 200 OK\r\n\r\n" + picture, get("/favicon.ico"))
    assert told["http.favicon.mmh3"] == (str(wire_favicon.mmh3(picture)),)
    assert told["http.favicon.md5"] == (wire_favicon.md5(picture),)


def test_a_page_a_miss_or_a_cut_picture_in_place_of_a_favicon_has_no_hash() -> None:
    for reply, cut in (
        (b"HTTP/1.1 200 OK\r\n\r\n<!DOCTYPE html>", False),
        (b"HTTP/1.1 404 Not Found\r\n\r\npicture", False),
        (b"HTTP/1.1 200 OK\r\n\r\n", False),
        (b"HTTP/1.1 200 OK\r\n\r\n\x00\x00\x01\x00", True),
    ):
        told = shown(Protocol.HTTP, reply, get("/favicon.ico"), cut=cut)
        assert not any(field.startswith("http.favicon") for field in told)


def test_a_static_page_is_shown_under_its_name() -> None:
    script = 'seajs.web_version = "V4.0.1build161220"'
    told = shown(Protocol.HTTP, page(script), get("/doc/script/lib/seajs/config/sea-config.js?x=1"))
    assert told["page.sea-config.js"] == (script,)


def test_a_front_page_served_in_place_of_a_script_is_not_that_script() -> None:
    told = shown(Protocol.HTTP, page("<!DOCTYPE html><html>"), get("/webversion.js"))
    assert "page.webversion.js" not in told
    told = shown(Protocol.HTTP, page("gone", status="404 Not Found"), get("/webversion.js"))
    assert "page.webversion.js" not in told


def test_an_activation_page_shows_page_and_state() -> None:
    body = '<?xml version="1.0"?><ActivateStatus version="2.0"><Activated>false</Activated></ActivateStatus>'
    told = shown(Protocol.HTTP, page(body), get("/SDK/activateStatus"))
    assert told["page.activateStatus"] == (body,)
    assert told["isapi.activated"] == ("false",)
    told = shown(
        Protocol.HTTP, page('{"ActivateStatus":{"Activated":true}}'), get("/SDK/activateStatus?format=json")
    )
    assert told["json.activated"] == ("true",)


SDP = (
    "v=0\r\no=- 1 1 IN IP4 10.0.0.1\r\ns=Media Presentation\r\ne=NONE\r\nt=0 0\r\n"
    "a=control:rtsp://user:example@10.0.0.1/Streaming/\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n"
    "a=recvonly\r\na=Media_header:MEDIAINFO=494D4B48;\r\na=tool:NC 1\r\n"
)


def test_rtsp_shows_public_clock_and_refusal_of_several_replies() -> None:
    told = shown(
        Protocol.RTSP,
        "RTSP/1.0 200 OK\r\nCSeq: 1\r\nPublic: OPTIONS, DESCRIBE, PLAY\r\nDate:  Thu, May 14 2020 16:45:35 GMT\r\n\r\n"
        'RTSP/1.0 401 Unauthorized\r\nCSeq: 2\r\nWWW-Authenticate: Digest realm="IP Camera(C2871)", nonce="93", '
        'stale="FALSE"\r\nDate:  Thu, May 14 2020 16:45:36 GMT\r\n\r\n',
        "OPTIONS rtsp://127.0.0.1/ RTSP/1.0\r\n\r\n",
    )
    assert told["rtsp.status"] == ("200", "401")
    assert told["rtsp.public"] == ("OPTIONS, DESCRIBE, PLAY",)
    assert told["rtsp.date"] == ("Thu, May 14 2020 16:45:35 GMT", "Thu, May 14 2020 16:45:36 GMT")
    assert told["rtsp.date_form"] == ("  aaa, aaa 99 9999 99:99:99 aaa",)
    assert told["rtsp.realm"] == ("IP Camera(C2871)",)
    assert told["rtsp.challenge_form"] == ("Digest realm,nonce,stale",)
    assert told["rtsp.header_order"] == ("CSeq,Public,Date", "CSeq,WWW-Authenticate,Date")
    assert "rtsp.describe_status" not in told


def test_a_description_handed_out_shows_itself_and_that_nobody_was_asked_for_a_login() -> None:
    reply = f"RTSP/1.0 200 OK\r\nServer: Rtsp Server/3.0\r\nContent-Length: {len(SDP)}\r\n\r\n{SDP}"
    told = shown(Protocol.RTSP, reply, "DESCRIBE rtsp://127.0.0.1/ RTSP/1.0\r\nCSeq: 2\r\n\r\n")
    assert told["rtsp.server"] == ("Rtsp Server/3.0",)
    assert told["rtsp.describe_status"] == ("200",)
    assert told["rtsp.open_describe"] == ("yes",)
    assert told["rtsp.sdp.session"] == ("Media Presentation",)
    assert told["rtsp.sdp.email"] == ("NONE",)
    assert told["rtsp.sdp.tool"] == ("NC 1",)
    assert told["rtsp.sdp.control"] == ("rtsp://10.0.0.1/Streaming/",)
    assert told["rtsp.sdp.attribute"] == ("Media_header:MEDIAINFO=494D4B48;",)


def test_a_description_behind_a_login_is_not_called_open() -> None:
    reply = f"RTSP/1.0 200 OK\r\n\r\n{SDP}"
    told = shown(Protocol.RTSP, reply, "DESCRIBE rtsp://h/ RTSP/1.0\r\nAuthorization: Digest x\r\n\r\n")
    assert told["rtsp.sdp.session"] == ("Media Presentation",)
    assert "rtsp.open_describe" not in told


def envelope(body: str, namespaces: str = "") -> str:
    return page(
        f'<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"{namespaces}><s:Body>{body}</s:Body></s:Envelope>',
        "Server: gSOAP/2.8",
    )


def test_device_information_is_read_under_any_prefix_and_told_as_open() -> None:
    told = shown(
        Protocol.ONVIF,
        envelope(
            "<x:GetDeviceInformationResponse><x:Manufacturer>NorthCam</x:Manufacturer><x:Model>NC-2</x:Model>"
            "<x:FirmwareVersion>2.811.0000013.0.R, Build Date 2023-12-20</x:FirmwareVersion>"
            "<x:SerialNumber>BA07995PHA29A81</x:SerialNumber><x:HardwareId>1.00</x:HardwareId>"
            "</x:GetDeviceInformationResponse>",
            ' xmlns:own="http://www.onvifext.com/onvif/ext/ver10/wsdl"',
        ),
        "POST /onvif/device_service HTTP/1.1\r\n\r\nGetDeviceInformation",
    )
    assert told["onvif.manufacturer"] == ("NorthCam",)
    assert told["onvif.model"] == ("NC-2",)
    assert told["onvif.firmware"] == ("2.811.0000013.0.R, Build Date 2023-12-20",)
    assert told["onvif.serial"] == ("BA07995PHA29A81",)
    assert told["onvif.hardware"] == ("1.00",)
    assert told["onvif.open_device_information"] == ("yes",)
    assert told["onvif.namespace"] == ("http://www.onvifext.com/onvif/ext/ver10/wsdl",)
    assert told["onvif.server"] == ("gSOAP/2.8",)


def test_device_information_for_a_login_is_not_called_open() -> None:
    body = "<GetDeviceInformationResponse><Model>NC-2</Model></GetDeviceInformationResponse>"
    for request in (
        "POST / HTTP/1.1\r\nAuthorization: Digest x\r\n\r\n",
        "POST / HTTP/1.1\r\n\r\n<wsse:UsernameToken>",
    ):
        told = shown(Protocol.ONVIF, envelope(body), request)
        assert told["onvif.model"] == ("NC-2",)
        assert "onvif.open_device_information" not in told


def test_the_clock_services_scopes_and_faults_of_onvif_are_read() -> None:
    told = shown(
        Protocol.ONVIF,
        envelope(
            "<GetSystemDateAndTimeResponse><TimeZone><TZ>CST-8</TZ></TimeZone><UTCDateTime><Time><Hour>4</Hour><Minute>14"
            "</Minute><Second>55</Second></Time><Date><Year>1970</Year><Month>4</Month><Day>14</Day></Date></UTCDateTime>"
            "</GetSystemDateAndTimeResponse>"
        ),
    )
    assert told["onvif.time"] == ("1970-04-14T04:14:55Z",)
    assert told["onvif.time_zone"] == ("CST-8",)
    told = shown(
        Protocol.ONVIF,
        envelope(
            "<GetServicesResponse><Service><Namespace>http://www.onvif.org/ver10/device/wsdl</Namespace>"
            "<XAddr>http://10.9.9.9/onvif/device_service</XAddr></Service><Service><Namespace>http://own.example/x"
            "</Namespace><XAddr>http://10.9.9.9/x</XAddr></Service></GetServicesResponse>"
        ),
    )
    assert told["onvif.xaddr"] == ("http://10.9.9.9/onvif/device_service", "http://10.9.9.9/x")
    assert told["onvif.namespace"] == ("http://own.example/x",)
    told = shown(
        Protocol.ONVIF,
        envelope(
            "<GetScopesResponse><Scopes><ScopeItem>onvif://www.onvif.org/name/North%20Cam</ScopeItem></Scopes><Scopes>"
            "<ScopeItem>onvif://www.onvif.org/Profile/T</ScopeItem></Scopes></GetScopesResponse>"
        ),
    )
    assert (told["onvif.scope.name"], told["onvif.scope.profile"]) == (("North Cam",), ("T",))
    told = shown(
        Protocol.ONVIF,
        envelope(
            "<s:Fault><s:Code><s:Subcode><s:Value>ter:NotAuthorized</s:Value></s:Subcode></s:Code><s:Reason><s:Text>"
            "Sender not Authorized</s:Text></s:Reason></s:Fault>"
        ),
    )
    assert told["onvif.fault"] == ("NotAuthorized: Sender not Authorized",)


def test_ws_discovery_shows_scopes_by_category() -> None:
    told = shown(
        Protocol.WSD,
        '<s:Envelope xmlns:own="http://own.example/topics"><s:Body><d:ProbeMatches><d:ProbeMatch><a:EndpointReference>'
        "<a:Address>urn:uuid:18ec6401-3aa0-11b5-83f6-b4a3820fd901</a:Address></a:EndpointReference>"
        "<d:Types>dn:NetworkVideoTransmitter tds:Device</d:Types><d:Scopes>onvif://www.onvif.org/hardware/NC-2 "
        "onvif://www.onvif.org/MAC/58:50:ed:00:00:01 onvif://www.onvif.org/location/city/hangzhou http://else.example/x"
        "</d:Scopes><d:XAddrs>http://10.9.9.9/onvif/device_service http://[fe80::1]/onvif/device_service</d:XAddrs>"
        "<d:MetadataVersion>1</d:MetadataVersion></d:ProbeMatch></d:ProbeMatches></s:Body></s:Envelope>",
    )
    assert told["onvif.endpoint"] == ("urn:uuid:18ec6401-3aa0-11b5-83f6-b4a3820fd901",)
    assert told["onvif.types"] == ("dn:NetworkVideoTransmitter tds:Device",)
    assert told["onvif.scope.hardware"] == ("NC-2",)
    assert told["onvif.scope.mac"] == ("58:50:ed:00:00:01",)
    assert told["onvif.scope.location"] == ("city/hangzhou",)
    assert told["onvif.scope.other"] == ("http://else.example/x",)
    assert told["onvif.xaddr"] == (
        "http://10.9.9.9/onvif/device_service",
        "http://[fe80::1]/onvif/device_service",
    )
    assert told["onvif.namespace"] == ("http://own.example/topics",)


def test_sadp_shows_every_tag_but_no_secret() -> None:
    told = shown(
        Protocol.SADP,
        '\x00\x01<?xml version="1.0"?>\r\n<ProbeMatch><DeviceSN>DS-2CD1301-I20200921AAWRE28576811</DeviceSN>'
        "<SoftwareVersion>V5.4.5build 170123</SoftwareVersion><IPv4Address>10.0.0.2</IPv4Address>"
        "<MAC>58-50-ed-00-00-01</MAC><Activated>false</Activated><HCPlatformEnable>flase</HCPlatformEnable>"
        "<SDKOverTLSPort>8443</SDKOverTLSPort><DetailOEMCode>10101</DetailOEMCode><Salt>0123abcd</Salt>"
        "<PasswordResetAbility>true</PasswordResetAbility><BootTime>1970-01-15 02:44:11</BootTime></ProbeMatch>\x00",
    )
    assert told["sadp.root"] == ("ProbeMatch",)
    assert told["sadp.device_sn"] == ("DS-2CD1301-I20200921AAWRE28576811",)
    assert told["sadp.software_version"] == ("V5.4.5build 170123",)
    assert told["sadp.ipv4_address"] == ("10.0.0.2",)
    assert told["sadp.mac"] == told["mac"] == ("58-50-ed-00-00-01",)
    assert told["sadp.activated"] == ("false",)
    assert told["sadp.hc_platform_enable"] == ("flase",)
    assert told["sadp.sdk_over_tls_port"] == ("8443",)
    assert told["sadp.detail_oem_code"] == ("10101",)
    assert told["sadp.password_reset_ability"] == ("true",)
    assert told["sadp.boot_time"] == ("1970-01-15 02:44:11",)
    assert "0123abcd" not in repr(told)


def test_dhip_shows_nested_fields() -> None:
    info = {
        "DeviceClass": "IPC",
        "DeviceType": "NC-2",
        "HttpPort": 80,
        "Init": 150,
        "IPv4Address": {"IPAddress": "10.0.0.3", "DhcpEnable": False},
        "SerialNo": "2F006E4PAX00071",
        "Vendor": "General",
        "Version": "2.400.0.8",
        "UnLoginFuncMask": 1,
    }
    body = json.dumps(
        {"mac": "4c:11:bf:00:00:01", "method": "client.notifyDevInfo", "params": {"deviceInfo": info}}
    ).encode()
    head = struct.pack("<I4sIIIIII", 32, b"DHIP", 0, 0, len(body), 0, len(body), 0)
    told = shown(Protocol.DHIP, head + body + b"\n\x00")
    assert told["dhip.vendor"] == ("General",)
    assert told["dhip.device_type"] == ("NC-2",)
    assert told["dhip.device_class"] == ("IPC",)
    assert told["dhip.version"] == ("2.400.0.8",)
    assert told["dhip.serial_no"] == ("2F006E4PAX00071",)
    assert told["dhip.init"] == ("150",)
    assert told["dhip.ipv4_address.ip_address"] == ("10.0.0.3",)
    assert told["dhip.ipv4_address.dhcp_enable"] == ("false",)
    assert told["dhip.un_login_func_mask"] == ("1",)
    assert told["dhip.mac"] == told["mac"] == ("4c:11:bf:00:00:01",)


def test_the_older_discovery_shows_class_model_and_text_but_no_version() -> None:
    second = b"4c:11:bf:00:00:02NC-1"
    third = b"Name:NC-1\r\nDevice:DVR\r\nSerialNo:2K0488CPAGS0ND1\r\n"
    fixed = bytearray(0x78)
    fixed[0], fixed[2] = 0xB3, len(second)
    struct.pack_into("<H", fixed, 0x14, len(third))
    struct.pack_into("<4H", fixed, 0x20, 2, 400, 0, 8)
    fixed[0x28:0x2C] = b"HCVR"
    fixed[0x38:0x3C] = bytes((10, 0, 0, 4))
    struct.pack_into("<3H", fixed, 0x5E, 80, 443, 37777)
    told = shown(Protocol.DAHUA_5050, bytes(fixed) + second + third)
    assert told == {
        "dahua_5050.device_class": ("HCVR",),
        "dahua_5050.model": ("NC-1",),
        "dahua_5050.mac": ("4c:11:bf:00:00:02",),
        "dahua_5050.address": ("10.0.0.4",),
        "dahua_5050.http_port": ("80",),
        "dahua_5050.https_port": ("443",),
        "dahua_5050.tcp_port": ("37777",),
        "dahua_5050.name": ("NC-1",),
        "dahua_5050.device": ("DVR",),
        "dahua_5050.serial_no": ("2K0488CPAGS0ND1",),
        "mac": ("4c:11:bf:00:00:02",),
    }


def test_ssdp_shows_headers_and_a_passing_search_shows_nothing() -> None:
    told = shown(
        Protocol.SSDP,
        "NOTIFY * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nSERVER: os/1 NC-2/1.0\r\nNTS: ssdp:alive\r\n\r\n",
    )
    assert told == {"ssdp.server": ("os/1 NC-2/1.0",), "ssdp.nts": ("ssdp:alive",)}
    assert not shown(Protocol.SSDP, "M-SEARCH * HTTP/1.1\r\nST: upnp:rootdevice\r\n\r\n")


def test_sip_shows_who_speaks_and_no_login() -> None:
    told = shown(
        Protocol.SIP,
        "REGISTER sip:34020000002000000001@3402000000 SIP/2.0\r\nUser-Agent: SIP UAS V3.0.0.675161\r\n"
        'Authorization: Digest username="34020000001320000001", response="abcdef"\r\n\r\n',
    )
    assert told == {"sip.user_agent": ("SIP UAS V3.0.0.675161",)}
    told = shown(
        Protocol.SIP, 'SIP/2.0 401 Unauthorized\r\nServer: NC\r\nWWW-Authenticate: Digest realm="34"\r\n\r\n'
    )
    assert (told["sip.status"], told["sip.server"], told["sip.realm"]) == (("401",), ("NC",), ("34",))


def test_mdns_shows_services_and_texts() -> None:
    name = b"\x05_http\x04_tcp\x05local\x00"
    record = name + struct.pack("!HHIH", 12, 1, 120, 6) + b"\x03NC2\xc0\x0c"
    told = shown(Protocol.MDNS, struct.pack("!6H", 0, 0x8400, 0, 1, 0, 0) + record)
    assert told == {"mdns.service": ("_http._tcp.local",), "mdns.instance": ("NC2._http._tcp.local",)}


def test_an_snmp_engine_shows_its_enterprise_and_a_recorded_question_shows_nothing() -> None:
    report = bytes.fromhex(
        "3045020103300f02024a69020300ffe30401000201030419301704098000"
        "07db03aabbccdd020107020101040004000400"
        "3014040980000 7db03aabbccdd0400a805020101020100".replace(" ", "")
    )
    told = shown(Protocol.SNMP, report)
    assert told["snmp.engine_enterprise"] == ("2011",)
    assert told["snmp.engine_id"] == ("800007db03aabbccdd",)
    question = base64.b64decode("MCYCAQEEBnB1YmxpY6AZAgEBAgEAAgEAMA4wDAYIKwYBAgEBAQAFAA==")
    assert not shown(Protocol.SNMP, question)


def test_banners_and_first_bytes_are_shown() -> None:
    assert shown(Protocol.SSH, "SSH-2.0-dropbear_2022.83\r\n") == {
        "ssh.banner": ("SSH-2.0-dropbear_2022.83",)
    }
    assert shown(Protocol.FTP, "220 NC-2 ready.\r\n") == {"ftp.banner": ("220 NC-2 ready.",)}
    assert shown(Protocol.TELNET, b"\xff\xfb\x01192.0.0.64 login: ") == {
        "telnet.banner": ("192.0.0.64 login:",),
        "telnet.negotiation": ("WILL 1",),
    }
    assert shown(Protocol.SDK, bytes.fromhex("000000100000001e")) == {
        "sdk.first_bytes": ("000000100000001e",)
    }


DEVICE_INFO = (
    '<?xml version="1.0"?><DeviceInfo version="2.0" xmlns="http://www.isapi.org/ver20/XMLSchema">'
    "<deviceName>Yard</deviceName><model>NC-2</model><serialNumber>NC-220200921AAWRE28576811</serialNumber>"
    "<macAddress>58:50:ed:00:00:01</macAddress><firmwareVersion>V5.7.15</firmwareVersion>"
    "<firmwareReleasedDate>build 240201</firmwareReleasedDate><OEMCode>1</OEMCode><subSerialNumber>E28576811"
    "</subSerialNumber><verificationCode>ABCDEF</verificationCode><Child><model>NC-9</model></Child>"
)


def test_isapi_device_info_shows_allowed_tags_of_the_device_itself() -> None:
    told = shown(Protocol.HTTP, page(DEVICE_INFO + "</DeviceInfo>"), get("/ISAPI/System/deviceInfo"))
    assert told["isapi.model"] == ("NC-2",)
    assert told["isapi.serial"] == ("NC-220200921AAWRE28576811",)
    assert told["isapi.sub_serial"] == ("E28576811",)
    assert told["isapi.mac"] == told["mac"] == ("58:50:ed:00:00:01",)
    assert told["isapi.firmware_version"] == ("V5.7.15",)
    assert told["isapi.firmware_released"] == ("build 240201",)
    assert told["isapi.firmware"] == ("V5.7.15 build 240201",)
    assert told["isapi.namespace"] == ("http://www.isapi.org/ver20/XMLSchema",)
    assert told["isapi.schema_version"] == ("2.0",)
    assert told["isapi.oem_code"] == ("1",)
    assert "ABCDEF" not in repr(told)
    assert "http.body" not in told


def test_a_cut_value_is_left_out_rather_than_told_wrong() -> None:
    told = shown(Protocol.HTTP, page("<DeviceInfo><model>NC-2</model><serialNumber>NC-2202"), get("/ISAPI/x"))
    assert told["isapi.model"] == ("NC-2",)
    assert "isapi.serial" not in told


def test_an_isapi_refusal_shows_its_words() -> None:
    body = "<userCheck>\r\n<statusValue>401</statusValue>\r\n<statusString>Unauthorized</statusString></userCheck>"
    told = shown(Protocol.HTTP, page(body, status="401 Unauthorized"), get("/ISAPI/System/deviceInfo"))
    assert told["isapi.root"] == ("userCheck",)
    assert told["isapi.status_string"] == ("Unauthorized",)
    assert told["http.body"] == (body,)


@pytest.mark.parametrize(
    ("action", "body", "expected"),
    [
        (
            "getSystemInfo",
            (
                "appAutoStart=true\r\ndeviceType=NC-2\r\nhardwareVersion=1.00\r\nserialNumber=4X7C5A1ZAG21L31\r\n"
                "updateSerial=NC-2-Z\r\n"
            ),
            {
                "cgi.device_type": "NC-2",
                "cgi.hardware_version": "1.00",
                "cgi.serial": "4X7C5A1ZAG21L31",
                "cgi.update_serial": "NC-2-Z",
            },
        ),
        ("getDeviceType", "type=NC-2", {"cgi.device_type": "NC-2"}),
        ("getDeviceClass", "type=IPC", {"cgi.device_class": "IPC"}),
        (
            "getSoftwareVersion",
            "version=2.800.0000016.0.R,build:2020-06-05",
            {"cgi.software_version": "2.800.0000016.0.R", "cgi.build_date": "2020-06-05"},
        ),
        (
            "getSoftwareVersion",
            "version=2.420.AC00.15.R\r\nBuildDate=2016-09-08",
            {"cgi.software_version": "2.420.AC00.15.R", "cgi.build_date": "2016-09-08"},
        ),
        ("getHardwareVersion", "version=1.00", {"cgi.hardware_version": "1.00"}),
        ("getSerialNo", "sn=4F07335PAZEEA91", {"cgi.serial": "4F07335PAZEEA91"}),
        ("getVendor", "vendor=General", {"cgi.vendor": "General"}),
        ("getMachineName", "name=NVR", {"cgi.machine_name": "NVR"}),
        ("getCurrentTime", "result=2020-01-01 12:00:00", {"cgi.clock": "2020-01-01 12:00:00"}),
    ],
)
def test_cgi_answers_are_read_by_what_was_asked(action: str, body: str, expected: dict[str, str]) -> None:
    told = shown(Protocol.HTTP, page(body), get(f"/cgi-bin/box.cgi?action={action}"))
    found = {field: values[0] for field, values in told.items() if field in expected}
    assert found == expected
    assert "http.body" not in told


def test_settings_of_a_cgi_are_named_and_never_shown() -> None:
    body = "table.RemoteDevice.x.Address=10.0.0.5\r\ntable.RemoteDevice.x.Password=hunter2\r\ntable.x.UserName=admin"
    told = shown(Protocol.HTTP, page(body), get("/cgi-bin/config.cgi?action=getConfig&name=RemoteDevice"))
    assert told["cgi.keys"][0].startswith("table.RemoteDevice.x.Address,table.RemoteDevice.x.Password")
    assert "hunter2" not in repr(told)
    assert "admin" not in repr(told)


def test_a_parameter_tree_shows_version_and_serial_number() -> None:
    body = "root.Brand.ProdNbr=NC-2\nroot.Properties.Firmware.Version=9.10.1\nroot.Properties.System.SerialNumber=ABC123\n"
    told = shown(
        Protocol.HTTP, page(body + "root.Users.Root.Pass=hunter2"), get("/x-cgi/param.cgi?action=list")
    )
    assert told["cgi.model"] == ("NC-2",)
    assert told["cgi.firmware_version"] == ("9.10.1",)
    assert told["cgi.serial"] == ("ABC123",)
    assert "hunter2" not in repr(told)


def test_a_cgi_refusal_shows_its_words() -> None:
    told = shown(
        Protocol.HTTP,
        page("Invalid Authority!", status="401 Unauthorized"),
        get("/cgi-bin/box.cgi?action=getVendor"),
    )
    assert told["cgi.error"] == ("Invalid Authority!",)


def test_sdcapi_answers_show_version_and_identity_only() -> None:
    body = json.dumps(
        {
            "devType": "M2120-10-EI",
            "softVersion": "SDC 9.0.0.SPC303",
            "ESN": "2102412733WMMA000131",
            "eth0Mac": "fc:c2:e5:00:00:01",
            "adminPwd": "hunter2",
        }
    )
    told = shown(Protocol.HTTP, page(body), get("/SDCAPI/V1.0/MiscIaas/System"))
    assert told["sdc.dev_type"] == ("M2120-10-EI",)
    assert told["sdc.soft_version"] == ("SDC 9.0.0.SPC303",)
    assert told["sdc.esn"] == ("2102412733WMMA000131",)
    assert told["mac"] == ("fc:c2:e5:00:00:01",)
    assert "hunter2" not in repr(told)
    told = shown(Protocol.HTTP, page('{"status":0}'), get("/SDCAPI/V1.0/AuthIaas/ActivaionStatus"))
    assert told["sdc.status"] == ("0",)


def test_the_login_pages_first_question_shows_version_and_state() -> None:
    body = json.dumps(
        {
            "result": "success",
            "data": {
                "first_login_flag": False,
                "site_version": "NR16-9000-4TB",
                "pwd_tip": "hunter2",
                "custom_logo": 189,
            },
        }
    )
    told = shown(Protocol.HTTP, page(body), "POST /API/Login/Range HTTP/1.1\r\n\r\n{}")
    assert told["range.site_version"] == ("NR16-9000-4TB",)
    assert told["range.first_login_flag"] == ("false",)
    assert told["range.custom_logo"] == ("189",)
    assert "hunter2" not in repr(told)
    assert "http.body" not in told


def test_other_json_shows_allowed_keys_of_the_device_but_not_of_its_lists() -> None:
    body = json.dumps(
        {
            "id": 1,
            "params": {"realm": "Login to 5YVD2400016A1", "random": "1837222", "mac": "4C11BF000001"},
            "channels": [{"model": "NC-9"}],
        }
    )
    told = shown(Protocol.HTTP, page(body), "POST /RPC2_Login HTTP/1.1\r\n\r\n{}")
    assert told["json.keys"] == ("id,params,channels",)
    assert told["json.realm"] == ("Login to 5YVD2400016A1",)
    assert told["json.mac"] == ("4C11BF000001",)
    assert "json.model" not in told
    assert "1837222" not in repr(told)


def test_an_xml_answer_to_a_search_shows_model_firmware_and_build_date() -> None:
    told = shown(
        Protocol.SSDP,
        '<?xml version="1.0"?><multicastSearchResult version="1.0"><tcpIp><devName>Hall</devName>'
        "<macAddr>00:18:ae:00:00:07</macAddr></tcpIp><productInfo><productModel>TD-9441S3L</productModel>"
        "<productSeries>TVT_IPC</productSeries><softwareVer>5.1.2.0</softwareVer>"
        "<softwareBulildDate>220915</softwareBulildDate><password>secret</password></productInfo>",
    )
    assert told == {
        "ssdp.result.dev_name": ("Hall",),
        "ssdp.result.mac_addr": ("00:18:ae:00:00:07",),
        "ssdp.result.product_model": ("TD-9441S3L",),
        "ssdp.result.product_series": ("TVT_IPC",),
        "ssdp.result.software_ver": ("5.1.2.0",),
        "ssdp.result.software_bulild_date": ("220915",),
        "mac": ("00:18:ae:00:00:07",),
    }


def test_any_answer_of_the_interface_shows_its_root_and_namespace() -> None:
    told = shown(
        Protocol.HTTP,
        "HTTP/1.1 200 OK\r\nContent-Type: application/xml\r\n\r\n"
        '<SessionLoginCap version="2.0" xmlns="http://www.isapi.org/ver20/XMLSchema"><challenge>ab</challenge>',
        "GET /ISAPI/Security/sessionLogin/capabilities HTTP/1.1",
    )
    assert told["isapi.root"] == ("SessionLoginCap",)
    assert told["isapi.namespace"] == ("http://www.isapi.org/ver20/XMLSchema",)
    assert not any("challenge" in field for field in told)


CHANNELS = """<InputProxyChannelList>
<InputProxyChannel><id>1</id><name>Tor</name><sourceInputPortDescriptor><proxyProtocol>HIKVISION</proxyProtocol><ipAddress>192.0.2.61</ipAddress></sourceInputPortDescriptor></InputProxyChannel>
<InputProxyChannel><id>?</id><name>torn</name></InputProxyChannel>
<InputProxyChannel><id>3</id><name>Hof</name><sourceInputPortDescriptor><addressingFormatType>hostname</addressingFormatType><hostName>hof.example</hostName></sourceInputPortDescriptor></InputProxyChannel>
<InputProxyChannel><id>4</id><sourceInputPortDescriptor><ipAddress>0.0.0.0</ipAddress><ipv6Address>2001:db8::64</ipv6Address></sourceInputPortDescriptor></InputProxyChannel>
<InputProxyChannel><id>5</id><sourceInputPortDescriptor><ipAddress>0.0.0.0</ipAddress><ipv6Address>::</ipv6Address></sourceInputPortDescriptor></InputProxyChannel>
</InputProxyChannelList>"""


def test_a_channel_may_have_a_host_name_or_an_ipv6_address_and_a_damaged_one_ends_no_list() -> None:
    told = shown(Protocol.HTTP, page(CHANNELS), get("/ISAPI/ContentMgmt/InputProxy/channels"))
    assert told["isapi.channel.1.address"] == ("192.0.2.61",)
    assert told["isapi.channel.3.host_name"] == ("hof.example",)
    assert "isapi.channel.3.address" not in told
    assert told["isapi.channel.4.address"][-1] == "2001:db8::64"
    assert "isapi.channel.2.name" not in told
