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
