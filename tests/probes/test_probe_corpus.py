"""Recorded replies of real devices: what a reply plainly holds is in some observation."""

import base64
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from auditor import probes
from auditor.model import Endpoint, Exchange, Protocol, Status, Transport

CORPUS = Path(__file__).resolve().parents[3] / "shared" / "corpus"
pytestmark = [
    pytest.mark.corpus,
    pytest.mark.skipif(not CORPUS.is_dir(), reason="the recorded replies are not beside this checkout"),
]
FACTS = ("model", "firmware", "serial", "mac", "build_date")


def exchanges() -> Iterator[Exchange]:
    for line in (CORPUS / "dev.transcript.jsonl").read_text("utf-8").splitlines():
        said = json.loads(line)
        if "observed" in said:
            continue
        encoded = said.get("reply_base64")
        reply = base64.b64decode(encoded) if encoded else said["reply"].encode()
        yield Exchange(
            said["device"],
            "transcript",
            Protocol(said["protocol"]),
            Endpoint("127.0.0.1", said["port"], Transport(said["transport"])),
            said.get("request", "").encode(),
            reply,
            Status.ANSWERED,
        )


def plain(text: str) -> str:
    return re.sub(r"[^0-9a-z.]", "", text.lower())


def test_every_recorded_reply_shows_something() -> None:
    silent = [each.device for each in exchanges() if not list(probes.read(each))]
    assert silent == []


def test_facts_that_stand_in_a_reply_stand_in_an_observation() -> None:
    expected = {
        entry["device"]: entry
        for entry in map(json.loads, (CORPUS / "dev.expected.jsonl").read_text("utf-8").splitlines())
    }
    looked_for, missed = 0, []
    for each in exchanges():
        values = [plain(seen.value) for seen in probes.read(each)]
        for fact in FACTS:
            wanted = plain(str(expected[each.device].get(fact) or ""))
            if wanted and wanted in plain(each.reply.decode("utf-8", "replace")):
                looked_for += 1
                if not any(wanted in value for value in values):
                    missed.append((each.device, fact, wanted))
    assert missed == []
    assert looked_for > 100
