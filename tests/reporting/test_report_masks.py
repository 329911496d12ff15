"""The copy that may be passed on: nothing private is left in it, whatever the format."""

import dataclasses
import io
import re
import zipfile

import pytest

from auditor.exports import exports
from auditor.model import (
    Certainty,
    Claim,
    Device,
    Endpoint,
    Exchange,
    Identity,
    Match,
    Observation,
    Protocol,
    Status,
)
from auditor.reporting import Context, Options, redacted
from auditor.reporting.masks import HIDDEN, mask_address, mask_mac
from auditor.reporting.redaction import Redactor
from tests.reporting import town

SMALL = town.devices(12)
TEXT_FORMATS = ("html", "csv", "jsonl", "json", "md", "xlsx")


def written(name: str, **options: object) -> str:
    out = io.BytesIO()
    exports()[name].write(town.run(), SMALL, out, context=town.context(SMALL, **options))
    if name != "xlsx":
        return out.getvalue().decode()
    with zipfile.ZipFile(out) as book:
        return "".join(book.read(entry).decode() for entry in book.namelist())


def secrets() -> list[str]:
    return [
        claim.value
        for device in SMALL
        for claim in device.identity.claims
        if claim.name in {"serial", "mac"} or (claim.name == "device_name" and "door" in claim.value)
    ]


@pytest.mark.parametrize("name", TEXT_FORMATS)
def test_no_serial_mac_or_name_is_left(name: str) -> None:
    assert name == "md" or any(secret in written(name) for secret in secrets())
    text = written(name, redact=True)
    assert [secret for secret in secrets() if re.search(rf"{re.escape(secret)}(?!\d)", text)] == []
    assert "DeviceSN" not in text
    assert "gpj.exe" not in text


@pytest.mark.parametrize("name", TEXT_FORMATS)
def test_models_versions_and_findings_stay(name: str) -> None:
    text = written(name, redact=True)
    for word in ("DS-2CD2385G1-I", "V200R001C00SPC100", "CVE-2099-0001", "192.0.2.13"):
        assert word in text


@pytest.mark.parametrize("name", TEXT_FORMATS)
def test_addresses_and_sites_go_when_asked(name: str) -> None:
    text = written(name, redact=True, redact_addresses=True)
    assert not re.search(r"192\.0\.2\.\d", text)
    assert "waterworks/" not in text
    assert "school-north" not in text


def test_the_maker_half_of_a_mac_stays_however_it_is_written() -> None:
    assert mask_mac("58:50:ed:00:10:01") == "58:50:ed:••:••:••"
    assert mask_mac("58-50-ED-00-10-01!") == "58-50-ED-••-••-••!"
    assert mask_mac("5850ed001001") == "5850ed••••••"
    assert mask_mac("5850.ed00.1001") == "5850.ed••.••••"


def test_the_same_serial_looks_the_same_everywhere() -> None:
    _, found, _ = redacted(town.run(), SMALL, Context(options=Options(redact=True)))
    values = {claim.value for device in found for claim in device.identity.claims if claim.name == "serial"}
    assert all(value.endswith("••••") and len(value) == 8 for value in values)
    seen = {one.value for device in found for one in device.observations if one.field == "sadp.device_sn"}
    assert seen == values


def test_digests_that_would_betray_a_short_reply_are_withheld() -> None:
    text = written("jsonl", redact=True) + written("html", redact=True)
    for device in SMALL:
        for exchange in device.exchanges:
            assert exchange.sha256 not in text
            assert exchange.id not in text


def test_an_address_made_from_a_mac_is_masked_even_where_addresses_stay() -> None:
    address = "fe80::5a50:edff:fe00:1001"
    key = f"hall/{address}"
    asked = Exchange(key, "wsd", Protocol.WSD, Endpoint(address, 3702), b"", b"x", Status.ANSWERED)
    seen = Observation("onvif.xaddr", f"http://[{address}]/", asked)
    claim = Claim("model", "M1", Certainty.FIRM, (Match("r", seen, (), Certainty.FIRM),))
    device = Device(key, "hall", address, Identity(key, (claim,)), observations=(seen,), exchanges=(asked,))
    _, found, _ = redacted(town.run(), [device], Context(options=Options(redact=True)))
    assert "fe00:1001" not in repr(found)


def test_without_being_asked_nothing_is_masked() -> None:
    run, found, _ = redacted(town.run(), SMALL, Context())
    assert found == SMALL
    assert run == town.run()


@pytest.mark.parametrize("address", ["192.0.2.44", "192.0.2.44:81", "192.0.2.44:80/2", "192.0.2.44#3"])
def test_the_last_part_of_an_address_is_masked_with_or_without_a_port(address: str) -> None:
    assert mask_address(address, 7) == "192.0.2.•(device 7)"


def test_an_ipv6_address_keeps_its_network_alone() -> None:
    assert mask_address("2001:db8:1:2::5", None) == "2001:db8:1:2:•"
    assert mask_address("[2001:db8:1:2::5]:81", None) == "2001:db8:1:2:•"
    assert mask_address("fe80::1%eth0", None) == "fe80:0:0:0:•"


@pytest.mark.parametrize(
    "address",
    ["2001:db8::9", "2001:db8::9#3", "[2001:db8::9]:81", "[2001:db8::9]:81#3", "[2001:db8::9]:80/2#3"],
)
def test_a_shortened_ipv6_address_hides_its_host_as_a_long_one_does(address: str) -> None:
    assert mask_address(address, 7) == "2001:db8:0:0:•(device 7)"


def test_what_is_no_address_is_hidden_whole_and_a_mapped_one_as_what_it_is() -> None:
    assert mask_address("not-an-address", None) == HIDDEN
    assert mask_address("::ffff:192.0.2.9", None) == "192.0.2.•"


@pytest.mark.parametrize(
    "place", ["192.0.2.9:80/2", "192.0.2.9:80/2#3", "192.0.2.9#3/2", "[2001:db8::9]:80/2", "2001:db8::9#3"]
)
def test_no_key_of_a_redacted_copy_shows_host_or_site(place: str) -> None:
    redactor = Redactor((), Options(redact_addresses=True))
    redactor.learn("hall", [place], [])
    masked = redactor.key(f"hall/{place}")
    assert masked in {"site 1/192.0.2.•(device 1)", "site 1/2001:db8:0:0:•(device 1)"}


def test_the_host_name_of_a_camera_behind_a_recorder_is_hidden() -> None:
    exchange = Exchange(
        "hall/192.0.2.9#1",
        "attached",
        Protocol.OBSERVED,
        Endpoint("192.0.2.9", 80),
        b"",
        b"",
        Status.ANSWERED,
    )
    seen = Observation("attached.host_name", "hof.town.example", exchange)
    child = Device(
        exchange.device,
        "hall",
        "192.0.2.9#1",
        Identity(exchange.device),
        observations=(seen,),
        exchanges=(exchange,),
    )
    _, masked, _ = redacted(town.run(), [child], Context(options=Options(redact=True)))
    assert "hof.town" not in repr(masked)


def test_a_text_hides_an_ipv6_address_before_a_colon_and_keeps_a_time_of_day() -> None:
    redactor = Redactor((), Options(redact_addresses=True))
    told = "at 10:30:15 2001:db8::9: silent; [2001:db8::9]:81, channel 3; 2001:db8::9#3"
    masked = redactor.text(told)
    assert masked == ("at 10:30:15 2001:db8:0:0:•: silent; [2001:db8:0:0:•]:81, channel 3; 2001:db8:0:0:•#3")
    assert redactor.text(masked) == masked


def test_the_address_that_several_devices_share_is_masked_as_well() -> None:
    shared = dataclasses.replace(SMALL[0], address="192.0.2.44:81", behind="192.0.2.44")
    _, (masked,), _ = redacted(town.run(), [shared], Context(options=Options(redact_addresses=True)))
    assert "192.0.2.44" not in f"{masked.address} {masked.behind}"
