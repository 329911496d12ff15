"""Who a device says it is, by one list of spellings for all makers."""

from pathlib import Path

import pytest

from auditor.fingerprint import identify, vocabulary
from auditor.fingerprint.names import names, read
from auditor.fingerprint.rule import DataError
from auditor.model import Certainty, Endpoint, Exchange, Observation, Protocol, Status


def said(field: str, value: str) -> list[Observation]:
    heard = Exchange(
        device="d",
        probe="test",
        protocol=Protocol.OBSERVED,
        endpoint=Endpoint("192.0.2.9", 80),
        request=b"",
        reply=b"",
        status=Status.ANSWERED,
    )
    return [Observation(field, value, heard)]


@pytest.mark.parametrize(
    ("text", "maker"),
    [
        ("AXIS", "axis"),
        ("Axis Communications AB", "axis"),
        ("axis_camera", "axis"),
        ("UNIVIEW", "uniview"),
        ("Zhejiang Uniview Technologies Co.,Ltd.", "uniview"),
        ("TP-LINK  TECHNOLOGIES CO.,LTD.", "tp-link"),
        ("Hanwha Vision", "hanwha"),
        ("TVT CO.,LTD", "tvt"),
        ("HP Inc.", "hp"),
    ],
)
def test_a_text_that_begins_with_a_spelling_names_the_maker(text: str, maker: str) -> None:
    assert names().maker(text) == maker


@pytest.mark.parametrize(
    "text",
    [
        "Axis2 web services",
        "Praxis",
        "tvt",
        "hp-server",
        "Canonical Ltd",
        "Axis-Shield PoC AS",
        "AVTECH Software, Inc.",
        "Dell'Orto S.P.A.",
        "a camera like AXIS",
        "",
    ],
)
def test_what_only_looks_like_a_name_names_nobody(text: str) -> None:
    assert names().maker(text) == ""


@pytest.mark.parametrize("text", ["Hikvision", "Dahua", "HUAWEI"])
def test_the_three_are_not_named_by_their_word_alone(text: str) -> None:
    assert names().maker(text) == ""


def test_a_label_on_what_others_built_is_no_builder() -> None:
    assert (names().maker("D-Link Corporation"), names().builder("D-Link Corporation")) == ("d-link", "")
    assert names().builder("VIVOTEK") == "vivotek"


def test_every_name_is_of_a_known_maker() -> None:
    assert {name.maker for name in names().all} <= vocabulary().known("makers")


@pytest.mark.parametrize(
    ("field", "value", "maker", "certainty"),
    [
        ("onvif.manufacturer", "UNIVIEW", "uniview", Certainty.FIRM),
        ("onvif.scope.manufacturer", "UNIVIEW", "uniview", Certainty.FIRM),
        ("onvif.manufacturer", "D-Link Corporation", "d-link", Certainty.TENTATIVE),
        ("snmp.1.3.6.1.2.1.1.2.0", "1.3.6.1.4.1.25506.1.921", "h3c", Certainty.FIRM),
        ("snmp.1.3.6.1.2.1.1.1.0", "MOBOTIX AG Network Camera", "mobotix", Certainty.TENTATIVE),
        ("http.server", "ReeCam IP Camera", "reecam", Certainty.TENTATIVE),
        ("tls.subject", "CN=a,O=Sony Corporation", "sony", Certainty.TENTATIVE),
        ("mac", "00:40:8c:00:00:01", "axis", Certainty.FIRM),
        ("mac", "00:14:d1:00:00:01", "trendnet", Certainty.TENTATIVE),
    ],
)
def test_a_field_names_its_maker_as_surely_as_it_may(
    field: str, value: str, maker: str, certainty: Certainty
) -> None:
    claim = identify("d", said(field, value)).claim("maker")
    assert claim is not None
    assert (claim.value, claim.certainty) == (maker, certainty)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("onvif.manufacturer", "IPCAM"),
        ("onvif.manufacturer", "H264"),
        ("snmp.1.3.6.1.2.1.1.2.0", "1.3.6.1.4.1.8072.3.2.10"),
        ("http.title", "Axis of symmetry"),
        ("tls.subject", "CN=axis.example.org,O=Example"),
        ("http.server", "Axis2C/1.6.0 (Simple Axis2 HTTP Server)"),
    ],
)
def test_a_field_that_states_no_maker_names_none(field: str, value: str) -> None:
    assert identify("d", said(field, value)).claim("maker") is None


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("schema: 1\nnames: [{maker: a, spelled: [Same]}, {maker: b, spelled: [SAME]}]", "two makers"),
        ("schema: 1\nnames: [{maker: a}]", "has maker and spelled"),
        ("schema: 1\nnames: [{maker: a, spelled: []}]", "at least one spelling"),
        ("schema: 2\nnames: []", "schema: 1"),
    ],
)
def test_a_bad_file_is_refused_with_what_is_wrong(tmp_path: Path, text: str, wrong: str) -> None:
    path = tmp_path / "names.yaml"
    path.write_text(text)
    with pytest.raises(DataError, match=wrong):
        read(path)


@pytest.mark.parametrize(
    ("own", "maker"),
    [
        (("onvif.manufacturer", "UNIVIEW"), "uniview"),
        (("http.server", "VVTK-HTTP-Server"), "vivotek"),
        (("mac", "00:40:8c:00:00:01"), "axis"),
        (("snmp.1.3.6.1.2.1.1.2.0", "1.3.6.1.4.1.36849.1"), "hanwha"),
        (("onvif.manufacturer", "TRENDnet"), "trendnet"),
    ],
)
def test_what_a_device_says_of_itself_outweighs_what_others_share(own: tuple[str, str], maker: str) -> None:
    shared = [
        *said("rtsp.server", "Rtsp Server/2.0"),
        *said("onvif.scope.extension", "unique_identifier"),
        *said("http.title", "WEB SERVICE"),
    ]
    claim = identify("d", [*shared, *said(*own)]).claim("maker")
    assert claim is not None
    assert claim.value == maker


def test_a_seller_s_name_is_one_witness_wherever_it_is_shown() -> None:
    shown = [
        *said("onvif.manufacturer", "TRENDnet"),
        *said("upnp.manufacturer", "TRENDnet"),
        *said("mac", "00:14:d1:00:00:01"),
    ]
    claim = identify("d", shown).claim("maker")
    assert claim is not None
    assert (claim.value, claim.certainty) == ("trendnet", Certainty.TENTATIVE)
    hinted = identify("d", [*shown, *said("rtsp.realm", "Embedded Net DVR")])
    assert hinted.value("maker") == "trendnet"
    built = identify("d", [*shown, *said("isapi.namespace", "http://www.hikvision.com/ver20/XMLSchema")])
    assert (
        built.value("maker"),
        [one.against.value for one in built.contradictions if one.name == "maker"],
    ) == (
        "hikvision",
        ["trendnet"],
    )


@pytest.mark.parametrize(
    ("field", "value", "claim"),
    [
        ("rtsp.server", "Tiandy RTSP Server", "maker"),
        ("http.title", "HUAWEI IPC price list", "brand"),
        ("http.title", "HUAWEI IPC price list", "kind"),
        ("http.title", "MX5-Energie", "kind"),
        ("http.title", "FRITZ!Box Forum", "kind"),
        ("http.title", "RouterOS - Wikipedia", "kind"),
    ],
)
def test_one_text_read_by_two_rules_and_a_title_that_anybody_writes_make_nothing_firm(
    field: str, value: str, claim: str
) -> None:
    held = identify("d", said(field, value)).claim(claim)
    assert held is None or held.certainty is Certainty.TENTATIVE
