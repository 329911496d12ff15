"""Answers to HTTP login challenges: Digest with MD5, SHA-256 and their session forms, and Basic. Source: RFC 7616, 7617."""

import base64
import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from auditor.wire.challenge import Challenge, challenges

_STRONGEST_FIRST = ("SHA-256-SESS", "SHA-256", "MD5-SESS", "MD5")


@dataclass(frozen=True, slots=True)
class Demand:
    """One Digest challenge, as far as an answer needs it."""

    realm: str
    nonce: str
    algorithm: str = "MD5"
    qop: str = ""
    """`auth`, or empty where the server is older than RFC 2617."""
    opaque: str | None = None
    stale: bool = False
    userhash: bool = False
    names_algorithm: bool = False
    """The server named the algorithm, so the answer names it, too."""


def demand(headers: Iterable[str]) -> Demand | None:
    """Return the strongest Digest challenge of WWW-Authenticate headers that can be answered, or None."""
    found = [read for header in headers for one in challenges(header) if (read := _demand(one)) is not None]
    return min(found, key=lambda one: _STRONGEST_FIRST.index(one.algorithm), default=None)


def wants_basic(headers: Iterable[str]) -> bool:
    """Tell whether a Basic login is among the challenges."""
    return any(one.scheme.lower() == "basic" for header in headers for one in challenges(header))


def _demand(challenge: Challenge) -> Demand | None:
    algorithm = (challenge.param("algorithm") or "MD5").upper()
    nonce, offered = challenge.param("nonce"), challenge.param("qop")
    kinds = {one.strip().lower() for one in (offered or "").replace(",", " ").split()}
    is_known = challenge.scheme.lower() == "digest" and nonce and algorithm in _STRONGEST_FIRST
    if not is_known or not nonce or (kinds and "auth" not in kinds):
        return None
    return Demand(
        realm=challenge.param("realm") or "",
        nonce=nonce,
        algorithm=algorithm,
        qop="auth" if kinds else "",
        opaque=challenge.param("opaque"),
        stale=(challenge.param("stale") or "").lower() == "true",
        userhash=(challenge.param("userhash") or "").lower() == "true",
        names_algorithm=challenge.param("algorithm") is not None,
    )


def answer(
    wanted: Demand, *, method: str, uri: str, user: str, password: str, cnonce: str, count: int = 1
) -> str:
    """Return the value of the Authorization header; `count` is how often this nonce has been answered, this time included."""
    hashed = _hash(wanted.algorithm)
    first = hashed(f"{user}:{wanted.realm}:{password}")
    if wanted.algorithm.endswith("-SESS"):
        first = hashed(f"{first}:{wanted.nonce}:{cnonce}")
    second = hashed(f"{method}:{uri}")
    number = f"{count:08x}"
    middle = f"{wanted.nonce}:{number}:{cnonce}:{wanted.qop}" if wanted.qop else wanted.nonce
    name = hashed(f"{user}:{wanted.realm}") if wanted.userhash else user
    parts = [
        f'username="{_quoted(name)}"',
        f'realm="{_quoted(wanted.realm)}"',
        f'nonce="{_quoted(wanted.nonce)}"',
        f'uri="{uri}"',
        f'response="{hashed(f"{first}:{middle}:{second}")}"',
    ]
    if wanted.names_algorithm:
        spelt = wanted.algorithm.replace("SESS", "sess")
        parts.append(f"algorithm={spelt}")
    if wanted.opaque is not None:
        parts.append(f'opaque="{_quoted(wanted.opaque)}"')
    if wanted.qop:
        parts += [f"qop={wanted.qop}", f"nc={number}", f'cnonce="{cnonce}"']
    if wanted.userhash:
        parts.append("userhash=true")
    return "Digest " + ", ".join(parts)


def basic(user: str, password: str) -> str:
    """Return the value of the Authorization header of a Basic login, which anybody on the way can read."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode("ascii")


def _hash(algorithm: str) -> Callable[[str], str]:
    kind = hashlib.sha256 if algorithm.startswith("SHA-256") else hashlib.md5
    return lambda text: kind(text.encode(), usedforsecurity=False).hexdigest()


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')
