"""Accounts the owner hands over: who may read the file, where an entry is used, and that no secret is ever shown."""

import base64
import copy
import pickle
from dataclasses import replace
from pathlib import Path

import pytest

from auditor.scope import Credentials, CredentialsError, Doorstep, Entry, Place, Secret, read_credentials
from auditor.scope.credentials_file import read_authorities
from tests.fuzz.files import certificates

SECRET = "Pl4nted-S3cret"


def write(folder: Path, text: str, mode: int = 0o600) -> Path:
    path = folder / "credentials.toml"
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)
    return path


def entry(**keys: str) -> str:
    lines = [f"{key} = {value}" for key, value in keys.items()]
    return "\n".join(["[[entry]]", *lines, ""])


def account(name: str, **place: str) -> str:
    return entry(name=f'"{name}"', user='"operator"', password=f'"{SECRET}"', **place)


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660])
def test_a_file_others_may_read_is_refused_with_the_command_to_type(tmp_path: Path, mode: int) -> None:
    path = write(tmp_path, account("a", site='"s"'), mode)
    with pytest.raises(CredentialsError, match=f"chmod 600 {path}"):
        read_credentials(path, {})


def test_a_link_to_a_file_is_refused(tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(write(tmp_path, account("a", site='"s"')))
    with pytest.raises(CredentialsError):
        read_credentials(link, {})


def test_the_most_narrowly_bound_entry_is_the_one(tmp_path: Path) -> None:
    text = (
        account("site", site='"hall"')
        + account("maker", site='"hall"', makers='["hikvision"]')
        + account("wide", networks='["192.0.2.0/24"]')
        + account("narrow", networks='["192.0.2.0/28"]')
        + account("one", devices='["192.0.2.5", "58:50:ED:00:00:01", "SERIAL-9"]')
    )
    found = read_credentials(write(tmp_path, text), {})

    def name(address: str, maker: str = "", *marks: str, site: str = "hall") -> str | None:
        chosen = found.account(Doorstep(site, address, maker, frozenset(marks)))
        return chosen.name if chosen else None

    assert name("192.0.2.5") == "one"
    assert name("192.0.2.6") == "narrow"
    assert name("192.0.2.66") == "wide"
    assert name("198.51.100.1", "hikvision") == "maker"
    assert name("198.51.100.1", "dahua") == "site"
    assert name("198.51.100.1", "", "5850ed000001", site="other") == "one"
    assert name("198.51.100.1", "", "serial-9", site="other") == "one"
    assert name("198.51.100.1", "hikvision", site="other") is None


def test_an_entry_that_is_bound_to_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CredentialsError, match="not where it may be used"):
        read_credentials(write(tmp_path, account("a")), {})


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (f'[[entry]]\nsite = "s"\nuser = "u"\npasword = "{SECRET}"\n', "did you mean 'password'"),
        (f'[[entry]]\nsite = "s"\npassword = "{SECRET}"\n', "needs a user and a password"),
        (
            f'[[entry]]\nsite = "s"\nuser = "u"\npassword = "{SECRET}"\nprotocols = ["ssh"]\n',
            "unknown protocol 'ssh'",
        ),
        (
            f'[[entry]]\nsite = "s"\nuser = "u"\npassword = "{SECRET}"\nnetworks = ["10.0.0.300/8"]\n',
            "networks",
        ),
        (f'[[entry]]\nsite = "s"\nuser = "u"\npassword = "{SECRET}\n', "not valid TOML"),
        (f'[[entry]]\nsite = "s"\nuser = "u:x"\npassword = "{SECRET}"\n', "no login can carry"),
        (f'[[entry]]\nsite = "s"\nsnmp_user = "{SECRET}"\nproof = "sha"\n', "go together"),
        ('[[entry]]\nsite = "s"\nuser = "u"\npassword_from = "env:ABSENT"\n', "ABSENT, which is not set"),
        (f'[[entry]]\nsite = "s"\nuser = "u"\npassword = ["{SECRET}"]\n', "must be text"),
        ("refusals = 0\n" + account("a", site='"s"'), "whole number from 1 to 20"),
        (account("a", site='"s"') * 2, "two entries are called"),
        (f'[[entry]]\nsite = "s"\npassword = "{SECRET}"\nx = {"9" * 5000}\n', "not valid TOML"),
        (f'[[entry]]\nsite = "s"\npassword = "{SECRET}"\nx = {"[" * 5000}\n', "not valid TOML"),
        ("", "holds no"),
    ],
)
def test_a_mistake_is_told_without_the_secret(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(CredentialsError) as caught:
        read_credentials(write(tmp_path, text), {})
    assert words in str(caught.value)
    assert SECRET not in repr(caught.value) + str(caught.value)
    assert caught.value.__cause__ is None or SECRET not in str(caught.value.__cause__)


def test_certificates_of_authorities_that_nobody_can_read_are_refused(tmp_path: Path) -> None:
    sound = base64.b64decode("".join(certificates()[0].decode().splitlines()[1:-1]))
    path = tmp_path / "ca.pem"
    # Version 2 (number 1) is none that certificates have; the other is cut short.
    for damaged in (sound.replace(b"\xa0\x03\x02\x01\x02", b"\xa0\x03\x02\x01\x01", 1), sound[:80]):
        text = base64.encodebytes(damaged).decode()
        path.write_text(f"-----BEGIN CERTIFICATE-----\n{text}-----END CERTIFICATE-----\n")
        with pytest.raises(CredentialsError, match="holds no certificate in PEM form that can be read"):
            read_authorities(path)
    path.write_text(certificates()[0].decode())
    assert read_authorities(path) == certificates()[0].decode()


def test_entries_come_from_the_environment_alone() -> None:
    around = {
        "AUDITOR_CRED_GATE_USER": "operator",
        "AUDITOR_CRED_GATE_PASSWORD": SECRET,
        "AUDITOR_CRED_GATE_NETWORKS": "192.0.2.0/24, 198.51.100.0/24",
        "AUDITOR_CRED_CORE_COMMUNITY": SECRET,
        "AUDITOR_CRED_CORE_SITE": "hall",
        "AUDITOR_CRED_EMPTY_USER": "",
    }
    found = read_credentials("env", around)
    assert [one.name for one in found.entries] == ["core", "gate"]
    assert (chosen := found.account(Doorstep("x", "198.51.100.9"))) is not None
    assert chosen.password.reveal() == SECRET
    assert found.management(Doorstep("hall", "203.0.113.1")) is found.entries[0]


def test_a_secret_may_stand_in_the_environment_instead_of_the_file(tmp_path: Path) -> None:
    text = entry(site='"s"', user='"u"', password_from='"env:GATE_WORD"')
    found = read_credentials(write(tmp_path, text), {"GATE_WORD": SECRET})
    assert found.entries[0].password.reveal() == SECRET


def test_a_missing_keyring_library_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "keyring", None)
    text = entry(site='"s"', user='"u"', password_from='"keyring:audit/gate"')
    with pytest.raises(CredentialsError, match="pip install keyring"):
        read_credentials(write(tmp_path, text), {})


def test_no_form_of_showing_an_entry_shows_a_secret(tmp_path: Path) -> None:
    found = read_credentials(write(tmp_path, account("a", site='"s"')), {})
    secret = found.entries[0].password
    shown = f"{found!r} {found} {secret!s} {secret!r} {secret:>20} {found.entries!r}"
    assert SECRET not in shown
    assert "operator" not in shown
    for attempt in (lambda: pickle.dumps(secret), lambda: copy.deepcopy(secret)):
        with pytest.raises(TypeError):
            attempt()


def test_an_empty_set_of_entries_fits_nothing() -> None:
    assert Credentials().account(Doorstep("s", "192.0.2.1")) is None
    assert not Secret("")


def test_an_entry_waits_for_a_maker_only_where_something_points_to_it() -> None:
    bound = Entry("bound", Place(makers=frozenset({"northcam"})))
    wide = Entry("wide", Place(sites=frozenset({"hall"})))
    door = Doorstep("school", "192.0.2.7")
    assert Credentials((bound, wide)).unconfirmed(door, {"northcam", "southcam"}) == bound
    assert Credentials((bound,)).unconfirmed(door, {"southcam"}) is None
    assert Credentials((bound,)).unconfirmed(replace(door, maker="southcam"), {"northcam"}) is None
    assert Credentials((wide,)).unconfirmed(replace(door, site="hall"), {"northcam"}) is None
