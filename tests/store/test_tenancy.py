"""Who is one device: from meetings alone, whatever order they arrive in."""

from itertools import permutations

import pytest

from auditor.model import Marks
from auditor.store.tenancy import Meeting, Tenancy

HIK = Marks(serial="DS-2CD2032F-I20150302CCWR498117063", mac="c42f9017a31a", maker="hikvision", model="DS-2CD2032F-I",
            traits=frozenset({"maker=hikvision", "model=ds-2cd2032f-i", "http.title=web"}))  # fmt: skip
NOTHING = Marks()
GENERIC = Marks(traits=frozenset({"http.title=login", "http.server=mini"}))


def met(
    run: int, place: str, marks: Marks, *, site: str = "hall", source: str = "live", day: int | None = None
) -> Meeting:
    at = f"2026-0{day or run}-01T12:00:00+00:00"
    address, _, part = place.partition("/")
    return Meeting(
        f"r{run}",
        f"2026-0{run}-01T11:00:00+00:00",
        site,
        address,
        part,
        at,
        source,
        marks,
        f"{site}/{address}",
    )


def keys(*meetings: Meeting) -> list[str]:
    tenancy = Tenancy(meetings)
    return [tenancy.assigned[one.name] for one in meetings]


def test_a_device_that_moved_is_known_by_its_serial_number_even_at_another_site() -> None:
    first, second = keys(met(1, "10.0.0.5", HIK), met(2, "10.9.0.7", HIK, site="school"))
    assert first == second == "hall/10.0.0.5"


def test_a_new_device_without_any_mark_is_not_the_one_whose_address_it_has() -> None:
    assert keys(met(1, "10.0.0.5", HIK), met(2, "10.0.0.5", GENERIC)) == ["hall/10.0.0.5", "hall/10.0.0.5#2"]


def test_a_device_that_contradicts_the_maker_is_another_even_where_it_shares_a_page() -> None:
    other = Marks(maker="axis", traits=HIK.traits)
    assert keys(met(1, "10.0.0.5", HIK), met(2, "10.0.0.5", other))[1] == "hall/10.0.0.5#2"


def test_what_says_nothing_is_taken_for_whoever_lives_there() -> None:
    assert keys(met(1, "10.0.0.5", HIK), met(2, "10.0.0.5", NOTHING))[1] == "hall/10.0.0.5"


def test_a_source_that_asked_other_things_is_not_taken_for_another_device() -> None:
    ports = Marks(traits=frozenset({"ssh.host_key=ab"}))
    assert keys(met(1, "10.0.0.5", HIK), met(2, "10.0.0.5", ports, source="nmap"))[1] == "hall/10.0.0.5"


def test_the_former_tenant_is_found_again_when_it_comes_back() -> None:
    found = keys(met(1, "10.0.0.5", HIK), met(2, "10.0.0.5", GENERIC), met(3, "10.0.0.5", HIK))
    assert found == ["hall/10.0.0.5", "hall/10.0.0.5#2", "hall/10.0.0.5"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Marks(serial="S-12345678", model="A-100"), Marks(serial="S-12345678", model="B-200")),
        (Marks(serial="S-12345678", maker="m"), Marks(serial="S-12345678", maker="n")),
        (Marks(mac="001b21000001", serial="S-12345678"), Marks(mac="001b21000001", serial="S-87654321")),
        (Marks(serial="S-12345678", mac="001b21000001"), Marks(serial="S-12345678", mac="001b21000002")),
        (Marks(endpoint="urn:uuid:1"), Marks(endpoint="urn:uuid:1")),
    ],
)
def test_a_mark_told_at_several_addresses_of_one_run_binds_only_where_nothing_contradicts(
    one: Marks, other: Marks
) -> None:
    assert len(set(keys(met(1, "10.0.0.5", one), met(1, "10.0.0.6", other)))) == 2


def test_one_device_may_have_an_address_of_each_family() -> None:
    two = (Marks(serial="S-12345678", mac="001b21000001"), Marks(serial="S-12345678", mac="001b21000002"))
    assert len(set(keys(met(1, "10.0.0.5", two[0]), met(1, "fd00::5", two[1])))) == 1


def test_one_serial_number_at_two_sites_in_one_run_is_two_devices() -> None:
    assert len(set(keys(met(1, "10.0.0.5", HIK), met(1, "10.0.0.5", HIK, site="school")))) == 2


def test_several_devices_behind_one_address_keep_their_places() -> None:
    parts = [
        met(1, "10.0.0.5/:80", HIK),
        met(1, "10.0.0.5/:81", Marks(maker="dahua", traits=frozenset({"maker=dahua"}))),
    ]
    assert keys(*parts) == ["hall/10.0.0.5:80", "hall/10.0.0.5:81"]
    assert keys(*parts, met(2, "10.0.0.5/:80", HIK))[2] == "hall/10.0.0.5:80"


def test_who_is_who_does_not_depend_on_the_order_of_arrival() -> None:
    given = [
        met(1, "10.0.0.5", HIK),
        met(2, "10.0.0.5", GENERIC),
        met(3, "10.0.0.8", HIK),
        met(4, "10.0.0.5", NOTHING, source="nmap", day=1),
    ]
    wanted = dict(zip((one.name for one in given), keys(*given), strict=True))
    for order in permutations(given):
        assert Tenancy(order).assigned == wanted


def test_a_meeting_taken_again_with_more_known_moves_to_the_device_it_is() -> None:
    tenancy = Tenancy([met(1, "10.0.0.5", HIK)])
    assert tenancy.take(met(2, "10.0.0.9", NOTHING)) == "hall/10.0.0.9"
    assert tenancy.take(met(2, "10.0.0.9", HIK)) == "hall/10.0.0.5"
