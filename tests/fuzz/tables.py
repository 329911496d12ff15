"""What reads tables and the results of scanners, as targets for the fuzzer: files of any bytes, and their smaller parts."""

import io
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path

from auditor.intake import EvidenceError, charset_choice, grid, kinds, register_csv, workbook
from auditor.intake.addresses import told
from tests.fuzz.target import Target

_MOST = 1024
"""Bytes that are read as a file: what breaks a reader is in its first kilobyte, and each takes a file to be written."""
_ROW = b"IP;MAC;Serial;Model;timestamp;banner\n192.0.2.1;02:00:00:00:00:01;AB12345678;x;2026-03-01;login:\n"

_TABLES = (
    _ROW,
    b'IP;Serial;Password\n192.0.2.1;AB1;x\n\n"a;""b";"c\nd";e\n',
    b'sep=,\nip,mac,location\n192.0.2.3,02-00-00-00-00-03,"Gate, north"\n',
    (b'"timestamp","ip","port","protocol","asn","geo","http","http_code","server","html_title"\n'
    b'"2026-03-01 00:00:00","192.0.2.4","80","tcp","64500","AT","HTTP/1.1","200","App-webs/","index"\n'),
    b"IPv4 Address,MAC Address,Device Serial No.,Software Version,Port,Device Type\n192.0.2.5,02:00:00:00:00:05,DS-X20200101AAWRC12345678,V5.4.5build 170123,8000,DS-X\n",
    "IP,Modell,Größe\n192.0.2.6,é門,1\n".encode("utf-16"),
)  # fmt: skip
_SHEETS = (
    b'<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="inlineStr"><is><t>Serial</t></is></c></row><row r="2"><c r="A2" s="1"><v>45000.5</v></c><c t="b"><v>1</v></c></row>',
    b"IP</t></si><si><r><t>a</t></r><rPh><t>b</t></rPh></si></sst>",
    b'<xf numFmtId="14"/><xf numFmtId="164"/></cellXfs><numFmts><numFmt numFmtId="164" formatCode="yyyy\\-mm"/></numFmts>',
)  # fmt: skip
_SCANS = (
    (b'<?xml version="1.0"?><!DOCTYPE nmaprun><nmaprun scanner="nmap" start="1767225600"><host starttime="1767225600"><status state="up"/>'
    b'<address addr="192.0.2.1" addrtype="ipv4"/><address addr="02:00:00:00:00:01" addrtype="mac" vendor="x"/><ports><port protocol="tcp" portid="80">'
    b'<state state="open"/><service name="http" product="x" tunnel="ssl" servicefp="SF-Port80-TCP:V=7.95%r(GetRequest,10,&quot;HTTP/1\\.1\\x20200\\r\\n&quot;)"/>'
    b'<script id="http-title" output="index"><elem key="title">index</elem></script><script id="ssl-cert" output="x"><elem key="pem">-----BEGIN CERTIFICATE-----</elem></script>'
    b'<script id="banner" output="SSH-2.0-x"/></port></ports></host><runstats><finished time="1767225700"/></runstats></nmaprun>'),
    b"open tcp 80 192.0.2.1 1767225600\nbanner tcp 80 192.0.2.1 1767225600 http HTTP/1.1 200 OK\\x0d\\x0aServer: x\n",
    b'{"ip":"192.0.2.1","timestamp":"1767225600","ports":[{"port":80,"proto":"tcp","status":"open","service":{"name":"http","banner":"x"}}]}\n',
    b'{"ip":"192.0.2.1","domain":"","data":{"http":{"status":"success","result":{"response":{"status_code":200,"headers":{"server":["x"]},"body":"<title>a"}}}}}\n',
    b"# Nmap 7.95 scan initiated\nHost: 192.0.2.1 ()\tPorts: 80/open/tcp//http//x/\nNmap scan report for 192.0.2.1\nPORT STATE SERVICE\n80/tcp open http\n",
)  # fmt: skip


def targets() -> Iterator[Target]:
    """Yield the targets, each named by what it reads."""
    known: tuple[tuple[str, Callable[[bytes], None], tuple[bytes, ...]], ...] = (
        ("register", _register, _TABLES),
        ("listed", _listed, _TABLES),
        ("workbook", _workbook, _SHEETS),
        ("scans", _scans, _SCANS),
        ("grid", _grid, _TABLES),
        ("charset_choice", _charset, (*_TABLES, "Tür;Größe;門口;камера\n".encode("utf-16"), "Tür;Größe\n".encode("cp1252"))),
        ("addresses", _addresses, (b"192.0.2.1/24, 192.0.2.2:8080\n[2001:db8::1]:80\nhttp://192.0.2.1/\n192.000.002.001\n",)),
    )  # fmt: skip
    for name, feed, own in known:
        yield Target(f"auditor.intake.{name}", feed, lambda own=own: own)  # type: ignore[misc]  # a default is typed by none


@cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory()


def _written(data: bytes) -> Path:
    path = Path(_folder().name) / "list"
    path.write_bytes(data[: _MOST + len(_ROW)])
    return path


def _register(data: bytes) -> None:
    """Read bytes as a register, and as what follows its first rows."""
    for head in (b"", _ROW):
        with suppress(EvidenceError):
            for entry in register_csv.entries(_written(head + data), lambda _: None):
                if entry.address and told(entry.address).addresses != (entry.address,):
                    raise AssertionError(entry)


def _listed(data: bytes) -> None:
    """Read bytes as the rows of each kind of table there is."""
    for name in ("shadowserver", "sadp", "configtool"):
        with suppress(EvidenceError):
            for exchange in kinds()[name].read(
                _written(_ROW.replace(b";", b",") + data), lambda _: None, None
            ):
                if not exchange.device:
                    raise AssertionError(exchange)


def _scans(data: bytes) -> None:
    """Read bytes as results of a scanner, alone and behind a line of each form."""
    for head in (
        b"",
        b"<nmaprun>",
        b"open tcp 80 192.0.2.1 1767225600\n",
        b'{"ip": "192.0.2.1", "port": 80}\n',
    ):
        with suppress(EvidenceError):
            for exchange in kinds()["nmap"].read(_written(head + data), lambda _: None, None):
                if not exchange.device:
                    raise AssertionError(exchange)


def _workbook(data: bytes) -> None:
    """Read bytes as a workbook, and as the parts of one."""
    data = data[:_MOST]
    book = io.BytesIO()
    with zipfile.ZipFile(book, "w") as archive:
        archive.writestr(
            "xl/workbook.xml", '<workbook xmlns:r="u"><sheets><sheet name="a" r:id="a"/></sheets></workbook>'
        )
        archive.writestr(
            "xl/_rels/workbook.xml.rels",
            '<Relationships><Relationship Id="a" Target="worksheets/s.xml"/></Relationships>',
        )
        archive.writestr("xl/worksheets/s.xml", b"<sheetData>" + data)
        archive.writestr("xl/sharedStrings.xml", b"<sst><si><t>" + data)
        archive.writestr("xl/styles.xml", b"<styleSheet><cellXfs>" + data)
    for raw in (data, book.getvalue()):
        with suppress(EvidenceError):
            for sheet in workbook.sheets(io.BytesIO(raw), "x", lambda _: None):
                for _, cells in sheet.rows():
                    if len(cells) > workbook.MAX_COLUMNS:
                        raise AssertionError(len(cells))


def _grid(data: bytes) -> None:
    text = io.StringIO(data.decode("utf-8", "replace"), newline=None)
    numbered = list(grid.lines(text.readline, lambda *_: None))
    for by in grid.SEPARATORS:
        found = list(grid.records(numbered, by, lambda *_: None))
        if [number for number, _ in found] != sorted({number for number, _ in found}):
            raise AssertionError("a line came twice, or out of its order")


def _charset(data: bytes) -> None:
    data.decode(charset_choice.choose(io.BytesIO(data)).codec, "replace")


def _addresses(data: bytes) -> None:
    for line in data.decode("utf-8", "replace").split("\n"):
        for address in told(line).addresses:
            if told(address).addresses != (address,):
                raise AssertionError(address)
