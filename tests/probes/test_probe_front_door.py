import fnmatch
import inspect
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from auditor import probes
from auditor.fingerprint import pages
from auditor.model import Endpoint, Exchange, Method, Protocol, Status
from auditor.probes import _naming

ROOT = Path(__file__).resolve().parents[2]
EXCHANGE = Exchange(
    "site/127.0.0.1", "test", Protocol.HTTP, Endpoint("127.0.0.1", 80), b"GET / HTTP/1.1", b"HTTP/1.1 200 OK\r\n\r\n",
    Status.ANSWERED,
)  # fmt: skip


def words() -> dict[str, object]:
    data = yaml.safe_load((ROOT / "fingerprints" / "vocabulary.yaml").read_text("utf-8"))
    return dict(data["fields"])


def test_every_probe_keeps_the_contract() -> None:
    modules = probes.all_probes()
    assert len(modules) >= 20
    for module in modules:
        assert module.__doc__, module.__name__
        assert module.FIELDS, module.__name__
        assert all(isinstance(each, Protocol) for each in module.PROTOCOLS), module.__name__
        assert all(0 < port < 65536 for port in module.PORTS), module.__name__
        assert isinstance(module.METHOD, Method), module.__name__
        assert module.ROUND in {1, 2, 3}, module.__name__
        assert inspect.iscoroutinefunction(module.probe), module.__name__
        assert inspect.isgeneratorfunction(module.read), module.__name__


def test_every_field_a_probe_can_show_is_in_the_vocabulary() -> None:
    known = words()
    for module in probes.all_probes():
        for field in module.FIELDS:
            assert any(fnmatch.fnmatchcase(field, word) for word in known), f"{module.__name__}: {field}"


def test_every_field_of_the_vocabulary_has_a_meaning() -> None:
    assert all(isinstance(meaning, str) and len(meaning) > 8 for meaning in words().values())


@pytest.mark.parametrize(
    "status", [status for status in Status if status not in {Status.ANSWERED, Status.GARBLED}]
)
def test_nothing_is_shown_of_what_was_not_answered(status: Status) -> None:
    assert list(probes.read(replace(EXCHANGE, status=status))) == []


def test_garbled_replies_are_read_for_what_they_hold() -> None:
    shown = probes.read(replace(EXCHANGE, reply=b"\x00\x01<title>x</title>", status=Status.GARBLED))
    assert ("http.title", "x") in {(each.field, each.value) for each in shown}


def test_decoded_observations_pass_through() -> None:
    observed = (("tls.subject", "CN=x"), ("snmp.1.3.6.1.2.1.1.1.0", "NC-2"), ("empty", ""))
    exchange = replace(EXCHANGE, protocol=Protocol.OBSERVED, reply=b"{}", observed=observed)
    shown = list(probes.read(exchange))
    assert [(each.field, each.value) for each in shown] == list(observed)
    assert all(each.exchange is exchange for each in shown)


def test_each_field_and_value_is_shown_once() -> None:
    shown = [(each.field, each.value) for each in probes.read(EXCHANGE)]
    assert shown
    assert len(shown) == len(set(shown))


def test_what_a_device_says_is_bounded_and_valid_text() -> None:
    body = '{"model":"a\\ud800\\u0000b","version":"' + "9" * 100_000 + '"}'
    exchange = replace(EXCHANGE, reply=f"HTTP/1.1 200 OK\r\n\r\n{body}".encode())
    shown = {each.field: each.value for each in probes.read(exchange)}
    assert shown["json.model"].startswith("a")
    for value in shown.values():
        assert "\x00" not in value
        assert value == value.encode("utf-8").decode("utf-8")
        assert len(value) <= 65_536


def test_a_reply_of_many_headers_shows_a_bounded_number() -> None:
    head = "".join(f"X-{number}: {number}\r\n" for number in range(5000))
    exchange = replace(EXCHANGE, reply=f"HTTP/1.1 200 OK\r\n{head}\r\n".encode())
    assert len(list(probes.read(exchange))) < 600


def test_logins_inside_addresses_are_never_shown() -> None:
    observed = (("onvif.xaddr", "rtsp://user:example@10.0.0.1/s"), ("mail", "cert@town.example"))
    shown = list(probes.read(replace(EXCHANGE, protocol=Protocol.OBSERVED, observed=observed)))
    assert [each.value for each in shown] == ["rtsp://10.0.0.1/s", "cert@town.example"]


@given(st.binary(max_size=600), st.sampled_from([each for each in Protocol if each is not Protocol.OBSERVED]))
def test_any_bytes_in_any_protocol_are_read_without_failing(reply: bytes, protocol: Protocol) -> None:
    exchange = replace(EXCHANGE, protocol=protocol, request=reply[:40], reply=reply, id="")
    fields = {
        field for module in probes.all_probes() if protocol in module.PROTOCOLS for field in module.FIELDS
    }
    for each in probes.read(exchange):
        assert any(fnmatch.fnmatchcase(each.field, field) for field in fields), each.field


@pytest.mark.parametrize(
    ("name", "snake"),
    [
        ("DeviceSN", "device_sn"),
        ("IPv4SubnetMask", "ipv4_subnet_mask"),
        ("SDKOverTLSPort", "sdk_over_tls_port"),
        ("DHCP", "dhcp"),
        ("supportEzvizUnbind", "support_ezviz_unbind"),
        ("RS485Num", "rs485_num"),
        ("eth0Mac", "eth0_mac"),
        ("SerialNo", "serial_no"),
        ("software_version", "software_version"),
        ("CACHE-CONTROL", "cache_control"),
        ("", "unnamed"),
    ],
)
def test_names_become_snake_case(name: str, snake: str) -> None:
    assert _naming.snake(name) == snake


@pytest.mark.parametrize(
    ("name", "value", "secret"),
    [
        ("Salt", "0123", True),
        ("verificationCode", "ABCDEF", True),
        ("IsModifyVerificationCode", "true", False),
        ("PasswordResetAbility", "flase", False),
        ("Password", "12345", True),
        ("DeviceSN", "x", False),
    ],
)
def test_secrets_are_known_by_their_names(name: str, value: str, secret: bool) -> None:
    assert _naming.is_secret(name, value) is secret


def test_the_shipped_pages_are_few_documented_and_harmless() -> None:
    shipped = pages()
    raw = yaml.safe_load((ROOT / "fingerprints" / "pages.yaml").read_text("utf-8"))["pages"]
    assert len(shipped) == len(raw)
    assert all(item["source"].strip() and item["reason"].strip() for item in raw)
    makers = {page.suspected for page in shipped}
    assert all(sum(page.suspected == maker for page in shipped) <= 4 for maker in makers)
    assert [page for page in shipped if page.challenge and not page.suspected], (
        "nothing to challenge everybody with"
    )
    for page in shipped:
        assert page.method == "GET" or page.path == "/API/Login/Range"
        assert "?" not in page.path or "action=get" in page.path
        assert not any(
            word in page.path.lower() for word in ("auth=", "snapshot", "picture", "set", "onvif-http")
        )
