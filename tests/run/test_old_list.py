"""A list made before the audit and imported after it: it outranks nothing that answered since, whatever it names."""

from pathlib import Path

import pytest

from auditor.cli import run as command
from auditor.model import Endpoint, Exchange, Protocol, State, Status
from auditor.model.changes import What
from auditor.run.audits import as_of_run, between, looked
from auditor.run.picture import picture
from auditor.run.work import work
from auditor.store import Access, Store
from tests.run.pictured import NETWORK, SITE, TODAY, Hearing, told

HERE, ELSEWHERE = f"{NETWORK}.5", f"{NETWORK}.9"
INFO = (
    b"<DeviceInfo><model>DS-2CD2142FWD-I</model><serialNumber>DS-2CD2142FWD-I20160714AAWR620117483</serialNumber>"
    b"<firmwareVersion>V5.4.0</firmwareVersion><firmwareReleasedDate>build 160530</firmwareReleasedDate>"
    b"<deviceType>IPCamera</deviceType></DeviceInfo>"
)
REPLY = b"HTTP/1.1 200 OK\r\nContent-Type: application/xml\r\nContent-Length: %d\r\n\r\n" % len(INFO) + INFO
ROWS = f"""IP,Maker,Model,Firmware,Serial
{HERE},dahua,IPC-HFW5442T-ASE,2.800.0000000.6.R,5M0361BPAG7C2E1
{ELSEWHERE},dahua,IPC-HFW5442T-ASE,2.800.0000000.6.R,5M0361BPAG7C2E2
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return a database: a Hikvision camera answered in September, then came a list of January that names others."""
    path = tmp_path / "a.sqlite"
    asked = f"GET /ISAPI/System/deviceInfo HTTP/1.1\r\nHost: {HERE}\r\n\r\n".encode()
    hearing = Hearing("audit", 1, ())
    said = Exchange(
        f"{SITE}/{HERE}", "isapi", Protocol.HTTP, Endpoint(HERE, 80), asked, REPLY, Status.ANSWERED, hearing.at
    )  # fmt: skip
    with Store.open(path, Access.CREATE) as store:
        told(store, hearing.and_then([said]))
    register = tmp_path / "register.csv"
    register.write_text(ROWS)
    given = [
        "import", "csv", "--map", "address=IP,maker=Maker,model=Model,firmware=Firmware,serial=Serial",
        "--no-scope", "--site", SITE, "--at", "2026-01-05", "--db", str(path), "--policy", "us-federal", str(register),
    ]  # fmt: skip
    assert command(given) == 0
    return path


def test_who_answered_since_is_there_under_its_key_and_who_the_list_names_there_is_replaced(
    path: Path,
) -> None:
    with Store.open(path, Access.READ) as store:
        found = {one.key: one for one in picture(store).devices}
        orders = work(store, picture(store))
    assert found[f"{SITE}/{HERE}"].identity.value("maker") == "hikvision"
    assert found[f"{SITE}/{HERE}"].standing.state is State.HEARD
    gone = found[f"{SITE}/{HERE}#2"]
    assert (gone.standing.state, gone.standing.by) == (State.REPLACED, f"{SITE}/{HERE}")
    assert found[f"{SITE}/{ELSEWHERE}"].standing.state is State.NOT_ASKED
    assert not any(gone.key in order.devices for order in orders)
    assert any(gone.key in order.unheard for order in orders)


def test_compare_finds_nothing_new_in_it_and_nobody_asked_again(path: Path) -> None:
    with Store.open(path, Access.READ) as store:
        before, after = (as_of_run(store, run) for run in store.runs())
        ports = looked(store, before, store, after)
        changes = between(before, after, looked=ports, today=TODAY, same_store=True)
    assert changes.asked == 0
    assert not changes.of(What.NEW, What.FINDING_NEW, What.FINDING_CLOSED, What.SILENT, What.REPLACED)
    assert changes.count(What.LEARNT) == 2
    assert changes.count(What.FINDING_LEFT) > 0
    assert changes.count(What.FINDING_UNASKED) > 0
