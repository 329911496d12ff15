"""One certificate as facts. Embedded devices sign odd ones, so each fact is read by itself. Source: RFC 5280, RFC 4514."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import dsa, ec, rsa
from cryptography.utils import CryptographyDeprecationWarning

_T = TypeVar("_T")
_UNREADABLE = (
    ValueError,
    TypeError,
    KeyError,
    OverflowError,
    UnsupportedAlgorithm,
    x509.InvalidVersion,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
)
_MAX_NAMES = 64


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


def certificate(der: bytes) -> Certificate | None:
    """Read one certificate in DER, or return None when it is none."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CryptographyDeprecationWarning)
        parsed = _try(lambda: x509.load_der_x509_certificate(der), None)
        return _facts(parsed) if parsed else None


def _facts(parsed: x509.Certificate) -> Certificate:
    subject = _rfc4514(lambda: parsed.subject)
    issuer = _rfc4514(lambda: parsed.issuer)
    return Certificate(
        subject=subject,
        issuer=issuer,
        not_before=_try(lambda: _utc(parsed.not_valid_before_utc), None),
        not_after=_try(lambda: _utc(parsed.not_valid_after_utc), None),
        serial=_try(lambda: f"{parsed.serial_number:x}", ""),
        san=_try(lambda: _names(parsed), ()),
        self_signed=bool(subject) and subject == issuer,
        key_bits=_try(lambda: _bits(parsed), 0),
        signature_algorithm=_try(lambda: _algorithm(parsed), ""),
    )


def _try(fact: Callable[[], _T], otherwise: _T) -> _T:
    try:
        return fact()
    except _UNREADABLE:
        return otherwise


def _rfc4514(name: Callable[[], x509.Name]) -> str:
    return _try(lambda: name().rfc4514_string(), "")


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC)


def _names(parsed: x509.Certificate) -> tuple[str, ...]:
    try:
        extension = parsed.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return ()
    values = (
        name.value.rfc4514_string() if isinstance(name.value, x509.Name) else name.value
        for name in extension.value
    )
    return tuple(str(value) for value in values)[:_MAX_NAMES]


def _bits(parsed: x509.Certificate) -> int:
    key = parsed.public_key()
    return (
        key.key_size
        if isinstance(key, rsa.RSAPublicKey | dsa.DSAPublicKey | ec.EllipticCurvePublicKey)
        else 0
    )


def _algorithm(parsed: x509.Certificate) -> str:
    oid = parsed.signature_algorithm_oid
    name = getattr(oid, "_name", "")  # the library keeps the readable name there and offers no other
    return str(name) if name and name != "Unknown OID" else oid.dotted_string
