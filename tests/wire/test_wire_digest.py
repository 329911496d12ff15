"""Digest answers against the examples of the RFCs, and the form devices ask for."""

import pytest

from auditor.wire import digest

RFC7616 = (
    'Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm={algorithm}, '
    'nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"'
)


@pytest.mark.parametrize(
    ("algorithm", "response"),
    [
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ],
)
def test_an_answer_is_that_of_rfc_7616(algorithm: str, response: str) -> None:
    wanted = digest.demand([RFC7616.format(algorithm=algorithm)])
    assert wanted is not None
    said = digest.answer(
        wanted,
        method="GET",
        uri="/dir/index.html",
        user="Mufasa",
        password="Circle of Life",
        cnonce="f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
    )
    assert f'response="{response}"' in said
    assert "nc=00000001" in said
    assert 'opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"' in said


def test_an_answer_without_qop_is_that_of_rfc_2069() -> None:
    wanted = digest.demand(['Digest realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093"'])
    assert wanted is not None
    said = digest.answer(
        wanted, method="GET", uri="/dir/index.html", user="Mufasa", password="CircleOfLife", cnonce="x"
    )
    # RFC 2069 section 2.4 as corrected by its erratum 749.
    assert 'response="1949323746fe6a43ef61f9606e7febea"' in said
    assert "qop" not in said
    assert "algorithm" not in said


def test_the_stronger_of_two_challenges_is_answered() -> None:
    wanted = digest.demand([RFC7616.format(algorithm="MD5"), RFC7616.format(algorithm="SHA-256")])
    assert wanted is not None
    assert wanted.algorithm == "SHA-256"


def test_a_session_form_takes_nonce_and_cnonce_into_the_first_digest() -> None:
    plain = digest.demand([RFC7616.format(algorithm="MD5")])
    session = digest.demand([RFC7616.format(algorithm="MD5-sess")])
    assert plain is not None
    assert session is not None
    told = [
        digest.answer(one, method="GET", uri="/", user="u", password="p", cnonce="c")
        for one in (plain, session)
    ]
    assert "algorithm=MD5-sess" in told[1]
    assert told[0].split("response=")[1][:34] != told[1].split("response=")[1][:34]


@pytest.mark.parametrize(
    "header",
    [
        'Digest realm="x", algorithm=SHA-512-256, nonce="n"',
        'Digest realm="x"',
        'Digest realm="x", nonce="n", qop="auth-int"',
        'Basic realm="x"',
        "",
    ],
)
def test_a_challenge_that_cannot_be_answered_gives_nothing(header: str) -> None:
    assert digest.demand([header]) is None


def test_stale_is_read_whatever_its_case() -> None:
    assert digest.demand(['Digest realm="x", nonce="n", stale="TRUE"']) == digest.Demand("x", "n", stale=True)


def test_basic_is_that_of_rfc_7617() -> None:
    assert digest.basic("Aladdin", "open sesame") == "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="
    assert digest.wants_basic(['Digest realm="x", nonce="n"', 'Basic realm="y"'])
