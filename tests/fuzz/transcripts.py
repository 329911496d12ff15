"""What reads transcripts and other lines of JSON, as targets for the fuzzer, and what its words are sieved by."""

import json
from collections.abc import Iterator

from auditor.exports.transcript import line
from auditor.intake.evidence import Problem
from auditor.intake.secret_words import is_secret_heading, without_secrets
from auditor.intake.transcript import read_lines
from auditor.model import Exchange
from auditor.probes import read
from auditor.run.again import known_from
from tests.fuzz.target import Target

LINES = (
    (
        b'{"schema_version":1,"device":"cam-1","protocol":"http","transport":"tcp","port":80,"request":"GET / HTTP/1.1\\r\\n\\r\\n",'
        b'"reply":"HTTP/1.1 200 OK\\r\\nServer: App-webs/\\r\\n\\r\\n<title>index</title>","at":"2026-03-01T12:00:00Z"}\n'
        b'{"schema_version":1,"device":"cam-1","observed":{"tls.subject":"CN=IPC","http.server":"x"}}\n'
    ),
    b'{"device":"cam-2","protocol":"sadp","reply_base64":"PFByb2JlTWF0Y2g+PERldmljZVNOPkFCMTIzPC9EZXZpY2VTTj48L1Byb2JlTWF0Y2g+"}\n',
    b'{"device":"192.0.2.7","protocol":"rtsp","port":554,"status":"silent","address":"192.0.2.7","seconds":1.5}\n',
    b'{"device":"a","protocol":"http","transport":"tls","reply":"HTTP/1.1 401 \\r\\nWWW-Authenticate: Digest realm=\\"DVR\\"\\r\\n\\r\\n"}\n',
)


def targets() -> Iterator[Target]:
    """Yield the targets."""
    yield Target("auditor.intake.transcript", _transcript, lambda: LINES)
    yield Target(
        "auditor.intake.secret_words", _words, lambda: (b"?user=a&password=b", b"PIN code", b"loginpas=x")
    )


def _transcript(data: bytes) -> None:
    """Read lines; what was read can be written as a transcript, and is read again as the same."""
    found = read_lines(data.splitlines(keepends=True)[:64], "x")
    for problem in found.problems:
        str(problem)
    for heard in found.devices:
        known_from(heard.device, heard.exchanges)
        for exchange in heard.exchanges:
            tuple(read(exchange))
            _again(heard.device, exchange)


def _again(device: str, exchange: Exchange) -> None:
    written = json.dumps(line(device, exchange)).encode()
    again = read_lines([written], "x")
    if again.problems or [one.device for one in again.devices] != [device]:
        raise AssertionError(f"{written[:300]!r}: {again.problems}")


def _words(data: bytes) -> None:
    text = data.decode("utf-8", "replace")
    for part in text.split("\n"):
        is_secret_heading(part)
    without_secrets(text)
    str(Problem("x", "line 1", text))
