"""Silent, replaced, not asked: what is said of a device by the ports at which it was asked again."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from auditor.model import Device, Endpoint, Exchange, Protocol, State, Status
from auditor.run.picture import picture
from auditor.store import CONNECT, Access, Store
from tests.run.pictured import NETWORK, RESTRICTED, SITE, Hearing, told

HOST = f"{NETWORK}.7"
DAHUA = (
    b'HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Digest realm="Login to 4K0488CPAGT1F44", qop="auth",'
    b' nonce="1", opaque="2"\r\nContent-Length: 0\r\n\r\n'
)
AXIS = (
    b'HTTP/1.1 401 Unauthorized\r\nServer: Apache\r\nWWW-Authenticate: Digest realm="AXIS_ACCC8E112233",'
    b' nonce="a", algorithm=MD5, qop="auth"\r\nContent-Length: 0\r\n\r\n'
)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "a.sqlite", Access.CREATE) as opened:
        yield opened


def heard(day: int, port: int, reply: bytes) -> Exchange:
    asked = f"GET / HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode()
    at = Hearing("", day, ()).at
    return Exchange(
        f"{SITE}/{HOST}", "http_root", Protocol.HTTP, Endpoint(HOST, port), asked, reply, Status.ANSWERED, at
    )


def tried(day: int, port: int, status: Status = Status.REFUSED) -> Exchange:
    at = Hearing("", day, ()).at
    return Exchange(
        f"{SITE}/{HOST}", CONNECT, Protocol.OBSERVED, Endpoint(HOST, port), b"", b"", status, at
    )  # fmt: skip


def run(store: Store, day: int, *said: Exchange, whole: bool = False) -> dict[str, Device]:
    told(store, Hearing(f"run-{day}", day, said, whole=whole))
    return {one.identity.value("maker") or "": one for one in picture(store).devices}


def test_a_device_asked_at_another_port_alone_is_not_silent(store: Store) -> None:
    run(store, 1, heard(1, 81, DAHUA), whole=True)
    found = run(store, 2, tried(2, 554))
    assert found["dahua"].standing.state is State.NOT_ASKED
    assert found["dahua"].is_present


@pytest.mark.parametrize("status", [Status.REFUSED, Status.SILENT])
def test_a_device_is_silent_where_each_of_its_ports_was_asked_in_vain(store: Store, status: Status) -> None:
    run(store, 1, heard(1, 80, DAHUA), heard(1, 81, DAHUA), whole=True)
    assert run(store, 2, tried(2, 80, status))["dahua"].standing.state is State.NOT_ASKED
    found = run(store, 3, tried(3, 81, status))
    assert found["dahua"].standing.state is State.SILENT
    assert found["dahua"].standing.since == Hearing("", 3, ()).at


@pytest.mark.parametrize(("recorded", "state"), [(2, State.SILENT), (4, State.HEARD)])
def test_what_others_recorded_counts_as_of_its_own_moment_whenever_it_is_imported(
    store: Store, recorded: int, state: State
) -> None:
    run(store, 1, heard(1, 80, DAHUA), whole=True)
    run(store, 3, tried(3, 80, Status.SILENT), whole=True)
    captured = replace(heard(recorded, 80, DAHUA), source="pcap")
    told(store, Hearing("run-9", 9, (captured,), whole=False, source="pcap"))
    (device,) = picture(store).devices
    assert device.standing.state is state


def test_who_answers_at_another_port_is_not_in_the_place_of_a_device_whose_port_nobody_asked(
    store: Store,
) -> None:
    run(store, 1, heard(1, 81, DAHUA), whole=True)
    found = run(store, 2, heard(2, 80, AXIS))
    assert {name: one.standing.state for name, one in found.items()} == {
        "dahua": State.NOT_ASKED,
        "axis": State.HEARD,
    }
    assert sum(one.is_present and name in RESTRICTED for name, one in found.items()) == 1


def test_it_is_replaced_once_its_port_was_asked_in_vain_or_is_the_others(store: Store) -> None:
    run(store, 1, heard(1, 81, DAHUA), whole=True)
    found = run(store, 2, heard(2, 80, AXIS), tried(2, 81))
    assert found["dahua"].standing.state is State.REPLACED
    assert found["dahua"].standing.by == found["axis"].key


def test_its_port_told_by_another_device_replaces_it(store: Store) -> None:
    run(store, 1, heard(1, 81, DAHUA), whole=True)
    assert run(store, 2, heard(2, 81, AXIS))["dahua"].standing.state is State.REPLACED


def test_a_device_heard_again_at_its_port_is_the_same_though_another_answered_beside_it(store: Store) -> None:
    nameless = DAHUA.replace(b"Login to 4K0488CPAGT1F44", b"DH_00408CA5EA04")
    run(store, 1, heard(1, 81, nameless), whole=True)
    run(store, 2, heard(2, 80, AXIS))
    run(store, 3, heard(3, 81, nameless))
    assert len(picture(store).devices) == 2
    assert {one.standing.state for one in picture(store).devices} == {State.HEARD, State.NOT_ASKED}
