import contextlib
import datetime as dt
import ssl
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from auditor.wire import tls
from auditor.wire import x509 as wire_x509

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def certificate(*, subject: str = "192.168.1.108", issuer: str = "Product Root CA") -> bytes:
    def name(common: str) -> x509.Name:
        return x509.Name(
            [
                x509.NameAttribute(NameOID.COUNTRY_NAME, "CN"),
                x509.NameAttribute(NameOID.ORGANIZATION_NAME, "NorthCam, Ltd"),
                x509.NameAttribute(NameOID.COMMON_NAME, common),
            ]
        )

    made = (
        x509.CertificateBuilder()
        .subject_name(name(subject))
        .issuer_name(name(issuer))
        .public_key(KEY.public_key())
        .serial_number(0x1A2B)
        .not_valid_before(dt.datetime(2015, 1, 1, tzinfo=dt.UTC))
        .not_valid_after(dt.datetime(2025, 1, 1, tzinfo=dt.UTC))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("cam.example")]), critical=False)
        .sign(KEY, hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.DER)


def server_bytes(der: bytes, folder: Path, version: ssl.TLSVersion) -> bytes:
    """What a server really writes in a handshake, taken from two ends joined in memory."""
    pem, key = folder / "c.pem", folder / "k.pem"
    pem.write_bytes(tls.record("", "", [der]).partition(b"\n\n")[2])
    key.write_bytes(
        KEY.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(pem, key)
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.check_hostname, client.verify_mode = False, ssl.CERT_NONE
    server.maximum_version = client.maximum_version = version
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    asking = client.wrap_bio(to_client, to_server)
    answering = server.wrap_bio(to_server, to_client, server_side=True)
    for end in (asking, answering):
        with contextlib.suppress(ssl.SSLWantReadError):
            end.do_handshake()
    return to_client.read()


def test_a_record_is_readable_and_reads_back() -> None:
    der = certificate()
    text = tls.record("TLSv1.2", "ECDHE-RSA-AES128-GCM-SHA256", [der, certificate(subject="Root")])
    assert text.startswith(b"version: TLSv1.2\ncipher: ECDHE-RSA-AES128-GCM-SHA256\n\n-----BEGIN")
    assert tls.parse(text) == tls.Handshake(
        "TLSv1.2",
        "ECDHE-RSA-AES128-GCM-SHA256",
        (der, tls.parse(text).chain[1]),  # type: ignore[union-attr]
    )


def test_a_handshake_without_a_certificate_is_kept() -> None:
    assert tls.parse(tls.record("TLSv1", "ADH-AES128-SHA", [])) == tls.Handshake(
        "TLSv1", "ADH-AES128-SHA", ()
    )


def test_one_certificate_in_der_is_read() -> None:
    der = certificate()
    assert tls.parse(der) == tls.Handshake("", "", (der,))


def test_records_of_a_real_server_give_version_cipher_and_chain(tmp_path: Path) -> None:
    der = certificate()
    raw = server_bytes(der, tmp_path, ssl.TLSVersion.TLSv1_2)
    handshake = tls.parse(raw)
    assert raw[:1] == b"\x16"
    assert handshake is not None
    assert handshake.version == "TLSv1.2"
    assert handshake.cipher.startswith("0xc0") or handshake.cipher.startswith("0xcc")
    assert handshake.chain == (der,)


def test_cut_records_give_what_came(tmp_path: Path) -> None:
    raw = server_bytes(certificate(), tmp_path, ssl.TLSVersion.TLSv1_2)
    handshake = tls.parse(raw[: raw.find(certificate()[:4]) + 300])
    assert handshake is not None
    assert handshake.version == "TLSv1.2"
    assert tls.parse(raw[:70]) == tls.Handshake(handshake.version, handshake.cipher, ())
    (cut,) = handshake.chain
    told = wire_x509.certificate(cut)
    assert told is not None
    assert told.subject == "CN=192.168.1.108,O=NorthCam\\, Ltd,C=CN"


def test_a_cut_pem_block_is_kept_as_far_as_it_goes() -> None:
    der = certificate()
    whole = tls.record("TLSv1.2", "AES128-SHA", [der])
    for missing in (40, 41, 42, 43, 44):
        handshake = tls.parse(whole[:-missing])
        assert handshake is not None
        (cut,) = handshake.chain
        assert der.startswith(cut)
        assert len(cut) > len(der) - 32


def test_the_version_chosen_by_extension_is_the_version(tmp_path: Path) -> None:
    raw = server_bytes(certificate(), tmp_path, ssl.TLSVersion.TLSv1_3)
    handshake = tls.parse(raw)
    assert handshake is not None
    assert (handshake.version, handshake.chain) == ("TLSv1.3", ())


def test_other_bytes_are_no_handshake() -> None:
    for reply in (b"", b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\x15\x03\x01\x00\x02\x02\x28", b"\x16\x03"):
        assert tls.parse(reply) is None


def test_an_endless_chain_is_bounded() -> None:
    handshake = tls.parse(tls.record("TLSv1.2", "x", [certificate()]) * 100)
    assert handshake is not None
    assert len(handshake.chain) == tls.MAX_CERTIFICATES


@given(
    st.binary(max_size=2000),
    st.sampled_from([b"", b"\x16\x03\x03", b"\x30\x82", b"-----BEGIN CERTIFICATE-----"]),
)
def test_any_bytes_are_read_without_failing(noise: bytes, start: bytes) -> None:
    handshake = tls.parse(start + noise)
    for der in handshake.chain if handshake else ():
        wire_x509.certificate(der)
