"""A router that answers for a network is one device met at each of its addresses: time grows with these, and no faster."""

import time
from dataclasses import replace

from auditor.model import Marks
from auditor.store.tenancy import Meeting, Tenancy

ROUTER = Marks(mac="0200deadbeef", maker="acme", traits=frozenset({"http.title=index"}))


def meetings(count: int) -> list[Meeting]:
    at = "2026-03-01T10:00:00+00:00"
    places = [f"10.0.{number // 256}.{number % 256}" for number in range(count)]
    return [Meeting("r1", at, "s", place, "", at, "nmap", ROUTER, f"s/{place}") for place in places]


def test_one_device_met_at_very_many_places_takes_time_by_their_number() -> None:
    def seconds(count: int) -> float:
        given = meetings(count)
        started = time.process_time()
        assert len(list(Tenancy(given))) == 1
        return time.process_time() - started

    assert any(seconds(2000) < max(0.05, 9 * seconds(500)) for _ in range(3))


def test_a_meeting_said_again_is_not_counted_twice() -> None:
    tenancy = Tenancy(meetings(3))
    (again, *_) = meetings(3)
    other = replace(again, marks=Marks(mac="0200deadbeef", maker="other"))
    tenancy.take(other)
    tenancy.take(again)
    (tenant,) = [one for one in tenancy if len(one.met["r1"].shown) > 1]
    marks, kinds = tenant.met["r1"].elsewhere(again)
    assert marks == [ROUTER]
    assert kinds == [("s", False)]


def test_a_number_that_a_whole_series_bears_costs_no_more_for_each_device() -> None:
    def seconds(count: int) -> float:
        series = [
            replace(one, marks=Marks(serial="SERIES00001", mac=f"{number:012x}"))
            for number, one in enumerate(meetings(count))
        ]
        started = time.process_time()
        assert len(list(Tenancy(series))) == count
        return time.process_time() - started

    assert any(seconds(1200) < max(0.05, 9 * seconds(300)) for _ in range(3))


def test_a_device_of_such_a_series_stays_one_from_run_to_run() -> None:
    first = [
        replace(one, marks=Marks(serial="SERIES00001", mac=f"{number:012x}"))
        for number, one in enumerate(meetings(100))
    ]
    later = "2026-04-01T10:00:00+00:00"
    tenancy = Tenancy([*first, *(replace(one, run="r2", started=later, at=later) for one in first)])
    assert len(list(tenancy)) == 100
    moved = replace(
        first[7], run="r3", started="2026-05-01", at="2026-05-01", address="10.9.9.9", subject="s/10.9.9.9"
    )
    assert tenancy.take(moved) == tenancy.assigned[first[7].name]
