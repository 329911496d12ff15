"""The sensor: each forbidden thing is caught, each permitted thing is not."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from lab.cli import main
from lab.sensor import Caps, Event, EventKind, Journal, judge, read_journal, rules

HTTP = "GET / HTTP/1.1\r\nHost: x\r\nUser-Agent: auditor\r\nConnection: close\r\n\r\n"


def event(protocol: str, request: str, *, at: float = 100.0, **other: object) -> Event:
    made = Event(
        kind=EventKind.REQUEST,
        at=at,
        device="camera",
        address="127.77.0.1",
        source="127.0.0.1",
        source_port=40000,
        transport="tcp",
        port=80,
        protocol=protocol,
        size=len(request),
        request=request,
    )
    return replace(made, **other)  # type: ignore[arg-type] # fields by name


def post(path: str, body: str) -> str:
    return f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n{body}"


FORBIDDEN = [
    ("http", "PUT /ISAPI/System/time HTTP/1.1\r\n\r\n", "http-method"),
    ("http", "DELETE /x HTTP/1.1\r\n\r\n", "http-method"),
    ("http", post("/RPC2", "{}"), "http-write"),
    ("http", post("/RPC2_Login", "{}"), "login-start"),
    ("http", post("/API/Web/Login", "{}"), "session-call"),
    ("http", post("/API/SystemConfig/SystemInfo/Get", "{}"), "session-call"),
    ("http", post("/API/SystemConfig/SystemInfo/Set", "{}"), "http-write"),
    ("http", "GET /ISAPI/Security/sessionLogin/capabilities HTTP/1.1\r\n\r\n", "login-start"),
    ("http", post("/onvif/device_service", "<tds:SetHostname/>"), "onvif-write"),
    ("http", post("/onvif/device_service", "<tds:SystemReboot/>"), "onvif-write"),
    ("http", post("/onvif/device_service", "<tds:GetUsers/>"), "onvif-action"),
    ("http", post("/onvif/media", "<trt:GetStreamUri/>"), "onvif-stream"),
    ("http", post("/onvif/media", "<trt:GetSnapshotUri/>"), "onvif-stream"),
    ("http", "GET /cgi-bin/snapshot.cgi HTTP/1.1\r\n\r\n", "picture"),
    ("http", "GET /ISAPI/Streaming/channels/101/picture HTTP/1.1\r\n\r\n", "picture"),
    ("http", "GET /image.jpg HTTP/1.1\r\n\r\n", "picture"),
    ("http", "GET / HTTP/1.1\r\nAuthorization: Basic eDp5\r\n\r\n", "login"),
    ("rtsp", "DESCRIBE rtsp://x/ RTSP/1.0\r\nCSeq: 1\r\nAuthorization: Digest u\r\n\r\n", "login"),
    ("http", post("/onvif/device_service", "<wsse:UsernameToken/><tds:GetDeviceInformation/>"), "login"),
    ("http", "GET /x?user=a&pwd=b HTTP/1.1\r\n\r\n", "credential-in-address"),
    ("rtsp", "DESCRIBE rtsp://a:b@x/ RTSP/1.0\r\nCSeq: 1\r\n\r\n", "credential-in-address"),
    ("http", "GET /../../etc/hosts HTTP/1.1\r\n\r\n", "path-trick"),
    ("http", "GET /a%00b HTTP/1.1\r\n\r\n", "path-trick"),
    ("http", "GET /cgi-bin/x.cgi?action=setConfig&a=b HTTP/1.1\r\n\r\n", "config-write"),
    ("rtsp", "SETUP rtsp://x/1 RTSP/1.0\r\nCSeq: 3\r\n\r\n", "rtsp-method"),
    ("rtsp", "PLAY rtsp://x/1 RTSP/1.0\r\nCSeq: 4\r\n\r\n", "rtsp-method"),
    ("sadp", "<Probe><Uuid>A</Uuid><Types>update</Types></Probe>", "sadp-verb"),
    ("sadp", "<Probe><Uuid>A</Uuid><Types>exchangecode</Types></Probe>", "sadp-verb"),
    ("dhip", '{"method":"DHDiscover.setConfig"}', "dhip-method"),
    ("dahua-5050", "\xa3\x01\x00\x01" + "\0" * 12 + "\x03" + "\0" * 15, "dahua-5050-form"),
    ("wsd", "<Envelope><Body><Bye/></Body></Envelope>", "wsd-form"),
    ("ssdp", "NOTIFY * HTTP/1.1\r\n\r\n", "ssdp-method"),
    ("sdk", "\xa0\x00\x00\x60", "sdk-bytes"),
    ("telnet", "root\r\n", "shell-bytes"),
    ("ftp", "USER x\r\n", "shell-bytes"),
    ("snmp", "\x30\x26\x02\x01\x01\x04\x06public\xa0\x19", "snmp-community"),
    ("snmp", "\x30\x26\x02\x01\x01\x04\x07private\xa3\x19", "snmp-set"),
]


@pytest.mark.parametrize(("protocol", "request_text", "rule"), FORBIDDEN, ids=lambda one: str(one)[:40])
def test_a_forbidden_thing_is_caught(protocol: str, request_text: str, rule: str) -> None:
    verdict = judge([event(protocol, request_text)])
    assert rule in {alarm.rule for alarm in verdict.alarms}
    assert not verdict.clean


def test_every_rule_has_something_that_breaks_it() -> None:
    assert {rule.name for rule in rules()} == {rule for _, _, rule in FORBIDDEN}


PERMITTED = [
    ("http", HTTP),
    ("http", "HEAD /favicon.ico HTTP/1.1\r\n\r\n"),
    ("http", "GET /ISAPI/System/deviceInfo HTTP/1.1\r\n\r\n"),
    ("http", "GET /doc/script/lib/seajs/config/sea-config.js HTTP/1.1\r\n\r\n"),
    ("http", "GET /cgi-bin/magicBox.cgi?action=getSystemInfo HTTP/1.1\r\n\r\n"),
    ("http", "GET /SDK/activateStatus HTTP/1.1\r\n\r\n"),
    ("http", "GET /custom_lang/English.txt HTTP/1.1\r\n\r\n"),
    ("http", post("/API/Login/Range", '{"version":"1.0","data":{}}')),
    ("http", post("/onvif/device_service", "<tds:GetDeviceInformation/>")),
    ("http", post("/onvif/device_service", "<tds:GetSystemDateAndTime xmlns:tds='x'/>")),
    ("rtsp", "OPTIONS rtsp://x/ RTSP/1.0\r\nCSeq: 1\r\n\r\n"),
    ("rtsp", "DESCRIBE rtsp://x/cam/realmonitor?channel=1&subtype=0 RTSP/1.0\r\nCSeq: 2\r\n\r\n"),
    ("sadp", "<Probe><Uuid>A</Uuid><Types>inquiry</Types></Probe>"),
    ("sadp", "<Probe><Uuid>A</Uuid><Types>inquiry_v32</Types></Probe>"),
    ("dhip", '\x20\0\0\0DHIP{"method":"DHDiscover.search","params":{"mac":"","uni":1}}\n'),
    ("dahua-5050", "\xa3\x01\x00\x01" + "\0" * 12 + "\x02" + "\0" * 15),
    ("wsd", "<e:Envelope><e:Body><d:Probe/></e:Body></e:Envelope>"),
    ("ssdp", "M-SEARCH * HTTP/1.1\r\nST: ssdp:all\r\n\r\n"),
    ("ssh", "SSH-2.0-auditor\r\n"),
    ("telnet", "\xff\xfc\x01\xff\xfe\x03"),
    ("snmp", "\x30\x3a\x02\x01\x03\x30\x0f"),
]


@pytest.mark.parametrize(("protocol", "request_text"), PERMITTED, ids=lambda one: str(one)[:40])
def test_a_permitted_thing_is_not_caught(protocol: str, request_text: str) -> None:
    assert judge([event(protocol, request_text)]).alarms == ()


def test_an_account_that_was_handed_out_may_be_used_once() -> None:
    login = event("http", "GET /ISAPI/System/deviceInfo HTTP/1.1\r\nAuthorization: Digest u\r\n\r\n")
    assert not judge([login]).clean
    assert judge([login], accounts=["camera"]).clean
    assert not judge([login], accounts=["other"]).clean
    refused = [replace(login, login="refused", at=100.0), replace(login, login="refused", at=200.0)]
    assert {alarm.rule for alarm in judge(refused, accounts=["*"]).alarms} == {"second-attempt"}


def test_a_write_stays_forbidden_with_an_account() -> None:
    assert not judge([event("http", "PUT /x HTTP/1.1\r\n\r\n")], accounts=["*"]).clean


def test_rates_are_measured_and_capped() -> None:
    paced = [event("http", HTTP, at=100 + 0.5 * number) for number in range(20)]
    verdict = judge(paced)
    assert verdict.clean
    assert verdict.rates.requests_host == 2
    hurried = [event("http", HTTP, at=100 + 0.1 * number) for number in range(20)]
    verdict = judge(hurried)
    assert {alarm.rule for alarm in verdict.alarms} == {"rate-requests"}
    assert verdict.rates.requests_host == 10
    assert verdict.rates.busiest == "camera"
    assert judge(hurried, caps=Caps(requests_host=20)).clean


def test_too_many_contacts_in_all_and_to_one_device_are_told_apart() -> None:
    sweep = [
        event("http", "", kind=EventKind.CONNECT, at=100 + number / 2000, device=f"d{number}")
        for number in range(1500)
    ]
    assert {alarm.rule for alarm in judge(sweep).alarms} == {"rate-total"}
    burst = [event("http", "", kind=EventKind.CONNECT, at=100 + number / 200) for number in range(100)]
    assert {alarm.rule for alarm in judge(burst).alarms} == {"rate-host"}


def test_addresses_not_granted_or_excluded_are_alarms() -> None:
    touched = event("http", HTTP)
    assert judge([touched], granted=["127.77.0.0/24"]).clean
    assert {alarm.rule for alarm in judge([touched], granted=["127.78.0.0/24"]).alarms} == {"not-granted"}
    assert {alarm.rule for alarm in judge([touched], excluded=["127.77.0.1/32"]).alarms} == {"excluded"}


def test_a_reboot_and_a_contact_elsewhere_are_alarms() -> None:
    kinds = [event("http", "", kind=EventKind.REBOOT), event("http", "", kind=EventKind.OUTSIDE)]
    assert {alarm.rule for alarm in judge(kinds).alarms} == {"reboot", "outside"}


def test_a_journal_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    written = [
        event("http", HTTP),
        event("telnet", "\xff\xfb\x01"),
        event("http", "", kind=EventKind.CONNECT),
    ]
    journal = Journal(tmp_path / "sensor.jsonl")
    for one in written:
        journal.record(one)
    journal.close()
    assert list(read_journal(tmp_path / "sensor.jsonl")) == written


def test_the_conduct_command_tells_its_verdict(tmp_path: Path) -> None:
    path = tmp_path / "sensor.jsonl"
    journal = Journal(path)
    journal.record(event("http", HTTP))
    journal.close()
    clean = CliRunner().invoke(main, ["conduct", str(path)])
    assert clean.exit_code == 0
    assert "conduct: clean" in clean.stdout
    journal = Journal(path)
    journal.record(event("rtsp", "SETUP rtsp://x/ RTSP/1.0\r\n\r\n"))
    journal.close()
    broken = CliRunner().invoke(main, ["conduct", str(path), "--json"])
    assert broken.exit_code == 1
    verdict = json.loads(broken.stdout)
    assert verdict["clean"] is False
    assert verdict["alarms"][0]["rule"] == "rtsp-method"


def test_a_file_that_is_no_journal_is_refused_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "sensor.jsonl"
    path.write_text("{}\n", encoding="utf-8")
    refused = CliRunner().invoke(main, ["conduct", str(path)])
    assert refused.exit_code == 2
    assert "line 1" in refused.output
