"""Reading credentials from a file its owner alone may read, from the environment, or from the system's keyring."""

import difflib
import os
import re
import stat
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from importlib import import_module
from pathlib import Path
from typing import TypeVar

from cryptography.x509 import InvalidVersion, load_pem_x509_certificates

from auditor import saved_text
from auditor.model.marks import plain_mac
from auditor.scope.addresses import address_number, address_text, interval
from auditor.scope.credentials import (
    Credentials,
    CredentialsError,
    Entry,
    Place,
    Privacy,
    Proof,
    Secret,
    Snmp,
)

ENVIRONMENT = "env"
"""Given instead of a file: entries come from AUDITOR_CRED_<NAME>_… variables alone."""
PREFIX = "AUDITOR_CRED_"

PROTOCOLS = ("isapi", "cgi", "sdc", "session", "onvif")

_TOP = ("schema_version", "refusals", "entry")
_PLACES = ("site", "sites", "networks", "makers", "devices")
_SNMP = ("community", "snmp_user", "proof", "proof_secret", "privacy", "privacy_secret")
_ENTRY = ("name", "user", "password", "protocols", "certificates", *_PLACES, *_SNMP)
_SECRET = ("user", "password", "community", "snmp_user", "proof_secret", "privacy_secret")
_KNOWN = (*_ENTRY, *(f"{name}_from" for name in _SECRET))
_VARIABLE = re.compile(
    rf"{PREFIX}([A-Z0-9_]+?)_({'|'.join(name.upper() for name in _ENTRY if name != 'name')})"
)

_Choice = TypeVar("_Choice", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class _Table:
    """One entry as written, and what messages call it."""

    values: Mapping[str, object]
    where: str
    environment: Mapping[str, str]

    def fail(self, what: str) -> CredentialsError:
        return CredentialsError(f"{self.where}: {what}")

    def text(self, key: str) -> str:
        value = self.values.get(key, "")
        if not isinstance(value, str):
            raise self.fail(f"{key} must be text in quotes")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        value = self.values.get(key, ())
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        if not isinstance(value, Sequence) or not all(isinstance(one, str) for one in value):
            raise self.fail(f'{key} must be a list of texts such as ["…", "…"]')
        return tuple(str(one) for one in value)

    def choice(self, key: str, kind: type[_Choice], otherwise: _Choice) -> _Choice:
        text = self.text(key)
        if text and text not in {one.value for one in kind}:
            raise self.fail(f"{key} is none of {', '.join(kind)}")
        return kind(text) if text else otherwise

    def secret(self, key: str) -> Secret:
        """Return a secret written here, or fetched from where `<key>_from` says: env:NAME or keyring:SERVICE/NAME."""
        source = self.text(f"{key}_from")
        if not source:
            return Secret(self.text(key))
        if key in self.values:
            raise self.fail(f"both {key} and {key}_from are given; keep one")
        kind, _, name = source.partition(":")
        if kind == "env":
            if name not in self.environment:
                raise self.fail(f"{key}_from names the environment variable {name}, which is not set")
            return Secret(self.environment[name])
        if kind == "keyring":
            return _from_keyring(name, self)
        raise self.fail(f"{key}_from must begin with env: or keyring:")


def read_credentials(source: Path | str, environment: Mapping[str, str] | None = None) -> Credentials:
    """Read a credentials file and the AUDITOR_CRED_ variables, or with the source `env` the variables alone.

    CredentialsError says what is wrong and where, and never a value that stands there.
    """
    around = dict(os.environ if environment is None else environment)
    document = {} if str(source) == ENVIRONMENT else _document(Path(source))
    for key in document:
        if key not in _TOP:
            raise CredentialsError(f"{source}: unknown key {key!r}{_nearest(key, _TOP)}")
    stated = document.get("entry", [])
    if not isinstance(stated, list) or not all(isinstance(one, dict) for one in stated):
        raise CredentialsError(
            f"{source}: write [[entry]] with two brackets on each side: there can be several"
        )
    tables = [_Table(one, f"{source}: entry {number}", around) for number, one in enumerate(stated, 1)]
    tables += _of_environment(around)
    if not tables:
        raise CredentialsError(f"{source}: holds no [[entry]]; see docs/credentials.md")
    entries = tuple(_entry(table, number) for number, table in enumerate(tables, 1))
    names = [entry.name for entry in entries]
    for name in names:
        if names.count(name) > 1:
            raise CredentialsError(f"{source}: two entries are called {name!r}; rename one")
    return Credentials(entries, _refusals(document, source))


def _document(path: Path) -> Mapping[str, object]:
    """Read the file through one descriptor, so that what was checked is what is read."""
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
    except FileNotFoundError as error:
        raise CredentialsError(f"{path}: no such file; docs/credentials.md shows one") from error
    except OSError as error:
        raise CredentialsError(f"{path}: cannot be read: {error.strerror}") from error
    with os.fdopen(descriptor, "rb") as stream:
        found = os.fstat(stream.fileno())
        if not stat.S_ISREG(found.st_mode):
            raise CredentialsError(f"{path}: is not a plain file")
        if found.st_mode & 0o077:
            raise CredentialsError(
                f"{path}: others may read it (mode {stat.S_IMODE(found.st_mode):04o}); type: chmod 600 {path}"
            )
        if found.st_uid not in {os.geteuid(), 0}:
            raise CredentialsError(f"{path}: belongs to another user; make it yours: chown $USER {path}")
        content = stream.read()
    try:
        return saved_text.toml(saved_text.decoded(content))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        # The parser's message may quote the line; only the place is passed on.
        place = re.search(r"\(at line (\d+), column \d+\)", str(error))
        line = f":{place[1]}" if place else ""
        raise CredentialsError(f"{path}{line}: is not valid TOML in UTF-8; correct it") from None


def _refusals(document: Mapping[str, object], source: Path | str) -> int:
    count = document.get("refusals", 3)
    if isinstance(count, bool) or not isinstance(count, int) or not 1 <= count <= 20:
        raise CredentialsError(f"{source}: refusals must be a whole number from 1 to 20")
    return count


def _of_environment(around: Mapping[str, str]) -> list[_Table]:
    """Gather AUDITOR_CRED_GATE_USER and its like into entries; the name between is the entry's."""
    found: dict[str, dict[str, object]] = {}
    for name, value in sorted(around.items()):
        match = _VARIABLE.fullmatch(name)
        if match and value:
            found.setdefault(match[1].lower(), {})[match[2].lower()] = value
    return [
        _Table({"name": name, **values}, f"{PREFIX}{name.upper()}_…", around)
        for name, values in found.items()
    ]


def _entry(table: _Table, number: int) -> Entry:
    for key in table.values:
        if key not in _KNOWN:
            raise table.fail(f"unknown key {key!r}{_nearest(key, _KNOWN)}")
    place = _place(table)
    if place.is_anywhere():
        raise table.fail(
            "says not where it may be used; add site, networks, makers or devices, so that it is shown to no other device"
        )
    name = table.text("name") or f"entry {number}"
    protocols = frozenset(table.texts("protocols"))
    if unknown := sorted(protocols - set(PROTOCOLS)):
        raise table.fail(f"unknown protocol {unknown[0]!r}; known are {', '.join(PROTOCOLS)}")
    if any(key.removesuffix("_from") in {"community", "snmp_user"} for key in table.values):
        if "certificates" in table.values:
            raise table.fail("certificates are for accounts; SNMP shows none")
        return Entry(name, place, snmp=_snmp(table))
    user, password = table.secret("user"), table.secret("password")
    if not user or not password:
        raise table.fail("needs a user and a password, or a community, or an snmp_user")
    if any(ord(one) < 32 for secret in (user, password) for one in secret.reveal()) or ":" in user.reveal():
        raise table.fail("user or password holds a character that no login can carry")
    certificates = frozenset(_fingerprint(one, table) for one in table.texts("certificates"))
    return Entry(name, place, user, password, protocols, certificates=certificates)


def _fingerprint(text: str, table: _Table) -> str:
    """Bring a SHA-256 fingerprint, as browsers and openssl write it, into its plain form."""
    plain = re.sub(
        r"[\s:]", "", text.strip().lower().removeprefix("sha256 fingerprint=").removeprefix("sha256:")
    )
    if not re.fullmatch(r"[0-9a-f]{64}", plain):
        raise table.fail(
            "certificates are SHA-256 fingerprints of 64 hexadecimal digits, as `openssl x509 -fingerprint -sha256` prints them"
        )
    return plain


def read_authorities(path: Path) -> str:
    """Return certificates of authorities as PEM text; CredentialsError when there are none that can be used."""
    try:
        text = saved_text.decoded(path.read_bytes())
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no text"
        raise CredentialsError(f"{path}: cannot be read as certificates: {why}") from error
    if "PRIVATE KEY" in text:
        raise CredentialsError(
            f"{path}: holds a private key, which does not belong here; give the certificates alone"
        )
    try:
        load_pem_x509_certificates(text.encode())
    except (ValueError, InvalidVersion) as error:
        raise CredentialsError(f"{path}: holds no certificate in PEM form that can be read") from error
    return text


def _place(table: _Table) -> Place:
    try:
        networks = tuple(interval(text) for text in table.texts("networks"))
    except ValueError as error:
        raise table.fail(f"networks: {error}") from error
    return Place(
        sites=frozenset((*table.texts("site"), *table.texts("sites"))),
        networks=networks,
        makers=frozenset(one.lower() for one in table.texts("makers")),
        devices=frozenset(_device(one) for one in table.texts("devices")),
    )


def _device(text: str) -> str:
    """Bring an address or a MAC into its plain form; anything else is a serial number."""
    plain = plain_mac(text)
    if len(plain) == 12 and re.fullmatch(r"[0-9A-Fa-f]{2}([:-][0-9A-Fa-f]{2}){5}", text):
        return plain
    try:
        return address_text(*address_number(text))
    except ValueError:
        return text.strip().lower()


def _snmp(table: _Table) -> Snmp:
    found = Snmp(
        community=table.secret("community"),
        user=table.secret("snmp_user"),
        proof=table.choice("proof", Proof, Proof.NONE),
        proof_secret=table.secret("proof_secret"),
        privacy=table.choice("privacy", Privacy, Privacy.NONE),
        privacy_secret=table.secret("privacy_secret"),
    )
    if bool(found.community) == bool(found.user):
        raise table.fail("needs either a community or an snmp_user")
    if (found.proof is not Proof.NONE) != bool(found.proof_secret):
        raise table.fail("proof and proof_secret go together")
    if found.privacy is not Privacy.NONE and not (found.privacy_secret and found.proof_secret):
        raise table.fail("privacy needs privacy_secret, and proof with proof_secret")
    return found


def _from_keyring(name: str, table: _Table) -> Secret:
    service, slash, user = name.rpartition("/")
    if not slash:
        raise table.fail("a keyring source is written keyring:SERVICE/NAME")
    try:
        keyring = import_module("keyring")  # optional
    except ImportError:
        raise table.fail("wants the system's keyring; install it first: pip install keyring") from None
    try:
        found = keyring.get_password(service, user)
    except Exception:  # noqa: BLE001  backends raise what they like, and their words may hold what they were asked
        raise table.fail("the keyring cannot be opened here; unlock it, or use env: instead") from None
    if not found:
        raise table.fail(f"the keyring has nothing under {service}/{user}")
    return Secret(found)


def _nearest(key: str, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(key, known, 1, 0.4)
    return f"; did you mean {near[0]!r}?" if near else f"; known here: {', '.join(known)}"
