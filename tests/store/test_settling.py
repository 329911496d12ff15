"""The tables in step with who is who, whatever order runs arrive in."""

from datetime import timedelta
from pathlib import Path

from auditor.store import Access, Store
from auditor.store.settling import Settling
from tests.store.test_store import NOON, a_run, keep


def filled(path: Path, order: list[int]) -> Store:
    """Store three runs in this order: a device, another in its place, and the first at another address."""
    store = Store.open(path, Access.CREATE)
    told = {
        1: ("10.0.0.5", {"serial": "SER-AAAA-1", "maker": "m"}),
        2: ("10.0.0.5", {"serial": "SER-BBBB-2", "maker": "n"}),
        3: ("10.0.0.9", {"serial": "SER-AAAA-1", "maker": "m"}),
    }
    for number in order:
        at = NOON + timedelta(days=number)
        store.begin(a_run(f"r{number}", at))
        address, claims = told[number]
        keep(store, f"r{number}", address, at, **claims)
        store.settle()
    return store


def test_devices_and_what_is_filed_under_them_do_not_depend_on_the_order_of_arrival(tmp_path: Path) -> None:
    seen = []
    for name, order in (("a", [1, 2, 3]), ("b", [3, 2, 1]), ("c", [2, 3, 1])):
        with filled(tmp_path / name, order) as store:
            seen.append(
                {
                    one.key: (one.address, one.addresses, one.first_seen, one.last_seen, len(one.exchanges))
                    for one in store.devices()
                }
            )
    assert seen[0] == seen[1] == seen[2]
    assert set(seen[0]) == {"hall/10.0.0.5", "hall/10.0.0.5#2"}
    assert seen[0]["hall/10.0.0.5"][0] == "10.0.0.9"


def test_settling_again_changes_nothing(tmp_path: Path) -> None:
    with filled(tmp_path / "a", [1, 2, 3]) as store:
        tables = ("device", "met", "exchange", "claim", "concluded")
        before = [[tuple(row) for row in store.db.conn.execute(f"SELECT * FROM {one}")] for one in tables]
        store.settle()
        after = [[tuple(row) for row in store.db.conn.execute(f"SELECT * FROM {one}")] for one in tables]
    assert before == after


def test_a_place_says_who_was_met_there_last(tmp_path: Path) -> None:
    with filled(tmp_path / "a", [1, 2, 3]) as store:
        settling = Settling(store.db.conn)
        number = settling.tenant_at("hall", "10.0.0.5")
        (held,) = store.held(numbers=(number or 0,))
        assert held.device.key == "hall/10.0.0.5#2"
        assert settling.tenant_at("hall", "10.0.0.77") is None
