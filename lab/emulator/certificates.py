"""Make the TLS certificates that personas describe, when first asked for, and keep them."""

import ipaddress
import ssl
import tempfile
import threading
import warnings
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from lab.persona import Certificate, PersonaError

Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
_VERSIONS = {
    "1.0": ssl.TLSVersion.TLSv1,
    "1.1": ssl.TLSVersion.TLSv1_1,
    "1.2": ssl.TLSVersion.TLSv1_2,
    "": ssl.TLSVersion.TLSv1_3,
}


_ONE_AT_A_TIME = threading.Lock()


def warm(stated: Iterable[Certificate]) -> None:
    """Make the keys these certificates need, so that nobody waits for one in the middle of a handshake."""
    for kind in sorted({kind for one in stated for kind in (one.key, "rsa-2048" if one.issuer else one.key)}):
        _key(kind)


def _key(kind: str) -> Key:
    """Return the one key of a kind: a thousand devices need different names, not different keys."""
    with _ONE_AT_A_TIME:
        return _made(kind)


@cache
def _made(kind: str) -> Key:
    if kind == "ec-256":
        return ec.generate_private_key(ec.SECP256R1())
    family, _, bits = kind.partition("-")
    if family != "rsa" or bits not in {"1024", "2048"}:
        raise PersonaError(f"certificate key {kind!r}: known are rsa-1024, rsa-2048 and ec-256")
    return rsa.generate_private_key(public_exponent=65537, key_size=int(bits))


def make(stated: Certificate, fill: Callable[[str], str]) -> bytes:
    """Return the certificate and its key as PEM; names are filled with the device's facts."""
    key = _key(stated.key)
    subject = x509.Name.from_rfc4514_string(fill(stated.subject))
    issuer = x509.Name.from_rfc4514_string(fill(stated.issuer)) if stated.issuer else subject
    begins = datetime.fromisoformat(stated.not_before).replace(tzinfo=UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(int.from_bytes(fill(stated.subject).encode()[:8].rjust(8, b"\x01"), "big"))
        .not_valid_before(begins)
        .not_valid_after(begins + timedelta(days=stated.days))
    )
    if stated.names:
        names = [_general_name(fill(name)) for name in stated.names]
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    signer = key if not stated.issuer else _key("rsa-2048")
    signed = builder.sign(signer, hashes.SHA256())
    return signed.public_bytes(serialization.Encoding.PEM) + key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _general_name(text: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(text))
    except ValueError:
        return x509.DNSName(text)


def context(stated: Certificate, fill: Callable[[str], str], at_most: str) -> ssl.SSLContext:
    """Make a server's TLS context. Old versions and short keys are allowed: some devices offer nothing else."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.set_ciphers("ALL:@SECLEVEL=0")
    made.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # old versions are what old devices speak
        made.maximum_version = _VERSIONS[at_most]
    with tempfile.TemporaryDirectory(prefix="lab-tls-") as folder:
        pem = Path(folder) / "device.pem"
        pem.write_bytes(make(stated, fill))
        made.load_cert_chain(pem)
    return made
