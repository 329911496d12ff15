import datetime as dt
import warnings
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from auditor.wire import ber
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
    for data in (
        b"",
        b"\x30\x00",
        b"-----BEGIN CERTIFICATE-----",
        SNMP,
        tlv(0x30, tlv(0x30, tlv(2, b"\x01"))),
    ):
        assert wire_x509.certificate(data) is None


@pytest.mark.parametrize(
    "key", [RSA, ec.generate_private_key(ec.SECP521R1()), dsa.generate_private_key(1024)]
)
def test_what_is_after_the_standard_is_read_as_the_library_reads_it(key: Key) -> None:
    library = x509.load_der_x509_certificate(der(key=key))
    read = wire_x509.certificate(der(key=key))
    public = library.public_key()
    assert read is not None
    assert isinstance(public, rsa.RSAPublicKey | ec.EllipticCurvePublicKey | dsa.DSAPublicKey)
    assert (read.subject, read.issuer) == (library.subject.rfc4514_string(), library.issuer.rfc4514_string())
    assert (read.not_before, read.not_after) == (library.not_valid_before_utc, library.not_valid_after_utc)
    assert (read.key_bits, read.unread) == (public.key_size, ())


def tlv(tag: int, *parts: bytes) -> bytes:
    return ber.encode(tag, b"".join(parts))


def name(*values: tuple[int, int, bytes]) -> bytes:
    """A name of (last arc below 2.5.4, string type, bytes)."""
    return tlv(
        0x30,
        *(tlv(0x31, tlv(0x30, tlv(6, bytes((0x55, 4, arc))), tlv(tag, value))) for arc, tag, value in values),
    )


SHA256_RSA = tlv(0x30, tlv(6, bytes.fromhex("2a864886f70d01010b")), tlv(5))
OWNER = ((6, 0x13, b"CN"), (11, 0x0C, b"DVRNVR"), (3, 0x0C, b"192.168.1.108"))
SPKI = RSA.public_key().public_bytes(
    serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
)
SNMP = tlv(0x30, tlv(2, b"\x03"), tlv(0x30, tlv(2, b"\x01")), tlv(4, b"x"))


def odd(
    *,
    owner: tuple[tuple[int, int, bytes], ...] = OWNER,
    version: bytes = tlv(0xA0, tlv(2, b"\x02")),
    serial: bytes = tlv(2, b"\x01"),
    signature: bytes = SHA256_RSA,
    begins: bytes = tlv(0x17, b"190102030405Z"),
    key: bytes = SPKI,
    extensions: bytes = b"",
    behind: bytes = b"",
) -> bytes:
    """A certificate with whatever is in it; its signature is none, which nobody checks."""
    validity = tlv(0x30, begins, tlv(0x17, b"390101000000Z"))
    issuer = name((3, 0x0C, b"Product Root CA"))
    body = tlv(0x30, version, serial, signature, issuer, validity, name(*owner), key, extensions)
    return tlv(0x30, body, SHA256_RSA, tlv(3, bytes(65))) + behind


SUBJECT = "CN=192.168.1.108,OU=DVRNVR,C=CN"
BEGUN = dt.datetime(2019, 1, 2, 3, 4, 5, tzinfo=dt.UTC)
ODD_FACTS: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"serial": tlv(2, b"\xf0")}, {"serial": "-10"}),
    ({"serial": tlv(2, b"\x00")}, {"serial": "0"}),
    ({"serial": tlv(2)}, {"serial": "", "unread": ("serial",)}),
    ({"version": b""}, {"serial": "1"}),
    ({"version": tlv(0xA0, tlv(2, b"\x03"))}, {"serial": "1"}),
    ({"version": tlv(2, b"\x02")}, {"serial": "1"}),
    ({"owner": ()}, {"subject": "", "unread": ()}),
    ({"owner": ((6, 0x13, b"CHN"),)}, {"subject": "C=CHN"}),
    ({"owner": ((10, 0x13, b"A_B@C"),)}, {"subject": "O=A_B@C"}),
    ({"owner": ((10, 0x14, "北京".encode("gb2312")),)}, {"subject": "O=北京"}),
    ({"owner": ((10, 0x0C, "北京".encode("gb2312")),)}, {"subject": "O=北京"}),
    ({"owner": ((10, 0x1E, "北京".encode("utf-16-be")),)}, {"subject": "O=北京"}),
    ({"owner": ((10, 0x1E, b"plain"),)}, {"subject": "O=plain"}),
    ({"owner": ((10, 0x1C, "北".encode("utf-32-be")),)}, {"subject": "O=北"}),
    ({"owner": ((10, 0x03, b"\x00a"),)}, {"subject": "O=#0061"}),
    ({"owner": ((10, 0x0C, b"#a, b "),)}, {"subject": "O=\\#a\\, b\\ "}),
    ({"begins": tlv(0x17, b"1901020304Z")}, {"not_before": BEGUN.replace(second=0)}),
    ({"begins": tlv(0x17, b"190102030405+0800")}, {"not_before": BEGUN - dt.timedelta(hours=8)}),
    ({"begins": tlv(0x17, b"190102030405-0030")}, {"not_before": BEGUN + dt.timedelta(minutes=30)}),
    ({"begins": tlv(0x17, b"190102030405")}, {"not_before": BEGUN}),
    ({"begins": tlv(0x17, b"20190102030405Z")}, {"not_before": BEGUN}),
    ({"begins": tlv(0x18, b"20190102030405.5Z")}, {"not_before": BEGUN}),
    ({"begins": tlv(0x18, b"190102030405Z")}, {"not_before": BEGUN}),
    ({"begins": tlv(0x17, b"500102030405Z")}, {"not_before": BEGUN.replace(year=1950)}),
    ({"begins": tlv(0x17, b"191302030405Z")}, {"not_before": None, "unread": ("not_before",)}),
    ({"begins": tlv(0x18, b"00000000000000Z")}, {"not_before": None}),
    ({"begins": tlv(0x17, b"190102030405+9900")}, {"not_before": None}),
    ({"signature": tlv(0x30, tlv(6, bytes.fromhex("2a864886f70d010104")))}, {"signature_algorithm": "md5WithRSAEncryption"}),
    ({"signature": tlv(0x30, tlv(6, b"\x2a\x03\x04"))}, {"signature_algorithm": "1.2.3.4"}),
    ({"key": tlv(0x30, tlv(0x30, tlv(6, b"\x2a\x03")), tlv(3, b"\x00"))}, {"key_bits": 0}),
    ({"key": b""}, {"key_bits": 0}),
    ({"behind": b"\x00\x00trailing"}, {}),
    ({"extensions": tlv(0xA3, tlv(0x30, b"\x30\x7f\x06"))}, {"san": ()}),
]  # fmt: skip


@pytest.mark.parametrize(("given_", "read"), ODD_FACTS)
def test_one_odd_fact_costs_no_other(given_: dict[str, Any], read: dict[str, Any]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = wire_x509.certificate(odd(**given_))
    usual = {
        "subject": SUBJECT,
        "issuer": "CN=Product Root CA",
        "not_before": BEGUN,
        "serial": "1",
        "key_bits": 1024,
    }
    assert found is not None
    assert {key: getattr(found, key) for key in usual | read} == usual | read


def test_a_curve_nobody_knows_is_measured_by_its_point() -> None:
    named = tlv(0x30, tlv(6, bytes.fromhex("2a8648ce3d0201")), tlv(6, bytes.fromhex("2a811ccf5501822d")))
    read = wire_x509.certificate(odd(key=tlv(0x30, named, tlv(3, b"\x00\x04" + bytes(64)))))
    assert read is not None
    assert read.key_bits == 256


def test_alternative_names_of_doubled_and_broken_extensions_are_read() -> None:
    def extension(*names: bytes) -> bytes:
        return tlv(0x30, tlv(6, b"\x55\x1d\x11"), tlv(1, b"\xff"), tlv(4, tlv(0x30, *names)))

    names = (
        tlv(0x82, b"cam.example"),
        tlv(0x87, bytes((192, 0, 2, 7))),
        tlv(0x87, b"192.0.2.8"),
        tlv(0x8A, b"?"),
    )
    two = extension(*names) + extension(names[0], tlv(0xA4, name((3, 0x0C, b"NC2"))), b"\x86\x70urn:cut")
    read = wire_x509.certificate(odd(extensions=tlv(0xA3, tlv(0x30, two))))
    assert read is not None
    assert read.san == ("cam.example", "192.0.2.7", "192.0.2.8", "CN=NC2")


def test_a_length_that_lies_does_not_cost_the_names() -> None:
    whole, lost = odd(), []
    for place in range(4, whole.find(b"192.168.1.108")):
        # Each octet before the last name spoilt in turn, lengths among them.
        read = wire_x509.certificate(whole[:place] + bytes((whole[place] + 3 & 0xFF,)) + whole[place + 1 :])
        if read is None or not ("CN=192.168.1.108" in read.subject or "OU=DVRNVR" in read.subject):
            lost.append((place, read and read.subject))
    assert lost == []


def test_a_certificate_cut_anywhere_shows_what_was_whole() -> None:
    whole = odd()
    told = [wire_x509.certificate(whole[:size]) for size in range(len(whole))]
    subjects = [each.subject for each in told if each and each.subject]
    assert set(subjects) <= {"C=CN", "OU=DVRNVR,C=CN", SUBJECT}
    assert subjects[-1] == SUBJECT


@given(st.integers(0, 700), st.binary(min_size=1, max_size=8))
def test_a_certificate_with_any_bytes_overwritten_never_fails(place: int, noise: bytes) -> None:
    whole = der_once()
    spoilt = whole[:place] + noise + whole[place + len(noise) :]
    read = wire_x509.certificate(spoilt)
    assert read is None or isinstance(read.subject, str)


WHOLE = der()


def der_once() -> bytes:
    return WHOLE
