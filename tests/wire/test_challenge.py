"""WWW-Authenticate as servers write it."""

import pytest

from auditor.wire.challenge import Challenge, challenges


def digest(*params: tuple[str, str]) -> Challenge:
    return Challenge("Digest", params)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (
            'Digest qop="auth", realm="IP Camera(51204)", nonce="4d5755784d7a", stale="FALSE"',
            (
                digest(
                    ("qop", "auth"),
                    ("realm", "IP Camera(51204)"),
                    ("nonce", "4d5755784d7a"),
                    ("stale", "FALSE"),
                ),
            ),
        ),
        (
            'Digest realm="a", nonce="b", stale=FALSE, Basic realm="a"',
            (
                digest(("realm", "a"), ("nonce", "b"), ("stale", "FALSE")),
                Challenge("Basic", (("realm", "a"),)),
            ),
        ),
        (
            'Basic realm="a", Digest realm="b",nonce="c"',
            (Challenge("Basic", (("realm", "a"),)), digest(("realm", "b"), ("nonce", "c"))),
        ),
        (
            'Digest realm="x", domain="::", opaque="", algorithm="MD5"',
            (digest(("realm", "x"), ("domain", "::"), ("opaque", ""), ("algorithm", "MD5")),),
        ),
        ("Digest  realm='single', nonce='n,1'", (digest(("realm", "single"), ("nonce", "n,1")),)),
        ("Basic realm=IP Camera", (Challenge("Basic", (("realm", "IP Camera"),)),)),
        ("Digest realm=a,nonce=b==", (digest(("realm", "a"), ("nonce", "b==")),)),
        (
            'Digest realm="Use \'live\' as User Name",nonce="n"',
            (digest(("realm", "Use 'live' as User Name"), ("nonce", "n")),),
        ),
        (r'Basic realm="a \"b\" \\ c"', (Challenge("Basic", (("realm", 'a "b" \\ c'),)),)),
        ('Basic realm="never closed, nonce=x', (Challenge("Basic", (("realm", "never closed, nonce=x"),)),)),
        ("Negotiate", (Challenge("Negotiate"),)),
        ("NTLM TlRMTVNTUAAC==, Basic realm=a", (Challenge("NTLM"), Challenge("Basic", (("realm", "a"),)))),
        ("Negotiate, Basic", (Challenge("Negotiate"), Challenge("Basic"))),
        ('Digest realm = "a" , nonce = "b"', (digest(("realm", "a"), ("nonce", "b")),)),
        ('Digest,realm="a"', (digest(("realm", "a")),)),
        ('realm="a"', ()),
        ("", ()),
        ('=,=,"",\'', ()),
    ],
)
def test_challenges_are_split_and_read(value: str, expected: tuple[Challenge, ...]) -> None:
    assert challenges(value) == expected


def test_a_parameter_is_found_whatever_its_case() -> None:
    (found,) = challenges('Digest Realm="Login to 3F00A11PAX00075"')
    assert found.param("realm") == "Login to 3F00A11PAX00075"
    assert found.param("nonce") is None
