"""What each probe sends, to a line that answers from a script: the fewest questions, and never a forbidden one."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import ModuleType
from typing import cast

import pytest

from auditor import probes
from auditor.model import Call, Endpoint, Exchange, Page, Plan, Protocol, Status, Transport
from auditor.net import Line
from auditor.wire import http, rtsp, tls

CHALLENGE = Page("/interface/info", "", "", challenge=True)
OF_NORTH = Page("/js/version.js", "northcam", "")
OF_NORTH_401 = Page("/cgi-bin/info.cgi?action=getType", "northcam", "", challenge=True)
OF_SOUTH = Page("/API/Login/Range", "southcam", "", method="POST", body='{"version":"1.0"}')


@dataclass
class ScriptedLine:
    """Answers by the first script entry whose text the request holds; remembers what was asked."""

    script: tuple[tuple[bytes, bytes], ...] = ()
    plan: Plan = field(default_factory=Plan)
    endpoint: Endpoint = field(default_factory=lambda: Endpoint("127.0.0.1", 80))
    host: str = "127.0.0.1"
    asked: list[bytes] = field(default_factory=list)

    async def exchange(
        self,
        request: bytes,
        *,
        probe: str,
        protocol: Protocol,
        done: Callable[[bytes], bool],
        limit: int = 262_144,
        deadline: float = 5.0,
    ) -> Exchange:
        self.asked.append(request)
        reply = next((reply for mark, reply in self.script if mark in request), b"")
        status = Status.ANSWERED if reply else Status.SILENT
        return Exchange("s/127.0.0.1", probe, protocol, self.endpoint, request, reply, status)

    def calls(self) -> Iterator[Call]:
        return iter(self.plan.calls)

    async def handshake(self, *, probe: str) -> Exchange:
        self.asked.append(b"handshake")
        reply = tls.record("TLSv1.2", "AES128-SHA", [])
        return Exchange("s/127.0.0.1", probe, Protocol.TLS, self.endpoint, b"", reply, Status.ANSWERED)


def named(name: str) -> ModuleType:
    return next(module for module in probes.all_probes() if module.__name__.endswith(f".{name}"))


def asked_by(name: str, *script: tuple[bytes, bytes], plan: Plan | None = None) -> list[bytes]:
    line = ScriptedLine(script, plan or Plan())
    asyncio.run(named(name).probe(cast("Line", line)))
    return line.asked


def first_lines(requests: list[bytes]) -> list[str]:
    return [request.split(b"\r\n")[0].decode() for request in requests]


def test_the_front_page_and_the_favicon_are_asked_once() -> None:
    assert first_lines(asked_by("http_root")) == ["GET / HTTP/1.1"]
    assert first_lines(asked_by("favicon")) == ["GET /favicon.ico HTTP/1.1"]


def test_a_redirect_is_not_followed() -> None:
    moved = b"HTTP/1.1 302 Found\r\nLocation: http://203.0.113.9/\r\n\r\n"
    assert len(asked_by("http_root", (b"GET / ", moved))) == 1


def test_requests_name_the_tool_and_carry_no_login() -> None:
    plan = Plan(
        pages=(CHALLENGE, OF_NORTH),
        suspected=frozenset({"northcam"}),
        user_agent="auditor/9 (cert@x.example)",
    )
    for name in ("http_root", "favicon", "http_challenge", "http_pages", "onvif", "rtsp"):
        for request in asked_by(name, plan=plan):
            assert b"User-Agent: auditor/9 (cert@x.example)\r\n" in request
            assert b"authorization" not in request.lower()


def test_the_address_for_everybody_is_asked_in_the_first_round_only() -> None:
    plan = Plan(pages=(OF_NORTH, CHALLENGE, OF_NORTH_401), suspected=frozenset({"northcam"}))
    assert first_lines(asked_by("http_challenge", plan=plan)) == ["GET /interface/info HTTP/1.1"]
    assert first_lines(asked_by("http_pages", plan=plan)) == [
        "GET /js/version.js HTTP/1.1",
        "GET /cgi-bin/info.cgi?action=getType HTTP/1.1",
    ]


def test_pages_of_makers_nobody_suspects_are_not_asked() -> None:
    plan = Plan(pages=(CHALLENGE, OF_NORTH, OF_SOUTH), suspected=frozenset({"southcam"}))
    requests = asked_by("http_pages", plan=plan)
    assert first_lines(requests) == ["POST /API/Login/Range HTTP/1.1"]
    assert b"Content-Type: application/json\r\n" in requests[0]
    assert requests[0].endswith(b'\r\n\r\n{"version":"1.0"}')
    assert not asked_by("http_pages", plan=Plan(pages=(CHALLENGE, OF_NORTH)))
    assert not asked_by("http_challenge", plan=Plan())


def test_rtsp_asks_options_then_describe_and_nothing_more() -> None:
    offered = b"RTSP/1.0 200 OK\r\nCSeq: 1\r\nPublic: OPTIONS, DESCRIBE, SETUP, PLAY\r\n\r\n"
    assert first_lines(asked_by("rtsp", (b"OPTIONS", offered))) == [
        "OPTIONS rtsp://127.0.0.1:80/ RTSP/1.0",
        "DESCRIBE rtsp://127.0.0.1:80/ RTSP/1.0",
    ]


def test_rtsp_stops_where_nobody_speaks_it() -> None:
    assert len(asked_by("rtsp")) == 1
    assert len(asked_by("rtsp", (b"OPTIONS", b"HTTP/1.1 400 Bad Request\r\n\r\n"))) == 1


ENVELOPE = b"HTTP/1.1 200 OK\r\n\r\n<s:Envelope><s:Body>%s</s:Body></s:Envelope>"
SERVICES = (
    b"<GetServicesResponse><Service><XAddr>http://203.0.113.9/x</XAddr></Service></GetServicesResponse>"
)
REFUSED = b"HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Digest realm=x\r\n\r\n"
CALLS = (b"GetSystemDateAndTime", b"GetServices", b"GetCapabilities", b"GetScopes", b"GetDeviceInformation")


def calls(requests: list[bytes]) -> list[str]:
    return [next(call.decode() for call in CALLS if b":" + call in request) for request in requests]


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ((), ["GetSystemDateAndTime"]),
        (((b"GetSystem", b"HTTP/1.1 404 Not Found\r\n\r\n<html>"),), ["GetSystemDateAndTime"]),
        (
            ((b"GetServices", ENVELOPE % SERVICES), (b"", ENVELOPE % b"")),
            ["GetSystemDateAndTime", "GetServices", "GetScopes", "GetDeviceInformation"],
        ),
        (
            ((b"", ENVELOPE % b"<Fault/>"),),
            ["GetSystemDateAndTime", "GetServices", "GetCapabilities", "GetScopes", "GetDeviceInformation"],
        ),
        (((b"", REFUSED),), ["GetSystemDateAndTime", "GetServices"]),
        (
            ((b"GetServices", ENVELOPE % SERVICES), (b"", REFUSED)),
            ["GetSystemDateAndTime", "GetServices", "GetScopes", "GetDeviceInformation"],
        ),
    ],
)
def test_onvif_asks_on_only_where_it_is_spoken(
    script: tuple[tuple[bytes, bytes], ...], expected: list[str]
) -> None:
    requests = asked_by("onvif", *script)
    assert calls(requests) == expected
    assert set(first_lines(requests)) == {"POST /onvif/device_service HTTP/1.1"}


def test_banners_and_private_ports_are_only_listened_to() -> None:
    for name in ("ssh", "telnet", "ftp", "sdk"):
        assert asked_by(name) == [b""]


def test_private_ports_are_asked_nothing_by_other_probes() -> None:
    private = {*named("sdk").PORTS, 8443}
    for module in probes.all_probes():
        if not module.__name__.endswith((".sdk", ".tls")):
            assert not private & set(module.PORTS), module.__name__


def test_readers_of_discovery_and_of_logins_ask_nothing() -> None:
    silent = "cgi_info dahua_5050 dhip isapi json_reply mdns range_api sadp sdc_api sip ssdp wsd"
    for name in silent.split():
        assert asked_by(name) == []
        assert named(name).PORTS == ()


def test_tls_shakes_hands_once() -> None:
    assert asked_by("tls") == [b"handshake"]


def test_no_probe_writes_a_word_of_a_forbidden_kind() -> None:
    plan = Plan(pages=(CHALLENGE, OF_NORTH, OF_SOUTH), suspected=frozenset({"northcam", "southcam"}))
    answering = ((b"", ENVELOPE % SERVICES),)
    for module in probes.all_probes():
        line = ScriptedLine(answering, plan)
        asyncio.run(module.probe(cast("Line", line)))
        for request in line.asked:
            method = request.split(b" ")[0]
            assert (
                method in {b"", b"GET", b"POST", b"OPTIONS", b"DESCRIBE", b"handshake"} or request[:1] == b"0"
            )
            assert method != b"POST" or b"/onvif/" in request or b"/API/Login/Range" in request
            assert not any(
                word in request.lower() for word in (b"snapshot", b"setup", b":set", b"reboot", b"login/web")
            )


def test_a_line_asks_for_completeness_with_the_wires_own_judgement() -> None:
    assert http.is_complete(b"HTTP/1.1 204 No Content\r\n\r\n")
    assert rtsp.is_complete(b"RTSP/1.0 200 OK\r\n\r\n")


def test_a_telnet_prompt_ends_the_listening() -> None:
    is_prompt = named("telnet")._is_prompt
    assert is_prompt(b"\xff\xfb\x01192.0.0.64 login: ")
    assert not is_prompt(b"\xff\xfb\x01Welcome\r\n")


def test_what_carries_a_question_follows_from_probe_and_port() -> None:
    assert probes.transport(named("http_root"), 443) is Transport.TLS
    assert probes.transport(named("http_root"), 80) is Transport.TCP
    assert probes.transport(named("tls"), 443) is Transport.TLS
    assert probes.transport(named("snmp"), 161) is Transport.UDP
    assert probes.transport(named("sdk"), 8000) is Transport.TCP
