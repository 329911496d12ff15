"""From what was said to who it is: witnesses, contradictions, relabelled units and clones."""

from collections.abc import Mapping
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.fingerprint import identify, suspected
from auditor.model import Certainty, Endpoint, Exchange, Identity, Observation, Protocol, Status


def said(fields: Mapping[str, str], probe: str = "test") -> list[Observation]:
    exchange = Exchange(
        device="site/192.0.2.9",
        probe=probe,
        protocol=Protocol.OBSERVED,
        endpoint=Endpoint("192.0.2.9", 80),
        request=b"",
        reply=probe.encode(),
        status=Status.ANSWERED,
    )
    return [Observation(name, value, exchange) for name, value in fields.items()]


def known(identity: Identity) -> dict[str, str]:
    return {claim.name: claim.value for claim in identity.claims}


SADP = {
    "sadp.types": "inquiry",
    "sadp.device_description": "DS-2CD2385G1-I",
    "sadp.device_sn": "DS-2CD2385G1-I20200414AAWRE10000001",
    "sadp.software_version": "V5.6.2build 190701",
    "sadp.mac": "58-50-ed-00-00-01",
    "sadp.activated": "flase",
}


def test_one_discovery_reply_tells_maker_model_firmware_build_serial_and_mac() -> None:
    identity = identify("site/192.0.2.9", said(SADP))
    assert known(identity) | {
        "maker": "hikvision",
        "model": "DS-2CD2385G1-I",
        "firmware": "V5.6.2",
        "build_date": "2019-07-01",
        "serial": "DS-2CD2385G1-I20200414AAWRE10000001",
        "mac": "58:50:ed:00:00:01",
        "kind": "camera",
        "activated": "no",
        "production_date": "2020-04-14",
    } == known(identity)
    maker = identity.claim("maker")
    assert maker is not None
    assert maker.certainty is Certainty.CERTAIN
    assert {match.rule for match in maker.because} >= {"hikvision.sadp.reply", "hikvision.mac"}
    assert all(match.observation.exchange.reply == b"test" for match in maker.because)


CHALLENGE = 'Digest realm="IP Camera(C1214)", nonce="b2f25195ee36d5175aa1b7c7d0000001", stale="FALSE"'


def test_a_realm_that_others_may_write_hints_and_the_makers_own_challenge_makes_it_firm() -> None:
    def sure(fields: Mapping[str, str]) -> Certainty:
        claim = identify("d", said(fields)).claim("maker")
        assert claim is not None
        assert claim.value == "hikvision"
        return claim.certainty

    realm = {"rtsp.realm": "IP Camera(C1214)"}
    assert sure(realm) is Certainty.TENTATIVE
    twice = realm | {"http.realm": "IP Camera(C1214)"}
    assert sure(twice) is Certainty.TENTATIVE, "the same realm on two services is one witness"
    assert sure(realm | {"rtsp.challenge": CHALLENGE}) is Certainty.FIRM
    assert sure(realm | {"mac": "58:50:ed:00:00:01"}) is Certainty.CERTAIN
    assert sure(realm | {"http.body": '<a href="/doc/page/login.asp">'}) is Certainty.FIRM


def test_a_relabelled_unit_keeps_its_maker_and_shows_its_brand() -> None:
    identity = identify(
        "d",
        said(
            {
                "dhip.device_type": "BCS-TIP3401IR-E-V",
                "dhip.vendor": "General",
                "dhip.version": "2.800.106F004.0.R",
                "dhip.serial_no": "6J00000PAG00001",
                "dhip.mac": "38:c4:e8:00:00:01",
            }
        ),
    )
    assert (identity.value("maker"), identity.value("brand"), identity.value("kind")) == (
        "dahua",
        "bcs",
        "camera",
    )


def test_neutral_firmware_has_no_brand() -> None:
    identity = identify("d", said({"cgi.vendor": "General", "cgi.software_version": "2.800.0000016.0.R"}))
    assert (identity.value("maker"), identity.value("brand"), identity.value("oem")) == ("dahua", None, "yes")


def test_a_sign_that_names_a_maker_and_denies_its_label_takes_the_label_only() -> None:
    alone = identify("d", said({"cgi.vendor": "General"}))
    assert (alone.value("maker"), alone.value("brand"), alone.value("oem")) == ("dahua", None, "yes")
    assert (held := alone.claim("maker")) is not None
    assert held.certainty is Certainty.TENTATIVE


def test_a_name_that_others_copy_is_tentative_and_a_clones_model_takes_it_away() -> None:
    announced = identify("d", said({"onvif.scope.name": "HIKVISION"})).claim("maker")
    assert announced is not None
    assert announced.certainty is Certainty.TENTATIVE
    clone = identify("d", said({"onvif.scope.name": "HIKVISION", "onvif.scope.hardware": "JVSWO708"}))
    assert (clone.value("maker"), clone.value("brand")) == ("jovision", None)


def test_two_makers_in_one_devices_answers_are_kept_as_a_contradiction() -> None:
    identity = identify("d", said(SADP) + said({"rtsp.realm": "Login to 4K01000PAJ00001"}, "rtsp"))
    assert identity.value("maker") == "hikvision"
    assert {(one.name, one.against.value) for one in identity.contradictions} >= {("maker", "dahua")}


def test_two_readings_of_one_saying_are_no_contradiction() -> None:
    identity = identify(
        "d", said({"onvif.manufacturer": "HIKVISION", "onvif.firmware": "V5.5.31 build 180903"})
    )
    assert (identity.value("firmware"), identity.value("build_date")) == ("V5.5.31", "2018-09-03")
    assert [one for one in identity.contradictions if one.name == "firmware"] == []


def test_the_version_of_the_web_pages_is_never_the_firmware() -> None:
    identity = identify("d", said({"page.sea-config.js": 'seajs.web_version = "V4.0.1build161220";'}))
    assert identity.value("firmware") is None
    assert (identity.value("web_version"), identity.value("firmware_floor")) == ("4.0.1", "2016-12-20")


@pytest.mark.parametrize(
    "fields",
    [
        {"rtsp.server": "Hisilicon Streaming Media Server/1.0.0"},
        {"http.server": "GoAhead-Webs"},
        {"http.title": "Document Error: Unauthorized"},
        {"http.realm": "Login to the website"},
        {"mac": "40:2c:76:10:00:01"},
        {"mac": "02:57:be:00:00:01"},
        {"onvif.scope.hardware": "M3057-PLVE"},
        {"range.site_version": "9.0.0"},
        {"telnet.banner": "BusyBox v1.16.1 built-in shell (ash)"},
        {"snmp.1.3.6.1.2.1.1.2.0": "1.3.6.1.4.1.8072.3.2.10"},
        {"http.server": "nginx"},
    ],
)
def test_what_says_nothing_of_the_three_makers_names_none(fields: dict[str, str]) -> None:
    assert identify("d", said(fields)).value("maker") not in {"hikvision", "dahua", "huawei"}


@pytest.mark.parametrize(
    "fields",
    [
        {"ssh.banner": "SSH-2.0-HUAWEI-1.5"},
        {"snmp.1.3.6.1.2.1.1.2.0": "1.3.6.1.4.1.2011.2.23.96"},
        {"http.realm": "EchoLife Home Gateway"},
        {"mac": "dc:21:e2:00:00:01"},
    ],
)
def test_network_equipment_is_never_called_a_camera(fields: dict[str, str]) -> None:
    identity = identify("d", said(fields))
    assert identity.value("maker") == "huawei"
    assert identity.value("kind") in {None, "router", "switch", "other"}


def test_nothing_said_is_nothing_claimed() -> None:
    assert identify("d", []) == Identity("d")


def test_round_two_is_told_whom_an_answer_points_to() -> None:
    assert suspected(said({"http.server": "DNVRS-Webs"})) == {"hikvision"}
    assert suspected(said({"http.server": "nginx"})) == frozenset()


@given(
    st.dictionaries(st.sampled_from(sorted({*SADP, "http.body", "rtsp.realm", "mac"})), st.text(max_size=400))
)
def test_any_text_is_identified_without_failing(fields: dict[str, str]) -> None:
    first = identify("d", said(fields))
    again = identify("d", list(reversed(said(fields))))
    assert {(one.name, one.certainty) for one in first.claims} == {
        (one.name, one.certainty) for one in again.claims
    }


def test_long_hostile_values_take_little_time() -> None:
    names = (
        "http.body",
        "http.title",
        "rtsp.realm",
        "onvif.firmware",
        "tls.subject",
        "telnet.banner",
        "cgi.keys",
    )
    begin = process_time()
    for sign in ("a", "0", " ", "login ", "A=,", "<"):
        identify("d", said(dict.fromkeys(names, sign * 300_000)))
    assert process_time() - begin < 5.0


def test_a_thousand_devices_are_identified_in_seconds() -> None:
    noise = {f"http.header.x-{number}": "value" for number in range(20)}
    devices = [said(SADP | noise | {"rtsp.realm": f"IP Camera(C{number:04d})"}) for number in range(1000)]
    begin = process_time()
    for observations in devices:
        identify("d", observations)
    assert process_time() - begin < 10.0  # 1.1 s on the machine it was written on
