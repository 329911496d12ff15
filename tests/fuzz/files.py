"""What reads the files that owners write, as targets for the fuzzer: scope, accounts, policies, lists of addresses, knowledge, rules."""

import io
import os
import re
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path

import click

from auditor import saved_text
from auditor.cli import _scoping
from auditor.cli._words import Failure
from auditor.fingerprint import load
from auditor.fingerprint.rule import DataError as RuleError
from auditor.intake.register_csv import MapError, mapping
from auditor.knowledge import chosen_policy, knowledge_book, latest, records, restriction
from auditor.knowledge.document import DataError
from auditor.knowledge.document import read as read_node
from auditor.scope import ScopeError, read
from auditor.scope.credentials import CredentialsError
from auditor.scope.credentials_file import read_authorities, read_credentials
from auditor.scope.windows import closes, opens
from tests.fuzz.seeds import ROOT
from tests.fuzz.target import Target

_NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
_MOST_GRANTS = 300
_MOST_RULES = 4096
"""Bytes of a file of rules: they are read by a loader in Python, slowly."""

SCOPE = b"""schema_version = 1
[authorisation]
reference = "TH-2026/7"
issued_by = "Town council"
contact = "audit@example.org"
valid_from = 2026-01-01T00:00:00Z
valid_until = 2026-12-31T00:00:00+02:00
[[site]]
name = "hall"
networks = ["192.0.2.0/28", "2001:db8::/120", "198.51.100.7-198.51.100.9"]
interfaces = ["eth0"]
owner = "J. Doe"
[[exclude]]
network = "192.0.2.8/30"
reason = "heart"
until = 2026-12-01
[[exclude]]
mac = "02:00:00:00:00:01"
reason = "lift"
site = "hall"
[[window]]
days = ["mon", "tue"]
from = 22:00:00
until = 04:30:00
time_zone = "Europe/Vienna"
[pace]
packets_per_second = 500
packets_per_second_host = 20
[methods]
allow = ["tcp-sweep", "http", "sadp"]
basic_without_tls = false
[retention]
days = 90
"""
_ACCOUNTS = b"""schema_version = 1
refusals = 3
[[entry]]
name = "cameras"
user = "auditor"
password = "a-word"
protocols = ["isapi", "onvif"]
sites = ["hall"]
networks = ["192.0.2.0/24"]
makers = ["hikvision"]
devices = ["192.0.2.7", "02:00:00:00:00:01", "AB1234"]
certificates = ["sha256:%s"]
[[entry]]
name = "switch"
snmp_user = "auditor"
proof = "sha"
proof_secret_from = "env:AUDITOR_PROOF"
privacy = "aes"
privacy_secret = "another-word"
networks = ["192.0.2.9/32"]
""" % (b"ab" * 32)
POLICY = b"""schema_version = 1
name = "town"
title = "Town"
version = "2026-01-01"
extends = ["us-federal"]
restrictions = ["us-ndaa-889-a"]
purposes = ["public safety"]
[[rule]]
id = "council-2027"
title = "No recorders of this maker after 2027"
instrument = "Council decision 12/2026"
makers = { dahua = "restricted" }
kinds = ["nvr"]
in_force = { from = 2026-01-01, until = 2030-12-31 }
effect = "no such recorders"
[[accept]]
finding = "firmware-age"
device = "192.0.2.7"
reason = "behind a wall"
by = "J. Doe"
until = 2027-01-01
"""
_INDEX = b"""{"schema": 1, "as_of": "2026-11-01", "source": "maker", "models": {"ds2cd2032fi": ["5.4.5", "2017-01-23"], "x": ["1.0", null]}}"""
_FIRMWARE = b"""{"rows": [{"model": "DS-2CD2032F-I", "version": "V5.4.5", "date": "2017-01-23", "filename": "a_V5.4.5_170123.zip",
 "supported_models": ["DS-2CD2032-I"]}, {"model": "y", "version": "2.800.0000000.28.R", "is_beta": true}]}"""
_LIST = b"192.0.2.1, 192.0.2.0/28 # cameras\n192.0.2.5-192.0.2.9\n2001:db8::1\n192.0.2.1-9\n"


def targets() -> Iterator[Target]:
    """Yield one target for each kind of file."""
    known: tuple[tuple[str, Callable[[bytes], None], Callable[[], tuple[bytes, ...]]], ...] = (
        ("scope.document", _scope, lambda: (SCOPE, *_files("auditor/../reports/templates/scope.toml"))),
        ("scope.credentials_file", _accounts, lambda: (_ACCOUNTS,)),
        ("scope.authorities", _authorities, certificates),
        ("scope.addresses", _listed, lambda: (_LIST,)),
        ("knowledge.policy", _policy, lambda: (POLICY, *_files("fingerprints/policies/*.toml"))),
        ("knowledge.latest", _index, lambda: (_INDEX,)),
        ("knowledge.firmware_list", _firmware, lambda: (_FIRMWARE,)),
        ("knowledge.records", _advisory, lambda: _files("fingerprints/advisories/*.yaml", 24)),
        ("knowledge.restriction", _restriction, lambda: _files("fingerprints/restrictions/*.yaml", 24)),
        ("fingerprint.load", _rules, lambda: _files("fingerprints/vendors/*.yaml", 24)),
        ("saved_text", _text, lambda: (_LIST, b"\xff\xfe" + "a\r\n北".encode("utf-16-le"))),
        ("intake.map", _map, lambda: (b"address=IP\nserial=S/N\nname=Bezeichnung",)),
    )
    for name, feed, own in known:
        yield Target(f"auditor.{name}", feed, own)


def _files(pattern: str, most: int = 8) -> tuple[bytes, ...]:
    found = sorted(ROOT.glob(pattern.removeprefix("auditor/../")), key=lambda path: path.stat().st_size)
    return tuple(path.read_bytes() for path in found[:most])


@cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory()


def _written(data: bytes, name: str) -> Path:
    path = Path(_folder().name) / name
    if not path.exists():
        path.touch(mode=0o600)
    path.write_bytes(data)
    return path


def _scope(data: bytes) -> None:
    """Read bytes as a scope, and let it be asked."""
    try:
        found = read(_written(data, "scope.toml"))
    except ScopeError as error:
        str(error)
        return
    found.count(at=_NOW)
    closes(found.windows, _NOW)
    opens(found.windows, _NOW)
    _ = found.digest
    for site in found.sites[:3]:
        found.interfaces(site.name)
        for number, grant in enumerate(found.grants(site=site.name, at=_NOW)):
            if number > _MOST_GRANTS:
                break
            found.admit(grant.address, site=site.name, mac="02:00:00:00:00:01", at=_NOW)
    for address in ("192.0.2.9", "::1", "8.8.8.8"):
        found.admit(address, at=_NOW)


def _accounts(data: bytes) -> None:
    """Read bytes as a file of accounts; no message may hold what stands there as a secret."""
    path = _written(data, "accounts.toml")
    path.chmod(0o600)
    try:
        found = read_credentials(path, {"AUDITOR_PROOF": "a-third-word"})
    except CredentialsError as error:
        if "a-word" in str(error) or "another-word" in str(error) or "a-third-word" in str(error):
            raise AssertionError(f"a secret is told: {error}") from error
        return
    said = repr(found)
    if "another-word" in said or "a-third-word" in said:
        raise AssertionError(said)


def _authorities(data: bytes) -> None:
    with suppress(CredentialsError):
        read_authorities(_written(data, "ca.pem"))


@cache
def certificates() -> tuple[bytes, ...]:
    """Return the certificate of an authority made for this, as PEM."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Town authority")])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), 7, _NOW, _NOW.replace(year=2030))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    return (made.public_bytes(serialization.Encoding.PEM),)


def _listed(data: bytes) -> None:
    with suppress(Failure):
        _scoping.listed(_written(data, "targets.txt"))
    line = data[:256].decode("utf-8", "replace")
    with suppress(click.UsageError, click.ClickException):
        _scoping.ports(line)


def _policy(data: bytes) -> None:
    for name in ("policy.toml", "policy.yaml"):
        with suppress(DataError):
            chosen_policy(_written(data, name), knowledge_book())


def _index(data: bytes) -> None:
    with suppress(DataError):
        found = latest.load(_written(data, "firmware.json"))
        newest = found.newest(("ds2cd2032fi", "x"))
        if newest is not None:
            latest.is_newer(newest, "5.4.0")


def _firmware(data: bytes) -> None:
    for name in ("rows.json", "rows.yaml"):
        try:
            index = latest.convert(_written(data, name), date(2026, 11, 1), "x")
        except DataError:
            continue
        else:
            latest.save(index, Path(_folder().name) / "index.json")
            if latest.load(Path(_folder().name) / "index.json") != index:
                raise AssertionError("what was kept is read otherwise")


def _advisory(data: bytes) -> None:
    with suppress(DataError):
        stated = re.search(rb"^id: ([\w-]{1,32})", data, re.MULTILINE)  # by which the file is to be called
        records.load(
            _written(data, f"{stated[1].decode('ascii', 'replace')}.yaml" if stated else "advisory.yaml")
        )


def _restriction(data: bytes) -> None:
    with suppress(DataError):
        restriction.from_node(read_node(_written(data, "restriction.yaml")))


def _rules(data: bytes) -> None:
    with suppress(RuleError), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of patterns
        path = _written(data[:_MOST_RULES], "vendor.yaml")
        load.read_vendor(path)
        load.raw_rules(path)


def _text(data: bytes) -> None:
    with suppress(UnicodeDecodeError):
        text = saved_text.decoded(data)
        if "\r" in text:
            raise AssertionError(text[:80])
    if saved_text.is_utf16(data):
        list(saved_text.utf16_lines(io.BytesIO(data)))


def _map(data: bytes) -> None:
    with suppress(MapError):
        mapping(os.fsdecode(data).splitlines())
