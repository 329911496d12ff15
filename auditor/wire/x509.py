"""One certificate as facts. Embedded devices sign odd ones, so each fact is read by itself. Source: RFC 5280, RFC 4514.

Read here and not by a library: libraries refuse the whole for one odd field, or warn of it. No signature is checked.
"""

import ipaddress
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

from auditor.wire import ber, charset, x509_key, x509_name

MAX_NAMES = 64
"""Alternative names kept of one certificate."""

_VERSION = 0xA0
_EXTENSIONS = 0xA3
_OCTETS = 0x04
_UTC_TIME, _GENERALIZED_TIME = 0x17, 0x18
_ALTERNATIVE_NAME = "2.5.29.17"
_EMAIL, _DNS, _URI, _IP, _DIRECTORY, _REGISTERED = 0x81, 0x82, 0x86, 0x87, 0xA4, 0x88
_TIME = re.compile(
    rb"(?P<day>\d{6}|\d{8})(?P<clock>\d{4})(?P<second>\d{2})?(?:[.,]\d{1,9})?(?:Z|(?P<zone>[+-]\d{4}))?"
)
# The two points of time of a validity, one behind the other, where the lengths around them do not add up.
_VALIDITY = re.compile(rb"[\x17\x18][\x09-\x17](?=\d{8})")


@dataclass(frozen=True, slots=True)
class Certificate:
    """What one certificate says of its owner. Facts that cannot be read are empty, None or 0."""

    subject: str
    """As in `CN=192.168.1.108,OU=…,O=…,C=CN`, most specific first."""
    issuer: str
    not_before: datetime | None
    not_after: datetime | None
    serial: str
    """Hexadecimal, lower case, without leading zeros."""
    san: tuple[str, ...]
    self_signed: bool
    """Subject and issuer are the same; the signature is not checked."""
    key_bits: int
    signature_algorithm: str

    unread: tuple[str, ...] = ()
    """Facts that are there and could not be read, by name."""


def certificate(der: bytes) -> Certificate | None:
    """Read one certificate in DER, also a damaged or a cut one; None when nothing in it is as in a certificate."""
    parts = ber.inside(der)
    read = _facts(_fields(parts[0]) if parts else (), parts, der)
    is_one = read.subject or read.issuer or read.not_before or read.not_after or read.key_bits
    return read if is_one else None


def _fields(body: ber.Element) -> tuple[ber.Element, ...]:
    """Return serial number, signature, issuer, validity, subject, key and what follows."""
    found = tuple(ber.elements(body.content))
    if found and found[0].tag == _VERSION:
        return found[1:]
    # A version without its wrapping: two numbers in a row.
    is_bare = len(found) > 1 and found[0].tag == found[1].tag == ber.INTEGER
    return found[1:] if is_bare else found


def _facts(fields: Sequence[ber.Element], parts: Sequence[ber.Element], der: bytes) -> Certificate:
    serial, signature, issued_by, validity, owner, key = (_held(fields, place) for place in range(6))
    issuer, subject = x509_name.text(issued_by), x509_name.text(owner)
    times = [_moment(each.tag, each.content) for each in ber.elements(validity)][:2]
    if not (issuer and subject and len(times) == 2):
        issuer, subject, times = _salvaged(der, issuer, subject, times)
    begins, ends = (*times, None, None)[:2]
    algorithm = x509_key.algorithm(signature) or x509_key.algorithm(_held(parts, 1))
    told = (
        ("issuer", issuer or not issued_by),
        ("not_after", ends),
        ("not_before", begins),
        ("serial", serial),
        ("signature", algorithm),
        ("subject", subject or not owner),
    )
    return Certificate(
        subject=subject,
        issuer=issuer,
        not_before=begins,
        not_after=ends,
        serial=_number(serial),
        san=tuple(_alternatives(fields)),
        self_signed=bool(subject) and subject == issuer,
        key_bits=x509_key.bits(key),
        signature_algorithm=algorithm,
        unread=tuple(name for name, value in told if not value),
    )


def _held(fields: Sequence[ber.Element], place: int) -> bytes:
    """Return what the field at a place holds, or nothing."""
    return fields[place].content if place < len(fields) else b""


def _salvaged(
    der: bytes, issuer: str, subject: str, times: list[datetime | None]
) -> tuple[str, str, list[datetime | None]]:
    """Fill in names and times where a length lies: what stands before the validity is the issuer, behind it the subject."""
    found = list(_VALIDITY.finditer(der))[:2]
    if len(found) < 2:
        return issuer, subject, times
    first, second = (
        ber.Element(der[at.start()], der[at.end() : at.end() + der[at.start() + 1]]) for at in found
    )
    told = [_moment(each.tag, each.content) for each in (first, second)]
    return (
        issuer or x509_name.salvaged(der[: found[0].start()]),
        subject or x509_name.salvaged(der[found[1].end() :]),
        times if len(times) == 2 else told,
    )


def _number(content: bytes) -> str:
    """Return a number of at most 64 bytes in hexadecimal; some devices have a negative one."""
    return f"{int.from_bytes(content[:64], 'big', signed=True):x}" if content else ""


def _moment(tag: int, content: bytes) -> datetime | None:
    """Return a point of time in UTC; None when no calendar has it. Missing seconds are 0, a missing zone is UTC.

    Two digits of a year from 50 on are of the last century. Source: RFC 5280 section 4.1.2.5.1.
    """
    found = _TIME.fullmatch(content.strip(b"\x00 "))
    if found is None or tag not in {_UTC_TIME, _GENERALIZED_TIME}:
        return None
    digits = found["day"] + found["clock"] + (found["second"] or b"")
    # 12 digits are a short year with seconds or a long one without: the type decides, if the year is one of certificates.
    is_year = b"1950" <= digits[:4] < b"2200"
    is_long = len(digits) == 14 or (len(digits) == 12 and tag == _GENERALIZED_TIME and is_year)
    numbers = _pairs(digits if is_long else (b"19" if digits[:2] >= b"50" else b"20") + digits)
    century, year, month, day, hour, minute, second = (*numbers, 0)[:7]
    try:
        local = datetime(100 * century + year, month, day, hour, minute, min(second, 59), tzinfo=UTC)
        return local.replace(tzinfo=_zone(found["zone"])).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _pairs(digits: bytes) -> tuple[int, ...]:
    return tuple(int(digits[at : at + 2]) for at in range(0, len(digits), 2))


def _zone(text: bytes | None) -> timezone:
    """Return the zone that `+0800` names; ValueError when there is no such zone."""
    if not text:
        return UTC
    offset = timedelta(hours=int(text[1:3]), minutes=int(text[3:5]))
    return timezone(-offset if text[:1] == b"-" else offset)


def _alternatives(fields: Sequence[ber.Element]) -> Iterator[str]:
    """Yield the alternative names of all extensions of that kind, each once."""
    told: set[str] = set()
    for extension in _extensions(fields):
        parts = tuple(ber.elements(extension.content))
        if len(parts) < 2 or ber.oid(parts[0].content) != _ALTERNATIVE_NAME or parts[-1].tag != _OCTETS:
            continue
        for each in ber.inside(parts[-1].content):
            name = _general_name(each)
            if name and name not in told and len(told) < MAX_NAMES:
                told.add(name)
                yield name


def _extensions(fields: Sequence[ber.Element]) -> Iterator[ber.Element]:
    for each in fields[6:]:
        if each.tag == _EXTENSIONS:
            yield from ber.inside(each.content)


def _general_name(name: ber.Element) -> str:
    """Return one alternative name as text; empty for a kind without a text form. Source: RFC 5280 section 4.2.1.6."""
    content = name.content[: x509_name.MAX_VALUE]
    if not name.whole:
        return ""
    if name.tag in {_EMAIL, _DNS, _URI}:
        return charset.decode(content)
    if name.tag == _IP:
        return str(ipaddress.ip_address(content)) if len(content) in {4, 16} else charset.decode(content)
    if name.tag == _DIRECTORY:
        inner = next(ber.elements(content), None)
        return x509_name.text(inner.content) if inner else ""
    return ber.oid(content) if name.tag == _REGISTERED else ""
