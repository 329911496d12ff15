"""Make a persona of what a device said: its own words, redacted, in the form lab/personas/ has."""

import base64
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import yaml

from lab.persona import TRUTHS
from lab.record.redact import Redaction, redaction
from lab.record.transcript import Said

_REQUEST_LINE = re.compile(r"^([A-Z_]+) (\S+) (HTTP|RTSP)/")
_ACTION = re.compile(r"<(?:\w+:)?(Get\w+)\b")
_MESSAGE = re.compile(r"<(?:\w+:)?MessageID[^>]*>\s*([^<\s]+)\s*<")
_UUID = re.compile(r"<Uuid>([^<]+)</Uuid>")
_LENGTH = re.compile(r"(?im)^(content-length:[ \t]*)(\d+)")
_CSEQ = re.compile(r"(?im)^(cseq:[ \t]*)\d+")
_DHIP_HEAD = 32
_GREETERS = frozenset({"ssh", "ftp", "telnet"})
_NAMES = {"banner": "ssh", "onvif": "http", "dahua_5050": "dahua-5050"}
"""Protocols of transcripts that the lab calls otherwise."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """A persona as text of YAML, and what was changed in it."""

    device: str
    text: str
    redaction: Redaction


def record(device: str, said: Sequence[Said], truth: Mapping[str, str]) -> Recorded:
    """Make the persona of one device; `truth` says what it is as far as somebody knows (lab/personas: `is`)."""
    texts = [_readable(one.reply) for one in said] + [value for one in said for _, value in one.observed]
    address = next((one.address for one in said if one.address), "")
    changes = redaction(texts, address)
    document = {
        "is": {name: _redacted(changes, truth.get(name)) for name in TRUTHS},
        "origin": "recorded; serial numbers, MACs, names and addresses changed",
        "listens": _listens(said, changes),
    }
    return Recorded(device, yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=100), changes)


def _redacted(changes: Redaction, value: str | None) -> str | None:
    return None if not value else changes.text(value)


def _readable(reply: bytes) -> str:
    return reply.decode("utf-8", "replace")


def _listens(said: Sequence[Said], changes: Redaction) -> list[dict[str, object]]:
    doors: dict[tuple[str, int], dict[str, object]] = {}
    certificate = _certificate(said, changes)
    for one in said:
        if not one.reply or not one.port:
            continue
        protocol = _NAMES.get(one.protocol, one.protocol)
        door = doors.setdefault(
            (one.transport, one.port),
            {"transport": one.transport, "port": one.port, "protocol": protocol, "newlines": "as-written"},
        )
        if one.transport == "tls":
            door["certificate"] = certificate
        if not one.request and (protocol in _GREETERS or one.transport != "udp"):
            door.setdefault("greets", _reply(one, changes))
            continue
        exchanges = door.setdefault("exchanges", [])
        assert isinstance(exchanges, list)
        stated = _exchange(one, protocol, changes)
        if stated["when"] not in {known["when"] for known in exchanges}:
            exchanges.append(stated)
    for door in doors.values():
        if isinstance(listed := door.get("exchanges"), list):
            listed.sort(key=lambda stated: -len(str(stated["when"])))  # the more particular first
    return list(doors.values())


def _exchange(one: Said, protocol: str, changes: Redaction) -> dict[str, object]:
    """State one question as a pattern, and the reply; what the reply repeats of the question stays a repetition."""
    asked = one.request.decode("latin-1")
    when, echoes = _pattern(asked, protocol)
    return {"when": when, "reply": _reply(one, changes, echoes)}


def _pattern(asked: str, protocol: str) -> tuple[str, Mapping[str, str]]:
    if line := _REQUEST_LINE.match(asked):
        if line[3] == "RTSP":
            return f"^{line[1]} ", {}
        action = _ACTION.search(asked)
        path = re.sub(r"^\w+://[^/]+", "", line[2])
        return f"^{line[1]} {re.escape(path)} HTTP" + (f".*{action[1]}\\b" if action else ""), {}
    if message := _MESSAGE.search(asked):
        return r"MessageID[^>]*>\s*(?P<message>[^<\s]+)", {message[1]: "${message}"}
    if uuid := _UUID.search(asked):
        return "<Uuid>(?P<uuid>[^<]+)</Uuid>.*inquiry", {uuid[1]: "${uuid}"}
    if protocol == "sadp":
        return "inquiry", {}
    if protocol == "dhip":
        return "DHDiscover\\.search", {}
    return "", {}


def _reply(one: Said, changes: Redaction, echoes: Mapping[str, str] | None = None) -> object:
    """Give a reply as text where it is text, else as base64."""
    body = one.reply
    if one.protocol == "dhip" and body[4:8] == b"DHIP":
        body = body[_DHIP_HEAD:]
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(changes.text(body.decode("latin-1")).encode("latin-1")).decode()}
    if "${" in text or one.protocol == "dahua_5050":
        return {"base64": base64.b64encode(changes.text(text).encode()).decode()}
    text = _lengths(text)
    for old, new in (echoes or {}).items():
        text = text.replace(old, new)
    if one.protocol == "rtsp":
        text = _CSEQ.sub(r"\g<1>${cseq}", text)
    return changes.text(text)


def _lengths(text: str) -> str:
    """Let the length be counted anew where it was true."""
    head, gap, body = text.partition("\r\n\r\n")
    stated = _LENGTH.search(head)
    if gap and stated and int(stated[2]) == len(body.encode()):
        return head[: stated.start(2)] + "${length}" + head[stated.end(2) :] + gap + body
    return text


def _certificate(said: Sequence[Said], changes: Redaction) -> dict[str, object]:
    seen = {name: value for one in said for name, value in one.observed}
    stated: dict[str, object] = {"subject": changes.text(seen.get("tls.subject") or "CN=device")}
    if issuer := seen.get("tls.issuer"):
        stated["issuer"] = changes.text(issuer)
    return stated
