"""Where an account may be shown: by what each endpoint itself showed, and by numbers that tell devices apart."""

import pytest

from auditor.model import Endpoint, Exchange, Protocol, Status, Transport
from auditor.run.again import known_from
from auditor.run.doors import doors, maker_at
from auditor.run.target import Target

SUBJECT = "hall/192.0.2.7"
HIKVISION = (
    b"HTTP/1.1 200 OK\r\nServer: App-webs/\r\n\r\n<html><head><title>index</title><script>"
    b'window.location.href="/doc/page/login.asp?_"+(new Date()).getTime();</script></head></html>'
)
DAHUA = b'HTTP/1.1 401 X\r\nWWW-Authenticate: Digest realm="Login to 2M05D7EPBJ71C67", nonce="1"\r\n\r\n'
STRANGER = b'HTTP/1.1 401 X\r\nWWW-Authenticate: Digest realm="Protected", nonce="a"\r\n\r\n'


def target(*said: tuple[int, bytes], transport: Transport = Transport.TCP) -> Target:
    made = Target("hall", "192.0.2.7")
    for port, reply in said:
        path = b"/cgi-bin/magicBox.cgi?action=getSystemInfo" if reply is DAHUA else b"/"
        request = b"GET " + path + b" HTTP/1.1\r\nHost: x\r\n\r\n"
        where = Endpoint("192.0.2.7", port, transport)
        made.memory.keep(
            Exchange(SUBJECT, "http_root", Protocol.HTTP, where, request, reply, Status.ANSWERED)
        )
    return made


def test_the_endpoint_that_showed_the_maker_comes_first() -> None:
    made = target((80, STRANGER), (8080, HIKVISION))
    (door,) = doors(made, known_from(SUBJECT, made.memory.exchanges))
    assert door.step.maker == "hikvision"
    assert [one.port for one in door.endpoints] == [8080, 80]


def test_a_maker_shown_by_one_port_is_not_that_of_another() -> None:
    made = target((80, STRANGER), (8080, HIKVISION))
    seen = known_from(SUBJECT, made.memory.exchanges).observations
    assert maker_at(SUBJECT, seen, 8080) == "hikvision"
    assert maker_at(SUBJECT, seen, 80) == ""
    assert maker_at(SUBJECT, seen, 8080, udp=True) == ""


def test_two_makers_behind_one_address_are_two_doors_without_marks() -> None:
    made = target((80, DAHUA), (81, STRANGER), (8080, HIKVISION))
    found = doors(made, known_from(SUBJECT, made.memory.exchanges))
    assert [(one.step.maker, [each.port for each in one.endpoints]) for one in found] == [
        ("dahua", [80]),
        ("hikvision", [8080]),
        ("", [81]),
    ]
    assert not any(one.step.marks for one in found)


@pytest.mark.parametrize(
    ("serial", "tells"),
    [
        ("DS-2CD2032F-I20150302CCWR498117001", True),
        ("2M05D7EPBJ71C67", True),
        ("4J00000PAG00001", True),
        ("00000000", False),
        ("0000-0000-0001", False),
        ("123456789", False),
        ("0123456789ABCDEF", False),
        ("SN01", False),
        ("XXXXXXXXXXXX", False),
        ("", False),
    ],
)
def test_a_number_that_factories_leave_in_many_devices_is_no_mark(serial: str, tells: bool) -> None:
    information = (
        "<DeviceInfo><model>DS-2CD2032F-I</model><macAddress>00:00:00:00:00:00</macAddress>"
        f"<serialNumber>{serial}</serialNumber><firmwareVersion>V5.4.5</firmwareVersion></DeviceInfo>"
    )
    made = target((80, HIKVISION))
    request = b"GET /ISAPI/System/deviceInfo HTTP/1.1\r\nHost: x\r\n\r\n"
    reply = b"HTTP/1.1 200 OK\r\nContent-Type: application/xml\r\n\r\n" + information.encode()
    where = Endpoint("192.0.2.7", 80)
    made.memory.keep(Exchange(SUBJECT, "login_isapi", Protocol.HTTP, where, request, reply, Status.ANSWERED))
    (door,) = doors(made, known_from(SUBJECT, made.memory.exchanges))
    assert bool(door.step.marks) is tells
