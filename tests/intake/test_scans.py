"""Results of port scanners in all their forms: what each says, cut, packed and as a shell of Windows writes it."""

import base64
import gzip
import json
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor import probes
from auditor.intake import EvidenceError, Problem, kinds
from auditor.model import Exchange, Protocol, Transport
from tests.intake.test_nmap_results import DOWN, HEAD, HOST, certificate

XML = HEAD + DOWN + HOST + "</nmaprun>\n"
MASSCAN_XML = (
    '<?xml version="1.0"?>\n<nmaprun scanner="masscan" start="1767225600">\n'
    '<host endtime="1767225601"><address addr="192.0.2.10" addrtype="ipv4"/><ports><port protocol="tcp" portid="8080">'
    '<state state="open" reason="response"/><service name="http" banner="HTTP/1.1 200 OK\\x0d\\x0aServer: App-webs/\\x0d\\x0a\\x0d"/>'
    "</port></ports></host>\n</nmaprun>\n"
)
GREPABLE = (
    "# Nmap 7.95 scan initiated Sun Mar  1 10:00:00 2026 as: nmap -sV -oG - 192.0.2.0/28\n"
    "Host: 192.0.2.10 (cam.example)\tStatus: Up\n"
    "Host: 192.0.2.10 (cam.example)\tPorts: 80/open/tcp//http//Acme httpd 1|2/, 554/open/tcp//rtsp///, 23/closed/tcp//telnet///\tIgnored State: filtered (97)\n"
    "# Nmap done at Sun Mar  1 10:05:00 2026 -- 16 IP addresses (1 host up) scanned\n"
)
NORMAL = """Starting Nmap 7.95 ( https://nmap.org ) at 2026-03-01 10:00 CET
Nmap scan report for cam.example (192.0.2.10)
Host is up (0.0010s latency).
Not shown: 997 closed tcp ports (conn-refused)
PORT    STATE    SERVICE VERSION
80/tcp  open     http    Acme httpd
| http-title: index
|_Requested resource was http://192.0.2.10/doc/page/login.asp
|_http-server-header: App-webs/
443/tcp filtered https
554/tcp open     rtsp
|_rtsp-methods: OPTIONS, DESCRIBE, PLAY
MAC Address: 58:50:ED:00:00:01 (Acme)

Nmap scan report for 192.0.2.11
Host is up.
PORT   STATE SERVICE
22/tcp open  ssh

Nmap done: 16 IP addresses (2 hosts up) scanned in 5.00 seconds
"""
LISTED = (
    "#masscan\nopen tcp 80 192.0.2.10 1767225600\n"
    "banner tcp 80 192.0.2.10 1767225602 http HTTP/1.1 200 OK\\x0d\\x0aServer: App-webs/\\x0d\\x0a\\x0d\n"
    "banner tcp 23 192.0.2.11 1767225603 telnet \\xff\\xfd\\x01dvrdvs login:\n# end\n"
)
JSON_LIST = """[
{   "ip": "192.0.2.10",   "timestamp": "1767225600", "ports": [ {"port": 80, "proto": "tcp", "status": "open", "reason": "syn-ack", "ttl": 64} ] }
,
{   "ip": "192.0.2.10",   "timestamp": "1767225602", "ports": [ {"port": 80, "proto": "tcp", "service": {"name": "http", "banner": "HTTP/1.1 200 OK\\u000d\\u000aServer: App-webs/\\u000d\\u000a"}} ] }
,
{finished: 1}
]
"""


def read(path: Path, raw: bytes | str, problems: list[Problem] | None = None) -> list[Exchange]:
    path.write_bytes(raw.encode() if isinstance(raw, str) else raw)
    told = problems if problems is not None else []
    return list(kinds()["nmap"].read(path, told.append, None))


def shown(exchanges: list[Exchange]) -> set[tuple[str, str]]:
    return {(seen.field, seen.value) for one in exchanges for seen in probes.read(one)}


def ports(exchanges: list[Exchange]) -> set[tuple[str, int]]:
    return {(one.device, one.endpoint.port) for one in exchanges if one.endpoint.port}


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-8-sig", "utf-32"])
@pytest.mark.parametrize(("name", "text"), [("x.xml", XML), ("x.gnmap", GREPABLE), ("x.nmap", NORMAL)])
def test_what_a_shell_of_windows_wrote_reads_like_what_nmap_wrote(
    tmp_path: Path, encoding: str, name: str, text: str
) -> None:
    windows = text.replace("\n", "\r\n").encode(encoding)
    assert shown(read(tmp_path / name, windows)) == shown(read(tmp_path / name, text))
    assert len(shown(read(tmp_path / name, text))) >= 4


def test_packed_results_are_read_and_what_lies_beside_them_is_said(tmp_path: Path) -> None:
    whole = shown(read(tmp_path / "x.xml", XML))
    assert shown(read(tmp_path / "x.xml.gz", gzip.compress(XML.encode()))) == whole
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr("scan/x.xml", XML)
        archive.writestr("scan/notes.txt", "nothing to see\n")
    problems: list[Problem] = []
    found = list(kinds()["nmap"].read(tmp_path / "x.zip", problems.append, None))
    assert shown(found) == whole
    assert any("notes.txt" in one.what for one in problems)


@pytest.mark.parametrize(
    ("name", "text"),
    [("x.xml", MASSCAN_XML), ("x.txt", LISTED), ("x.json", JSON_LIST)],
    ids=["xml", "list", "json"],
)
def test_a_banner_of_masscan_is_read_by_the_reader_of_live_replies(
    tmp_path: Path, name: str, text: str
) -> None:
    found = read(tmp_path / name, text)
    assert ("http.server", "App-webs/") in shown(found)
    assert {one.protocol for one in found if one.reply.startswith(b"HTTP/")} == {Protocol.HTTP}
    assert found[0].at is not None
    assert found[0].at.year == 2026


def test_masscan_tells_ports_and_greetings(tmp_path: Path) -> None:
    found = read(tmp_path / "x.txt", LISTED)
    assert ("192.0.2.10", 80) in ports(found)
    assert ("telnet.banner", "dvrdvs login:") in shown(found)
    lines = (
        {"ip": "192.0.2.10", "timestamp": "1767225600", "port": 22, "proto": "tcp", "rec_type": "status", "data": {"status": "open"}},
        {"ip": "192.0.2.10", "timestamp": "1767225600", "port": 22, "proto": "tcp", "rec_type": "banner",
         "data": {"service_name": "ssh", "banner": "SSH-2.0-dropbear_2019.78"}},
        {"ip": "192.0.2.12", "timestamp": "1767225600", "port": 80, "proto": "tcp", "rec_type": "status", "data": {"status": "closed"}},
    )  # fmt: skip
    found = read(tmp_path / "x.ndjson", "".join(json.dumps(one) + "\n" for one in lines))
    assert ("ssh.banner", "SSH-2.0-dropbear_2019.78") in shown(found)
    assert ports(found) == {("192.0.2.10", 22)}


def test_grepable_output_tells_ports_and_products(tmp_path: Path) -> None:
    problems: list[Problem] = []
    found = read(tmp_path / "x.gnmap", GREPABLE, problems)
    assert ports(found) == {("192.0.2.10", 80), ("192.0.2.10", 554)}
    assert ("nmap.product", "Acme httpd 1/2") in shown(found)
    assert str(problems[0]).endswith(
        "the scanner's clock said 2026-03-01 10:00 and not its zone; it is taken for UTC"
    )


def test_normal_output_tells_hosts_ports_scripts_and_hardware_addresses(tmp_path: Path) -> None:
    found = read(tmp_path / "x.nmap", NORMAL)
    assert ports(found) == {("192.0.2.10", 80), ("192.0.2.10", 554), ("192.0.2.11", 22)}
    assert {
        ("mac", "58:50:ED:00:00:01"),
        ("http.title", "index"),
        ("http.location", "http://192.0.2.10/doc/page/login.asp"),
        ("http.server", "App-webs/"),
        ("rtsp.public", "OPTIONS, DESCRIBE, PLAY"),
    } <= shown(found)


def test_a_text_cut_in_the_middle_gives_what_it_holds_and_says_so(tmp_path: Path) -> None:
    problems: list[Problem] = []
    found = read(tmp_path / "x.nmap", NORMAL[: NORMAL.index("MAC Address")], problems)
    assert ports(found) == {("192.0.2.10", 80), ("192.0.2.10", 554)}
    assert any("the file ends early" in one.what for one in problems)


@pytest.mark.parametrize(
    "text",
    [
        "192.0.2.10 -> [80,554]\n",
        "\x1b[35mOpen\x1b[0m 192.0.2.10:80\nOpen 192.0.2.10:554\n",
        "192.0.2.10:80\n192.0.2.10:554\n",
    ],
)
def test_bare_lists_of_ports_are_read(tmp_path: Path, text: str) -> None:
    assert ports(read(tmp_path / "x.txt", text)) == {("192.0.2.10", 80), ("192.0.2.10", 554)}


def page(host: str) -> dict[str, object]:
    return {
        "status": "success", "protocol": "http", "timestamp": "2026-03-01T10:00:00+01:00",
        "result": {"response": {
            "status_line": "401 Unauthorized", "status_code": 401,
            "headers": {"server": ["App-webs/"], "www_authenticate": ['Digest realm="IP Camera(C1214)", nonce="4d5"'],
                        "unknown": [{"key": "x_made_up", "value": ["1"]}]},
            "body": "<title>index</title>",
            "request": {"url": {"scheme": "http", "host": host, "path": "/"}},
        }},
    }  # fmt: skip


def test_zgrab_tells_pages_greetings_and_certificates(tmp_path: Path) -> None:
    der = base64.b64encode(base64.b64decode("".join(certificate().splitlines()[1:-1]))).decode()
    data = {
        "http": page("192.0.2.10"),
        "ssh": {"status": "success", "protocol": "ssh", "result": {"server_id": {"raw": "SSH-2.0-dropbear"}}},
        "telnet": {"status": "success", "protocol": "telnet", "result": {"banner": "dvrdvs login:"}},
        "tls": {"status": "success", "protocol": "tls", "result": {"handshake_log": {"server_certificates": {"certificate": {"raw": der}}}}},
        "ftp": {"status": "connection-timeout", "protocol": "ftp"},
    }  # fmt: skip
    found = read(tmp_path / "x.json", json.dumps({"ip": "192.0.2.10", "data": data}) + "\n")
    told = shown(found)
    assert {
        ("http.server", "App-webs/"),
        ("http.realm", "IP Camera(C1214)"),
        ("ssh.banner", "SSH-2.0-dropbear"),
        ("telnet.banner", "dvrdvs login:"),
        ("tls.subject", "CN=NorthCam"),
    } <= told
    assert not {"http.header_order", "ftp.banner"} & {name for name, _ in told}
    assert {one.endpoint.transport for one in found if one.protocol is Protocol.TLS} == {Transport.TLS}


def test_a_page_that_a_redirect_fetched_from_another_host_is_nobodys(tmp_path: Path) -> None:
    record = {"ip": "192.0.2.10", "data": {"http": page("198.51.100.9")}}
    assert read(tmp_path / "x.json", json.dumps(record) + "\n") == []


def test_half_a_character_and_a_number_without_end_do_no_harm(tmp_path: Path) -> None:
    record = (
        '{"ip": "192.0.2.10", "ports": [{"port": 80, "service": {"name": "title", "banner": "a\\ud800b"}}]}\n'
    )
    assert shown(read(tmp_path / "x.json", record)) == {("http.title", "a?b")}
    long = XML.replace('portid="80"', f'portid="{"8" * 5000}"')
    assert ("192.0.2.10", 554) in ports(read(tmp_path / "x.xml", long))


def test_a_name_of_a_file_that_is_no_text_is_told_as_one(tmp_path: Path) -> None:
    found = read(tmp_path / "x\udcff.txt", "192.0.2.10:80\n")
    assert found[0].source == "nmap x?.txt"


def test_a_damaged_record_is_named_and_the_others_are_read(tmp_path: Path) -> None:
    problems: list[Problem] = []
    good = json.dumps({"ip": "192.0.2.10", "port": 80})
    found = read(
        tmp_path / "x.json", f'{good}\n{{"ip": "192.0.2.11", "po\n{good.replace("80", "81")}\n', problems
    )
    assert ports(found) == {("192.0.2.10", 80), ("192.0.2.10", 81)}
    assert problems[0].place == "line 2"


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (
            "<report id='x'><report><results/><host><ip>192.0.2.10</ip></host></report></report>",
            "a report of Greenbone",
        ),
        ("<?xml version='1.0'?><!-- <host> --><other><host/></other>", "its first element is <other>"),
        ("<!DOCTYPE html><html><body>x</body></html>", "a web page"),
        ("name,color\na,b\n", "is no result of nmap, masscan, RustScan or zgrab2 that we know"),
        ("", "is no result of"),
    ],
)
def test_what_is_none_is_refused_by_what_it_is(tmp_path: Path, text: str, what: str) -> None:
    with pytest.raises(EvidenceError, match=what):
        read(tmp_path / "x.xml", text)


@settings(max_examples=60, deadline=None)
@given(
    start=st.sampled_from([XML, MASSCAN_XML, GREPABLE, NORMAL, LISTED, JSON_LIST]),
    cut=st.integers(0, 2000),
    junk=st.binary(max_size=200),
)
def test_any_damage_is_read_or_refused_in_words(
    tmp_path_factory: pytest.TempPathFactory, start: str, cut: int, junk: bytes
) -> None:
    path = tmp_path_factory.mktemp("junk") / "x.any"
    raw = start.encode()
    try:
        found = read(path, raw[:cut] + junk + raw[cut:])
    except EvidenceError as error:
        assert "x.any" in str(error)  # noqa: PT017  either outcome is right; this one must name the file
    else:
        assert all(one.device for one in found)
