"""nmap's results: what each script was told reaches the field or the reader it belongs to."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor import fingerprint, probes
from auditor.intake import EvidenceError, Problem, kinds
from auditor.model import Exchange, Protocol, Transport

HEAD = '<?xml version="1.0"?>\n<!DOCTYPE nmaprun>\n<nmaprun scanner="nmap" args="nmap -sV" start="1750000000" version="7.93" xmloutputversion="1.05">\n'
DOWN = '<host><status state="down" reason="no-response"/><address addr="192.0.2.1" addrtype="ipv4"/></host>\n'
HOST = """<host starttime="1750000000" endtime="1750000100"><status state="up" reason="arp-response"/>
<address addr="192.0.2.10" addrtype="ipv4"/><address addr="58:50:ED:00:00:01" addrtype="mac" vendor="Hangzhou Hikvision"/>
<hostnames><hostname name="cam.example.net" type="PTR"/></hostnames>
<ports><extraports state="closed" count="20"/>
<port protocol="tcp" portid="80"><state state="open" reason="syn-ack" reason_ttl="64"/>
<service name="http" product="Hikvision IPCam control port" devicetype="webcam" method="probed" conf="10"/>
<script id="http-title" output="index&#xa;Requested resource was http://192.0.2.10/doc/page/login.asp"><elem key="title">index</elem><elem key="redirect_url">http://192.0.2.10/doc/page/login.asp</elem></script>
<script id="http-server-header" output="App-webs/"><elem>App-webs/</elem></script>
<script id="http-favicon" output="Unknown favicon MD5: 89B932FCC47CF4CA3FAADB0CFDEF89CF"/>
<script id="http-auth" output="&#xa;HTTP/1.1 401 Unauthorized&#xa;&#xa;  Digest nonce=4d57 qop=auth realm=IP Camera(83813) stale=FALSE&#xa;"/>
</port>
<port protocol="tcp" portid="554"><state state="open" reason="syn-ack"/><service name="rtsp" method="table" conf="3"/>
<script id="rtsp-methods" output="OPTIONS, DESCRIBE, PLAY"/></port>
<port protocol="tcp" portid="23"><state state="open" reason="syn-ack"/><service name="telnet" method="table"/>
<script id="banner" output="\\xFF\\xFD\\x01dvrdvs login:"/></port>
<port protocol="tcp" portid="8000"><state state="closed" reason="conn-refused"/></port>
</ports></host>
"""
FINGERPRINT = (
    '<host><status state="up"/><address addr="192.0.2.11" addrtype="ipv4"/><ports><port protocol="tcp" portid="80">'
    '<state state="open"/><service name="http" servicefp="SF-Port80-TCP:V=7.93%I=7%r(GetRequest,5B,&quot;HTTP/1\\.1\\x20'
    '200\\x20OK\\r\\nServer:\\x20DNVRS-Webs\\r\\n&#xa;SF:Content-Length:\\x200\\r\\n\\r\\n&quot;)%r(FourOhFour,3,&quot;no!&quot;);"/>'
    "</port></ports></host>\n"
)


def read(path: Path, text: str, problems: list[Problem] | None = None) -> list[Exchange]:
    path.write_text(text, encoding="utf-8")
    told = problems if problems is not None else []
    found = list(kinds()["nmap"].read(path, told.append, None))
    if problems is None:
        assert not told
    return found


def shown(exchanges: list[Exchange]) -> set[tuple[str, str]]:
    return {(seen.field, seen.value) for one in exchanges for seen in probes.read(one)}


def certificate() -> str:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "NorthCam")])
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(7)
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC)).not_valid_after(datetime(2040, 1, 1, tzinfo=UTC))
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    return made.public_bytes(serialization.Encoding.PEM).decode()


def test_hosts_ports_scripts_and_hardware_addresses_become_fields(tmp_path: Path) -> None:
    found = read(tmp_path / "x.xml", f"{HEAD}{DOWN}{HOST}</nmaprun>\n")
    assert {one.device for one in found} == {"192.0.2.10"}
    told = shown(found)
    assert {
        ("mac", "58:50:ED:00:00:01"),
        ("nmap.port", "80/tcp open syn-ack"),
        ("http.title", "index"),
        ("http.location", "http://192.0.2.10/doc/page/login.asp"),
        ("http.server", "App-webs/"),
        ("http.favicon.md5", "89b932fcc47cf4ca3faadb0cfdef89cf"),
        ("http.realm", "IP Camera(83813)"),
        ("rtsp.public", "OPTIONS, DESCRIBE, PLAY"),
        ("telnet.banner", "dvrdvs login:"),
    } <= told
    assert not any("8000" in value for _, value in told), "a closed port is no port"
    identity = fingerprint.identify("x", [seen for one in found for seen in probes.read(one)])
    assert identity.value("maker") == "hikvision"
    assert found[0].source == "nmap x.xml"
    assert all(one.at is not None and one.at.timestamp() == 1_750_000_100 for one in found)


@pytest.mark.parametrize(("hosts", "is_a_router"), [(3, False), (4, True)])
def test_the_hardware_address_of_a_router_that_answers_for_others_is_nobodys(
    tmp_path: Path, hosts: int, is_a_router: bool
) -> None:
    one = '<host><status state="up"/><address addr="192.0.2.{}" addrtype="ipv4"/><address addr="{}" addrtype="mac"/></host>'
    macs = ("58:50:ED:00:00:02", "58:50:ed:00:00:02")
    problems: list[Problem] = []
    text = "".join(one.format(number, macs[number % 2]) for number in range(hosts))
    found = read(tmp_path / "a.xml", f"{HEAD}{HOST}{text}</nmaprun>", problems)
    told = {(one.device, seen.value) for one in found for seen in probes.read(one) if seen.field == "mac"}
    assert ("192.0.2.10", "58:50:ED:00:00:01") in told
    assert len(told) == (1 if is_a_router else 1 + hosts)
    assert [str(one) for one in problems if "taken for nobody's" in str(one)] == [
        str(one) for one in problems
    ]
    assert bool(problems) is is_a_router


def test_certificates_go_to_the_reader_of_live_handshakes(tmp_path: Path) -> None:
    script = f'<script id="ssl-cert" output="Subject: commonName=NorthCam"><elem key="pem">{certificate()}</elem></script>'
    host = (
        '<host><address addr="2001:db8::5" addrtype="ipv6"/><ports><port protocol="tcp" portid="443">'
        f'<state state="open"/><service name="http" tunnel="ssl"/>{script}</port></ports></host>'
    )
    found = read(tmp_path / "x.xml", f"{HEAD}{host}</nmaprun>")
    (tls,) = [one for one in found if one.protocol is Protocol.TLS]
    assert (tls.device, tls.endpoint.port, tls.endpoint.transport) == ("2001:db8::5", 443, Transport.TLS)
    assert ("tls.subject", "CN=NorthCam") in shown([tls])


def test_of_a_certificate_that_was_not_kept_the_names_in_words_are_read(tmp_path: Path) -> None:
    said = (
        "Subject: commonName=NorthCam/organizationName=North, Inc./countryName=DE&#xa;Subject Alternative Name: DNS:x"
        "&#xa;Issuer: commonName=North CA&#xa;Public Key type: rsa&#xa;Not valid before: 2019-01-01T00:00:00"
    )
    host = (
        '<host><address addr="192.0.2.5" addrtype="ipv4"/><ports><port protocol="tcp" portid="443">'
        f'<state state="open"/><script id="ssl-cert" output="{said}"/></port></ports></host>'
    )
    told = shown(read(tmp_path / "x.xml", f"{HEAD}{host}</nmaprun>"))
    assert {pair for pair in told if pair[0].startswith("tls.")} == {
        ("tls.subject", r"CN=NorthCam,O=North\, Inc.,C=DE"), ("tls.issuer", "CN=North CA"),
    }  # fmt: skip


def test_the_bytes_in_a_service_fingerprint_are_read_as_the_reply_they_were(tmp_path: Path) -> None:
    found = read(tmp_path / "x.xml", f"{HEAD}{FINGERPRINT}</nmaprun>")
    assert ("http.server", "DNVRS-Webs") in shown(found)
    assert ("http.answer", "GET / 200") in shown(found)


# Composed after nmap.dtd and what nmap's scripts print in these versions; addresses and names are for documentation.
VERSIONS = {
    "6.47": ("192.0.2.30", 1_425_376_900, {
        ("mac", "00:00:5E:00:53:30"), ("nmap.port", "80/tcp open syn-ack"), ("http.title", "NETSURVEILLANCE WEB"),
        ("http.favicon.md5", "0123456789abcdef0123456789abcdef"), ("rtsp.public", "OPTIONS, DESCRIBE, SETUP, TEARDOWN, PLAY"),
    }),
    "7.80": ("192.0.2.31", 1_580_720_500, {
        ("http.server", "Example-Web/2.1"), ("http.answer", "GET / 200"), ("http.location", "https://192.0.2.31/"),
        ("tls.subject", "CN=NorthCam"), ("onvif.xaddr", "http://192.0.2.31/onvif/device_service"),
        ("onvif.types", "dn:NetworkVideoTransmitter"),
    }),
    "7.95": ("2001:db8::33", 1_738_486_900, {
        ("nmap.product", "Example rtspd"), ("nmap.version", "3.2"), ("nmap.device_type", "webcam"),
        ("rtsp.public", "OPTIONS, DESCRIBE, PLAY"),
    }),
}  # fmt: skip


@pytest.mark.parametrize("version", VERSIONS)
def test_results_of_old_and_new_versions_are_read_alike(tmp_path: Path, version: str) -> None:
    address, at, expected = VERSIONS[version]
    text = Path(__file__).with_name("nmap").joinpath(f"{version}.xml").read_text(encoding="utf-8")
    found = read(tmp_path / "x.xml", text.replace("@PEM@", certificate()))
    assert {one.device for one in found} == {address}, "and no host that was only hinted at or down"
    assert {one.at for one in found} == {datetime.fromtimestamp(at, UTC)}
    assert expected <= shown(found)
    assert not {value for field, value in shown(found) if field == "http.title" and "redirect" in value}
    assert not {value for field, value in shown(found) if field == "nmap.port" and "filtered" in value}


@pytest.mark.parametrize(
    ("text", "place", "devices"),
    [
        (HEAD + HOST, "the file ends early", {"192.0.2.10"}),
        (HEAD + FINGERPRINT + HOST[:900], "ends within a host", {"192.0.2.11", "192.0.2.10"}),
    ],
)
def test_a_file_cut_short_gives_the_hosts_it_holds_and_says_where(
    tmp_path: Path, text: str, place: str, devices: set[str]
) -> None:
    problems: list[Problem] = []
    found = read(tmp_path / "x.xml", text, problems)
    assert {one.device for one in found} == devices
    assert [one.file for one in problems] == ["x.xml"]
    assert problems[0].place.startswith("byte ")
    assert place in problems[0].what


def test_another_file_is_refused_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(
        EvidenceError, match=r"x\.xml: is a report of Nessus, no nmap XML; make one with `nmap -oX FILE`"
    ):
        read(tmp_path / "x.xml", "<NessusClientData_v2/>")


@settings(max_examples=80, deadline=None)
@given(cuts=st.lists(st.tuples(st.integers(0, 2400), st.text(max_size=6)), max_size=8))
def test_any_damage_is_survived(
    tmp_path_factory: pytest.TempPathFactory, cuts: list[tuple[int, str]]
) -> None:
    text = HEAD + HOST + FINGERPRINT
    for at, put in cuts:
        text = text[:at] + put + text[at + len(put) :]
    path = tmp_path_factory.mktemp("junk") / "x.xml"
    path.write_text(text, encoding="utf-8", errors="replace")
    try:
        found = list(kinds()["nmap"].read(path, lambda _: None, None))
    except EvidenceError as error:
        assert "x.xml" in str(error)  # noqa: PT017  either outcome is right; this one must name the file
    else:
        assert all(one.device for one in found)
        assert all(probes.read(one) is not None for one in found)
