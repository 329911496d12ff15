"""Exposures: each rule makes its finding from what was observed, and none without."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest

from auditor.knowledge import assess, knowledge_book
from auditor.knowledge.moment import moment
from auditor.model import Certainty, Device, Finding, FindingKind, Transport

TODAY = date(2026, 11, 22)
Make = Callable[..., Device]


def _found(device: Device, today: date = TODAY) -> dict[str, Finding]:
    return {one.id: one for one in assess(device, today=today) if one.kind is FindingKind.EXPOSURE}


SHOWN: list[tuple[str, dict[str, Any]]] = [
    ("not-activated", {"observed": (("sadp.activated", "false"),)}),
    ("not-activated", {"observed": (("dhip.init", "1"),)}),
    ("not-activated", {"observed": (("dhip.init", "165"),)}),
    ("not-activated", {"claims": {"maker": "huawei", "activated": "no"}}),
    ("telnet-open", {"observed": (("telnet.banner", "login:"),)}),
    ("telnet-open", {"observed": (("http.status", "200"),), "ports": (("tcp", 23),)}),
    ("ftp-open", {"observed": (("ftp.banner", "220 ready"),)}),
    ("ssh-open", {"observed": (("ssh.banner", "SSH-2.0-dropbear"),)}),
    ("http-without-https", {"observed": (("http.status", "200"),)}),
    ("tls-obsolete", {"observed": (("tls.version", "TLSv1"),)}),
    ("tls-obsolete", {"observed": (("tls.version", "TLSv1.1"),)}),
    ("certificate-expired", {"observed": (("tls.not_after", "2026-11-21T00:00:00Z"),)}),
    ("certificate-factory", {"observed": (("tls.self_signed", "yes"),)}),
    ("rtsp-open", {"observed": (("rtsp.open_describe", "yes"),)}),
    ("rtsp-open", {"observed": (("rtsp.describe_status", "200"),)}),
    ("onvif-open-information", {"observed": (("onvif.open_device_information", "yes"),)}),
    ("cloud-link-on", {"claims": {"maker": "dahua", "cloud_link": "on"}}),
    ("sdk-port-clear", {"claims": {"maker": "dahua"}, "ports": (("tcp", 37777),)}),
    ("clock-wrong", {"observed": (("onvif.time", "2026-11-20T00:00:00Z"),)}),
    ("clock-wrong", {"observed": (("http.date", "Thu, 01 Jan 1970 00:10:00 GMT"),)}),
    ("clock-wrong", {"observed": (("rtsp.date", "  Tue, Dec 21 2021 10:00:00 GMT"),)}),
    ("upnp-answers", {"observed": (("ssdp.server", "Linux UPnP/1.0"),)}),
    ("snmp-old", {"observed": (("snmp.version", "2c"),)}),
    ("outside-site", {"observed": (("sadp.mac", "02-00-00-00-00-01"),), "granted": False}),
    ("address-differs", {"observed": (("sadp.ipv4_address", "192.168.1.64"),)}),
    ("password-default", {"observed": (("isapi.is_default_password", "true"),)}),
    ("password-risky", {"observed": (("isapi.is_risk_password", "true"),)}),
    ("administrators-many", {"observed": (("isapi.administrators", "3"),)}),
    ("administrators-many", {"observed": (("onvif.administrators", "2"),)}),
    ("lockout-off", {"observed": (("isapi.lockout", "off"),)}),
    ("lockout-off", {"observed": (("cgi.config.general.lock_login_enable", "false"),)}),
    ("basic-login-allowed", {"observed": (("isapi.web_login", "digest/basic"),)}),
    ("telnet-on", {"observed": (("cgi.config.telnet.enable", "true"),)}),
    ("telnet-on", {"observed": (("isapi.service.telnet", "on"),)}),
    ("ssh-on", {"observed": (("isapi.service.ssh", "on"),)}),
    ("upnp-on", {"observed": (("cgi.config.upnp.enable", "true"),)}),
    ("cloud-on", {"observed": (("isapi.service.cloud", "on"),)}),
    ("cloud-on", {"observed": (("cgi.config.t2userver.enable", "true"),)}),
    ("time-server-none", {"observed": (("isapi.time_mode", "manual"),)}),
    ("time-server-none", {"observed": (("onvif.clock_source", "manual"),)}),
    ("tls-old-allowed", {"observed": (("isapi.tls.1_1", "on"),)}),
    ("onvif-without-login", {"observed": (("cgi.config.userglobal.onvif_login_check", "false"),)}),
    ("password-reset-on", {"observed": (("cgi.config.pwdreset.enable", "true"),)}),
]
HIDDEN: list[tuple[str, dict[str, Any]]] = [
    ("not-activated", {"observed": (("sadp.activated", "true"),)}),
    ("not-activated", {"observed": (("dhip.init", "166"),)}),
    ("not-activated", {"observed": (("dhip.init", "none"),)}),
    ("telnet-open", {"observed": (("http.status", "200"),)}),
    ("http-without-https", {"observed": (("http.status", "200"),), "ports": (("tcp", 80), ("tcp", 443))}),
    ("http-without-https", {"observed": (("http.status", "200"), ("tls.version", "TLSv1.2"))}),
    ("http-without-https", {"observed": (("http.status", "200"),), "transport": Transport.TLS}),
    ("http-without-https", {"observed": (("http.status", "200"),), "source": "nmap"}),
    ("tls-obsolete", {"observed": (("tls.version", "TLSv1.2"),)}),
    ("certificate-expired", {"observed": (("tls.not_after", "2026-11-22T10:00:00Z"),)}),
    ("certificate-expired", {"observed": (("tls.not_after", "sometime"),)}),
    ("rtsp-open", {"observed": (("rtsp.describe_status", "401"),)}),
    ("cloud-link-on", {"claims": {"maker": "dahua", "cloud_link": "off"}}),
    ("sdk-port-clear", {"claims": {"maker": "axis"}, "ports": (("tcp", 8000),)}),
    ("clock-wrong", {"observed": (("http.date", "Mon, 23 Nov 2026 02:00:00 GMT"),)}),  # local time called GMT
    ("clock-wrong", {"observed": (("onvif.time", "2026-11-21T13:00:00Z"),)}),
    ("clock-wrong", {"observed": (("onvif.time", "1970-01-01T00:00:00Z"),), "at": None}),
    ("snmp-old", {"observed": (("snmp.version", "3"),)}),
    ("outside-site", {"observed": (("sadp.mac", "02-00-00-00-00-01"),)}),
    ("password-default", {"observed": (("isapi.is_default_password", "false"),)}),
    ("administrators-many", {"observed": (("isapi.administrators", "1"),)}),
    ("lockout-off", {"observed": (("isapi.lockout", "on"),)}),
    ("basic-login-allowed", {"observed": (("isapi.web_login", "digest"),)}),
    ("telnet-on", {"observed": (("isapi.service.telnet", "off"),)}),
    ("time-server-none", {"observed": (("isapi.time_mode", "ntp"),)}),
    ("tls-old-allowed", {"observed": (("isapi.tls.1_2", "on"),)}),
    ("address-differs", {"observed": (("sadp.ipv4_address", "127.0.0.10"),)}),
    ("address-differs", {"observed": (("sadp.ipv4_address", "0.0.0.0"),)}),
]


@pytest.mark.parametrize(("name", "given"), SHOWN)
def test_an_exposure_is_found_where_it_was_observed(device: Make, name: str, given: dict[str, Any]) -> None:
    claims = given.pop("claims", {"maker": "hikvision"})
    finding = _found(device(claims, **given))[name]
    assert finding.why_it_matters
    assert finding.remedy
    assert finding.because or finding.observations


@pytest.mark.parametrize(("name", "given"), HIDDEN)
def test_an_exposure_is_not_found_where_it_was_not_observed(
    device: Make, name: str, given: dict[str, Any]
) -> None:
    claims = given.pop("claims", {"maker": "hikvision"})
    assert name not in _found(device(claims, **given))


def test_every_rule_is_shown_by_an_example() -> None:
    assert {rule.id for rule in knowledge_book().exposures} == {name for name, _ in SHOWN}


def test_what_was_observed_is_certain_and_a_bare_port_is_firm(device: Make) -> None:
    assert (
        _found(device({}, observed=(("telnet.banner", "login:"),)))["telnet-open"].certainty
        is Certainty.CERTAIN
    )
    bare = device({"maker": "dahua"}, ports=(("tcp", 23),))
    assert _found(bare)["telnet-open"].certainty is Certainty.FIRM


def test_the_menu_of_the_maker_is_named_where_it_is_known(device: Make) -> None:
    camera = device({"maker": "dahua"}, observed=(("ssdp.server", "x"),))
    assert dict(_found(camera)["upnp-answers"].facts)["menu"] == "Setup > Network > UPnP"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-22T12:00:00Z", datetime(2026, 11, 22, 12, tzinfo=UTC)),
        ("2026-11-22T14:00:00+02:00", datetime(2026, 11, 22, 12, tzinfo=UTC)),
        ("Sun, 22 Nov 2026 12:00:00 GMT", datetime(2026, 11, 22, 12, tzinfo=UTC)),
        ("  Sun, Nov 22 2026 12:00:00 GMT", datetime(2026, 11, 22, 12, tzinfo=UTC)),
        ("Sun Nov 22 12:00:00 2026", datetime(2026, 11, 22, 12, tzinfo=UTC)),
        ("Sun, 31 Feb 2026 12:00:00 GMT", None),
        ("Sun, 22 Foo 2026 12:00:00 GMT", None),
        ("now", None),
        ("", None),
    ],
)
def test_the_forms_in_which_devices_state_the_time_are_read(text: str, expected: datetime | None) -> None:
    assert moment(text) == expected
