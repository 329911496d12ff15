"""Whole replies of other makers and of common software: none of the three makers is named firm or certain."""

import pytest

from auditor import probes
from auditor.fingerprint import identify
from auditor.model import Certainty, Endpoint, Exchange, Protocol, Status, Transport

OURS = {"hikvision", "dahua", "huawei"}
GET = "GET / HTTP/1.1\r\n\r\n"
DESCRIBE = "DESCRIBE rtsp://192.0.2.9/live RTSP/1.0\r\nCSeq: 2\r\n\r\n"
PAGE = "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n"
TEXT = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n"
SCOPES = (
    '<?xml version="1.0"?><s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" '
    'xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery"><s:Body><d:ProbeMatches><d:ProbeMatch>'
    "<d:Types>dn:NetworkVideoTransmitter</d:Types><d:Scopes>onvif://www.onvif.org/name/Yardcam "
    "onvif://www.onvif.org/hardware/IPC-Y20 onvif://www.onvif.org/extension/unique_identifier</d:Scopes>"
    "<d:XAddrs>http://192.0.2.9/onvif/device_service</d:XAddrs></d:ProbeMatch></d:ProbeMatches></s:Body></s:Envelope>"
)
REPLIES = {
    "an Apple streaming server": (
        Protocol.RTSP,
        DESCRIBE,
        (
            "RTSP/1.0 200 OK\r\nServer: DSS/6.0.3 (Build/526.3; Platform/Linux; Release/Darwin; )\r\nCseq: 2\r\n"
            "x-Accept-Retransmit: our-retransmit\r\nx-Accept-Dynamic-Rate: 1\r\n\r\n"
        ),
    ),
    "a relay that copies Apple's headers and hides its name": (
        Protocol.RTSP,
        DESCRIBE,
        "RTSP/1.0 200 OK\r\nCSeq: 2\r\nContent-Base: rtsp://192.0.2.9/live/\r\nx-Accept-Dynamic-Rate: 1\r\n\r\n",
    ),
    "a camera on a streaming library that several makers bought": (
        Protocol.RTSP,
        "OPTIONS rtsp://192.0.2.9/ RTSP/1.0\r\nCSeq: 1\r\n\r\n",
        (
            "RTSP/1.0 200 OK\r\nServer: Rtsp Server/2.0\r\nCSeq: 1\r\nx-Accept-Dynamic-Rate: 1\r\n"
            "Public: OPTIONS,DESCRIBE,SETUP,PLAY,PAUSE,TEARDOWN,SET_PARAMETER\r\n\r\n"
        ),
    ),
    "the same library asking for a password": (
        Protocol.RTSP,
        DESCRIBE,
        'RTSP/1.0 401 Unauthorized\r\nCSeq: 2\r\nServer: Rtsp Server/3.0\r\nWWW-Authenticate: Basic realm="MediaServer3.0"\r\n\r\n',
    ),
    "a camera that wants to be found by another maker's recorders": (Protocol.WSD, "Probe", SCOPES),
    "a web application with a style sheet of the name": (
        Protocol.HTTP,
        GET,
        PAGE
        + '<html><head><link rel="stylesheet" href="/css/oem.css"/><script src="js/urlparser.js"></script></head></html>',
    ),
    "a portal that links a plug-in": (
        Protocol.HTTP,
        GET,
        PAGE
        + '<html><body><a href="/files/VideoWebPlugin.exe">Install the plug-in</a><a href="/webplugin.exe">or this</a></body></html>',
    ),
    "an application titled like a recorder": (
        Protocol.HTTP,
        GET,
        PAGE + "<html><head><title>WEB SERVICE</title></head><body><h1>Orders</h1></body></html>",
    ),
    "an application that asks to log in to it": (
        Protocol.HTTP,
        GET,
        'HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm="Login to XIMS"\r\n\r\n',
    ),
    "a router that lists its clients with their makers": (
        Protocol.HTTP,
        GET,
        PAGE + "<html><body><table><tr><td>192.0.2.20</td><td>Zhejiang Dahua Technology Co., Ltd.</td></tr>"
        "<tr><td>192.0.2.21</td><td>Hangzhou Hikvision Digital Technology Co.,Ltd.</td></tr></table></body></html>",
    ),
    "another maker's device information by key and value": (
        Protocol.HTTP,
        "GET /stw-cgi/system.cgi?msubmenu=deviceinfo&action=view HTTP/1.1\r\n\r\n",
        TEXT
        + "Model=YNF-9010\r\nSerialNumber=ZLAA70GKA0001JZ\r\nFirmwareVersion=2.01.00\r\nDeviceType=NWC\r\n",
    ),
    "a camera's settings under names of its own": (
        Protocol.HTTP,
        "GET /cgi-bin/info.cgi HTTP/1.1\r\n\r\n",
        TEXT
        + "deviceType=NVR-8\r\nvendor=Acme\r\nprocessor=ARM\r\nupdateSerial=77\r\nsoftwareVersion=2.800.1.0\r\n",
    ),
    "a guide that prints a camera's address": (
        Protocol.HTTP,
        GET,
        PAGE + "<html><body><p>Open http://192.0.2.64/doc/page/login.asp and log in.</p></body></html>",
    ),
    "a telephone that tells of itself": (
        Protocol.HTTP,
        "GET /status.json HTTP/1.1\r\n\r\n",
        'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{"manufacturer":"HUAWEI","model":"ANE-LX1","version":"9"}',
    ),
    "a small server that copied an answer": (
        Protocol.RTSP,
        "OPTIONS rtsp://192.0.2.9/ RTSP/1.0\r\nCSeq: 1\r\n\r\n",
        (
            "RTSP/1.0 200 OK\r\nCSeq: 1\r\nPublic: OPTIONS, DESCRIBE, PLAY, PAUSE, SETUP, TEARDOWN, "
            "SET_PARAMETER, GET_PARAMETER\r\nDate:  Fri, Apr 10 2020 19:07:19 GMT\r\n\r\n"
        ),
    ),
    "a script that refuses": (
        Protocol.HTTP,
        "GET /cgi-bin/status.cgi HTTP/1.1\r\n\r\n",
        "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\n\r\nError\r\nBad Request!",
    ),
    "an inventory of network equipment in XML": (
        Protocol.HTTP,
        "GET /inventory.xml HTTP/1.1\r\n\r\n",
        (
            'HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\n\r\n<?xml version="1.0"?><inventory><olt>'
            "<name>olt-1</name><manufacturer>HUAWEI</manufacturer><model>MA5800-X17</model></olt></inventory>"
        ),
    ),
    "a camera of a label whose models begin like another's": (
        Protocol.WSD,
        "Probe",
        SCOPES.replace("IPC-Y20", "HWT-T220-M").replace(
            " onvif://www.onvif.org/extension/unique_identifier", ""
        ),
    ),
    "a switch of the joint venture's successor": (
        Protocol.HTTP,
        GET,
        "HTTP/1.1 200 OK\r\nServer: Lanswitch - V100R003 HttpServer 1.1\r\nContent-Type: text/html\r\n\r\n",
    ),
    "a telephone that serves as a camera": (
        Protocol.ONVIF,
        "POST /onvif/device_service HTTP/1.1\r\n\r\n",
        (
            "HTTP/1.1 200 OK\r\nContent-Type: application/soap+xml\r\n\r\n<s:Envelope "
            'xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:tds="http://www.onvif.org/ver10/device/wsdl"><s:Body>'
            "<tds:GetDeviceInformationResponse><tds:Manufacturer>HUAWEI</tds:Manufacturer><tds:Model>ANE-LX1</tds:Model>"
            "<tds:FirmwareVersion>1.0</tds:FirmwareVersion></tds:GetDeviceInformationResponse></s:Body></s:Envelope>"
        ),
    ),
    "a solar inverter's gateway": (
        Protocol.HTTP,
        "GET /device.json HTTP/1.1\r\n\r\n",
        'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{"manufacturer":"Huawei","model":"SUN2000-60KTL-M0"}',
    ),
    "a shop that lists cameras in its script": (
        Protocol.HTTP,
        GET,
        PAGE
        + '<html><script>var ProductName = "HIKDS2000 bundle"; var ProductName="HDMI-Cable";</script></html>',
    ),
    "a relay that takes any path and repeats it": (
        Protocol.RTSP,
        "DESCRIBE rtsp://192.0.2.9/Streaming/Channels/101 RTSP/1.0\r\nCSeq: 2\r\n\r\n",
        (
            "RTSP/1.0 200 OK\r\nCSeq: 2\r\nContent-Base: rtsp://192.0.2.9/Streaming/Channels/101/\r\n"
            "Content-Type: application/sdp\r\n\r\nv=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=Streaming/Channels/101\r\n"
            "i=Streaming/Channels/101\r\nt=0 0\r\na=tool:LIVE555 Streaming Media v2018.02.18\r\na=control:*\r\n"
            "m=video 0 RTP/AVP 96\r\na=control:rtsp://192.0.2.9/Streaming/Channels/101/trackID=1\r\n"
        ),
    ),
    "another relay that repeats the path": (
        Protocol.RTSP,
        "DESCRIBE rtsp://192.0.2.9/cam/realmonitor?channel=1&subtype=0 RTSP/1.0\r\nCSeq: 2\r\n\r\n",
        (
            "RTSP/1.0 200 OK\r\nCSeq: 2\r\nContent-Base: rtsp://192.0.2.9/cam/realmonitor?channel=1&subtype=0/\r\n"
            "Content-Type: application/sdp\r\n\r\nv=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=Session\r\nt=0 0\r\na=control:*\r\n"
            "m=video 0 RTP/AVP 96\r\na=control:rtsp://192.0.2.9/cam/realmonitor?channel=1&subtype=0/trackID=0\r\n"
        ),
    ),
}


def said(protocol: Protocol, request: str, reply: str) -> Exchange:
    transport = Transport.UDP if protocol is Protocol.WSD else Transport.TCP
    port = {Protocol.RTSP: 554, Protocol.WSD: 3702}.get(protocol, 80)
    return Exchange(
        device="site/192.0.2.9",
        probe="test",
        protocol=protocol,
        endpoint=Endpoint("192.0.2.9", port, transport),
        request=request.encode(),
        reply=reply.encode(),
        status=Status.ANSWERED,
    )


@pytest.mark.parametrize("name", REPLIES)
def test_none_of_the_three_is_named_surely_for_what_others_say(name: str) -> None:
    exchange = said(*REPLIES[name])
    observations = list(probes.read(exchange))
    assert observations, "the reply is read at all"
    maker = identify("d", observations).claim("maker")
    assert maker is None or maker.value not in OURS or maker.certainty is Certainty.TENTATIVE, [
        match.rule for match in maker.because
    ]


def test_the_interface_of_its_own_path_still_names_the_maker() -> None:
    answer = TEXT + "deviceType=IPC-HDW5831R-ZE\r\nprocessor=S3LM\r\nserialNumber=4F00000PAZ00001\r\n"
    seen = probes.read(
        said(Protocol.HTTP, "GET /cgi-bin/magicBox.cgi?action=getSystemInfo HTTP/1.1\r\n\r\n", answer)
    )
    maker = identify("d", seen).claim("maker")
    assert maker is not None
    assert (maker.value, maker.certainty is Certainty.TENTATIVE) == ("dahua", False)


def test_signs_that_others_share_do_not_add_up() -> None:
    camera = said(*REPLIES["a camera on a streaming library that several makers bought"])
    scopes = said(*REPLIES["a camera that wants to be found by another maker's recorders"])
    titled = said(*REPLIES["an application titled like a recorder"])
    worded = said(*REPLIES["an application that asks to log in to it"])
    everything = [seen for one in (camera, scopes, titled, worded) for seen in probes.read(one)]
    maker = identify("d", everything).claim("maker")
    assert maker is not None
    assert maker.certainty is Certainty.TENTATIVE
