"""What of one address is whose, and what a run saves of it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from auditor.knowledge import plan
from auditor.model import Endpoint, Exchange, Protocol, Run, Status
from auditor.run.again import known_from
from auditor.run.behind import heard_last, own_exchanges, parted
from auditor.run.imports import Importer, unscoped
from auditor.run.picture import picture
from auditor.store import Access, Store

NOON = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)
AXIS = b'HTTP/1.1 401 X\r\nServer: Apache\r\nWWW-Authenticate: Digest realm="AXIS_ACCC8E112233", nonce="a"\r\n\r\n'
OTHER = AXIS.replace(b"112233", b"445566")
DAHUA = b'HTTP/1.1 401 X\r\nWWW-Authenticate: Digest realm="Login to 4K0488CPAGT1F44", nonce="1"\r\n\r\n'


def reply(port: int, said: bytes, minutes: int = 0, address: str = "192.0.2.9") -> Exchange:
    return Exchange(
        device=address,
        probe="http_root",
        protocol=Protocol.HTTP,
        endpoint=Endpoint(address, port),
        request=b"GET / HTTP/1.1\r\n\r\n",
        reply=said,
        status=Status.ANSWERED if said else Status.SILENT,
        at=NOON + timedelta(minutes=minutes),
    )


def imported(path: Path, *exchanges: Exchange) -> tuple[Store, Run]:
    store = Store.open(path / "a.sqlite", Access.CREATE)
    importer = Importer(store, unscoped("hall"), lambda: NOON)
    importer.take_all(exchanges)
    return store, importer.finish()


def test_each_part_has_its_own_ports_moment_and_exchanges() -> None:
    said = (reply(80, AXIS), reply(81, DAHUA, minutes=5), reply(82, b"", minutes=9))
    known = known_from("hall/192.0.2.9", said)
    (first, ports), (second, others) = parted(known, (("tcp", 80), ("tcp", 81), ("tcp", 9000)))
    assert (ports, others) == ((("tcp", 80), ("tcp", 9000)), (("tcp", 81),))
    assert heard_last(second, said, NOON) == NOON + timedelta(minutes=5)
    assert own_exchanges(known, second) == frozenset({said[1].id})
    assert own_exchanges(known, first) == frozenset({said[0].id, said[2].id})


def test_an_only_device_has_all_ports_and_all_exchanges() -> None:
    known = known_from("hall/192.0.2.9", (reply(80, AXIS),))
    ((part, ports),) = parted(known, (("tcp", 80), ("tcp", 554)))
    assert ports == (("tcp", 80), ("tcp", 554))
    assert own_exchanges(known, part) is None


def test_imported_evidence_of_a_port_forward_becomes_a_device_for_each_port(tmp_path: Path) -> None:
    store, run = imported(tmp_path, reply(80, AXIS), reply(81, DAHUA), reply(80, OTHER, address="192.0.2.10"))
    with store:
        found = {device.address: device for device in store.devices(run.id)}
    assert {place: device.identity.value("maker") for place, device in found.items()} == {
        "192.0.2.9:80": "axis",
        "192.0.2.9:81": "dahua",
        "192.0.2.10": "axis",
    }
    assert found["192.0.2.9:81"].behind == "192.0.2.9"
    assert found["192.0.2.10"].behind == ""
    assert [one.endpoint.port for one in found["192.0.2.9:81"].exchanges] == [81]


def test_an_ipv6_address_stands_in_brackets_before_its_port(tmp_path: Path) -> None:
    store, run = imported(
        tmp_path, reply(80, AXIS, address="2001:db8::9"), reply(81, DAHUA, address="2001:db8::9")
    )
    with store:
        assert [device.address for device in store.devices(run.id)] == [
            "[2001:db8::9]:80",
            "[2001:db8::9]:81",
        ]


def information(serial: str, last: int) -> Exchange:
    """Return what a camera of another model at each address tells of itself by ONVIF."""
    body = (
        '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body>'
        '<t:GetDeviceInformationResponse xmlns:t="http://www.onvif.org/ver10/device/wsdl">'
        f"<t:Manufacturer>ACME</t:Manufacturer><t:Model>TS-{last}</t:Model><t:FirmwareVersion>1.2</t:FirmwareVersion>"
        f"<t:SerialNumber>{serial}</t:SerialNumber></t:GetDeviceInformationResponse></s:Body></s:Envelope>"
    )
    said = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()
    return replace(reply(80, said, address=f"192.0.2.{last}"), protocol=Protocol.ONVIF, id="")


def test_the_picture_says_which_addresses_tell_one_serial_number(tmp_path: Path) -> None:
    alike = [information("0123456789", last) for last in (9, 10)]
    store, _ = imported(tmp_path, *alike, information("4A0132APAG00001", 11))
    with store:
        known = picture(store)
    said = {
        device.address: [one.reason for one in device.findings if one.id == "shared-serial"]
        for device in known.devices
    }
    words = "192.0.2.9 and 192.0.2.10 tell the same serial number, so it does not tell them apart."
    assert said == {"192.0.2.9": [words], "192.0.2.10": [words], "192.0.2.11": []}


def test_a_device_behind_an_address_is_found_by_it_and_checked_at_it(tmp_path: Path) -> None:
    store, _ = imported(tmp_path, reply(80, AXIS), reply(81, DAHUA))
    with store:
        assert len(store.named("192.0.2.9")) == 2
        orders = plan(picture(store).devices, scope="scope.toml")
    assert orders
    assert {order.check for order in orders} == {"auditor scan --scope scope.toml 192.0.2.9"}
