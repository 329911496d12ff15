"""Which marks recognise a device, and which many devices tell alike."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor import resources
from auditor.fingerprint import DataError, identify, is_placeholder, marks, vocabulary
from auditor.fingerprint.marks import is_shared_endpoint, is_shared_mac, read
from auditor.model import (
    Certainty,
    Claim,
    Contradiction,
    Endpoint,
    Exchange,
    Identity,
    Marks,
    Observation,
    Protocol,
    Status,
)

SHIPPED = resources.fingerprints() / "marks.yaml"
SADP = {
    "sadp.types": "inquiry",
    "sadp.device_description": "DS-2CD2385G1-I",
    "sadp.device_sn": "DS-2CD2385G1-I20200414AAWRE47169922",
    "sadp.software_version": "V5.6.2build 190701",
    "sadp.mac": "58-50-ed-00-00-01",
}


def said(fields: Mapping[str, str]) -> tuple[Observation, ...]:
    exchange = Exchange(
        device="site/192.0.2.9",
        probe="test",
        protocol=Protocol.OBSERVED,
        endpoint=Endpoint("192.0.2.9", 80),
        request=b"",
        reply=b"",
        status=Status.ANSWERED,
    )
    return tuple(Observation(name, value, exchange) for name, value in fields.items())


def heard(fields: Mapping[str, str]) -> Marks:
    seen = said(fields)
    return marks(identify("site/192.0.2.9", seen), seen)


def claimed(*claims: tuple[str, str], certainty: Certainty = Certainty.FIRM) -> Identity:
    return Identity("site/192.0.2.9", tuple(Claim(name, value, certainty, ()) for name, value in claims))


def test_a_discovery_reply_gives_every_mark() -> None:
    found = heard(SADP | {"onvif.endpoint": "URN:UUID:1419D68A-1dd2-11b2-a105-5850ED000001"})
    assert found.serial == "DS-2CD2385G1-I20200414AAWRE47169922"
    assert found.mac == "5850ed000001"
    assert found.endpoint == "urn:uuid:1419d68a-1dd2-11b2-a105-5850ed000001"
    assert (found.maker, found.model) == ("hikvision", "DS-2CD2385G1-I")
    assert {"maker=hikvision", "sadp.device_description=ds-2cd2385g1-i"} <= found.traits


@pytest.mark.parametrize(
    "serial",
    [
        "SerialNumber", "serialnumber ", "0123456789", "1234567890", "123456", "123456789001", "12345679890",
        "00000000", "SN000000", "1000000001", "ABCDEF", "9876543210", "N/A", "none", "(null)", "To be filled by O.E.M.",
        "xxxxxxxx", "????????", "sample123", "0xFFFFFFFF", "SN123456", "", "   ",
    ],
)  # fmt: skip
def test_a_serial_number_that_many_devices_tell_is_a_placeholder(serial: str) -> None:
    assert is_placeholder(serial)
    assert marks(claimed(("serial", serial)), ()).serial == ""


@pytest.mark.parametrize(
    "serial",
    [
        "471699220",
        "DS-2DF7286-A20140705CCWR471699220B",
        "4A0132APAG00001",
        "4K0488CPAGT1F44",
        "ACCC8E112233",
        "2102352SYB10K3000033",
        "EF00000000B83D56",
    ],
)
def test_a_serial_number_of_one_device_is_none(serial: str) -> None:
    assert not is_placeholder(serial)
    assert marks(claimed(("serial", serial)), ()).serial == serial


def test_a_serial_number_that_repeats_the_model_or_is_a_guess_recognises_nobody() -> None:
    assert marks(claimed(("serial", "TS-1600"), ("model", "TS-1600")), ()).serial == ""
    assert marks(claimed(("serial", "471699220"), certainty=Certainty.TENTATIVE), ()).serial == ""


@pytest.mark.parametrize(
    "mac",
    [
        "00:11:22:33:44:55", "12:34:56:78:9a:bc", "00:12:34:56:78:9A", "00-00-23-34-45-66", "00:00:00:00:00:01",
        "00:00:5e:00:53:07", "02:42:ac:11:00:02", "01:00:5e:00:00:01", "ff:ff:ff:ff:ff:ff", "58:50:ed", "",
    ],
)  # fmt: skip
def test_an_address_that_is_nobodys_own_recognises_nobody(mac: str) -> None:
    assert is_shared_mac(mac)
    assert marks(claimed(("mac", mac)), ()).mac == ""


def test_behind_an_address_all_devices_of_a_firmware_tell_the_devices_own_is_taken() -> None:
    held, own = (Claim("mac", mac, Certainty.FIRM, ()) for mac in ("00:30:1b:ba:02:db", "9c:8e:cd:10:20:30"))
    identity = Identity("site/192.0.2.9", (held,), (Contradiction("mac", held, own),))
    assert marks(identity, ()).mac == "9c8ecd102030"


@pytest.mark.parametrize(
    "endpoint",
    [
        "urn:uuid:98190DC2-0890-4ef8-ac9a-5940995e6119",
        "uuid:98190dc2-0890-4ef8-ac9a-5940995e6119",
        "urn:uuid:00000000-0000-0000-0000-000000000000",
        "urn:uuid:1419d68a-1dd2-11b2-a105-001122334455",
        "urn:uuid:",
        "http://192.168.1.10/onvif/device_service",
    ],
)
def test_an_endpoint_shared_by_a_firmware_recognises_nobody(endpoint: str) -> None:
    assert is_shared_endpoint(endpoint)
    assert heard({"onvif.endpoint": endpoint}).endpoint == ""


def test_cameras_of_other_models_that_tell_one_endpoint_contradict_each_other_though_no_rule_knows_them() -> (
    None
):
    told = {"onvif.endpoint": "urn:uuid:5f5a69c2-e0ae-504f-829b-00000000aa01", "onvif.scope.name": "IPC"}
    one, other = (heard(told | {"onvif.scope.hardware": model}) for model in ("TS-1600", "NV-9"))
    assert one.shares(other) == "endpoint"
    assert one.contradicts(other) == "model"


def test_what_most_devices_show_helps_only_where_a_device_shows_nothing_else() -> None:
    common = {"http.server": "nginx/1.18.0", "http.title": "Login"}
    assert heard(common).traits == {"http.server=nginx/1.18.0", "http.title=login"}
    both = heard(common | {"rtsp.realm": "4419b6112233"})
    assert "rtsp.realm=4419b6112233" in both.traits
    assert both.shares(heard(common)) is None


def test_long_values_are_shortened_and_there_are_never_more_than_forty() -> None:
    found = heard({"http.title": "A long title " * 20}).traits
    assert all(len(one) < 90 for one in found)
    many = said({"onvif.scope.name": "x"})[0].exchange
    seen = [Observation("mdns.instance", f"printer {number}", many) for number in range(200)]
    assert len(marks(Identity("d"), seen).traits) == 40


def test_every_field_of_the_list_is_in_the_vocabulary() -> None:
    known = {field.name for field in vocabulary().fields}
    below = tuple(name.removesuffix("*") for name in known if name.endswith(".*"))
    named = read(SHIPPED).traits
    assert [name for name in named if name not in known and not name.startswith(below)] == []


@pytest.mark.parametrize(
    ("before", "after", "place"),
    [
        ("shortest: 6", "shortest: six", "serials.shortest"),
        ("{text: 'null', source", "{text: null, source", "serials.words"),
        ("'00:00:5e:00:53'", "'00:00:5e:0'", "macs.prefixes"),
        ("'ff:ff:ff:ff:ff:ff'", "'ff:ff:ff'", "macs.addresses"),
        ("pattern: 'https?:.*'", "pattern: 'https?:(.*'", "endpoints.patterns"),
        (", source: left from production", "", "serials.words"),
        ("schema: 1", "schema: 2", "schema"),
        ("serials:", "serials: [", "YAML"),
    ],
)
def test_a_slip_in_the_list_is_refused_by_file_and_place(
    before: str, after: str, place: str, tmp_path: Path
) -> None:
    text = SHIPPED.read_text(encoding="utf-8")
    assert before in text
    page = tmp_path / "marks.yaml"
    page.write_text(text.replace(before, after, 1), encoding="utf-8")
    with pytest.raises(DataError, match=rf"marks\.yaml.*{place}"):
        read(page)


@given(st.text(max_size=300), st.text(max_size=300))
def test_whatever_a_device_tells_gives_marks(serial: str, endpoint: str) -> None:
    seen = said({"onvif.endpoint": endpoint, "http.title": serial})
    found = marks(claimed(("serial", serial), ("mac", serial), ("model", endpoint)), seen)
    assert found.contradicts(found) is None
