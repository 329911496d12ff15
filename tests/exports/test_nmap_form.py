"""What we write in nmap's form is read by nmap's readers, and by our own reader of nmap files."""

import io
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import nmap
import pytest

from auditor import probes
from auditor.exports import exports
from auditor.intake import kinds
from tests.reporting import town

DTD = Path("/usr/share/nmap/nmap.dtd")
SMALL = town.devices(12)


def written(**wish: object) -> bytes:
    out = io.BytesIO()
    exports()["nmap"].write(town.run(), SMALL, out, context=town.context(SMALL))
    return out.getvalue()


def test_python_nmap_reads_every_device_with_its_ports() -> None:
    scanner = nmap.PortScanner.__new__(nmap.PortScanner)  # reading needs no nmap
    told = scanner.analyse_nmap_xml_scan(written().decode())
    assert set(told["scan"]) == {one.address for one in SMALL if one.granted}
    device = next(one for one in SMALL if one.granted and any(kind != "udp" for kind, _ in one.ports))
    ports = told["scan"][device.address]["tcp"]
    assert set(ports) == {number for kind, number in device.ports if kind != "udp"}
    product = next(iter(ports.values()))["product"]
    assert product.startswith(device.identity.value("maker") or "")


def test_our_own_reader_reads_it_back(tmp_path: Path) -> None:
    path = tmp_path / "x.xml"
    path.write_bytes(written())
    told: list[object] = []
    found = list(kinds()["nmap"].read(path, told.append, None))
    assert told == []
    macs = {seen.value.lower() for one in found for seen in probes.read(one) if seen.field == "mac"}
    assert macs == {mac.lower() for one in SMALL if one.granted and (mac := one.identity.value("mac"))}


@pytest.mark.peers
@pytest.mark.skipif(not DTD.exists(), reason="needs Debian's nmap-common")
def test_it_is_valid_by_nmaps_own_document_type() -> None:
    etree = pytest.importorskip("lxml.etree")
    dtd = etree.DTD(str(DTD))
    assert dtd.validate(etree.fromstring(written())), dtd.error_log


def test_characters_xml_cannot_hold_are_left_out_wherever_they_stand() -> None:
    hostile = "a\x00b\x1bc\td\ufffe\ud800"
    town_run = replace(town.run(), id=hostile, version=hostile)
    one = SMALL[0]
    claims = tuple(replace(claim, value=hostile) for claim in one.identity.claims)
    device = replace(one, address=hostile, identity=replace(one.identity, claims=claims))
    out = io.BytesIO()
    exports()["nmap"].write(town_run, (device,), out)
    root = ET.fromstring(out.getvalue())
    assert root.get("version") == "abc\td"
    assert {one.get("addr", "").lower() for one in root.iter("address")} == {"abc\td"}
    assert {one.text for one in root.iter("elem")} == {"abc\td"}


def test_devices_outside_the_scope_are_not_written() -> None:
    addresses = {one.get("addr") for one in ET.fromstring(written()).iter("address")}
    assert not addresses & {one.address for one in SMALL if not one.granted}
