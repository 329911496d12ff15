import datetime as dt

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from auditor.wire import x509 as wire_x509

RSA = rsa.generate_private_key(public_exponent=65537, key_size=1024)
Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | dsa.DSAPrivateKey


def der(*, key: Key = RSA, issuer: str = "Product Root CA", san: bool = True) -> bytes:
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "CN"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "NorthCam, Ltd"),
            x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, "DVRNVR"),
            x509.NameAttribute(NameOID.COMMON_NAME, "192.168.1.108"),
        ]
    )
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]) if issuer else subject)
        .public_key(key.public_key())
        .serial_number(0x0A2B)
        .not_valid_before(dt.datetime(2015, 1, 2, 3, 4, 5, tzinfo=dt.UTC))
        .not_valid_after(dt.datetime(2049, 1, 1, tzinfo=dt.UTC))
    )
    if san:
        names = [x509.DNSName("cam.example"), x509.UniformResourceIdentifier("urn:x:1")]
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    algorithm = None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256()
    return builder.sign(key, algorithm).public_bytes(serialization.Encoding.DER)


def test_a_certificate_is_read_most_specific_name_first() -> None:
    read = wire_x509.certificate(der())
    assert read == wire_x509.Certificate(
        subject="CN=192.168.1.108,OU=DVRNVR,O=NorthCam\\, Ltd,C=CN",
        issuer="CN=Product Root CA",
        not_before=dt.datetime(2015, 1, 2, 3, 4, 5, tzinfo=dt.UTC),
        not_after=dt.datetime(2049, 1, 1, tzinfo=dt.UTC),
        serial="a2b",
        san=("cam.example", "urn:x:1"),
        self_signed=False,
        key_bits=1024,
        signature_algorithm="sha256WithRSAEncryption",
    )


def test_a_self_signed_certificate_is_told() -> None:
    read = wire_x509.certificate(der(issuer="", san=False))
    assert read is not None
    assert read.self_signed
    assert read.san == ()


@pytest.mark.parametrize(
    ("key", "bits"),
    [(ec.generate_private_key(ec.SECP256R1()), 256), (ed25519.Ed25519PrivateKey.generate(), 0)],
)
def test_other_kinds_of_keys_are_read(key: Key, bits: int) -> None:
    read = wire_x509.certificate(der(key=key))
    assert read is not None
    assert read.key_bits == bits
    assert read.signature_algorithm


def test_a_certificate_with_a_spoilt_key_still_has_its_names() -> None:
    whole = der()
    modulus = RSA.public_key().public_numbers().n.to_bytes(128, "big")
    spoilt = whole.replace(b"\x02\x03\x01\x00\x01", b"\x04\x03\x01\x00\x01").replace(modulus, bytes(128))
    read = wire_x509.certificate(spoilt)
    assert read is not None
    assert read.subject.startswith("CN=192.168.1.108")
    assert read.key_bits == 0


def test_what_is_no_certificate_gives_none() -> None:
    for data in (b"", b"\x30\x00", der()[:-20], b"-----BEGIN CERTIFICATE-----"):
        assert wire_x509.certificate(data) is None


@given(st.integers(0, 700), st.binary(min_size=1, max_size=8))
def test_a_certificate_with_any_bytes_overwritten_never_fails(place: int, noise: bytes) -> None:
    whole = der_once()
    spoilt = whole[:place] + noise + whole[place + len(noise) :]
    read = wire_x509.certificate(spoilt)
    assert read is None or isinstance(read.subject, str)


WHOLE = der()


def der_once() -> bytes:
    return WHOLE
