"""Whole replies of other makers and of common software: none of the three makers is named firm or certain."""

import pytest

from auditor import probes
from auditor.fingerprint import identify
from auditor.model import Certainty, Endpoint, Exchange, Observation, Protocol, Status, Transport

OURS = {"hikvision", "dahua", "huawei"}
GET = "GET / HTTP/1.1\r\n\r\n"
DESCRIBE = "DESCRIBE rtsp://192.0.2.9/live RTSP/1.0\r\nCSeq: 2\r\n\r\n"
PAGE = "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n"
XML = "HTTP/1.1 200 OK\r\nContent-Type: application/xml\r\n\r\n<?xml version='1.0'?>"
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
    "another maker's key and value of which the question is not known": (
        Protocol.HTTP,
        "",
        (
            TEXT
            + "Model=YNF-9010\r\nSerialNumber=ZLAA70GKA0001JZ\r\nFirmwareVersion=2.01.00\r\nDeviceType=NWC\r\nVendor=Acme\r\n"
        ),
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
    "a camera on the sample server of a chip maker": (
        Protocol.RTSP,
        "DESCRIBE rtsp://192.0.2.9/Streaming/Channels/101 RTSP/1.0\r\nCSeq: 2\r\n\r\n",
        (
            "RTSP/1.0 200 OK\r\nCSeq: 2\r\nContent-Type: application/sdp\r\n\r\nv=0\r\n"
            "o=- 1600000000 1 IN IP4 192.0.2.9\r\ns=Media Presentation\r\ne=NONE\r\nt=0 0\r\n"
            "m=video 0 RTP/AVP 96\r\na=control:trackID=1\r\na=rtpmap:96 H264/90000\r\n"
            "a=Media_header:MEDIAINFO=494D4B48010100000400010010710110401F000000FA000000000000000000000000000000000000;\r\n"
            "a=appversion:1.0\r\n"
        ),
    ),
    "a server that repeats the address it was asked for": (
        Protocol.RTSP,
        "DESCRIBE rtsp://192.0.2.9/Streaming/Channels/101 RTSP/1.0\r\nCSeq: 2\r\n\r\n",
        (
            "RTSP/1.0 200 OK\r\nCSeq: 2\r\nContent-Type: application/sdp\r\n\r\nv=0\r\n"
            "o=- 1600000000 1 IN IP4 192.0.2.9\r\ns=Media Presentation\r\ne=NONE\r\nt=0 0\r\n"
            "a=control:rtsp://192.0.2.9/Streaming/Channels/101\r\nm=video 0 RTP/AVP 96\r\n"
            "a=control:rtsp://192.0.2.9/Streaming/Channels/101/trackID=1\r\na=rtpmap:96 H264/90000\r\n"
        ),
    ),
    "a relay that passes a recorder's description on": (
        Protocol.RTSP,
        DESCRIBE,
        (
            "RTSP/1.0 200 OK\r\nCSeq: 2\r\nServer: Relay/1.0\r\nContent-Type: application/sdp\r\n\r\nv=0\r\n"
            "o=- 1109162014219182 0 IN IP4 0.0.0.0\r\ns=HIK Media Server V4.30.085\r\n"
            "i=HIK Media Server Session Description : standard\r\ne=NONE\r\nt=0 0\r\na=control:*\r\n"
            "m=video 0 RTP/AVP 96\r\na=control:streamid=0\r\na=rtpmap:96 H264/90000\r\n"
        ),
    ),
    "another camera's answer by the draft that several makers built": (
        Protocol.HTTP,
        "GET /PSIA/System/deviceInfo HTTP/1.1\r\n\r\n",
        (
            "HTTP/1.1 200 OK\r\nContent-Type: application/xml\r\n\r\n"
            '<?xml version="1.0" encoding="UTF-8"?><DeviceInfo version="1.0" xmlns="urn:psialliance-org">'
            "<deviceName>Yard</deviceName><deviceID>7</deviceID><model>YC-20</model><serialNumber>2012345678</serialNumber>"
            "<macAddress>00:00:5e:00:53:07</macAddress><firmwareVersion>1.4</firmwareVersion>"
            "<firmwareReleasedDate>2012-05-01</firmwareReleasedDate></DeviceInfo>"
        ),
    ),
    "a storage box that asks with its host name": (
        Protocol.HTTP,
        GET,
        'HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm="DS-218play"\r\n\r\n',
    ),
    "a bridge that asks with the name of the cameras it serves": (
        Protocol.HTTP,
        GET,
        'HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm="Hikvision"\r\n\r\n',
    ),
    "a portal that links cameras by their login page": (
        Protocol.HTTP,
        GET,
        PAGE + '<html><body><a href="http://192.0.2.90/doc/page/login.asp?_1762828508144">Gate</a>'
        '<script>switch(make){case"HIKVISION":open(1)}</script></body></html>',
    ),
    "a video platform that lists its cameras": (
        Protocol.HTTP,
        GET,
        (
            "HTTP/1.1 200 OK\r\nContent-Type: application/xml\r\n\r\n<cameras><camera>"
            "<manufacturer>Hikvision</manufacturer><model>DS-2CD2143G0-I</model></camera></cameras>"
        ),
    ),
    "a router's shell with a name of two makers": (
        Protocol.TELNET,
        "",
        "BusyBox v1.19.4 (2024-09-11 18:08:18 CST) protect shell (psh)\r\n# ",
    ),
    "a digest challenge of a common small web server": (
        Protocol.HTTP,
        GET,
        (
            'HTTP/1.1 401 Unauthorized\r\nServer: GoAhead-Webs\r\nWWW-Authenticate: Digest realm="camera", '
            'domain="192.0.2.9", qop="auth", nonce="b6ad5787067be389a14d9e92600987a3", '
            'opaque="5ccc069c403ebaf9f0171e9517f40e41", algorithm="MD5", stale="FALSE"\r\n\r\n'
        ),
    ),
    "a camera whose library declares another maker's topics": (
        Protocol.WSD,
        "Probe",
        (
            '<?xml version="1.0" encoding="UTF-8"?><SOAP-ENV:Envelope '
            'xmlns:SOAP-ENV="http://www.w3.org/2003/05/soap-envelope" '
            'xmlns:wsdd="http://schemas.xmlsoap.org/ws/2005/04/discovery" '
            'xmlns:tns1="http://www.onvif.org/ver10/topics" xmlns:tnshik="http://www.hikvision.com/2011/event/topics">'
            "<SOAP-ENV:Body><wsdd:ProbeMatches><wsdd:ProbeMatch><wsdd:Types>dn:NetworkVideoTransmitter</wsdd:Types>"
            "<wsdd:Scopes>onvif://www.onvif.org/manufacturer/Yardcam onvif://www.onvif.org/hardware/IPCamera "
            "onvif://www.onvif.org/name/Yardcam onvif://www.onvif.org/location/Guangzhou</wsdd:Scopes>"
            "<wsdd:XAddrs>http://192.0.2.9/onvif/device_service</wsdd:XAddrs></wsdd:ProbeMatch></wsdd:ProbeMatches>"
            "</SOAP-ENV:Body></SOAP-ENV:Envelope>"
        ),
    ),
    "an application that asks to log in to a server by its name": (
        Protocol.HTTP,
        GET,
        'HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm="Login to SERVER2019DC01"\r\n\r\n',
    ),
    "a page with a puzzle for people": (
        Protocol.HTTP,
        GET,
        PAGE
        + '<html><head><script src="/cap.js"></script><script src="js/urlParser.js"></script></head></html>',
    ),
    "an open ONVIF server with scopes copied from a camera": (
        Protocol.WSD,
        "Probe",
        SCOPES.replace("name/Yardcam", "name/Shedcam").replace("hardware/IPC-Y20", "hardware/IPC-Shed"),
    ),
    "a server that gives its own page to any path": (
        Protocol.HTTP,
        "GET /cgi-bin/magicBox.cgi?action=getDeviceType HTTP/1.1\r\n\r\n",
        PAGE
        + "<html>\n<title>Acme</title>\n<script>\nvendor=Acme\ntype=IPC\nversion=2.1\n</script>\n</html>\n",
    ),
    "a server that says how it is to any path": (
        Protocol.HTTP,
        "GET /cgi-bin/netApp.cgi?action=getInterfaces HTTP/1.1\r\n\r\n",
        TEXT + "status=ok\nusers=3\n",
    ),
    "a server that gives one line to any path": (
        Protocol.HTTP,
        "GET /cgi-bin/magicBox.cgi?action=getSoftwareVersion HTTP/1.1\r\n\r\n",
        TEXT + "version=1.0.3\n",
    ),
    "an application that lets itself be framed": (
        Protocol.HTTP,
        GET,
        (
            "HTTP/1.1 200 OK\r\nServer: Apache-Coyote/1.1\r\nP3P: CP=CAO PSA OUR\r\nContent-Type: text/html\r\n"
            "Content-Length: 40\r\n\r\n<html><title>WEB SERVICE</title></html>"
        ),
    ),
    "remote calls by XML at a common address": (
        Protocol.HTTP,
        "POST /RPC2 HTTP/1.1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\n\r\n<?xml version='1.0'?><methodResponse><params/></methodResponse>",
    ),
    "remote calls by JSON at a common address": (
        Protocol.HTTP,
        "POST /RPC2 HTTP/1.1\r\n\r\n",
        (
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n"
            '{"jsonrpc":"2.0","id":1,"result":{"version":"4.12.1","vendor":"Acme","sn":"A1B2C3D4"}}'
        ),
    ),
    "another maker's remote calls of like words at the same address": (
        Protocol.HTTP,
        "POST /RPC2 HTTP/1.1\r\n\r\n",
        (
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n"
            '{"result":false,"errCode":401,"page":"login"}'
        ),
    ),
    "another maker's refusal of like words at the same address": (
        Protocol.HTTP,
        "POST /RPC2 HTTP/1.1\r\n\r\n",
        (
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n"
            '{"error":{"code":268959743,"message":"Not supported"},"result":false}'
        ),
    ),
    "a bridge that tells of the cameras behind it": (
        Protocol.HTTP,
        "GET /devices/gate.json HTTP/1.1\r\n\r\n",
        (
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n"
            '{"device":{"vendor":"Dahua","device_type":"IPC-HFW2231S","version":"2.800.0000018.0.R","sn":"5J00000PAG00001"}}'
        ),
    ),
    "another maker's camera that copied an answer with the maker's name space": (
        Protocol.HTTP,
        "GET /PSIA/Custom/SelfExt/PPPoE HTTP/1.1\r\n\r\n",
        XML
        + '<PPPoEList version="1.0" xmlns="http://www.hikvision.com/ver10/XMLSchema"><id>1</id></PPPoEList>',
    ),
    "another maker's camera that copied an answer with a neutral name space": (
        Protocol.HTTP,
        "GET /PSIA/Custom/SelfExt/DDNS/1 HTTP/1.1\r\n\r\n",
        XML + '<DDNS version="1.0" xmlns="http://www.std-cgi.com/ver10/XMLSchema"><id>1</id></DDNS>',
    ),
    "another maker's recorder that copied a device information": (
        Protocol.HTTP,
        "GET /System/deviceInfo HTTP/1.1\r\n\r\n",
        XML + '<DeviceInfo version="1.0" xmlns="http://www.std-cgi.com/ver10/XMLSchema">'
        "<deviceName>Bus 12</deviceName><model>MR-8</model></DeviceInfo>",
    ),
    "another maker's event settings in a copied extension": (
        Protocol.HTTP,
        "GET /PSIA/MotionDetection/information HTTP/1.1\r\n\r\n",
        XML + '<MotionDetection version="1.0" xmlns="urn:selfextension:psiaext-ver10-xsd"/>',
    ),
    "notes that quote a camera's stream description": (
        Protocol.HTTP,
        GET,
        PAGE + "<html><pre>v=0\ns=Media Server\na=packetization-supported:DH\n</pre></html>",
    ),
    "a greeting that says who runs the network": (
        Protocol.TELNET,
        "",
        "\r\nThis router is managed by Huawei Technologies Managed Services\r\nUser Access Verification\r\nUsername: ",
    ),
    "a learning portal with a maker's name": (
        Protocol.HTTP,
        GET,
        'HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm="Login to Dahua Learning Portal"\r\n\r\n',
    ),
    "a camera of another maker in a room with a name": (
        Protocol.WSD,
        "Probe",
        SCOPES.replace("name/Yardcam", "name/HoloSens%20room"),
    ),
    "a guide to logging in by remote calls": (
        Protocol.HTTP,
        GET,
        PAGE + '<html><body><p>Send {"method":"global.login"} to /RPC2_Login, or open '
        "rtsp://192.0.2.9/cam/realmonitor?channel=1 and see Amcrest Technologies.</p></body></html>",
    ),
    "a relay that says the path it was asked for": (
        Protocol.RTSP,
        "DESCRIBE rtsp://192.0.2.9/cam/realmonitor?channel=1&subtype=0 RTSP/1.0\r\nCSeq: 2\r\n\r\n",
        (
            "RTSP/1.0 200 OK\r\nCSeq: 2\r\nContent-Type: application/sdp\r\n\r\nv=0\r\no=- 0 0 IN IP4 127.0.0.1\r\n"
            "s=Relay\r\nt=0 0\r\nm=video 0 RTP/AVP 96\r\na=control:rtsp://192.0.2.9/cam/realmonitor?channel=1&subtype=0/track1\r\n"
        ),
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


def test_a_seller_s_name_names_no_maker_beside_another_maker_s_scopes() -> None:
    scopes = (SCOPES.replace("name/Yardcam", "name/RVi-IPC11S").replace("IPC-Y20", "RVi-IPC11S")).replace(
        "extension/unique_identifier", "type/video_encoder"
    )
    maker = identify("d", probes.read(said(Protocol.WSD, "Probe", scopes))).claim("maker")
    assert maker is None or maker.value != "dahua"


def test_the_maker_s_own_forms_name_it_alone() -> None:
    login = 'HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Digest realm="Login to {}"\r\n\r\n'
    answers = (
        (GET, login.format("4K00000PAJ00001")),
        (GET, login.format("0" * 31 + "a")),
        (
            "POST /RPC2_Login HTTP/1.1\r\n\r\n",
            (
                'HTTP/1.1 200 OK\r\n\r\n{"error":{"code":268632079,"message":"Component error: login challenge!"},'
                '"id":1,"result":false,"session":0}'
            ),
        ),
        (
            "GET /cgi-bin/configManager.cgi?action=getConfig&name=ChannelTitle HTTP/1.1\r\n\r\n",
            TEXT + "table.ChannelTitle[0].Name=Gate\r\ntable.ChannelTitle[1].Name=Yard\r\n",
        ),
        (
            "GET /cgi-bin/devVideoInput.cgi?action=getCaps&channel=1 HTTP/1.1\r\n\r\n",
            TEXT + "caps.CoverCount=4\r\ncaps.CoverType=2\r\n",
        ),
        ("GET /cgi-bin/magicBox.cgi?action=getVendor HTTP/1.1\r\n\r\n", TEXT + "vendor=General\r\n"),
    )
    for request, answer in answers:
        maker = identify("d", probes.read(said(Protocol.HTTP, request, answer))).claim("maker")
        assert maker is not None, answer
        assert (maker.value, maker.certainty is Certainty.TENTATIVE) == ("dahua", False), answer


def test_a_door_station_is_told_by_its_class() -> None:
    asked = "GET /cgi-bin/magicBox.cgi?action=getDeviceClass HTTP/1.1\r\n\r\n"
    identity = identify("d", probes.read(said(Protocol.HTTP, asked, TEXT + "class=VTO\r\n")))
    assert (identity.value("maker"), identity.value("kind")) == ("dahua", "intercom")


def test_an_integrator_s_certificate_with_a_unit_of_the_name_is_a_hint() -> None:
    heard = said(Protocol.TLS, "", "")
    subject = Observation("tls.subject", "CN=nvr.example,OU=Dahua,O=Acme Integrators", heard)
    maker = identify("d", (subject,)).claim("maker")
    assert maker is not None
    assert (maker.value, maker.certainty) == ("dahua", Certainty.TENTATIVE)


def test_a_name_among_the_words_of_a_realm_is_no_brand() -> None:
    realm = (
        'HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm="Login to Dahua Learning Portal"\r\n\r\n'
    )
    assert identify("d", probes.read(said(Protocol.HTTP, GET, realm))).claim("brand") is None
