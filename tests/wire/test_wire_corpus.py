"""Recorded replies of real devices: every one is read by the parser of its protocol."""

import base64
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from auditor.wire import dhip, http, onvif, rtsp, sadp, ws_discovery, xml

RECORDED = Path(__file__).resolve().parents[3] / "shared" / "corpus" / "dev.transcript.jsonl"

pytestmark = [
    pytest.mark.corpus,
    pytest.mark.skipif(not RECORDED.exists(), reason="the recorded replies are not beside this checkout"),
]


def _replies(protocol: str) -> Iterator[bytes]:
    for line in RECORDED.read_text("utf-8").splitlines():
        record = json.loads(line)
        if record.get("protocol") == protocol:
            coded = record.get("reply_base64")
            yield base64.b64decode(coded) if coded else record["reply"].encode()


def _serial_number(reply: bytes) -> object:
    answer = sadp.parse(reply)
    return answer and answer.field("DeviceSN")


def _information(reply: bytes) -> object:
    response = http.parse(reply)
    return response and onvif.device_information(response.text())


def _serial_and_model(reply: bytes) -> object:
    answer = dhip.parse(reply)
    return answer and answer.field("SerialNo") and answer.field("DeviceType")


def _status(reply: bytes) -> object:
    response = http.parse(reply)
    return response and response.status


@pytest.mark.parametrize(
    ("protocol", "shown"),
    [
        ("http", _status),
        ("rtsp", rtsp.responses),
        ("sadp", _serial_number),
        ("dhip", _serial_and_model),
        ("wsd", ws_discovery.matches),
        ("onvif", _information),
    ],
)
def test_every_recorded_reply_shows_what_its_protocol_is_for(
    protocol: str, shown: Callable[[bytes], object]
) -> None:
    replies = list(_replies(protocol))
    assert replies
    assert [reply for reply in replies if not shown(reply)] == []


def test_a_conforming_parser_and_ours_agree_on_well_formed_xml() -> None:
    from xml.etree import ElementTree as ET

    compared = 0
    for reply in (*_replies("wsd"), *_replies("sadp")):
        text = reply.decode()
        try:
            root = ET.fromstring(text)
        except ET.ParseError:
            continue
        expected = [
            (each.tag.rpartition("}")[2], (each.text or "").strip()) for each in root.iter() if len(each) == 0
        ]
        ours = {(each.name, each.text) for each in xml.elements(text)}
        assert set(expected) <= ours
        compared += 1
    assert compared >= 10
