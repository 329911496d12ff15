"""ONVIF answers under any prefix."""

from datetime import UTC, datetime

import pytest

from auditor.wire import onvif, xml

INFORMATION = (
    '<{0}Envelope xmlns:x="urn:whatever"><{0}Body><{1}GetDeviceInformationResponse>\n<{1}Manufacturer>NORTHCAM</{1}Manufacturer>'
    "<{1}Model>NC2-D</{1}Model>\n<{1}FirmwareVersion>2.811.0000013.0.R, Build Date 2023-12-20</{1}FirmwareVersion>"
    "<{1}SerialNumber>4J00000PAG00001</{1}SerialNumber><{1}HardwareId>1.00</{1}HardwareId></{1}GetDeviceInformationResponse></{0}Body></{0}Envelope>"
)
CLOCK = (
    "<tds:GetSystemDateAndTimeResponse><tds:SystemDateAndTime><tt:DateTimeType>NTP</tt:DateTimeType><tt:TimeZone><tt:TZ>CST-8</tt:TZ></tt:TimeZone>"
    "{utc}<tt:LocalDateTime><tt:Time><tt:Hour>20</tt:Hour><tt:Minute>9</tt:Minute><tt:Second>1</tt:Second></tt:Time><tt:Date>"
    "<tt:Year>2024</tt:Year><tt:Month>2</tt:Month><tt:Day>29</tt:Day></tt:Date></tt:LocalDateTime></tds:SystemDateAndTime></tds:GetSystemDateAndTimeResponse>"
)
UTC_PART = "<tt:UTCDateTime><tt:Time><tt:Hour>{0}</tt:Hour><tt:Minute>9</tt:Minute><tt:Second>{1}</tt:Second></tt:Time><tt:Date><tt:Year>{2}</tt:Year><tt:Month>{3}</tt:Month><tt:Day>29</tt:Day></tt:Date></tt:UTCDateTime>"


@pytest.mark.parametrize(
    ("soap", "device"), [("s:", "tds:"), ("SOAP-ENV:", "ns1:"), ("", ""), ("env:", "tds:")]
)
def test_device_information_reads_the_same_under_any_prefix(soap: str, device: str) -> None:
    found = dict(onvif.device_information(INFORMATION.format(soap, device)))
    assert found == {
        "Manufacturer": "NORTHCAM",
        "Model": "NC2-D",
        "FirmwareVersion": "2.811.0000013.0.R, Build Date 2023-12-20",
        "SerialNumber": "4J00000PAG00001",
        "HardwareId": "1.00",
    }


def test_a_firmware_version_that_is_cut_off_is_not_shown() -> None:
    text = INFORMATION.format("s:", "tds:")
    found = dict(onvif.device_information(text[: text.index(", Build")]))
    assert found == {"Manufacturer": "NORTHCAM", "Model": "NC2-D"}


def test_other_answers_hold_no_device_information() -> None:
    assert onvif.device_information("<tds:GetScopesResponse><Model>x</Model></tds:GetScopesResponse>") == ()
    assert onvif.device_information("") == ()


def test_the_utc_clock_is_read_before_the_local_one() -> None:
    text = CLOCK.format(utc=UTC_PART.format(12, 1, 2024, 2))
    assert onvif.device_time(text) == datetime(2024, 2, 29, 12, 9, 1, tzinfo=UTC)
    assert onvif.time_zone(text) == "CST-8"


LOCAL = "<r><tt:TimeZone>{zone}</tt:TimeZone><tt:DaylightSavings>{summer}</tt:DaylightSavings>{clock}</r>"
LOCAL_PART = UTC_PART.replace("UTCDateTime", "LocalDateTime").format(12, 1, 2024, 2)


@pytest.mark.parametrize(
    ("zone", "summer", "hour", "is_utc"),
    [
        ("<tt:TZ>CST-8</tt:TZ>", "false", 4, True),
        ("<tt:TZ>CST-8</tt:TZ>", "true", 4, True),
        ("<tt:TZ>CET-1CEST,M3.5.0,M10.5.0/3</tt:TZ>", "true", 10, True),
        ("<tt:TZ>CET-1CEST,M3.5.0,M10.5.0/3</tt:TZ>", "false", 11, True),
        ("<tt:TZ>&lt;-05&gt;5:00:00</tt:TZ>", "false", 17, True),
        ("<tt:TZ>Europe/Berlin</tt:TZ>", "false", 12, False),
        ("", "", 12, False),
    ],
)
def test_a_clock_told_as_local_time_alone_is_read_by_its_zone_where_there_is_one(
    zone: str, summer: str, hour: int, is_utc: bool
) -> None:
    text = LOCAL.format(zone=zone, summer=summer, clock=LOCAL_PART)
    assert onvif.device_time(text) == datetime(2024, 2, 29, hour, 9, 1, tzinfo=UTC)
    assert onvif.tells_utc(text) is is_utc


def test_an_empty_utc_clock_leaves_the_local_one() -> None:
    text = LOCAL.format(zone="", summer="", clock=f"<tt:UTCDateTime/>{LOCAL_PART}")
    assert onvif.device_time(text) == datetime(2024, 2, 29, 12, 9, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ((0, 60, 1972, 6), datetime(1972, 6, 29, 0, 9, 59, tzinfo=UTC)),
        ((0, 1, 2023, 2), None),
        ((25, 1, 2024, 2), None),
        ((0, 1, 0, 1), None),
        ((0, 1, "9" * 6000, 1), None),
        ((0, 1, "-5", 1), None),
    ],
)
def test_a_clock_that_no_calendar_has_is_no_clock(
    parts: tuple[object, ...], expected: datetime | None
) -> None:
    assert onvif.device_time(CLOCK.format(utc=UTC_PART.format(*parts))) == expected


def test_scopes_are_listed_as_written_and_split_on_demand() -> None:
    text = "<r><tds:Scopes><tt:ScopeDef>Fixed</tt:ScopeDef><tt:ScopeItem>onvif://www.onvif.org/name/NORTH%20NC2</tt:ScopeItem></tds:Scopes><Scopes><ScopeItem/></Scopes></r>"
    assert onvif.scopes(text) == ("onvif://www.onvif.org/name/NORTH%20NC2",)


@pytest.mark.parametrize(
    ("scope", "item"),
    [
        ("onvif://www.onvif.org/name/NORTH%20NC2", ("name", "NORTH NC2")),
        ("onvif://www.onvif.org/location/city/north%2Fpole", ("location", "city/north/pole")),
        ("ONVIF://www.onvif.org/Model/421", ("model", "421")),
        ("onvif://www.onvif.org/location/", ("location", "")),
        ("onvif://www.onvif.org/extension", ("extension", "")),
        ("onvif://www.onvif.org/name/%E6%91%84%2", ("name", "摄%2")),
        ("onvif://www.onvif.org/name/%C9%E3%CF%F1", ("name", "摄像")),
        ("odm:name:x", None),
        ("", None),
    ],
)
def test_a_scope_splits_into_kind_and_value(scope: str, item: tuple[str, str] | None) -> None:
    assert onvif.scope_item(scope) == item


def test_services_and_capabilities_give_their_addresses() -> None:
    services = "<r><Service><Namespace>urn:a</Namespace><XAddr>http://192.0.2.9/a</XAddr></Service><Service><XAddr>http://192.0.2.9/b</XAddr></Service></r>"
    assert onvif.services(services) == (("urn:a", "http://192.0.2.9/a"), ("Service", "http://192.0.2.9/b"))
    capabilities = "<tds:Capabilities><tt:Device><tt:XAddr>http://192.0.2.9/onvif/device_service</tt:XAddr></tt:Device></tds:Capabilities>"
    assert onvif.services(capabilities) == (("Device", "http://192.0.2.9/onvif/device_service"),)


def test_every_call_is_a_one_line_envelope_around_a_reading_call() -> None:
    calls = (
        onvif.get_system_date_and_time(),
        onvif.get_capabilities(),
        onvif.get_services(),
        onvif.get_scopes(),
        onvif.get_device_information(),
    )
    for call in calls:
        body = next(each for each in xml.elements(call.decode()) if each.path.count("/") == 2)
        assert body.name.startswith("Get")
        assert b"\n" not in call
