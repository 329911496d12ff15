"""Transcripts from anybody: what can be read is read, what cannot is said with its line."""

import base64
import io
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from auditor.exports import transcript as written
from auditor.intake import transcript
from auditor.model import Device, Endpoint, Exchange, Identity, Protocol, Run, Status, Transport

PLAIN = {
    "device": "d1",
    "protocol": "http",
    "port": 80,
    "request": "GET / HTTP/1.1",
    "reply": "HTTP/1.1 200 OK\r\n\r\n",
}


def read(*lines: object) -> transcript.Transcript:
    return transcript.read_lines(
        [
            (json.dumps(one) if not isinstance(one, bytes) else one.decode("latin-1")).encode("latin-1")
            + b"\n"
            for one in lines
        ],
        "t.jsonl",
    )


def test_an_exchange_comes_back_as_it_was_written() -> None:
    (heard,) = read({"schema_version": 1, **PLAIN, "transport": "tls", "at": "2026-11-03T12:00:00Z"}).devices
    (exchange,) = heard.exchanges
    assert exchange.protocol is Protocol.HTTP
    assert exchange.endpoint == Endpoint("", 80, Transport.TLS)
    assert exchange.request == b"GET / HTTP/1.1"
    assert exchange.reply == b"HTTP/1.1 200 OK\r\n\r\n"
    assert exchange.status is Status.ANSWERED
    assert exchange.at == datetime(2026, 11, 3, 12, tzinfo=UTC)
    assert exchange.source == "transcript t.jsonl"


def test_base64_wins_over_text_and_keeps_every_byte() -> None:
    every = bytes(range(256))
    line = {**PLAIN, "reply_base64": base64.b64encode(every).decode()}
    assert read(line).devices[0].exchanges[0].reply == every


def test_decoded_observations_keep_several_values_of_a_field() -> None:
    (heard,) = read(
        {"device": "d", "observed": {"tls.subject": "CN=x", "onvif.scope.type": ["a", "b"], "n": 7}}
    ).devices
    assert heard.exchanges[0].observed == (
        ("tls.subject", "CN=x"), ("onvif.scope.type", "a"), ("onvif.scope.type", "b"), ("n", "7"),
    )  # fmt: skip


def test_lines_of_one_device_are_grouped_in_order_of_first_mention() -> None:
    found = read({**PLAIN, "device": "b"}, {**PLAIN, "device": "a"}, {**PLAIN, "device": "b", "port": 81})
    assert [(one.device, len(one.exchanges)) for one in found.devices] == [("b", 2), ("a", 1)]


def test_keys_nobody_here_knows_are_left_alone() -> None:
    assert len(read({**PLAIN, "collector": "x"}).devices) == 1


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (b"{", "not JSON at column 2"),
        (b"[1]", "is not a JSON object"),
        (b"\xff\xfe{}", "not UTF-8 at byte 0"),
        (b"[" * 100_000, "JSON|nested"),
        ({**PLAIN, "protocol": "gopher"}, "unknown protocol 'gopher'"),
        ({**PLAIN, "port": 70_000}, "up to 65535"),
        ({**PLAIN, "port": True}, "up to 65535"),
        ({**PLAIN, "transport": "carrier pigeon"}, "unknown transport"),
        ({**PLAIN, "reply_base64": "?"}, "not base64"),
        ({**PLAIN, "reply": 5}, "must be text"),
        ({**PLAIN, "at": "yesterday"}, "must be a time"),
        ({**PLAIN, "at": "0001-01-01T00:00:00+23:59"}, "out of range"),
        ({**PLAIN, "status": "fine"}, "unknown status"),
        ({**PLAIN, "schema_version": 2}, "schema_version is 2"),
        ({"protocol": "http", "reply": ""}, '"device" is missing'),
        ({"device": "d", "protocol": "http"}, "has neither"),
        ({"device": "d", "observed": []}, "must be an object"),
    ],
)
def test_a_bad_line_is_left_out_and_named(line: object, says: str) -> None:
    found = read(PLAIN, line, {**PLAIN, "device": "d2"})
    assert [one.device for one in found.devices] == ["d1", "d2"]
    (problem,) = found.problems
    assert (problem.file, problem.line) == ("t.jsonl", 2)
    with pytest.raises(AssertionError, match=says):
        raise AssertionError(problem.what)


def test_a_line_longer_than_allowed_is_left_out_without_holding_it(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    with path.open("wb") as out:
        out.write(json.dumps(PLAIN).encode() + b"\n")
        out.write(b'{"device": "' + b"x" * (transcript.LONGEST_LINE + 10) + b'"}\n')
        out.write(json.dumps({**PLAIN, "device": "d2"}).encode())
    found = transcript.read(path)
    assert [one.device for one in found.devices] == ["d1", "d2"]
    assert [(one.line, "longer than" in one.what) for one in found.problems] == [(2, True)]


@given(st.lists(st.binary(max_size=80) | st.just(json.dumps(PLAIN).encode()), max_size=8))
def test_any_bytes_give_devices_or_problems_and_nothing_else(lines: list[bytes]) -> None:
    found = transcript.read_lines(lines)
    assert len(found.problems) <= len(lines)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from([*PLAIN, "at", "observed", "status", "seconds", "transport"]), _JSON))
def test_any_values_under_known_keys_give_an_exchange_or_a_problem(line: dict[str, object]) -> None:
    found = transcript.read_lines([json.dumps({**PLAIN, **line}).encode()])
    assert len(found.devices) + len(found.problems) == 1


NOON = datetime(2026, 11, 3, 12, tzinfo=UTC)
RUN = Run(
    id="r", version="0", scope_digest="", data_digest="", started=NOON, ended=None, complete=False,
    authorisation="", issued_by="", contact="",
)  # fmt: skip


@given(st.binary(max_size=200), st.binary(max_size=200), st.sampled_from(Status))
def test_what_is_exported_is_read_back_equal(request: bytes, reply: bytes, status: Status) -> None:
    assume(not any(written._SECRETS.search(data) for data in (request, reply)))  # those come back masked
    exchange = Exchange(
        device="hall/10.0.0.5", probe="rtsp", protocol=Protocol.RTSP, endpoint=Endpoint("10.0.0.5", 554),
        request=request, reply=reply, status=status, at=NOON, detail="why",
    )  # fmt: skip
    out = io.BytesIO()
    device = Device("hall/10.0.0.5", "hall", "10.0.0.5", Identity("hall/10.0.0.5"), exchanges=(exchange,))
    written.write(RUN, [device], out)
    (heard,) = transcript.read_lines(out.getvalue().splitlines()).devices
    (again,) = heard.exchanges
    assert (again.device, again.probe, again.protocol, again.endpoint) == (
        exchange.device, exchange.probe, exchange.protocol, exchange.endpoint,
    )  # fmt: skip
    assert (again.request, again.reply, again.status, again.at) == (request, reply, status, NOON)


def test_secrets_are_removed_from_exported_transcripts() -> None:
    request = (
        b'GET / HTTP/1.1\r\nAuthorization: Digest response="s3cret"\r\nCookie: id=s3cret\r\nHost: x\r\n\r\n'
    )
    reply = b"<a><wsse:Password Type='d'>s3cret</wsse:Password></a>\r\nSet-Cookie: s3cret"
    exchange = Exchange("d", "p", Protocol.HTTP, Endpoint("", 80), request, reply, Status.ANSWERED)
    line = json.dumps(written.line("d", exchange))
    assert "s3cret" not in line
    assert "Host: x" in line
