"""What a device names of itself: ports and paths at its own address, bounded; all else is left an observation."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.fingerprint import DataError, named_ports
from auditor.fingerprint.named_ports import read
from auditor.model import Endpoint, Exchange, Observation, Protocol, Status, Transport
from auditor.run.named import MOST_PATHS, MOST_PORTS, Named, choose, is_own, named_by, port_of

HOME = "192.0.2.7"
DISCOVERED = (Protocol.WSD, Endpoint(HOME, 3702, Transport.UDP))
SERVICES = (
    "<tds:GetServicesResponse><tds:Service><tds:Namespace>http://www.onvif.org/ver10/device/wsdl</tds:Namespace>"
    "<tds:XAddr>http://192.0.2.7:8899/onvif/dev</tds:XAddr></tds:Service><tds:Service>"
    "<tds:Namespace>http://www.onvif.org/ver10/media/wsdl</tds:Namespace>"
    "<tds:XAddr>http://192.0.2.7:8898/onvif/media</tds:XAddr></tds:Service></tds:GetServicesResponse>"
)


def seen(
    field: str,
    value: str,
    protocol: Protocol = Protocol.HTTP,
    endpoint: Endpoint | None = None,
    reply: bytes = b"x",
    probe: str = "http_root",
) -> Observation:
    where = endpoint or Endpoint(HOME, 80)
    made = Exchange(f"hall/{HOME}", probe, protocol, where, b"", reply, Status.ANSWERED)
    return Observation(field, value, made)


def named(field: str, value: str, *more: object, home: str = HOME) -> tuple[Named, ...]:
    return named_by(home, [seen(field, value, *more)])  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "port", "is_tls", "path"),
    [
        ("http://192.0.2.7:2020/onvif/device_service", 2020, False, "/onvif/device_service"),
        ("http://192.0.2.7/onvif/services", 80, False, "/onvif/services"),
        ("https://192.0.2.7/onvif/device_service", 443, True, "/onvif/device_service"),
        ("https://192.0.2.7:8443/dev", 8443, True, "/dev"),
        ("HTTP://192.0.2.7:6688/onvif/device_service?x=1#y", 6688, False, "/onvif/device_service"),
        ("http://user:word@192.0.2.7:81/dev", 81, False, "/dev"),
        ("http://192.0.2.7:81/a b", 81, False, ""),
        ("http://192.0.2.7:81", 81, False, ""),
        ("http://192.0.2.7:81/v1.0/device", 81, False, "/v1.0/device"),
        ("http://192.0.2.7:81/restart.cgi", 81, False, ""),
        ("http://192.0.2.7:81/onvif-http/device", 81, False, ""),
        ("http://192.0.2.7:81/" + "a" * 300, 81, False, ""),
    ],
)
def test_an_address_of_its_own_names_port_scheme_and_path(
    text: str, port: int, is_tls: bool, path: str
) -> None:
    assert named("onvif.xaddr", text, *DISCOVERED) == (Named(port, Protocol.ONVIF, is_tls, path),)


@pytest.mark.parametrize(
    "text",
    [
        "http://192.0.2.8:2020/onvif/device_service",
        "http://192.0.2.70/onvif/device_service",
        "http://camera.example/onvif/device_service",
        "http://localhost/onvif/device_service",
        "http://192.0.2.7@198.51.100.9/onvif/device_service",
        "http://[2001:db8::7]:80/onvif/device_service",
        "http://[::1",
        "http://192.0.2.7:0/x",
        "http://192.0.2.7:65536/x",
        "http://192.0.2.7:http/x",
        "http://192.0.2.7.:80/x",
        "http://0xc0000207/x",
        "rtsp://192.0.2.7/x",
        "//192.0.2.7/x",
        "/onvif/device_service",
        "",
    ],
)
def test_what_is_elsewhere_or_no_address_names_nothing(text: str) -> None:
    assert named("onvif.xaddr", text, *DISCOVERED) == ()


@pytest.mark.parametrize(
    ("host", "home"),
    [
        ("fe80::ee71:dbff:fe00:1%eth0", "fe80::ee71:dbff:fe00:1"),
        ("2001:DB8:0:0:0:0:0:7", "2001:db8::7"),
        ("::ffff:192.0.2.7", HOME),
    ],
)
def test_an_address_is_the_same_however_it_is_spelt(host: str, home: str) -> None:
    assert is_own(home, host)
    assert [one.port for one in named("onvif.xaddr", f"http://[{host}]:81/x", *DISCOVERED, home=home)] == [81]


def test_a_list_of_services_names_the_device_services_path_and_every_port() -> None:
    reply = b"HTTP/1.1 200 OK\r\n\r\n" + SERVICES.encode()
    where = (Protocol.ONVIF, Endpoint(HOME, 80), reply)
    assert named("onvif.xaddr", "http://192.0.2.7:8899/onvif/dev", *where) == (
        Named(8899, Protocol.ONVIF, path="/onvif/dev"),
    )
    assert named("onvif.xaddr", "http://192.0.2.7:8898/onvif/media", *where) == (Named(8898, Protocol.ONVIF),)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "http://192.0.2.7:10080/doc/page/login.asp",
            Named(10080, Protocol.HTTP, path="/doc/page/login.asp"),
        ),
        ("https://192.0.2.7/", Named(443, Protocol.HTTP, is_tls=True)),
        ("/login.htm", Named(80, Protocol.HTTP, path="/login.htm")),
        ("https:", None),
        ("http://198.51.100.9:10080/", None),
        ("http://192.0.2.7:8081/cgi-bin/restart.cgi?now=1", Named(8081, Protocol.HTTP)),
        ("http://192.0.2.7:8081/tmpfs/auto.jpg", Named(8081, Protocol.HTTP)),
    ],
)
def test_a_redirect_names_a_port_and_no_action(text: str, expected: Named | None) -> None:
    assert named("http.location", text) == ((expected,) if expected else ())


def test_a_page_that_sends_the_browser_elsewhere_names_that() -> None:
    page = '<html><meta http-equiv="refresh" content="0; url=https://192.0.2.7:4443/"></html>'
    assert named("http.body", page) == (Named(4443, Protocol.HTTP, is_tls=True),)
    assert named("http.body", "<html><script>location.href='/a/login.html'</script></html>") == (
        Named(80, Protocol.HTTP, path="/a/login.html"),
    )


def test_an_own_redirect_through_tls_sends_nobody_to_tls() -> None:
    through_tls = (Protocol.HTTP, Endpoint(HOME, 443, Transport.TLS))
    assert named("http.location", "/login.htm", *through_tls) == (
        Named(443, Protocol.HTTP, path="/login.htm"),
    )


def test_a_description_is_read_whoever_the_device_is() -> None:
    where = (Protocol.SSDP, Endpoint(HOME, 1900, Transport.UDP))
    assert named("ssdp.location", "http://192.0.2.7:49152/upnpdevicedesc.xml", *where) == (
        Named(49152, Protocol.HTTP, path="/upnpdevicedesc.xml", is_page=True),
    )


@pytest.mark.parametrize(
    ("text", "port"),
    [("8085", 8085), (" 80 ", 80), ("0080", 80), ("65535", 65535), ("65536", None), ("0", None), ("-1", None),
     ("", None), ("web", None), ("8e3", None), ("99999999999", None), ("\u0661\u0662", None), ("80.5", None)],
)  # fmt: skip
def test_a_number_is_a_port_or_nothing(text: str, port: int | None) -> None:
    assert port_of(text) == port
    told = named("sadp.http_port", text, Protocol.SADP, Endpoint(HOME, 37020, Transport.UDP))
    assert [one.port for one in told] == ([port] if port else [])


def test_private_ports_are_named_as_what_they_are() -> None:
    fields = {
        "sadp.command_port": Named(8005, Protocol.SDK),
        "dhip.port": Named(8005, Protocol.SDK),
        "dahua_5050.tcp_port": Named(8005, Protocol.SDK),
        "sadp.sdk_over_tls_port": Named(8005, Protocol.TLS),
        "dahua_5050.https_port": Named(8005, Protocol.HTTP, is_tls=True),
        "dhip.http_port": Named(8005, Protocol.HTTP),
    }
    assert {field: named(field, "8005") for field in fields} == {
        field: (one,) for field, one in fields.items()
    }


def test_what_is_told_after_a_login_is_not_asked_by_strangers() -> None:
    told = seen("onvif.xaddr", "http://192.0.2.7:2020/x", Protocol.ONVIF, probe="login_onvif")
    assert named_by(HOME, [told]) == ()


ANYTHING = st.one_of(
    st.text(max_size=60),
    st.from_regex(r"\Ahttps?://(192\.0\.2\.7|192\.0\.2\.[0-9]{1,3}|a\.example)(:[0-9]{1,6})?/[^\s]{0,20}\Z"),
    st.integers(-5, 70_000).map(str),
)


@given(st.lists(st.tuples(st.sampled_from(sorted(named_ports())), ANYTHING), max_size=12))
def test_whatever_is_said_only_ports_and_harmless_paths_come_of_it(words: list[tuple[str, str]]) -> None:
    for one in named_by(HOME, [seen(field, value, *DISCOVERED) for field, value in words]):
        assert 0 < one.port < 65_536
        assert not one.path or (one.path.startswith("/") and one.path.isprintable() and " " not in one.path)
        assert "?" not in one.path
        assert one.path or not one.is_page


TOLD = st.builds(
    Named,
    st.integers(1, 40),
    st.sampled_from([Protocol.ONVIF, Protocol.HTTP, Protocol.SDK]),
    st.booleans(),
    st.sampled_from(["", "/a/", "/b/", "/c/"]),
)


@given(st.lists(st.lists(TOLD, max_size=30), max_size=4), st.sets(st.integers(1, 40), max_size=6))
def test_however_much_is_named_in_however_many_turns_the_bounds_hold(
    turns: list[list[Named]], found: set[int]
) -> None:
    held: tuple[Named, ...] = ()
    heeded: frozenset[int] = frozenset()
    for told in turns:
        choice = choose(
            told, held, found=found, heeded=heeded, may_ask=lambda port: port != 13, is_settled=lambda _: True
        )
        assert choice.named[: len(held)] == held
        assert choice.heeded >= heeded
        held, heeded = choice.named, choice.heeded
    assert len(heeded) <= MOST_PORTS
    assert {one.port for one in held} <= heeded | found
    assert 13 not in heeded
    for port in {one.port for one in held}:
        for protocol in Protocol:
            paths = {one.path for one in held if (one.port, one.speaks) == (port, protocol) and one.path}
            assert len(paths) <= MOST_PATHS


def test_what_is_left_out_is_said() -> None:
    many = [Named(port, Protocol.HTTP) for port in range(1000, 6000)]
    choice = choose(
        many, (), found=(), heeded=(), may_ask=lambda port: port != 1000, is_settled=lambda _: True
    )
    assert len(choice.named) == MOST_PORTS
    assert list(choice.words()) == [
        "names ports that this run does not ask: 1000",
        f"names {5000 - 1 - MOST_PORTS} more ports than the {MOST_PORTS} that are asked",
    ]


def test_services_are_asked_before_private_ports() -> None:
    told = [Named(port, Protocol.SDK) for port in range(100, 120)] + [Named(2020, Protocol.ONVIF)]
    choice = choose(told, (), found=(), heeded=(), may_ask=lambda _: True, is_settled=lambda _: True)
    assert choice.named[0] == Named(2020, Protocol.ONVIF)


@pytest.mark.parametrize(
    "text",
    [
        "x: 1",
        "fields: [{field: a.b, speaks: http, form: port}]",
        "fields: [{field: a.b, speaks: http, form: port, source: s, prot: 1}]",
        "fields: [{field: a.b, speaks: smtp, form: port, source: s}]",
        "fields: [{field: a.b, speaks: ssh, form: port, source: s}]",
        "fields: [{field: a.b, speaks: http, form: word, source: s}]",
        "fields: [1]",
    ],
)
def test_a_bad_entry_is_refused_with_its_file(tmp_path: Path, text: str) -> None:
    path = tmp_path / "named_ports.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=r"named_ports\.yaml"):
        read(path)
