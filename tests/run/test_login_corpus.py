"""Recorded answers to calls a login opens: through the sieve, they still give exact model, firmware, build and serial."""

import base64
import json
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from auditor.fingerprint import logins
from auditor.model import Call, Endpoint, Exchange, Protocol, Status, Transport
from auditor.run.again import known_from
from auditor.wire import http
from auditor.wire.sieve import Sieve, sift

CORPUS = Path(__file__).resolve().parents[3] / "shared" / "corpus"
pytestmark = [
    pytest.mark.corpus,
    pytest.mark.skipif(not CORPUS.is_dir(), reason="the recorded replies are not beside this checkout"),
]
FORMS = {form.protocol: form.calls for form in logins()}
FACTS = ("model", "firmware", "build_date", "serial")


def call_of(exchange: Exchange) -> Call | None:
    """Return the call whose answer this is, None for anything a login does not open."""
    if exchange.protocol is Protocol.ONVIF:
        found = [call for call in FORMS["onvif"] if f"{call.path}Response".encode() in exchange.reply]
        return found[0] if found else None
    path = http.request_path(exchange.request).lower()
    return next(
        (call for name in ("isapi", "cgi", "sdc") for call in FORMS[name] if call.path.lower() == path), None
    )


def answers() -> Iterator[Exchange]:
    for line in (CORPUS / "dev.transcript.jsonl").read_text("utf-8").splitlines():
        said = json.loads(line)
        if "observed" in said:
            continue
        encoded = said.get("reply_base64")
        made = Exchange(
            said["device"],
            "login_transcript",
            Protocol(said["protocol"]),
            Endpoint("127.0.0.1", said["port"], Transport(said["transport"])),
            said.get("request", "").encode(),
            base64.b64decode(encoded) if encoded else said["reply"].encode(),
            Status.ANSWERED,
        )
        if made.protocol is Protocol.SNMP:
            yield made
        elif made.protocol in {Protocol.HTTP, Protocol.ONVIF} and (call := call_of(made)):
            kept = sift(made.reply, Sieve(call.keep, call.hashed))
            yield replace(made, reply=kept, id="")


def plain(text: object) -> str:
    return re.sub(r"[^0-9a-z]", "", str(text or "").lower())


def shows(reply: bytes, fact: str, value: str) -> bool:
    """Tell whether the value stands in the bytes; a date counts when its digits do."""
    text = plain(reply.decode("latin-1"))
    wanted = plain(value)
    return wanted in text or (fact == "build_date" and wanted[2:] in text)


def test_recorded_answers_give_exact_facts_in_97_of_100() -> None:
    expected = {
        one["device"]: one
        for one in map(json.loads, (CORPUS / "dev.expected.jsonl").read_text("utf-8").splitlines())
    }
    by_device: dict[str, list[Exchange]] = defaultdict(list)
    for answer in answers():
        by_device[answer.device].append(answer)
    right, wrong = 0, []
    for device, said in by_device.items():
        identity = known_from(device, said).identity
        for fact in FACTS:
            value = expected[device].get(fact)
            if (
                expected[device]["maker"] == "other"
                or not value
                or not any(shows(one.reply, fact, value) for one in said)
            ):
                continue
            if plain(identity.value(fact)) == plain(value):
                right += 1
            else:
                wrong.append((device, fact, value, identity.value(fact)))
    assert right > 40
    assert right / (right + len(wrong)) >= 0.97, wrong
