"""Nothing outside is ever granted; exclusions win; narrowing only takes away."""

import ipaddress
import os
import random
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.model import Grant, Method, Pace
from auditor.scope import OutsideScopeError, Refusal, Scope, loopback, outside, read_text
from auditor.scope.scope import Why

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
PAPER = """\
schema_version = 1
[authorisation]
reference = "2026/117"
issued_by = "Mayor of Example"
contact = "cert@example.org"
valid_from = 2026-11-01T00:00:00Z
valid_until = 2026-12-01T00:00:00Z
"""


def scope_of(*networks: str, extra: str = "") -> Scope:
    listed = ", ".join(f'"{network}"' for network in networks)
    return read_text(f'{PAPER}\n[[site]]\nname = "a"\nnetworks = [{listed}]\n{extra}')


def test_an_address_inside_is_granted_with_site_and_end() -> None:
    grant = scope_of("192.0.2.0/24").admit("192.0.2.9", at=NOW)
    assert isinstance(grant, Grant)
    assert grant.device == "a/192.0.2.9"
    assert grant.until == datetime(2026, 12, 1, tzinfo=UTC)


def test_exclusions_win_by_address_network_and_mac() -> None:
    scope = scope_of(
        "192.0.2.0/24",
        extra="""
[[exclude]]
network = "192.0.2.64/28"
reason = "radiology"
[[exclude]]
mac = "AA-BB-CC-00-11-22"
reason = "lift"
""",
    )
    refused = scope.admit("192.0.2.70", at=NOW)
    assert isinstance(refused, Refusal)
    assert (refused.why, refused.reason) == (Why.EXCLUDED, "excluded: radiology")
    assert isinstance(scope.admit("192.0.2.9", at=NOW, mac="aa:bb:cc:00:11:22"), Refusal)
    assert isinstance(scope.admit("192.0.2.9", at=NOW, mac="aa:bb:cc:00:11:23"), Grant)
    assert scope.count(at=NOW) == 254 - 16
    assert scope.excluded_count(at=NOW) == 16


def test_an_exclusion_ends_after_its_last_day() -> None:
    scope = scope_of("192.0.2.0/24", extra='[[exclude]]\naddress="192.0.2.7"\nreason="x"\nuntil=2026-11-22\n')
    assert isinstance(scope.admit("192.0.2.7", at=NOW), Refusal)
    assert isinstance(scope.admit("192.0.2.7", at=NOW + timedelta(days=1)), Grant)
    assert scope.exclusions[0].until == date(2026, 11, 22)


@pytest.mark.parametrize(
    ("at", "why"),
    [
        (datetime(2026, 10, 31, 23, 59, tzinfo=UTC), Why.NOT_YET),
        (datetime(2026, 12, 1, tzinfo=UTC), Why.EXPIRED),
    ],
)
def test_outside_its_dates_nothing_is_granted(at: datetime, why: Why) -> None:
    refused = scope_of("192.0.2.0/24").admit("192.0.2.9", at=at)
    assert isinstance(refused, Refusal)
    assert refused.why is why


WINDOW = """
[[window]]
days = ["fri", "sat"]
from = "18:00"
until = "06:00"
time_zone = "Europe/Skopje"
"""


@pytest.mark.parametrize(
    ("at", "until"),
    [
        (datetime(2026, 11, 20, 16, 59, tzinfo=UTC), None),  # Friday 17:59 in Skopje
        (datetime(2026, 11, 20, 17, 0, tzinfo=UTC), datetime(2026, 11, 21, 5, tzinfo=UTC)),
        (datetime(2026, 11, 21, 4, 59, tzinfo=UTC), datetime(2026, 11, 21, 5, tzinfo=UTC)),
        (datetime(2026, 11, 21, 5, 0, tzinfo=UTC), None),
        (
            datetime(2026, 11, 22, 4, 0, tzinfo=UTC),
            datetime(2026, 11, 22, 5, tzinfo=UTC),
        ),  # opened on Saturday
        (datetime(2026, 11, 23, 4, 0, tzinfo=UTC), None),  # Sunday's night is not allowed
    ],
)
def test_windows_hold_in_the_time_zone_of_the_place(at: datetime, until: datetime | None) -> None:
    admitted = scope_of("192.0.2.0/24", extra=WINDOW).admit("192.0.2.9", at=at)
    if until is None:
        assert isinstance(admitted, Refusal)
        assert admitted.why is Why.WINDOW
    else:
        assert isinstance(admitted, Grant)
        assert admitted.until == until


def test_adjoining_windows_are_one() -> None:
    extra = "".join(
        f'[[window]]\nfrom="{start}"\nuntil="{end}"\ntime_zone="UTC"\ndays=["sun"]\n'
        for start, end in (("10:00", "12:30"), ("12:30", "15:00"))
    )
    grant = scope_of("192.0.2.0/24", extra=extra).admit("192.0.2.9", at=NOW)
    assert isinstance(grant, Grant)
    assert grant.until == datetime(2026, 11, 22, 15, tzinfo=UTC)


def test_the_next_opening_is_told_or_that_there_is_none() -> None:
    scope = scope_of("192.0.2.0/24", extra=WINDOW)
    assert scope.opening(datetime(2026, 11, 22, 12, tzinfo=UTC)) == datetime(2026, 11, 27, 17, tzinfo=UTC)
    assert scope.opening(datetime(2026, 11, 30, 12, tzinfo=UTC)) is None
    assert scope.opening(datetime(2026, 10, 1, tzinfo=UTC)) == datetime(2026, 11, 1, tzinfo=UTC)


def test_the_same_range_at_two_sites_is_kept_apart() -> None:
    scope = scope_of("192.0.2.0/24", extra='[[site]]\nname="b"\nnetworks=["192.0.2.0/25"]\n')
    refused = scope.admit("192.0.2.9", at=NOW)
    assert isinstance(refused, Refusal)
    assert refused.why is Why.AMBIGUOUS
    grant = scope.admit("192.0.2.9", at=NOW, site="b")
    assert isinstance(grant, Grant)
    assert grant.device == "b/192.0.2.9"
    only_a = scope.admit("192.0.2.200", at=NOW)
    assert isinstance(only_a, Grant)
    assert only_a.site == "a"


def test_narrowing_takes_away_and_never_adds() -> None:
    scope = scope_of("192.0.2.0/24")
    small = scope.narrow(targets=["192.0.2.16/28", "192.0.2.99"], exclude=["192.0.2.17"])
    assert small.count(at=NOW) == 16
    assert isinstance(small.admit("192.0.2.1", at=NOW), Refusal)
    assert isinstance(small.admit("192.0.2.17", at=NOW), Refusal)
    assert small.digest != scope.digest
    for target in ("192.0.3.1", "192.0.0.0/16", "0.0.0.0/0", "::/0"):
        with pytest.raises(OutsideScopeError, match="not granted"):
            scope.narrow(targets=[target])
    with pytest.raises(OutsideScopeError, match="does not allow snmp"):
        scope.narrow(methods=frozenset({Method.SNMP}))
    with pytest.raises(OutsideScopeError, match="no site"):
        scope.narrow(site="c")
    fast = scope.narrow(pace=Pace(10**6, 10**6, 10**6, 10**6, 10**6))
    assert fast.pace == scope.pace
    assert scope.narrow(pace=replace(scope.pace, packets_per_second=5)).pace.packets_per_second == 5


def test_a_large_ipv6_network_is_not_walked_but_said() -> None:
    scope = scope_of("2001:db8::/64", "192.0.2.1")
    assert scope.count(at=NOW) == 1
    assert [grant.address for grant in scope.grants(at=NOW)] == ["192.0.2.1"]
    assert scope.too_large(at=NOW) == ("2001:db8::/64",)
    assert isinstance(scope.admit("2001:db8::77", at=NOW), Grant)


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0",
        "255.255.255.255",
        "224.0.0.1",
        "ff02::1",
        "::",
        "127.0.0.1",
        "fe80::1%eth0",
        "192.0.2.9.",
        "0300.0.2.9",
        "",
        "3221225993",
    ],
)
def test_odd_forms_and_addresses_no_host_has_are_refused(address: str) -> None:
    scope = scope_of(
        "0.0.0.0/1", "128.0.0.0/1", "::/0", extra='[[exclude]]\nnetwork="127.0.0.0/8"\nreason="x"\n'
    )
    assert isinstance(scope.admit(address, at=NOW), Refusal)


def test_a_mapped_address_counts_as_the_address_it_reaches() -> None:
    grant = scope_of("192.0.2.0/24").admit("::ffff:192.0.2.9", at=NOW)
    assert isinstance(grant, Grant)
    assert grant.address == "192.0.2.9"
    assert isinstance(scope_of("::/0").admit("::ffff:192.0.2.9", at=NOW), Refusal)


def test_loopback_is_the_only_scope_without_a_paper() -> None:
    scope = loopback()
    assert isinstance(scope.admit("127.77.0.9", at=NOW), Grant)
    assert isinstance(scope.admit("::1", at=NOW), Grant)
    assert outside(["127.0.0.1", "192.0.2.1", "::2"], scope, at=NOW) == ("192.0.2.1", "::2")


def _random_network(rng: random.Random, base: int) -> tuple[str, list[tuple[int, int]]]:
    """Return a scope text for a network and, worked out independently, the numbers it covers (edges kept)."""
    form = rng.randrange(3)
    if form == 0:
        bits = rng.randrange(22, 33)
        network = ipaddress.ip_network((base + rng.randrange(1 << 16), bits), strict=False)
        first, last = int(network[0]), int(network[-1])
        covered = (first + 1, last - 1) if bits < 31 else (first, last)
        return str(network), [covered]
    first = base + rng.randrange(1 << 16)
    last = first + rng.randrange(300) if form == 1 else first
    low, high = ipaddress.IPv4Address(first), ipaddress.IPv4Address(last)
    return (f"{low}-{high}" if form == 1 else str(low)), [(first, last)]


def test_over_100000_scopes_and_targets_nothing_outside_is_granted() -> None:
    """An independent oracle (plain integers) says what is inside; more rounds with AUDITOR_SCOPE_EXAMPLES."""
    rng = random.Random(20261122)
    pairs = int(os.environ.get("AUDITOR_SCOPE_EXAMPLES", "100000"))
    checked = granted = 0
    while checked < pairs:
        base = rng.choice([0x0A000000, 0xC0A80000, 0xC6336400, 0x7F000000])
        networks = [_random_network(rng, base) for _ in range(rng.randrange(4))]
        holes = [_random_network(rng, base) for _ in range(rng.randrange(3))]
        extra = "".join(
            f'[[exclude]]\nnetwork = "{text}"\nreason = "x"\n'
            for text, _ in holes
            if "/" in text or "-" in text
        )
        hole_numbers = [ipaddress.ip_network(text) for text, _ in holes if "/" in text]
        hole_spans = [(int(net[0]), int(net[-1])) for net in hole_numbers] + [
            span for text, spans in holes if "-" in text for span in spans
        ]
        scope = scope_of(*(text for text, _ in networks), extra=extra)
        inside = [span for _, spans in networks for span in spans]
        borders = [
            edge + step for low, high in inside + hole_spans for edge in (low, high) for step in (-1, 0, 1)
        ]
        for number in [*borders, *(base + rng.randrange(1 << 16) for _ in range(40)), rng.randrange(1 << 32)]:
            if not 0 <= number < 1 << 32:
                continue
            expected = any(low <= number <= high for low, high in inside) and not any(
                low <= number <= high for low, high in hole_spans
            )
            admitted = scope.admit(str(ipaddress.IPv4Address(number)), at=NOW)
            assert isinstance(admitted, Grant) is expected, (networks, holes, number)
            checked += 1
            granted += expected
    assert granted > pairs // 20


@given(st.text(max_size=60))
def test_any_text_is_granted_or_refused_and_never_raises(text: str) -> None:
    admitted = scope_of("192.0.2.0/24").admit(text, at=NOW)
    if isinstance(admitted, Grant):
        assert ipaddress.ip_address(admitted.address) in ipaddress.ip_network("192.0.2.0/24")


@given(
    st.lists(st.tuples(st.integers(0, 2**32 - 1), st.integers(20, 32)), max_size=3),
    st.lists(st.tuples(st.integers(0, 2**32 - 1), st.integers(20, 32)), max_size=3),
)
def test_walking_a_scope_gives_exactly_what_admitting_says(
    networks: list[tuple[int, int]], holes: list[tuple[int, int]]
) -> None:
    def text(pair: tuple[int, int]) -> str:
        return str(ipaddress.ip_network(pair, strict=False))

    extra = "".join(f'[[exclude]]\nnetwork="{text(hole)}"\nreason="x"\n' for hole in holes)
    scope = scope_of(*map(text, networks), extra=extra)
    walked = [grant.address for grant in scope.grants(at=NOW)]
    assert len(walked) == len(set(walked)) == scope.count(at=NOW)
    assert not outside(walked, scope, at=NOW)
