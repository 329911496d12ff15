"""Whatever a device says, it is asked at its own granted address alone, and within the bounds of any other device.

The device is played without a network: every line that is made is looked at.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.model import Endpoint, Exchange, Grant, Method, Plan, Protocol, Sighting, Status, Transport
from auditor.net import Budget, Stop
from auditor.run.asking import Asker
from auditor.run.gate import Gate
from auditor.run.named import MOST_PORTS
from auditor.run.plan import Audit
from auditor.run.target import Target
from auditor.scope import loopback
from auditor.wire import tls

HOME, OTHER = "127.122.9.7", "127.122.9.8"
NOW = datetime(2026, 9, 1, tzinfo=UTC)
Say = Callable[[int, bool, bytes], bytes]
"""What the device says: port, whether through TLS, request (empty: a handshake). Nothing where no port is."""
ENVELOPE = '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body>{}</s:Body></s:Envelope>'
MATCH = ENVELOPE.format(
    "<d:ProbeMatches><d:ProbeMatch><d:Types>dn:NetworkVideoTransmitter</d:Types><d:XAddrs>{}</d:XAddrs>"
    "</d:ProbeMatch></d:ProbeMatches>"
)
SADP = (
    "<ProbeMatch><DeviceSN>N1</DeviceSN><CommandPort>{1}</CommandPort><HttpPort>{0}</HttpPort></ProbeMatch>"
)


@dataclass
class Played:
    """One device, and everything it was asked."""

    say: Say
    asked: list[tuple[Endpoint, bytes]] = field(default_factory=list)
    target: Target = field(default_factory=lambda: Target("loopback", HOME))

    def line(self, grant: Grant, endpoint: Endpoint, budget: Budget, plan: Plan) -> "PlayedLine":
        assert grant.address == HOME
        return PlayedLine(self, endpoint, budget, plan, grant.device)

    def requests(self) -> list[str]:
        """Return the first line of each request with its port, in order; a handshake is `TLS`."""
        return [
            f"{where.port} {request.split(b' HTTP')[0].decode('latin-1') or where.transport.upper()}"
            for where, request in self.asked
        ]


@dataclass
class PlayedLine:
    """Stands where a probe expects a line; counts as a line does."""

    device: Played
    endpoint: Endpoint
    budget: Budget
    plan: Plan
    subject: str
    trace: list[Exchange] = field(default_factory=list)

    @property
    def host(self) -> str:
        return f"{self.endpoint.address}:{self.endpoint.port}"

    async def exchange(
        self, request: bytes, *, probe: str, protocol: Protocol, done: object, **_: object
    ) -> Exchange:
        refusal = self.budget.refusal(0.0)
        if refusal is not None:
            return self._kept(Exchange(self.subject, probe, protocol, self.endpoint, request, b"",
                                       Status.WITHHELD, NOW, detail=refusal))  # fmt: skip
        self.budget.begin(0.0)
        self.device.asked.append((self.endpoint, request))
        reply = self.device.say(self.endpoint.port, self.endpoint.transport is Transport.TLS, request)
        status, detail = (Status.ANSWERED, "") if reply else (Status.REFUSED, "connection refused")
        return self._kept(
            Exchange(self.subject, probe, protocol, self.endpoint, request, reply, status, NOW, detail=detail)
        )

    async def handshake(self, *, probe: str, deadline: float = 5.0) -> Exchange:
        return await self.exchange(b"", probe=probe, protocol=Protocol.TLS, done=None)

    def _kept(self, exchange: Exchange) -> Exchange:
        self.trace.append(exchange)
        return exchange


def played(
    say: Say,
    *words: tuple[Protocol, str],
    ports: tuple[int, ...] = (),
    audit: Audit | None = None,
    methods: frozenset[Method] | None = None,
) -> Played:
    """Have a device discovered that said these words, and ask it to its end."""
    device = Played(say)
    target, scope = device.target, loopback().narrow(targets=[HOME], methods=methods)
    for port in ports:
        target.sight(Sighting(HOME, "tcp-sweep", NOW, port))
    for protocol, text in words:
        where = Endpoint(HOME, 3702, Transport.UDP)
        told = Exchange(
            target.subject, "x", protocol, where, b"", text.encode("utf-8", "replace"), Status.ANSWERED, NOW
        )
        target.sight(Sighting(HOME, "x", NOW, 3702, Transport.UDP, exchange=told))
    target.close()

    def fault(_: str, trace: str) -> None:
        raise AssertionError(trace)

    def keep(target: Target, exchange: Exchange) -> None:
        target.memory.keep(exchange)

    async def work() -> None:
        gate = Gate(scope, Stop(), lambda: NOW, None, False, lambda _: None)
        options = audit or Audit()
        asker = Asker(gate, device, options, Plan(), keep, fault)  # type: ignore[arg-type]
        budget = Budget(requests=options.device_requests)
        await asker.ask_ports(target, budget)
        await asker.conclude(target, budget)

    asyncio.run(work())
    return device


def onvif_at(port: int, path: str, *, is_tls: bool = False) -> Say:
    """A device with one port, which speaks ONVIF at one path."""

    def say(asked: int, through_tls: bool, request: bytes) -> bytes:
        if asked != port or through_tls is not is_tls:
            return b""
        if not request:
            return tls.record("TLSv1.2", "AES128-SHA", [])
        is_right = request.startswith(b"POST " + path.encode() + b" ")
        return http("200 OK", ENVELOPE.format("")) if is_right else http("404 Not Found", "")

    return say


def http(status: str, body: str, *headers: str) -> bytes:
    return "\r\n".join((f"HTTP/1.1 {status}", "Server: x", *headers, "", body)).encode()


def said(device: Played, words: str) -> bool:
    return any(
        one.status is Status.WITHHELD and words in one.detail for one in device.target.memory.exchanges
    )


@pytest.mark.parametrize(
    ("xaddrs", "port", "path", "is_tls"),
    [
        (f"http://{HOME}:2020/onvif/device_service", 2020, "/onvif/device_service", False),
        (f"http://{HOME}:8077/dev/services", 8077, "/dev/services", False),
        (
            f"http://{OTHER}:80/x http://{HOME}:2020/onvif/device_service",
            2020,
            "/onvif/device_service",
            False,
        ),
        (f"http://[fe80::1]/x http://cam.example:81/x http://{HOME}:6688/y", 6688, "/y", False),
        (f"https://{HOME}:4443/onvif/device_service", 4443, "/onvif/device_service", True),
        (f"https://{HOME}:8443/onvif/device_service", 8443, "/onvif/device_service", True),
    ],
)
def test_the_service_a_device_names_is_asked(xaddrs: str, port: int, path: str, is_tls: bool) -> None:
    device = played(onvif_at(port, path, is_tls=is_tls), (Protocol.WSD, MATCH.format(xaddrs)))
    posts = [one for one in device.requests() if "POST" in one]
    assert posts == [f"{port} POST {path}"] * 5
    assert {where.port for where, _ in device.asked if where.transport is not Transport.UDP} == {port}
    assert (Transport.TCP, port) in device.target.ports


def test_a_named_path_at_a_usual_port_is_asked_before_the_usual_one() -> None:
    device = played(
        onvif_at(80, "/onvif/services"),
        (Protocol.WSD, MATCH.format(f"http://{HOME}/onvif/services")),
        ports=(80,),
    )
    posts = [one for one in device.requests() if "POST" in one]
    assert posts[-5:] == ["80 POST /onvif/services"] * 5
    assert posts[:-5] == ["80 POST /onvif/device_service"]  # asked before discovery was looked at


def test_a_redirect_to_another_port_is_asked_there_and_one_elsewhere_is_not() -> None:
    def say(port: int, _: bool, request: bytes) -> bytes:
        if port == 80:
            return http("302 Found", "", f"Location: http://{HOME}:10080/login.asp")
        if port == 10080:
            return http("302 Found", "", f"Location: http://{OTHER}:8090/login.asp")
        return b""

    device = played(say, ports=(80,))
    assert "10080 GET /" in device.requests()
    assert not [one for one in device.requests() if one.startswith("8090")]
    assert "10080 GET /login.asp" in device.requests()  # nothing else names this device


def test_a_description_is_read_where_the_device_says_it_is() -> None:
    answer = f"HTTP/1.1 200 OK\r\nLOCATION: http://{HOME}:49152/desc.xml\r\nST: upnp:rootdevice\r\n\r\n"
    device = played(
        lambda port, *_: http("404 Not Found", "") if port == 49152 else b"", (Protocol.SSDP, answer)
    )
    asked = [one for one in device.requests() if one.startswith("49152")]
    assert (asked[0], asked[-1]) == ("49152 GET /", "49152 GET /desc.xml")


def test_a_private_port_that_is_named_is_only_listened_to() -> None:
    device = played(lambda *_: b"", (Protocol.SADP, SADP.format(0, 8005)))
    assert [one for one in device.requests() if one.startswith("8005")] == ["8005 TCP"]


@pytest.mark.parametrize("port", [9100, 9107])
def test_nothing_is_said_at_a_port_whose_words_come_out_on_paper(port: int) -> None:
    words = (
        Protocol.SSDP,
        f"HTTP/1.1 200 OK\r\nLOCATION: http://{HOME}:{port}/desc.xml\r\nST: upnp:rootdevice\r\n\r\n",
    )
    named = played(lambda *_: b"HTTP/1.1 200 OK\r\n\r\n<html></html>", words)
    found = played(lambda *_: b"", ports=(80, port), audit=Audit(ports=(80, port)))
    for device in (named, found):
        assert device.requests()
        assert not [one for one in device.requests() if one.startswith(f"{port} ")]
    told = [one.detail for one in found.target.memory.exchanges if one.status is Status.WITHHELD]
    assert any("nothing is said there" in one and str(port) in one for one in told)


def test_a_named_port_that_is_closed_costs_one_question() -> None:
    device = played(lambda *_: b"", (Protocol.SADP, SADP.format(8085, 0)))
    assert [one for one in device.requests() if one.startswith("8085")] == ["8085 GET /"]
    assert device.target.open_ports() == ()


def test_a_port_that_the_sweep_tried_is_not_tried_again() -> None:
    device = played(
        lambda port, *_: http("404 Not Found", "") if port == 8080 else b"",
        (Protocol.SADP, SADP.format(88, 8000)),
        ports=(8080,),
    )
    assert not [one for one in device.requests() if one.startswith(("88 ", "8000 "))]


def test_where_nothing_was_swept_even_the_usual_ports_are_asked() -> None:
    methods = frozenset(Method) - {Method.TCP_SWEEP}
    device = played(lambda *_: b"", (Protocol.SADP, SADP.format(80, 8000)), methods=methods)
    assert [one for one in device.requests() if one.startswith(("80 ", "8000 "))] == ["80 GET /", "8000 TCP"]


def test_a_run_that_was_told_its_ports_keeps_to_them_and_says_so() -> None:
    words = (Protocol.WSD, MATCH.format(f"http://{HOME}:2020/x http://{HOME}:81/x"))
    device = played(lambda *_: b"", words, audit=Audit(ports=(80, 81)))
    assert {where.port for where, _ in device.asked} - {161} == {81}
    assert said(device, "names ports that this run does not ask: 2020")


def test_what_the_scope_does_not_allow_is_not_asked_though_it_is_named() -> None:
    methods = frozenset({Method.TCP_SWEEP, Method.HTTP, Method.WS_DISCOVERY})
    words = (Protocol.WSD, MATCH.format(f"http://{HOME}:2020/x"))
    device = played(onvif_at(2020, "/x"), words, methods=methods)
    assert not [one for one in device.requests() if "POST" in one]


def test_a_device_that_names_thousands_of_ports_is_asked_at_few_and_that_is_said() -> None:
    words = [(Protocol.SADP, SADP.format(port, 0)) for port in range(10_000, 15_000)]
    device = played(lambda *_: http("404 Not Found", ""), *words)
    assert len({where.port for where, _ in device.asked} - {161}) == MOST_PORTS
    assert said(device, f"names {5000 - MOST_PORTS} more ports than the {MOST_PORTS} that are asked")


def test_a_device_that_sends_us_from_port_to_port_comes_to_an_end() -> None:
    def say(port: int, _: bool, request: bytes) -> bytes:
        return http("302 Found", "", f"Location: http://{HOME}:{port + 1}/") if request else b""

    device = played(say, ports=(9999,))
    assert len({where.port for where, _ in device.asked} - {161}) <= 1 + MOST_PORTS


HOSTS = st.sampled_from([HOME, OTHER, "198.51.100.9", "[::1]", "cam.example", "127.1", f"{HOME}@{OTHER}", ""])
ADDRESSES = st.builds(
    "{}://{}:{}{}".format,
    st.sampled_from(["http", "https", "rtsp", "HTTP"]),
    HOSTS,
    st.integers(0, 70_000),
    st.sampled_from(
        ["", "/", "/a", "/a/../b?c=d", "/x y", "/\r\nHost: x", "//" + OTHER + "/", "/reboot.cgi"]
    ),
)
REPLIES = st.one_of(
    st.builds(lambda where: http("302 Found", "", f"Location: {where}"), ADDRESSES),
    st.builds(
        lambda where: http("200 OK", f'<html><meta http-equiv="refresh" content="0;url={where}">'), ADDRESSES
    ),
    st.builds(
        lambda where: http(
            "200 OK",
            ENVELOPE.format(f"<Service><Namespace>x/device/wsdl</Namespace><XAddr>{where}</XAddr></Service>"),
        ),
        ADDRESSES,
    ),
    st.sampled_from([b"", b"\x15\x03\x01\x00\x02\x02\x28", b"RTSP/1.0 400 X\r\n\r\n", b"SSH-2.0-x\r\n"]),
    st.binary(max_size=30),
)
WORDS = st.lists(
    st.one_of(
        st.tuples(st.just(Protocol.WSD), st.lists(ADDRESSES, max_size=4).map(" ".join).map(MATCH.format)),
        st.tuples(
            st.just(Protocol.SADP), st.builds(SADP.format, st.integers(-1, 70_000), st.integers(0, 70_000))
        ),
        st.tuples(
            st.just(Protocol.SSDP), ADDRESSES.map("HTTP/1.1 200 OK\r\nLOCATION: {}\r\nST: x\r\n\r\n".format)
        ),
    ),
    max_size=6,
)


@settings(max_examples=60, deadline=None)
@given(WORDS, st.lists(REPLIES, min_size=1, max_size=6), st.sets(st.sampled_from([80, 443, 554, 8000, 9999])))
def test_whatever_a_device_says_nothing_leaves_its_address_or_its_bounds(
    words: list[tuple[Protocol, str]], replies: list[bytes], ports: set[int]
) -> None:
    options = Audit(device_requests=60)
    device = played(
        lambda port, is_tls, request: replies[(port + len(request) + is_tls) % len(replies)],
        *words,
        ports=tuple(ports),
        audit=options,
    )
    assert {where.address for where, _ in device.asked} <= {HOME}
    assert len({where.port for where, _ in device.asked} - {161} - ports) <= MOST_PORTS
    assert len(device.asked) <= options.device_requests
    for where, request in device.asked:
        head = request.split(b"\r\n\r\n")[0].decode("latin-1")
        if where.port != 161 and request:
            assert head.split(" ")[0] in {"GET", "POST", "OPTIONS", "DESCRIBE"}
            assert head.count("Host:") <= 1
            assert "reboot" not in head
    seen = [(where, request) for where, request in device.asked if request]
    assert len(seen) == len(set(seen)), "a question was put twice"
