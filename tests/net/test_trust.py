"""Basic inside TLS goes to nobody but who shows a certificate that the owner recorded, or that an authority of his signed."""

import asyncio
import ipaddress
import re
import ssl
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from auditor.model import Account, Call, Exchange, Outcome, Reason, Transport
from auditor.net import Ears, LoggedLine, Trust
from auditor.net.trust import fingerprint
from auditor.scope import CredentialsError, Entry, Place, Secret, read_authorities, read_credentials

USER, WORD = "gate-keeper", "Pl4nted-Word"
CALL = Call("/ISAPI/System/deviceInfo", "test", frozenset({"model"}))
BODY = b"<DeviceInfo><model>NC-2</model></DeviceInfo>"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(BODY), BODY)
BASIC = b'HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm="x"\r\nContent-Length: 0\r\n\r\n'
BASIC_FIRST = [BASIC, OK, OK, OK]


def signed(
    name: str, address: str = "", by: tuple[x509.Certificate, Any] | None = None
) -> tuple[x509.Certificate, Any]:
    """Make a certificate and its key: self-signed, or by an authority; with an address in it."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    start = datetime.now(UTC) - timedelta(days=1)  # noqa: TID251 - TLS compares it with the time there is
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(by[0].subject if by else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=10))
        .add_extension(x509.BasicConstraints(ca=not address, path_length=None), critical=True)
    )
    if address:
        made = made.add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))]), critical=False
        )
    return made.sign(by[1] if by else key, hashes.SHA256()), key


def pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def der_print(certificate: x509.Certificate) -> str:
    return fingerprint(certificate.public_bytes(serialization.Encoding.DER))


@cache
def authority() -> tuple[x509.Certificate, Any]:
    return signed("Town CA")


def served_by(folder: Path, made: tuple[x509.Certificate, Any]) -> ssl.SSLContext:
    private = made[1].private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = folder / "server.pem"
    path.write_bytes(private + pem(made[0]).encode())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context


def asked(
    bench: Any,
    serve: Callable[..., Any],
    context: ssl.SSLContext | None,
    trust: Trust,
    calls: int = 1,
    **options: Any,
) -> tuple[LoggedLine, list[bytes], list[Exchange]]:
    """Ask a device that offers Basic alone; return the line, what the device heard, and what is kept."""
    heard: list[bytes] = []
    kept: list[Exchange] = []
    answers = list(BASIC_FIRST)

    async def device(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(answers.pop(0))
        await writer.drain()

    async def main() -> LoggedLine:
        made = bench()
        async with serve(device, ssl=context) as port:
            carried = Transport.TLS if context else Transport.TCP
            entry = Entry("lab", Place(sites=frozenset({"loopback"})), Secret(USER), Secret(WORD))
            line = LoggedLine(
                made.line(port, carried), entry, Ears(kept.append), "login_isapi", trust=trust, **options
            )
            for _ in range(calls):
                await line.get(CALL)
            return line

    return asyncio.run(main()), heard, kept


def was_shown(heard: list[bytes]) -> bool:
    return any(b"Authorization" in one for one in heard)


def test_a_copied_page_behind_any_certificate_gets_no_password(
    bench: Any, serve: Any, tmp_path: Path
) -> None:
    impostor = signed("192.0.2.64", "127.0.0.1")
    line, heard, _ = asked(bench, serve, served_by(tmp_path, impostor), Trust(), 2)
    assert line.outcome is Outcome.NOT_OFFERED
    assert line.reason == f"{Reason.CERTIFICATE} (it shows sha256:{der_print(impostor[0])})"
    assert Account("s/a", "lab", line.outcome, str(line.reason)).kind == "certificate"
    assert not was_shown(heard)
    assert not line.is_shown


def test_a_recorded_certificate_is_shown_the_account(bench: Any, serve: Any, tmp_path: Path) -> None:
    camera = signed("camera")
    line, heard, kept = asked(
        bench, serve, served_by(tmp_path, camera), Trust(frozenset({der_print(camera[0])})), 2
    )
    assert line.outcome is Outcome.ACCEPTED
    assert was_shown(heard)
    assert not any(b"Basic Z" in one.request for one in kept)


def test_another_certificate_than_the_recorded_one_is_not(bench: Any, serve: Any, tmp_path: Path) -> None:
    impostor = signed("camera")
    line, heard, kept = asked(
        bench, serve, served_by(tmp_path, impostor), Trust(frozenset({der_print(signed("camera")[0])})), 3
    )
    assert line.outcome is Outcome.NOT_OFFERED
    assert line.reason.startswith(Reason.CERTIFICATE)
    assert der_print(impostor[0]) in line.reason
    assert not was_shown(heard)
    assert not line.is_shown
    assert "certificate not trusted" in kept[-1].detail


def test_another_certificate_is_not_shown_it_though_the_scope_allows_basic_readable(
    bench: Any, serve: Any, tmp_path: Path
) -> None:
    pinned = Trust(frozenset({"0" * 64}))
    line, heard, _ = asked(bench, serve, served_by(tmp_path, signed("x")), pinned, basic_without_tls=True)
    assert (line.outcome, was_shown(heard)) == (Outcome.NOT_OFFERED, False)
    line, heard, _ = asked(bench, serve, served_by(tmp_path, signed("x")), Trust(), basic_without_tls=True)
    assert (line.outcome, was_shown(heard)) == (Outcome.ACCEPTED, True)


@pytest.mark.parametrize(
    ("made", "is_shown"),
    [
        (lambda: signed("camera", "127.0.0.1", authority()), True),
        (lambda: signed("camera", "127.0.0.9", authority()), False),
        (lambda: signed("camera", "127.0.0.1"), False),
        (lambda: signed("camera", "127.0.0.1", signed("Town CA")), False),
    ],
    ids=["signed for it", "signed for another address", "self-signed", "signed by another of that name"],
)
def test_an_authority_is_trusted_for_the_addresses_it_signed(
    bench: Any, serve: Any, tmp_path: Path, made: Callable[[], tuple[x509.Certificate, Any]], is_shown: bool
) -> None:
    trust = Trust(authorities=pem(authority()[0]))
    line, heard, _ = asked(bench, serve, served_by(tmp_path, made()), trust)
    assert was_shown(heard) is is_shown
    assert line.outcome is (Outcome.ACCEPTED if is_shown else Outcome.NOT_OFFERED)


def test_without_tls_a_recorded_certificate_helps_nobody(bench: Any, serve: Any) -> None:
    line, heard, _ = asked(bench, serve, None, Trust(frozenset({"0" * 64})))
    assert (line.outcome, line.reason) == (Outcome.NOT_OFFERED, Reason.BASIC)
    assert not was_shown(heard)


def credentials(folder: Path, certificates: str) -> Any:
    path = folder / "c.toml"
    path.write_text(
        f'[[entry]]\nsite = "a"\nuser = "u"\npassword = "{WORD}"\ncertificates = {certificates}\n',
        encoding="utf-8",
    )
    path.chmod(0o600)
    return read_credentials(path, {})


def test_fingerprints_are_read_as_browsers_and_openssl_write_them(tmp_path: Path) -> None:
    plain = "0a" * 32
    colons = ":".join(re.findall("..", plain.upper()))
    for text in (
        plain,
        f"sha256:{plain}",
        colons,
        f"SHA256 Fingerprint={colons}",
        f"sha256 Fingerprint={colons}",
    ):
        (entry,) = credentials(tmp_path, f'["{text}"]').entries
        assert entry.certificates == {plain}


@pytest.mark.parametrize("text", ["0a0b", "zz" * 32, WORD])
def test_what_is_no_fingerprint_is_refused_and_not_printed(tmp_path: Path, text: str) -> None:
    with pytest.raises(CredentialsError, match="SHA-256") as refused:
        credentials(tmp_path, f'["{text}"]')
    assert WORD not in str(refused.value)


def test_a_file_of_authorities_is_looked_at_before_anything_is_asked(tmp_path: Path) -> None:
    path = tmp_path / "ca.pem"
    path.write_text(pem(authority()[0]), encoding="utf-8")
    assert "BEGIN CERTIFICATE" in read_authorities(path)
    path.write_text("nothing", encoding="utf-8")
    with pytest.raises(CredentialsError, match="no certificate"):
        read_authorities(path)
    path.write_text("-----BEGIN PRIVATE KEY-----\n", encoding="utf-8")
    with pytest.raises(CredentialsError, match="private key"):
        read_authorities(path)
    with pytest.raises(CredentialsError, match="cannot be read"):
        read_authorities(tmp_path / "none.pem")
