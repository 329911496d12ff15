"""WWW-Authenticate values: which schemes a server asks for, and their parameters in order. Source: RFC 9110 section 11."""

import re
from dataclasses import dataclass

MAX_CHALLENGES = 16
"""Challenges read from one header value."""
MAX_PARAMETERS = 64
"""Parameters kept of one challenge."""

_GAP = re.compile(r"[\s,]*")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9._-]{0,31})(?=[\s,]|\Z)(?!\s{0,8}=(?!=))")
_NAME = re.compile(r"([A-Za-z0-9_*.-]{1,64})\s{0,8}=(?!=)\s{0,8}")
_DOUBLE = re.compile(r'"((?:[^"\\]|\\.)*+)"', re.DOTALL)
_SINGLE = re.compile(r"'([^']*+)'(?=\s{0,8}(?:,|\Z))")
_UNQUOTED = re.compile(r"[^,]*+")
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Challenge:
    """One way of logging in that a server offers: the scheme as written and its parameters in order."""

    scheme: str
    params: tuple[tuple[str, str], ...] = ()

    def param(self, name: str) -> str | None:
        """Return the first value of a parameter, whatever its case, or None."""
        wanted = name.lower()
        return next((value for key, value in self.params if key.lower() == wanted), None)


def challenges(header_value: str) -> tuple[Challenge, ...]:
    """Split one header value into its challenges; values may be quoted either way or not at all."""
    found: list[tuple[str, list[tuple[str, str]]]] = []
    at = _skip(header_value, 0)
    while at < len(header_value) and len(found) < MAX_CHALLENGES:
        if scheme := _SCHEME.match(header_value, at):
            found.append((scheme.group(1), []))
            at = scheme.end()
        elif (name := _NAME.match(header_value, at)) and found:
            value, at = _value(header_value, name.end())
            if len(found[-1][1]) < MAX_PARAMETERS:
                found[-1][1].append((name.group(1), value))
        else:
            # A token68, or noise: up to the next comma it belongs to nothing we read.
            at = _end_of(_UNQUOTED.match(header_value, at), at + 1)
        at = _skip(header_value, at)
    return tuple(Challenge(scheme, tuple(params)) for scheme, params in found)


def _value(text: str, at: int) -> tuple[str, int]:
    """Read one parameter value and tell where it ends; a quote that never closes runs to the end."""
    if quoted := _DOUBLE.match(text, at):
        return _ESCAPED.sub(r"\1", quoted.group(1)), quoted.end()
    if quoted := _SINGLE.match(text, at):
        return quoted.group(1), quoted.end()
    if text[at : at + 1] == '"':
        return text[at + 1 :].strip(), len(text)
    plain = _UNQUOTED.match(text, at)
    end = _end_of(plain, at)
    return text[at:end].strip(), end


def _skip(text: str, at: int) -> int:
    """Return the place after blanks and commas."""
    return _end_of(_GAP.match(text, at), at)


def _end_of(found: re.Match[str] | None, otherwise: int) -> int:
    """Return where a match ends, at least one place on."""
    return max(found.end(), otherwise) if found else otherwise
