"""The picture: what is known of the network as of a moment (a stand-in until the real one is merged)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime

from auditor.model import Device, Run, Standing, State, Status
from auditor.run.judge import Basis, basis_of
from auditor.store import Store, StoreError

_HEARD = frozenset({Status.ANSWERED, Status.GARBLED})


@dataclass(frozen=True, slots=True)
class Picture:
    """What is known of the network as of a moment."""

    run: Run
    runs: tuple[Run, ...]
    devices: tuple[Device, ...]
    audited: Mapping[str, datetime | None]
    basis: Basis | None


def picture(
    store: Store,
    *,
    run: str | None = None,
    as_of: datetime | None = None,
    with_bytes: bool = False,
    policy: str | None = None,
    today: date | None = None,
) -> Picture:
    """Return the picture of all runs, of one, or of those up to a moment."""
    del policy, today
    runs = tuple(
        one for one in store.runs() if (run in {None, one.id}) and (as_of is None or one.started <= as_of)
    )
    if not runs:
        raise StoreError(f"{store.path}: has no run yet; `auditor runs --db {store.path}` lists them")
    found: dict[str, Device] = {}
    heard_in: dict[str, Run] = {}
    for one in runs:
        for device in store.devices(one.id, with_bytes=with_bytes):
            found[device.key] = _then(device)
            heard_in[device.key] = one
    audited = _audited(runs)
    newest = {(d.site, d.address): k for k, d in found.items()}
    devices = []
    for key, device in found.items():
        standing = _standing(device, heard_in[key], audited.get(device.site), newest)
        devices.append(replace(device, standing=standing))
    devices.sort(key=lambda one: (one.site, one.address))
    basis = next((b for r in reversed(runs) if (b := basis_of(store, r.id))), None)
    return Picture(runs[-1], runs, tuple(devices), audited, basis)


def _then(device: Device) -> Device:
    said = [one for one in device.exchanges if one.status in _HEARD]
    if not said:
        return device
    last = max(said, key=lambda one: str(one.at))
    ports = {("udp" if e.endpoint.transport == "udp" else "tcp", e.endpoint.port) for e in said}
    return replace(device, address=last.endpoint.address, last_seen=last.at, ports=tuple(sorted(ports)))


def _audited(runs: tuple[Run, ...]) -> dict[str, datetime | None]:
    most: dict[str, int] = {}
    when: dict[str, datetime | None] = {}
    for run in runs:
        for site in run.sites:
            granted = run.coverage.granted if run.coverage else 0
            whole = run.complete and granted and granted >= most.get(site, 0)
            most[site] = max(most.get(site, 0), granted)
            when[site] = run.started if whole else when.get(site)
    return when


def _standing(
    device: Device, heard: Run, audited: datetime | None, newest: Mapping[tuple[str, str], str]
) -> Standing:
    there = newest[device.site, device.address]
    if there != device.key:
        return Standing(State.REPLACED, audited, there)
    if audited and heard.started < audited:
        return Standing(State.SILENT, audited)
    return Standing(State.HEARD, device.last_seen)
