"""The same device in the many spellings that firmware uses: what it shows is read from each of them alike."""

import pytest

from auditor import probes
from auditor.fingerprint import identify, pages, suspected
from auditor.model import Endpoint, Exchange, Protocol, Status

DEVICE_INFO = "GET /ISAPI/System/deviceInfo HTTP/1.1"
MAGIC = "GET /cgi-bin/magicBox.cgi?action={} HTTP/1.1"
DESCRIBE = "DESCRIBE rtsp://192.0.2.9/ RTSP/1.0"


def said(protocol: Protocol, request: str, reply: str) -> Exchange:
    return Exchange(
        device="d",
        probe="test",
        protocol=protocol,
        endpoint=Endpoint("192.0.2.9", 80),
        request=request.encode(),
        reply=reply.encode(),
        status=Status.ANSWERED,
    )


def claimed(exchange: Exchange, *names: str) -> tuple[str | None, ...]:
    identity = identify("d", probes.read(exchange))
    return tuple(identity.value(name) for name in names)


def ok(body: str, kind: str = "text/plain") -> str:
    return f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\n\r\n{body}"


def info(*tags: str, namespace: str = "http://www.hikvision.com/ver20/XMLSchema") -> str:
    return ok(f'<DeviceInfo version="2.0" xmlns="{namespace}">' + "".join(tags) + "</DeviceInfo>")


@pytest.mark.parametrize(
    ("tags", "firmware", "build"),
    [
        ("<firmwareVersion>V5.4.0 build 160530</firmwareVersion>", "V5.4.0", "2016-05-30"),
        ("<firmwareVersion>V5.4.0build 160530</firmwareVersion>", "V5.4.0", "2016-05-30"),
        ("<firmwareVersion>v5.4.0, Build 160530</firmwareVersion>", "v5.4.0", "2016-05-30"),
        ("<firmwareVersion>V4.22.005</firmwareVersion>", "V4.22.005", None),
        (
            "<firmwareVersion>V5.7.3</firmwareVersion><firmwareReleasedDate>build 220112</firmwareReleasedDate>",
            "V5.7.3",
            "2022-01-12",
        ),
        (
            "<firmwareVersion>V5.7.3</firmwareVersion><firmwareReleasedDate>2022-01-12</firmwareReleasedDate>",
            "V5.7.3",
            "2022-01-12",
        ),
        (
            (
                "<firmwareVersion>V5.7.3 build 220112</firmwareVersion>"
                "<firmwareReleasedDate>build 220112</firmwareReleasedDate>"
            ),
            "V5.7.3",
            "2022-01-12",
        ),
        (
            "<firmwareReleasedDate>Build20161208</firmwareReleasedDate><firmwareVersion>V1.1.0</firmwareVersion>",
            "V1.1.0",
            "2016-12-08",
        ),
    ],
)
def test_device_information_tells_version_and_build(tags: str, firmware: str, build: str | None) -> None:
    exchange = said(Protocol.HTTP, DEVICE_INFO, info(tags))
    assert claimed(exchange, "maker", "firmware", "build_date") == ("hikvision", firmware, build)


@pytest.mark.parametrize(
    ("model", "tags", "kind"),
    [
        ("DS-2CD2346G2-ISU/SL", "<deviceType>IPCamera</deviceType>", "camera"),
        ("DS-2DE4225IW-DE(S5)", "<deviceType>IPDome</deviceType>", "camera"),
        ("DS-7608NXI-I2/8P/S", "<deviceType>NVR</deviceType>", "nvr"),
        ("DS-7208HUHI-K1(C)/S", "<deviceType>DVR</deviceType>", "dvr"),
        ("iDS-7208HQHI-M1(A)/S(C)", "<deviceType>DVR</deviceType>", "dvr"),
        ("DS-KH6320-WTE1", "<deviceType>DVR</deviceType>", "intercom"),
        ("DS-KV8113-WME1(B)", "<deviceType>VIS</deviceType>", "intercom"),
        ("DS-K1T671TM-3XF", "<deviceType>ACS</deviceType>", "access-control"),
        ("DS-6704HUHI", "", "encoder"),
        ("HWN-4104MH-W", "", "nvr"),
        ("LTN8716K-P16", "", "nvr"),
        ("ACR4-40", "<deviceType>NVR</deviceType>", "nvr"),
    ],
)
def test_a_model_says_what_a_device_is_for(model: str, tags: str, kind: str) -> None:
    exchange = said(Protocol.HTTP, DEVICE_INFO, info(f"<model>{model}</model>{tags}"))
    assert claimed(exchange, "maker", "model", "kind") == ("hikvision", model, kind)


@pytest.mark.parametrize(
    ("model", "manufacturer", "namespace", "brand"),
    [
        ("DS-2CD2143G2-I", "hikvision", "http://www.hikvision.com/ver20/XMLSchema", "hikvision"),
        ("DS-2CD2143G2-I", "", "http://www.isapi.org/ver20/XMLSchema", "hikvision"),
        ("CMIP1342WE-28MDA", "", "http://www.std-cgi.com/ver20/XMLSchema", "lts"),
        ("I91BM", "ANNKE", "http://www.std-cgi.com/ver20/XMLSchema", "annke"),
        ("IPC-T250H-M", "HiLook", "http://www.hikvision.com/ver20/XMLSchema", "hilook"),
        ("TVB-5402", "", "http://www.std-cgi.com/ver20/XMLSchema", "truvision"),
        ("ACR4-40", "", "http://www.std-cgi.com/ver20/XMLSchema", None),
    ],
)
def test_the_label_is_told_apart_from_the_maker(
    model: str, manufacturer: str, namespace: str, brand: str | None
) -> None:
    tags = f"<model>{model}</model><manufacturer>{manufacturer}</manufacturer>"
    exchange = said(Protocol.HTTP, DEVICE_INFO, info(tags, namespace=namespace))
    assert claimed(exchange, "maker", "brand") == ("hikvision", brand)


@pytest.mark.parametrize(
    ("action", "body", "name", "value"),
    [
        ("getSoftwareVersion", "version=2.800.0000016.0.R,build:2020-06-05", "build_date", "2020-06-05"),
        (
            "getSoftwareVersion",
            "version=2.800.0000016.0.R, build:2020-06-05",
            "firmware",
            "2.800.0000016.0.R",
        ),
        ("getSoftwareVersion", "version=2.800.0000016.0.R build: 2020-6-5", "build_date", "2020-06-05"),
        ("getSoftwareVersion", "version=2.420.AC00.15.R\r\nBuildDate=2016-09-08", "build_date", "2016-09-08"),
        (
            "getSoftwareVersion",
            "version=2.811.0000013.0.R, Build Date 2023-12-20",
            "build_date",
            "2023-12-20",
        ),
        ("getSoftwareVersion", "version=V2.840.0000000.28.R", "firmware", "V2.840.0000000.28.R"),
        ("getSoftwareVersion", "version=3.210.IB01.3", "brand", "intelbras"),
        ("getSoftwareVersion", "version=V2.800.0000000.0.R.220101", "build_date", "2022-01-01"),
        ("getDeviceType", "type=IPC-T5442TM-AS-6.0mm", "model", "IPC-T5442TM-AS-6.0mm"),
        ("getDeviceType", "type=MHDX 1108-C", "kind", "dvr"),
        ("getDeviceClass", "type=VTO", "kind", "intercom"),
        ("getSerialNo", "sn=4F07335PAZEEA9B", "serial", "4F07335PAZEEA9B"),
        ("getVendor", "vendor=LOREX", "brand", "lorex"),
        ("getSystemInfo", "deviceType=31\r\nserialNumber=ND021911\r\nupdateSerial=NVR2X-4KS3", "kind", "nvr"),
    ],
)
def test_short_answers_with_a_login_are_read(action: str, body: str, name: str, value: str) -> None:
    exchange = said(Protocol.HTTP, MAGIC.format(action), ok(body))
    assert claimed(exchange, "maker", name) == ("dahua", value)


@pytest.mark.parametrize(
    ("reply", "maker", "name", "value"),
    [
        ('Digest realm="IP Camera(C1214)", nonce="0", stale="FALSE"', "hikvision", "kind", "camera"),
        ('Digest realm="IP Camera(83813)", nonce="0"', "hikvision", "kind", "camera"),
        ('Digest realm="HIKVISION", nonce="0"', "hikvision", "brand", "hikvision"),
        ('Digest realm="Embedded Net DVR", nonce="0"', "hikvision", "kind", "dvr"),
        ('Basic realm="DS-2CD2132-I"', "hikvision", "model", "DS-2CD2132-I"),
        ('Digest realm="4419b6000001",nonce="0",stale="FALSE"', "hikvision", "mac", "44:19:b6:00:00:01"),
        ('Digest realm="Login to 4K01000PAJ00001", nonce="0"', "dahua", "serial", "4K01000PAJ00001"),
        ('Digest realm="Login to ND020000000001"', "dahua", "serial", "ND020000000001"),
        ('Digest realm="Login to 0ae5e3a55d6b36d0d35a0f5c751f450a", nonce="0"', "dahua", "serial", None),
        ('Basic realm="MediaServer3.0"', "dahua", "serial", None),
        ('Digest realm="IP Camera", nonce="0"', None, "maker", None),
        ('Digest realm="device", nonce="0"', None, "maker", None),
        ('Digest realm="DVR", nonce="0"', None, "maker", None),
        ('Basic realm="Login to the router"', None, "maker", None),
    ],
)
def test_a_realm_tells_the_maker_or_nothing(
    reply: str, maker: str | None, name: str, value: str | None
) -> None:
    text = f"RTSP/1.0 401 Unauthorized\r\nCSeq: 2\r\nWWW-Authenticate: {reply}\r\n\r\n"
    assert claimed(said(Protocol.RTSP, DESCRIBE, text), "maker", name) == (maker, value)


def envelope(*tags: tuple[str, str]) -> str:
    inner = "".join(f"<tds:{name}>{text}</tds:{name}>" for name, text in tags)
    return ok(
        '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" '
        'xmlns:tds="http://www.onvif.org/ver10/device/wsdl"><s:Body><tds:GetDeviceInformationResponse>'
        f"{inner}</tds:GetDeviceInformationResponse></s:Body></s:Envelope>"
    )


@pytest.mark.parametrize(
    ("manufacturer", "model", "version", "expected"),
    [
        ("HIKVISION", "DS-2CD3T45P1-I", "V5.5.31 build 180903", ("hikvision", "hikvision", "V5.5.31", "2018-09-03")),
        ("Dahua", "IPC-HDW1025C", "2.420.Dahua 00.14.R, build: 2016-06-18", ("dahua", "dahua", "2.420.Dahua 00.14.R", "2016-06-18")),
        ("Amcrest", "IP8M-2493E", "2.622.00AC000.0.R, Build Date 2021-03-19", ("dahua", "amcrest", "2.622.00AC000.0.R", "2021-03-19")),
        ("General", "IPC-HFW1220M-I1", "V2.420.14.R.2016-06-18", ("dahua", None, "V2.420.14.R", "2016-06-18")),
        ("HUAWEI", "M2141-10-EI", "SDC 9.0.0.SPC303", ("huawei", "huawei", "SDC 9.0.0.SPC303", None)),
        ("UNIVIEW", "NVR301-08S3-P8", "NVR-B3801.20.9.200817", ("uniview", "uniview", "NVR-B3801.20.9.200817", None)),
        ("AXIS", "M1065-LW", "9.80.1", ("axis", "axis", "9.80.1", None)),
    ],
)  # fmt: skip
def test_device_information_over_onvif_is_read_in_every_dialect(
    manufacturer: str, model: str, version: str, expected: tuple[str | None, ...]
) -> None:
    text = envelope(("Manufacturer", manufacturer), ("Model", model), ("FirmwareVersion", version))
    exchange = said(Protocol.ONVIF, "POST /onvif/device_service HTTP/1.1\r\n\r\nGetDeviceInformation", text)
    assert claimed(exchange, "maker", "brand", "firmware", "build_date") == expected
    assert claimed(exchange, "model") == (model,)


def test_firmware_made_for_others_takes_away_the_brand_of_its_maker() -> None:
    sadp = (
        "<ProbeMatch><Types>inquiry</Types><DeviceDescription>NC-7</DeviceDescription>"
        "<DetailOEMCode>{}</DetailOEMCode></ProbeMatch>"
    )
    own = said(Protocol.SADP, "", sadp.format("1"))
    relabelled = said(Protocol.SADP, "", sadp.format("2290101"))
    assert claimed(own, "maker", "brand", "oem") == ("hikvision", "hikvision", "no")
    assert claimed(relabelled, "maker", "brand", "oem") == ("hikvision", None, "yes")


@pytest.mark.parametrize(
    ("said_by_neighbour", "maker", "kind"),
    [
        ("HTTP/1.1 200 OK\r\nServer: debut/1.30\r\n\r\n<title>HL-L5100DN series</title>", "brother", "other"),
        ("HTTP/1.1 200 OK\r\n\r\n<title>RouterOS router configuration page</title>", "mikrotik", "router"),
        ("HTTP/1.1 200 OK\r\n\r\n<title>Synology DiskStation</title>", "synology", "other"),
        ('HTTP/1.1 401 No\r\nWWW-Authenticate: Digest realm="AXIS_ACCC8E000001"\r\n\r\n', "axis", None),
        ('HTTP/1.1 401 No\r\nWWW-Authenticate: Basic realm="NETGEAR WNR2000v3"\r\n\r\n', "netgear", "router"),
        ("HTTP/1.1 200 OK\r\nServer: Cross Web Server\r\n\r\n", "tvt", None),
        ("HTTP/1.1 200 OK\r\nServer: nginx\r\n\r\n<title>Camera portal</title>", None, None),
    ],
)
def test_neighbours_are_named_and_never_mistaken(
    said_by_neighbour: str, maker: str | None, kind: str | None
) -> None:
    assert claimed(said(Protocol.HTTP, "GET / HTTP/1.1", said_by_neighbour), "maker", "kind") == (maker, kind)


@pytest.mark.parametrize("outer", ["deviceInfo", "DeviceInfo", "deviceinfo"])
@pytest.mark.parametrize(
    "fields",
    [
        '"DeviceType":"IPC-HDW5421S","SerialNo":"1F00000PAX00001","Version":"2.400.0.8"',
        '"deviceType":"IPC-HDW5421S","serialNo":"1F00000PAX00001","version":"2.400.0.8"',
    ],
)
def test_a_discovery_answer_is_read_whatever_its_case(outer: str, fields: str) -> None:
    body = (
        f'{{"mac":"4c:11:bf:00:00:01","method":"client.notifyDevInfo","params":{{"{outer}":{{{fields}}}}}}}'
    )
    header = f"\x20\0\0\0DHIP{chr(0) * 24}"
    exchange = said(Protocol.DHIP, "", header + body)
    assert claimed(exchange, "maker", "model", "serial", "firmware", "mac") == (
        "dahua",
        "IPC-HDW5421S",
        "1F00000PAX00001",
        "2.400.0.8",
        "4c:11:bf:00:00:01",
    )


def test_a_recorder_platforms_refusal_is_enough_to_ask_its_first_question() -> None:
    refusal = (
        "HTTP/1.1 404 Not Found\r\nX-Robots-Tag: noindex\r\nContent-Type: application/json\r\n\r\n"
        '{"version":"1.0","error_code":"not_found"}'
    )
    heard = probes.read(said(Protocol.HTTP, "GET /ISAPI/System/deviceInfo HTTP/1.1", refusal))
    assert suspected(heard) == {"raysharp"}
    assert any(page.path == "/API/Login/Range" and page.suspected == "raysharp" for page in pages())


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (
            (
                '{"DeviceName":"HoloSens SDC","Manufacturer":"huawei","DeviceType":"M2141-10-EI",'
                '"SerialNumber":"2102412733WMMA000009","DeviceVersion":{"Software":"SDC 9.0.0.SPC303"}}'
            ),
            ("huawei", "camera", "M2141-10-EI", "SDC 9.0.0.SPC303", "2102412733WMMA000009"),
        ),
        (
            '{"device_id":"2198061248WLL3000009","device_type":"NVR","manufacture":"HUAWEI"}',
            ("huawei", "nvr", None, None, "2198061248WLL3000009"),
        ),
    ],
)
def test_a_registration_tells_what_registers(body: str, expected: tuple[str | None, ...]) -> None:
    exchange = said(Protocol.HTTP, "POST /register HTTP/1.1", ok(body, "application/json"))
    assert claimed(exchange, "maker", "kind", "model", "firmware", "serial") == expected
