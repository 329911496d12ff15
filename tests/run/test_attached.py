"""Cameras behind a recorder, from the observations of its channel list."""

from datetime import UTC, datetime

import pytest

from auditor.fingerprint.marks import marks
from auditor.knowledge.plan import host_of
from auditor.model import Certainty, Endpoint, Exchange, Observation, Protocol, Status
from auditor.run.again import known_from
from auditor.run.attached import attached
from auditor.run.target import Target

AT = datetime(2026, 3, 1, tzinfo=UTC)
SAID = Exchange(
    "s/192.0.2.9", "login_isapi", Protocol.HTTP, Endpoint("192.0.2.9", 80), b"", b"", Status.ANSWERED, AT
)


def listed(
    channels: list[dict[str, str]], *, maker: str = "hikvision", interface: str = "isapi"
) -> list[Target]:
    seen = [
        Observation(f"{interface}.channel.{number}.{name}", value, SAID)
        for number, told in enumerate(channels, 1)
        for name, value in told.items()
    ]
    return list(attached(Target("s", "192.0.2.9"), maker, seen))


def known(child: Target, name: str) -> tuple[str, Certainty] | None:
    claim = known_from(child.subject, child.memory.exchanges).identity.claim(name)
    return (claim.value, claim.certainty) if claim else None


def test_a_channel_with_a_name_and_an_address_is_a_camera_and_a_slot_without_an_address_is_none() -> None:
    found = listed([
        {"name": "Tor", "address": "192.168.199.2", "protocol": "HIKVISION"},
        {"name": "IPCamera 02", "address": "0.0.0.0", "protocol": "HIKVISION"},
        {"name": "Hof", "address": "192.168.199.4", "protocol": "ONVIF"},
    ])  # fmt: skip
    assert [one.address for one in found] == ["192.0.2.9#1", "192.0.2.9#3"]


def test_a_factory_slot_that_is_switched_off_is_no_camera_unless_it_tells_what_only_a_camera_has() -> None:
    slots = [
        {"address": "192.168.1.108", "enabled": "false", "vendor": "Private"},
        {"address": "192.168.1.109", "enabled": "false", "vendor": "Private", "model": "IPC-HFW2231S"},
        {"address": "192.168.1.110", "enabled": "true", "vendor": "Private"},
    ]
    found = listed(slots, maker="dahua", interface="cgi")
    assert [one.address for one in found] == ["192.0.2.9#2", "192.0.2.9#3"]


def test_a_camera_spoken_to_in_its_maker_s_own_protocol_has_that_maker_though_not_for_sure() -> None:
    (by_protocol,) = listed([{"name": "Tor", "address": "192.168.199.2", "protocol": "HIKVISION"}])
    assert known(by_protocol, "maker") == ("hikvision", Certainty.TENTATIVE)
    (by_both,) = listed([{"protocol": "HIKVISION", "model": "DS-2CD2143G0-I", "address": "192.168.199.2"}])
    assert known(by_both, "maker") == ("hikvision", Certainty.FIRM)
    assert known(by_both, "kind") is not None


def test_a_camera_spoken_to_by_onvif_has_no_maker_from_the_recorder() -> None:
    (child,) = listed([{"name": "Tor", "address": "192.168.199.2", "protocol": "ONVIF", "model": "TS-100"}])
    assert known(child, "maker") is None


def test_two_channels_with_one_placeholder_serial_number_bear_no_mark_that_binds_them() -> None:
    told = {"protocol": "ONVIF", "model": "TS-100", "serial": "0123456789"}
    for child in listed([told, told]):
        found = known_from(child.subject, child.memory.exchanges)
        assert not marks(found.identity, found.observations).serial


@pytest.mark.parametrize(
    ("place", "host"),
    [
        ("192.0.2.9#3", "192.0.2.9"), ("192.0.2.9:81#3", "192.0.2.9"), ("192.0.2.9:80/2", "192.0.2.9"),
        ("fd00::9#3", "fd00::9"), ("[fd00::9]:81#3", "fd00::9"), ("192.0.2.9", "192.0.2.9"),
    ],
)  # fmt: skip
def test_a_place_is_checked_by_scanning_its_host(place: str, host: str) -> None:
    assert host_of(place) == host


def test_a_slot_whose_address_is_nobody_s_is_empty_however_that_is_spelled() -> None:
    nobody = ["0.0.0.0", "::", "::0", "0:0:0:0:0:0:0:0", " "]
    assert listed([{"name": "IPCamera", "address": one, "protocol": "HIKVISION"} for one in nobody]) == []


def test_cameras_behind_an_ipv6_recorder_and_behind_one_of_several_devices_name_their_recorder() -> None:
    seen = [Observation("isapi.channel.1.host_name", "hof.example", SAID)]
    (alone,) = attached(Target("s", "2001:db8::9"), "hikvision", seen)
    (shared,) = attached(Target("s", "2001:db8::9"), "hikvision", seen, part=":81")
    assert (alone.address, shared.address) == ("2001:db8::9#1", "[2001:db8::9]:81#1")
    assert ("attached.recorder", "[2001:db8::9]:81") in shared.memory.exchanges[0].observed


def test_a_placeholder_serial_number_told_by_two_channels_leaves_two_devices_with_their_channel() -> None:
    told = {"protocol": "HIKVISION", "model": "DS-2CD2143G0-I", "serial": "0123456789"}
    found = [known_from(one.subject, one.memory.exchanges) for one in listed([told] * 8)]
    channels = [seen.value for one in found for seen in one.observations if seen.field == "attached.channel"]
    assert channels == [str(number) for number in range(1, 9)]
