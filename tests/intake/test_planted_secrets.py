"""Secrets planted in every kind of file: looked for in database, its log, temporary files, reports, exports and on the terminal."""

import base64
import json
import tempfile
from pathlib import Path

import pytest
from click.testing import CliRunner
from openpyxl import Workbook

from auditor import cli
from auditor.exports import exports
from auditor.intake.register_csv import MapError, mapping
from auditor.intake.secret_words import is_secret_heading, without_secrets
from tests.intake import speech

PLANTED = "Gepfl4nzt-Geheim"
PAIR = base64.b64encode(f"audit:{PLANTED}".encode()).decode()
TRACES = (PLANTED, PAIR, base64.b64encode(PLANTED.encode()).decode()[:16])
INFO = (
    b"<DeviceInfo><model>DS-2CD2143G0-I</model><firmwareVersion>V5.5.82</firmwareVersion>"
    b"<verificationCode>Gepfl4nzt-Geheim</verificationCode></DeviceInfo>"
)


def answer(body: bytes, kind: bytes = b"application/xml") -> bytes:
    head = b"HTTP/1.1 200 OK\r\nServer: App-webs/\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n"
    return head % (kind, len(body)) + body


def capture(folder: Path) -> list[str]:
    """Logins in addresses, paths, folded lines and bodies; an answer whose question was not recorded."""
    described = b"RTSP/1.0 200 OK\r\nCSeq: 2\r\nServer: H264DVR 1.0\r\nContent-Length: 0\r\n\r\n"
    talks = [
        (f"GET /System/deviceInfo?auth={PAIR}", answer(INFO), 80),
        (f"GET /cgi-bin/a?loginuse=audit&loginpas={PLANTED}", answer(INFO), 81),
        (f"DESCRIBE rtsp://192.0.2.10/user=audit_password={PLANTED}_stream=0.sdp", described, 554),
        (f"DESCRIBE rtsp://audit:{PLANTED}/@{PLANTED}@192.0.2.10/1", described, 8554),
    ]
    frames = [
        frame
        for asked, said, port in talks
        for frame in speech.talk(
            f"{asked} {'RTSP/1.0' if 'rtsp' in asked else 'HTTP/1.1'}\r\nCSeq: 2\r\n\r\n".encode(), said, port
        )
    ]
    frames += speech.talk(
        f"GET / HTTP/1.1\r\nAuthorization:\r\n Basic {PAIR}\r\n\r\n".encode(), answer(INFO), 82
    )
    later = b"GET / HTTP/1.1\r\nAuthorization: Negotiate abc\r\n\r\nGET /more HTTP/1.1\r\n\r\n"
    frames += speech.talk(later, answer(INFO) * 2, 84)
    frames += [frame for frame in speech.talk(b"", answer(INFO), 83) if not bytes(frame).endswith(b"GET")][3:]
    call = f'REGISTER sip:1001:{PLANTED}@192.0.2.60 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.10\r\nAuthorization: Digest a=b,\r\n response="{PLANTED}"\r\nUser-Agent: SIP UAS V3.0.0.675168\r\n\r\n'
    frames.append(speech.datagram(call.encode(), 5060))
    frames.append(
        speech.datagram(
            speech.SADP.replace(b"</Hello>", f"<Password>{PLANTED}</Password></Hello>".encode()), 37020
        )
    )
    speech.written(folder / "talks.pcap", frames)
    return ["import", "pcap", "--no-scope", "talks.pcap"]


def register(folder: Path) -> list[str]:
    """A column of passwords under each of many headings, one among the words of a note, one in an address."""
    (folder / "list.csv").write_text(
        "IP;Hersteller;Notiz;Kennwort;Contraseña;密码;Spalte 5;Modell\n"
        f"192.0.2.10;Hikvision;Kennwort: {PLANTED};{PLANTED};{PLANTED};{PLANTED};{PLANTED};rtsp://audit:{PLANTED}@192.0.2.10/\n"
        f"{PLANTED}@192.0.2.11 admin:{PLANTED};x;;;;;;\n",
        encoding="utf-8",
    )
    return [
        "import",
        "csv",
        "--no-scope",
        "--map",
        "address=IP,maker=Hersteller,model=Modell,name=Notiz",
        "list.csv",
    ]


def workbook(folder: Path) -> list[str]:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (
        ("Device Type", "IPv4 Address", "Device Serial No.", "Mot de passe", "Remark"),
        ("DS-2CD2143G0-I", "192.0.2.10", "DS-2CD2143G0-I20190101AAWRC00000010", PLANTED, PLANTED),
    ):
        sheet.append(row)
    book.save(folder / "found.xlsx")
    return ["import", "sadp", "--no-scope", "found.xlsx"]


def nmap(folder: Path) -> list[str]:
    (folder / "scan.xml").write_text(
        '<nmaprun><host><address addr="192.0.2.10" addrtype="ipv4"/><ports><port protocol="tcp" portid="80">'
        '<state state="open"/><service name="http" product="Hikvision web"/>'
        f'<script id="http-title" output="Did not follow redirect to http://audit:{PLANTED}@192.0.2.10/"/>'
        f'<script id="http-headers" output="Server: App-webs/&#10;  Set-Cookie: s={PLANTED}&#10;"/>'
        f'<script id="http-brute" output="Accounts: admin:{PLANTED} - Valid credentials"/>'
        "</port></ports></host></nmaprun>",
        encoding="utf-8",
    )
    return ["import", "nmap", "--no-scope", "scan.xml"]


@pytest.mark.parametrize("plant", [capture, register, workbook, nmap], ids=lambda one: str(one.__name__))
def test_nothing_planted_is_found_anywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, plant: object
) -> None:
    given, made = tmp_path / "given", tmp_path / "made"
    given.mkdir()
    made.mkdir()
    monkeypatch.chdir(given)
    monkeypatch.setattr(tempfile, "tempdir", str(made))
    said: list[str] = []

    def auditor(*words: str) -> None:
        done = CliRunner().invoke(
            cli.program, [*words, "--db", str(made / "a.sqlite")], standalone_mode=False
        )
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        said.append(done.output + done.stderr)

    assert callable(plant)
    auditor(*plant(given))
    seen = (made / "a.sqlite").read_bytes()
    assert b"192.0.2.10" in seen, "something was imported"
    for command in (
        "devices --jsonl",
        "show 192.0.2.10 --all",
        "show 192.0.2.10 --all --json",
        "findings --jsonl",
    ):
        auditor(*command.split())
    auditor("report", "-o", str(made / "report"))
    for name in sorted(set(exports()) - {"pdf"}):
        auditor("export", name, "-o", str(made / f"out.{name}"))
    places = {str(path): path.read_bytes() for path in made.rglob("*") if path.is_file()}
    assert len(places) > 5
    places["terminal"] = "".join(said).encode()
    told = json.dumps(said)
    assert "192.0.2.10" in told
    found = [
        (place, trace) for place, content in places.items() for trace in TRACES if trace.encode() in content
    ]
    assert found == []


@pytest.mark.parametrize(
    "heading",
    ["Passwort", "Kamera-Kennwort (alt)", "PW", "Mot de passe", "Contraseña", "Senha", "Hasło", "Heslo", "Jelszó", "Пароль",
     "Şifre", "Wachtwoord", "Lösenord", "Salasana", "密码", "パスワード", "비밀번호", "mật khẩu", "รหัสผ่าน", "סיסמה", "كلمة المرور",
     "Admin PIN", "SNMP Community", "Verification Code", "Login"],
)  # fmt: skip
def test_columns_of_passwords_are_known_in_many_languages(heading: str) -> None:
    assert is_secret_heading(heading)
    with pytest.raises(MapError, match="never read or kept"):
        mapping([f"address=IP,name={heading}"])


@pytest.mark.parametrize(
    "heading", ["Adresse", "Passage", "Sekretariat", "Keyboard", "Spinning", "Security", "MAC", "Tor"]
)
def test_other_columns_are_read(heading: str) -> None:
    assert not is_secret_heading(heading)


@pytest.mark.parametrize(
    "text",
    [
        f'{{"banner": "x", "user": {{"name": "audit", "password": "{PLANTED}"}}}}',
        f"<device><password>{PLANTED}</password></device>",
        f"Passwort {PLANTED}", f"pw={PLANTED}", f"密码：{PLANTED}", f"admin/{PLANTED}", f"rtsp://audit:{PLANTED}@192.0.2.1/",
        f"audit:{PLANTED}@192.0.2.1", f"http://192.0.2.1/?loginpas={PLANTED}",
    ],
)  # fmt: skip
def test_passwords_are_found_by_their_look(text: str) -> None:
    assert PLANTED not in without_secrets(text)


@pytest.mark.parametrize(
    "text",
    [
        "DS-2CD2143G0-I",
        "Tor 3: Nord 7",
        "10.0.0.1:8000",
        "Password protected camera",
        "user/desk",
        "Typ/Modell",
    ],
)
def test_texts_without_a_password_stay(text: str) -> None:
    assert without_secrets(text) == text
