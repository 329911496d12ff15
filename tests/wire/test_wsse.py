"""SOAP logins: the digest of the profile, on the device's clock, inside any envelope."""

import base64
import hashlib
import re
from datetime import UTC, datetime, timedelta, timezone

import pytest

from auditor.wire import soap, wsse, xml


def test_the_digest_is_that_of_the_profile() -> None:
    # ONVIF Application Programmer's Guide section 6.1.1.3: nonce, date and password with their digest.
    nonce = base64.b64decode("LKqI6G/AikKCQrN0zqZFlg==")
    assert (
        wsse.password_digest(nonce, "2010-09-16T07:50:45Z", "userpassword") == "tuOSpGlFlIXsozq4HFNeeGeFLEI="
    )


def test_a_token_is_on_the_clock_it_is_given() -> None:
    at = datetime(2026, 3, 1, 12, 0, 0, 250_000, tzinfo=timezone(timedelta(hours=2)))
    text = wsse.token("o'brien & co", "pass", nonce=b"0123456789abcdef", created=at)
    created = "2026-03-01T10:00:00.250Z"
    assert f"<wsu:Created>{created}</wsu:Created>" in text
    assert "<wsse:Username>o'brien &amp; co</wsse:Username>" in text
    wanted = base64.b64encode(
        hashlib.sha1(b"0123456789abcdef" + created.encode() + b"pass").digest()
    ).decode()
    assert f">{wanted}</wsse:Password>" in text
    assert "pass<" not in text


@pytest.mark.parametrize(
    "envelope",
    [
        soap.envelope("<x/>"),
        soap.envelope("<x/>", header="<h>1</h>"),
        b'<Envelope xmlns="http://www.w3.org/2003/05/soap-envelope"><Body><x/></Body></Envelope>',
        b'<soap-env:Envelope xmlns:soap-env="http://www.w3.org/2003/05/soap-envelope"><soap-env:Header/><soap-env:Body/></soap-env:Envelope>',
    ],
)
def test_a_token_goes_into_the_header_of_any_envelope(envelope: bytes) -> None:
    header = wsse.token("u", "p", nonce=b"n" * 16, created=datetime(2026, 1, 1, tzinfo=UTC))
    whole = wsse.with_token(envelope, header).decode()
    paths = [each.path for each in xml.elements(whole)]
    assert "Envelope/Header/Security/UsernameToken/Username" in paths
    assert len(re.findall(r"Header\b[^>]*(?<!/)>", whole)) == 2


def test_what_is_no_envelope_is_refused() -> None:
    with pytest.raises(ValueError, match="envelope"):
        wsse.with_token(b"<html/>", "")
