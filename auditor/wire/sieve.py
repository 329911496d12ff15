"""What may be kept of an answer given after a login: the named values, and nothing else of the reply.

The answer is not edited but written anew from what was read of it, so that what no list names (a stored password, a
verification code, a comment, an attribute) cannot slip through.
"""

import hashlib
import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from auditor.wire import http, json_pairs, xml

WITHHELD = "(withheld)"
"""Stands where a value was that may not be kept."""

_HEADERS = frozenset({"server", "date", "www-authenticate", "connection"})
# How a refusal or a lock-out is worded, in whatever answer it comes.
_ALWAYS = frozenset(
    [
        "statuscode", "statusstring", "statusvalue", "substatuscode", "lockstatus", "unlocktime", "retrytimes",
        "retrylogintime", "error_code", "errorcode",
    ]
)  # fmt: skip
_KEY_VALUE = re.compile(r"([A-Za-z][\w.\[\]:-]{0,127})=(.*)")
_INDEX = re.compile(r"\[\d{1,4}\]")
_WORDS = re.compile(r"[A-Za-z][A-Za-z !.:,-]{0,62}")
_MAX_LINES = 4096


@dataclass(frozen=True, slots=True)
class Sieve:
    """Names whose values are kept, and names whose values are kept as a digest only; names in lower case."""

    keep: frozenset[str]
    hashed: frozenset[str] = frozenset()
    hidden: tuple[str, ...] = ()
    """Texts that are never kept, wherever they stand: user name and password."""

    def value(self, name: str, text: str) -> str | None:
        """Return what is kept of a value, or None."""
        plain = name.lower()
        if plain in self.hashed:
            return digest(text) if text else text
        if plain not in self.keep and plain not in _ALWAYS:
            return None
        return self.clean(text)

    def clean(self, text: str) -> str:
        """Return a text without what is never kept; a short secret hides a value only when it is all of it."""
        for secret in self.hidden:
            if secret and (text == secret or (len(secret) >= 4 and secret in text)):
                return WITHHELD
        return text

    def without_hidden(self, data: bytes) -> bytes:
        """Return bytes without what is never kept, should it stand where no value is expected."""
        for secret in self.hidden:
            if len(secret) >= 6:
                data = data.replace(secret.encode(), WITHHELD.encode())
        return data


def digest(text: str) -> str:
    """Return a name's stand-in: the first twelve hexadecimal digits of its SHA-256."""
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()[:12]


def sift(reply: bytes, sieve: Sieve) -> bytes:
    """Return an HTTP reply that holds the status, a few headers and the named values; empty stays empty."""
    response = http.parse(reply)
    if response is None:
        return b""
    text = response.text()
    kind, body = _body(text, sieve)
    status = f"{response.status or 200} {_word(response.reason)}".strip()
    lines = [f"HTTP/1.1 {status}"]
    lines += [f"{name}: {sieve.clean(value)}" for name, value in response.headers if name.lower() in _HEADERS]
    content = body.encode("utf-8", "replace")
    lines += [f"Content-Type: {kind}; charset=utf-8", f"Content-Length: {len(content)}"]
    return sieve.without_hidden(http.head_bytes(lines) + content)


def _body(text: str, sieve: Sieve) -> tuple[str, str]:
    start = text.lstrip("\ufeff \t\r\n")
    if start.startswith("<"):
        return "application/xml", _xml(start, sieve)
    if start.startswith(("{", "[")):
        return "application/json", _json(start, sieve)
    return "text/plain", _lines(text, sieve)


def _xml(text: str, sieve: Sieve) -> str:
    """Write the elements anew: names and nesting, declared namespaces and versions, named values."""
    if "<html" in text[:2048].lower():
        return ""
    parts = ['<?xml version="1.0" encoding="UTF-8"?>']
    opened: list[str] = []
    for element in xml.elements(text):
        depth = element.path.count("/")
        while len(opened) > depth:
            parts.append(f"</{opened.pop()}>")
        name = f"{element.prefix}:{element.name}" if element.prefix else element.name
        kept = sieve.value(element.name, element.text) if element.text and not element.cut else None
        parts.append(f"<{name}{_attributes(element)}>{xml.escape(kept) if kept else ''}")
        opened.append(name)
    parts += [f"</{name}>" for name in reversed(opened)]
    return "".join(parts)


def _attributes(element: xml.Element) -> str:
    kept = (
        (name, value)
        for name, value in element.attributes
        if name.lower() == "version" or name.lower().partition(":")[0] == "xmlns"
    )
    return "".join(f' {name}="{xml.escape(value)}"' for name, value in kept)


def _json(text: str, sieve: Sieve) -> str:
    """Write a flat object whose keys are the paths of the named values."""
    kept = ((path, sieve.value(path.rpartition(".")[2], value)) for path, value in json_pairs.pairs(text))
    return json.dumps({path: value for path, value in kept if value is not None}, ensure_ascii=False)


def _lines(text: str, sieve: Sieve) -> str:
    """Keep lines of `key=value` whose key, or its last part without index, is named; else a short refusal in words."""
    lines = [line.strip() for line in text.splitlines()[:_MAX_LINES] if line.strip()]
    found = [match for line in lines if (match := _KEY_VALUE.fullmatch(line))]
    if found:
        return "".join(_each_line(found, sieve))
    return "\r\n".join(sieve.clean(line) for line in lines[:2] if _WORDS.fullmatch(line))


def _each_line(found: Iterable[re.Match[str]], sieve: Sieve) -> Iterable[str]:
    for match in found:
        key, text = match[1], match[2]
        last = _INDEX.sub("", key).rpartition(".")[2]
        kept = sieve.value(last, text)
        if kept is not None:
            yield f"{key}={kept}\r\n"


def _word(reason: str) -> str:
    return reason if _WORDS.fullmatch(reason) else ""


Sift = Callable[[bytes], bytes]
"""Turns a reply as received into what is kept of it."""
