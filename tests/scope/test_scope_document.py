"""scope.toml is read strictly: each mistake is named with its line and its remedy."""

from datetime import UTC, datetime, time
from pathlib import Path

import pytest

from auditor.model import Grant, Method
from auditor.scope import Refusal, ScopeError, read, read_text

PAPER = """\
schema_version = 1
[authorisation]
reference = "2026/117"
issued_by = "Mayor of Example"
contact = "cert@example.org"
valid_from = 2026-11-01T00:00:00Z
valid_until = 2026-12-01T00:00:00Z
"""
SITE = """
[[site]]
name = "town-hall"
owner = "IT office"
networks = ["192.0.2.0/24", "198.51.100.10-198.51.100.12", "198.51.100.20-22", "2001:db8::5"]
interfaces = ["eth0"]
"""
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def test_a_full_scope_reads_into_values() -> None:
    scope = read_text(
        PAPER
        + SITE
        + """
[[exclude]]
address = "192.0.2.7"
reason = "alarm receiver"
[[exclude]]
mac = "AA-BB-CC-00-11-22"
reason = "lift telephone"
until = 2026-11-30
[[window]]
days = ["mon", "Tuesday"]
from = 18:00:00
until = "06:00"
time_zone = "Europe/Skopje"
[pace]
packets_per_second = 100
[methods]
allow = ["tcp-sweep", "http"]
[retention]
days = 90
"""
    )
    assert scope.authorisation.reference == "2026/117"
    assert scope.sites[0].networks.count() == 254 + 3 + 3 + 1
    assert scope.pace.packets_per_second == 100
    assert scope.pace.requests_per_second_host == 2
    assert scope.methods == {Method.TCP_SWEEP, Method.HTTP}
    assert scope.retention_days == 90
    assert scope.windows[0].days == {0, 1}
    assert scope.windows[0].end == time(6)
    assert len(scope.digest) == 64


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("schema_version = 2\n", 1, "schema_version must be 1"),
        (PAPER.replace("reference", "referense"), 3, "did you mean 'reference'?"),
        (PAPER + SITE.replace("networks", "network"), 12, "did you mean 'networks'?"),
        (PAPER + "[[sites]]\nname = 'x'\n", 8, "did you mean 'site'?"),
        (PAPER.replace('"2026/117"', '""'), 3, "reference is missing"),
        (PAPER.replace("2026-11-01T00:00:00Z", "2026-11-01"), 6, "moment with time zone"),
        (PAPER.replace("2026-12-01", "2026-10-01"), 7, "not after valid_from"),
        (PAPER + SITE.replace("192.0.2.0/24", "192.0.2.1/24"), 12, "did you mean 192.0.2.0/24"),
        (PAPER + SITE.replace("192.0.2.0/24", "192.0.2"), 12, "not an address"),
        (PAPER + SITE.replace("192.0.2.0/24", "camera.example.org"), 12, "not an address"),
        (PAPER + SITE.replace("192.0.2.0/24", "010.0.0.1"), 12, "not an address"),
        (PAPER + SITE.replace("20-22", "22-20"), 12, "ends before it begins"),
        (PAPER + SITE + SITE, 16, "stands twice"),
        (PAPER + SITE + "[[exclude]]\nreason = 'x'\n", 14, "exactly one of"),
        (PAPER + SITE + "[[exclude]]\naddress = '192.0.2.7'\n", 14, "reason is missing"),
        (PAPER + SITE + "[[exclude]]\nmac='aa:bb'\nreason='x'\n", 15, "twelve hexadecimal"),
        (PAPER + SITE + "[[exclude]]\naddress='192.0.2.7'\nreason='x'\nuntil='soon'\n", 17, "must be a date"),
        (PAPER + SITE + "[[exclude]]\naddress='192.0.2.7'\nreason='x'\nsite='x'\n", 17, "no site 'x'"),
        (PAPER + "[[window]]\nfrom='1'\nuntil='06:00'\ntime_zone='Europe/Skopje'\n", 9, "time of day"),
        (
            PAPER + "[[window]]\nfrom='18:00'\nuntil='06:00'\ntime_zone='Skopje/Europe'\n",
            11,
            "not a time zone",
        ),
        (
            PAPER + "[[window]]\ndays=['someday']\nfrom='18:00'\nuntil='06:00'\ntime_zone='UTC'\n",
            9,
            "not a day",
        ),
        (PAPER + "[pace]\npackets_per_second = -1\n", 9, "above 0"),
        (PAPER + "[pace]\npackets_per_second = true\n", 9, "above 0"),
        (PAPER + "[pace]\npackets_per_second = 1e-320\n", 9, "above 0"),
        (PAPER + f"[pace]\npackets_per_second = 1{'0' * 400}\n", 9, "at most 1000000000"),
        (PAPER + "[pace]\npackets_per_secnd = 1\n", 9, "did you mean 'packets_per_second'?"),
        (PAPER + "[methods]\nallow = ['tcp-swep']\n", 9, "did you mean 'tcp-sweep'?"),
        (PAPER + "[retention]\ndays = 0\n", 9, "at least 1"),
        (PAPER + f"[retention]\ndays = {'9' * 40}\n", 9, "at most 36500"),
        (PAPER + f"[retention]\ndays = 0x{'f' * 9000}\n", 9, "a number of thousands of digits"),
        (PAPER.replace("2026-12-01T00:00:00Z", "9999-12-31T23:00:00-14:00"), 7, "after all calendars"),
        (
            PAPER + "[[window]]\ndays=['mon']\nfrom='18:00+01:00'\nuntil='06:00'\ntime_zone='UTC'\n",
            10,
            "without a zone",
        ),
        (PAPER + "[site]\nname='x'\n", 8, "two brackets"),
        ("schema_version = = 1", 1, "not valid TOML"),
    ],
)
def test_each_mistake_is_named_with_its_line(text: str, line: int, says: str) -> None:
    with pytest.raises(ScopeError) as caught:
        read_text(text, "scope.toml")
    message = str(caught.value)
    assert message.startswith(f"scope.toml:{line}: "), message
    assert says in message


@pytest.mark.parametrize("value", ["9" * 5000, "[" * 5000, "{a=" * 5000])
def test_what_no_reader_can_hold_is_not_valid_toml(value: str) -> None:
    with pytest.raises(ScopeError, match="not valid TOML"):
        read_text(f"{PAPER}x = {value}", "scope.toml")


def test_a_missing_or_unreadable_file_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ScopeError, match="auditor init"):
        read(tmp_path / "scope.toml")
    binary = tmp_path / "binary.toml"
    binary.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ScopeError, match="cannot be read"):
        read(binary)


def test_a_scope_without_sites_grants_nothing() -> None:
    scope = read_text(PAPER)
    assert scope.count(at=NOW) == 0
    assert list(scope.grants(at=NOW)) == []
    assert isinstance(scope.admit("192.0.2.1", at=NOW), Refusal)


def test_network_and_broadcast_address_of_a_network_are_not_hosts() -> None:
    scope = read_text(PAPER + SITE)
    assert isinstance(scope.admit("192.0.2.0", at=NOW), Refusal)
    assert isinstance(scope.admit("192.0.2.255", at=NOW), Refusal)
    assert isinstance(scope.admit("192.0.2.1", at=NOW), Grant)
