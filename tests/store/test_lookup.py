"""Which devices are meant: by number, and by a value they tell alike."""

from pathlib import Path

from auditor.store import Access, Store
from tests.store.test_store import a_run, keep


def test_devices_that_tell_one_value_alike_are_found_whatever_its_case(tmp_path: Path) -> None:
    with Store.open(tmp_path / "a.sqlite", Access.CREATE) as store:
        store.begin(a_run())
        keep(store, "r1", "10.0.0.5", maker="m", model="X-1", serial="SER-aaaa-1")
        keep(store, "r1", "10.0.0.6", maker="m", model="Y-2", serial="ser-AAAA-1")
        keep(store, "r1", "10.0.0.7", maker="m", model="X-1", serial="SER-BBBB-2")
        first = store.named("hall/10.0.0.5")
        assert store.keys(store.alike(first, ("serial", "mac"))) == {"hall/10.0.0.5", "hall/10.0.0.6"}
        assert store.keys(store.alike(first, ("model",))) == {"hall/10.0.0.5", "hall/10.0.0.7"}
        assert store.alike((), ("serial",)) == frozenset()
