"""SNMP version 3 with a user: keys from passwords, signed and sealed questions, and answers opened. Source: RFC 3414, 3826, 7860."""

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass, field

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

from auditor.wire import ber, snmp_ask

try:  # moved there in version 47
    from cryptography.hazmat.decrepit.ciphers.modes import CFB
except ImportError:
    from cryptography.hazmat.primitives.ciphers.modes import CFB

_PROOFS = {"md5": ("md5", 12), "sha": ("sha1", 12), "sha256": ("sha256", 24)}
_MEGABYTE = 1_048_576
_GET = 0xA0
_REPORT = 0xA8
_LARGEST = 0xFFE3


@dataclass(frozen=True, slots=True)
class Engine:
    """An agent as it introduces itself: its identifier, how often it started, and seconds since then."""

    id: bytes
    boots: int
    time: int


@dataclass(frozen=True, slots=True)
class User:
    """A user at one engine; `proof` and `privacy` are empty where the user has none. Shows no secret."""

    name: str = field(repr=False)
    proof: str = ""
    """`md5`, `sha` or `sha256`."""
    proof_key: bytes = field(default=b"", repr=False)
    privacy: str = ""
    """`des` or `aes`."""
    privacy_key: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class _Parts:
    """What one message consists of."""

    number: int
    flags: int
    engine: Engine
    user: bytes
    proof: bytes
    salt: bytes
    content: ber.Element


def key(password: str, engine_id: bytes, proof: str) -> bytes:
    """Return a user's key for one engine. Source: RFC 3414 appendix A.2, which hashes a megabyte of the password."""
    name, _ = _PROOFS[proof]
    text = password.encode("utf-8")
    whole = text * (_MEGABYTE // len(text) + 1)
    first = hashlib.new(name, whole[:_MEGABYTE], usedforsecurity=False).digest()
    return hashlib.new(name, first + engine_id + first, usedforsecurity=False).digest()


def engine_of(report: bytes) -> Engine | None:
    """Return the engine that reported itself, or None."""
    parts = _parts(report)
    return parts.engine if parts is not None and parts.engine.id else None


def get(oids: Sequence[str], user: User, engine: Engine, number: int, salt: bytes) -> bytes:
    """Return a Get as this user; `salt` is eight octets that no other question has."""
    scoped = _scoped(engine, ber.encode(_GET, snmp_ask.pdu(oids, number)))
    flags = 0x04 | (0x01 if user.proof else 0) | (0x02 if user.privacy else 0)
    content = ber.encode(ber.OCTETS, _sealed(scoped, user, engine, salt)) if user.privacy else scoped
    used = salt if user.privacy else b""
    if not user.proof:
        return _message(number, flags, engine, user.name.encode(), b"", used, content)
    size = _PROOFS[user.proof][1]
    unsigned = _message(number, flags, engine, user.name.encode(), bytes(size), used, content)
    return _message(number, flags, engine, user.name.encode(), _signature(unsigned, user), used, content)


def plain(oids: Sequence[str], number: int) -> bytes:
    """Return the same question as a record may hold it: of nobody, unsigned and open."""
    nobody = Engine(b"", 0, 0)
    return _message(
        number, 0x04, nobody, b"", b"", b"", _scoped(nobody, ber.encode(_GET, snmp_ask.pdu(oids, number)))
    )


def opened(reply: bytes, user: User) -> bytes:
    """Return an answer as a record may hold it: opened, without the user; empty when it is not for this user."""
    parts = _parts(reply)
    if parts is None or (parts.flags & 0x01 and not _is_genuine(reply, parts, user)):
        return b""
    content = parts.content.content
    if parts.flags & 0x02:
        if not user.privacy or len(parts.salt) != 8:
            return b""
        content = _unsealed(content, user, parts.engine, parts.salt)
        inside = ber.inside(content)
    else:
        inside = tuple(ber.elements(content))
    if len(inside) < 3:
        return b""
    scoped = ber.encode(ber.SEQUENCE, b"".join(ber.encode(one.tag, one.content) for one in inside[:3]))
    return _message(parts.number, 0, parts.engine, b"", b"", b"", scoped)


def is_refusal(message: bytes) -> bool:
    """Tell whether an opened answer is a report, with which engines turn users away."""
    parts = _parts(message)
    inside = tuple(ber.elements(parts.content.content)) if parts is not None else ()
    return len(inside) > 2 and inside[2].tag == _REPORT


def _parts(message: bytes) -> _Parts | None:
    outer = ber.inside(message)
    if len(outer) < 4 or ber.integer(outer[0].content) != 3:
        return None
    head, said = tuple(ber.elements(outer[1].content)), ber.inside(outer[2].content)
    if len(head) < 3 or len(said) < 6 or not head[2].content:
        return None
    engine = Engine(said[0].content[:32], ber.integer(said[1].content), ber.integer(said[2].content))
    return _Parts(
        ber.integer(head[0].content), head[2].content[0], engine, said[3].content, said[4].content,
        said[5].content, outer[3],
    )  # fmt: skip


def _is_genuine(reply: bytes, parts: _Parts, user: User) -> bool:
    if not user.proof or len(parts.proof) != _PROOFS[user.proof][1]:
        return False
    unsigned = reply.replace(parts.proof, bytes(len(parts.proof)), 1)
    return hmac.compare_digest(_signature(unsigned, user), parts.proof)


def _signature(unsigned: bytes, user: User) -> bytes:
    name, size = _PROOFS[user.proof]
    return hmac.digest(user.proof_key, unsigned, name)[:size]


def _sealed(scoped: bytes, user: User, engine: Engine, salt: bytes) -> bytes:
    padded = scoped if user.privacy == "aes" else scoped + bytes(-len(scoped) % 8)
    cipher = _cipher(user, engine, salt).encryptor()
    return cipher.update(padded) + cipher.finalize()


def _unsealed(content: bytes, user: User, engine: Engine, salt: bytes) -> bytes:
    if user.privacy == "des" and len(content) % 8:
        return b""
    cipher = _cipher(user, engine, salt).decryptor()
    return cipher.update(content) + cipher.finalize()


def _cipher(user: User, engine: Engine, salt: bytes) -> "Cipher[CFB] | Cipher[CBC]":
    if user.privacy == "aes":
        start = engine.boots.to_bytes(4, "big") + engine.time.to_bytes(4, "big") + salt
        return Cipher(AES(user.privacy_key[:16]), CFB(start))
    mixed = bytes(one ^ other for one, other in zip(user.privacy_key[8:16], salt, strict=True))
    # Single DES is triple DES with one key three times.
    return Cipher(TripleDES(user.privacy_key[:8] * 3), CBC(mixed))


def _scoped(engine: Engine, pdu: bytes) -> bytes:
    return ber.encode(ber.SEQUENCE, ber.encode(ber.OCTETS, engine.id) + ber.encode(ber.OCTETS, b"") + pdu)


def _message(
    number: int, flags: int, engine: Engine, user: bytes, proof: bytes, salt: bytes, content: bytes
) -> bytes:
    head = (
        snmp_ask.number(number)
        + snmp_ask.number(_LARGEST)
        + ber.encode(ber.OCTETS, bytes((flags,)))
        + snmp_ask.number(3)
    )
    said = (
        ber.encode(ber.OCTETS, engine.id)
        + snmp_ask.number(engine.boots)
        + snmp_ask.number(engine.time)
        + b"".join(ber.encode(ber.OCTETS, one) for one in (user, proof, salt))
    )
    return ber.encode(
        ber.SEQUENCE,
        snmp_ask.number(3)
        + ber.encode(ber.SEQUENCE, head)
        + ber.encode(ber.OCTETS, ber.encode(ber.SEQUENCE, said))
        + content,
    )
