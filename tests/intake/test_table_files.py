"""Tables others made: Shadowserver's reports, tool lists, any separator, and files that are broken."""

from pathlib import Path

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor import fingerprint, probes
from auditor.intake import EvidenceError, Problem, kinds
from auditor.intake.register_csv import Entry, entries
from auditor.model import Exchange, Protocol

DVR = (
    '"timestamp","severity","ip","protocol","port","hostname","tag","asn","geo","device_vendor","device_type",'
    '"device_model","device_version","device_serial","machine_name","internal_port","video_input_channels",'
    '"remote_video_input_channels","mac_address","ipv4_address"\n'
    '"2026-03-02 04:05:06","low","192.0.2.10","udp",37810,"","dvr",64496,"XK","General","HCVR","XVR5104",'
    '"4.000.0000002.11","5L034FAPAZ00001","XVR",37777,4,2,"38:c4:e8:00:00:01","192.168.1.108"\n'
)
HTTP = (
    "timestamp,severity,ip,protocol,port,http,http_code,http_reason,content_type,connection,www_authenticate,"
    "set_cookie,server,content_length,transfer_encoding,http_date\n"
    '2026-03-02 04:05:06,other,192.0.2.11,tcp,80,HTTP/1.1,401,Unauthorized,text/html,close,"Digest realm=""IP Camera(C1214)"", '
    'nonce=""4d5"", qop=""auth""",,App-webs/,178,,\n'
)


def read(kind: str, path: Path, problems: list[Problem] | None = None) -> list[Exchange]:
    told = problems if problems is not None else []
    return list(kinds()[kind].read(path, told.append, None))


def shown(exchanges: list[Exchange]) -> dict[str, str]:
    return {seen.field: seen.value for one in exchanges for seen in probes.read(one)}


def written(folder: Path, name: str, text: str, encoding: str = "utf-8") -> Path:
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return path


def test_the_dvr_report_reads_like_the_discovery_reply_it_was_made_of(tmp_path: Path) -> None:
    found = read("shadowserver", written(tmp_path, "2026-03-02-scan_dvr_dhcpdiscover-country-geo.csv", DVR))
    identity = fingerprint.identify("x/192.0.2.10", [seen for one in found for seen in probes.read(one)])
    assert (identity.value("maker"), identity.value("firmware")) == ("dahua", "4.000.0000002.11")
    assert identity.value("serial") == "5L034FAPAZ00001"
    assert found[0].device == "192.0.2.10"
    assert found[0].source == "shadowserver 2026-03-02-scan_dvr_dhcpdiscover-country-geo.csv"
    assert found[0].at is not None
    assert found[0].at.isoformat() == "2026-03-02T04:05:06+00:00"


def test_a_report_with_another_name_is_known_by_its_columns(tmp_path: Path) -> None:
    assert (
        shown(read("shadowserver", written(tmp_path, "today.csv", DVR)))["dhip.serial_no"]
        == "5L034FAPAZ00001"
    )


def test_challenges_in_the_http_report_are_read_by_the_reader_of_live_replies(tmp_path: Path) -> None:
    found = shown(read("shadowserver", written(tmp_path, "scan_http-x.csv", HTTP)))
    assert found["http.server"] == "App-webs/"
    assert found["http.realm"] == "IP Camera(C1214)"
    assert "http.header_order" not in found


def test_a_telnet_banner_keeps_its_bytes_for_the_telnet_reader(tmp_path: Path) -> None:
    text = "timestamp,ip,port,protocol,banner\n2026-03-02 00:00:00,192.0.2.9,23,tcp,dvrdvs login:\n"
    (found,) = read("shadowserver", written(tmp_path, "2026-scan_telnet.csv", text))
    assert (found.protocol, found.reply) == (Protocol.TELNET, b"dvrdvs login:")


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "gb18030"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_a_sadp_list_is_read_in_any_encoding_and_with_any_separator(
    tmp_path: Path, encoding: str, separator: str
) -> None:
    lines = (
        ("ID", "Device Type", "IPv4 Address", "Port", "Software Version", "设备序列号", "MAC Address"),
        ("1", "DS-2CD2385G1-I", "192.0.2.7", "8000", "V5.6.2build 190701", "DS-2CD2385G1-I20200414AAWRE00000001", "58-50-ed-00-00-01"),
    )  # fmt: skip
    text = "".join(separator.join(line) + "\r\n" for line in lines)
    found = read("sadp", written(tmp_path, "list.csv", text, encoding))
    identity = fingerprint.identify("x", [seen for one in found for seen in probes.read(one)])
    assert identity.value("maker") == "hikvision"
    assert identity.value("firmware") == "V5.6.2"


def test_an_excel_list_of_configtool_is_read_below_its_title(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["Exported devices"])
    sheet.append(["NO.", "Type", "Model", "IP", "MAC", "Version", "SN"])
    sheet.append(
        [1, "IPC", "IPC-HFW1220M-I1", "192.0.2.8", "3c:ef:8c:00:00:01", "2.420.0000.14.R", "1A00000PAG00001"]
    )
    sheet.append([2, "IPC", "IPC-HFW1220M-I1", "not yet", "", "", ""])
    book.save(tmp_path / "list.xlsx")
    problems: list[Problem] = []
    found = read("configtool", tmp_path / "list.xlsx", problems)
    assert shown(found)["dhip.device_type"] == "IPC-HFW1220M-I1"
    assert [str(one) for one in problems] == [
        "list.xlsx: row 4: 'not yet' is not an address; the row is left out",
        "list.xlsx: table: a sheet of a workbook; heading in row 2, 1 row above it; 2 rows; 1 gave nothing: 1 × is not an address",
    ]


def listed(path: Path) -> tuple[list[Entry], list[str]]:
    problems: list[Problem] = []
    return list(entries(path, problems.append)), [str(one) for one in problems]


def test_a_street_is_no_address_and_ipv4_and_ipv6_are_one_device(tmp_path: Path) -> None:
    text = "Address;IP;IPv6;Model\nHigh Street 5;192.0.2.1;2001:db8::1;x\nHigh Street 6;;;y\n"
    found, problems = listed(written(tmp_path, "list.csv", text))
    assert [one.addresses for one in found] == [("192.0.2.1", "2001:db8::1"), ()]
    assert problems[0] == (
        "list.csv: row 3: address 'High Street 6' is not an address; nothing says which device is meant"
    )


def test_a_register_in_another_language_is_read_below_its_title(tmp_path: Path) -> None:
    text = "IP;Evidence kamer\nNázev;IP adresa;Výrobce;Sériové číslo;Umístění\nVrátnice;192.0.2.4/24;Acme;AB12345678;Budova Ž\n"
    found, problems = listed(written(tmp_path, "list.csv", text, "cp1250"))
    assert [(one.name, one.address, one.maker, one.serial, one.location) for one in found] == [
        ("Vrátnice", "192.0.2.4", "Acme", "AB12345678", "Budova Ž")
    ]
    assert "Windows-1250" in problems[-1]
    assert "heading in row 2, 1 row above it; 1 row" in problems[-1]


def test_the_first_of_two_columns_with_one_heading_is_read_and_it_is_said(tmp_path: Path) -> None:
    found, problems = listed(written(tmp_path, "list.csv", "Cam;IP;Recorder;IP\nN;192.0.2.1;R;192.0.2.100\n"))
    assert found[0].addresses == ("192.0.2.1",)
    assert problems[0].endswith("2 columns are headed 'IP' (2 and 4); the first is read, the others are not")


def test_each_row_that_gives_nothing_is_counted_by_its_reason(tmp_path: Path) -> None:
    text = "IP;Model\n192.0.2.1;x\n;nobody\nIP;Model\n;nobody\n192.0.2.2;y;left;over\n"
    found, problems = listed(written(tmp_path, "list.csv", text))
    assert [one.row for one in found] == [2, 6]
    assert problems[-1].endswith(
        "5 rows; 3 gave nothing: 2 × without an address, a MAC address and a serial number, 1 × the heading once more"
    )
    assert "row 6: has 2 cells beyond the last heading; they are not read" in problems[-2]


def test_a_table_without_a_known_heading_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(EvidenceError, match=r"wrong\.csv: no heading we know.*--map"):
        read("sadp", written(tmp_path, "wrong.csv", "a,b\n1,2\n"))


def test_a_damaged_workbook_is_named(tmp_path: Path) -> None:
    (tmp_path / "list.xlsx").write_bytes(b"PK\x03\x04" + bytes(200))
    with pytest.raises(EvidenceError, match=r"list\.xlsx: is no Excel file that can be opened"):
        read("sadp", tmp_path / "list.xlsx")


def test_an_old_workbook_is_refused_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "list.xls").write_bytes(b"\xd0\xcf\x11\xe0" + bytes(200))
    with pytest.raises(EvidenceError, match=r"save it as \.xlsx or CSV"):
        read("sadp", tmp_path / "list.xls")


@settings(max_examples=60, deadline=None)
@given(junk=st.binary(max_size=600), kind=st.sampled_from(["shadowserver", "sadp", "configtool"]))
def test_any_bytes_are_read_or_refused_in_words(
    tmp_path_factory: pytest.TempPathFactory, junk: bytes, kind: str
) -> None:
    path = tmp_path_factory.mktemp("junk") / "list.csv"
    path.write_bytes(b"ip,IP Address,banner,device_model,SN\n192.0.2.1,192.0.2.1,x,y,z\n" + junk)
    try:
        found = read(kind, path)
    except EvidenceError as error:
        assert "list.csv" in str(error)  # noqa: PT017  either outcome is right; this one must name the file
    else:
        assert all(one.device for one in found)
