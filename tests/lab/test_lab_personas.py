"""Every persona file: loads, is rightly named, shows evidence, and replays."""

import json
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from lab.cli import main
from lab.persona import (
    FOLDER,
    Persona,
    PersonaError,
    Transport,
    all_personas,
    check_all,
    persona_files,
    read,
)

PERSONAS = all_personas()
SCHEMA = FOLDER.parent / "persona.schema.json"


def test_every_persona_is_sound() -> None:
    assert [str(problem) for problem in check_all()] == []


def test_there_are_enough_personas_of_every_family() -> None:
    def count(maker: str, *, relabelled: bool = False) -> int:
        return sum(
            one.truth.maker == maker and (not relabelled or "relabelled" in one.tags) for one in PERSONAS
        )

    assert len(PERSONAS) >= 60
    assert count("hikvision") >= 14
    assert count("hikvision", relabelled=True) >= 4
    assert count("dahua") >= 12
    assert count("dahua", relabelled=True) >= 4
    assert count("huawei") >= 4
    assert sum("decoy" in one.tags for one in PERSONAS) >= 12


def test_huawei_cameras_are_marked_as_composed() -> None:
    composed = [one for one in PERSONAS if one.truth.maker == "huawei" and one.truth.kind != "switch"]
    assert composed
    assert all(one.origin.startswith("composed") for one in composed)


@pytest.mark.parametrize("path", persona_files(), ids=lambda path: path.stem)
def test_the_file_keeps_to_the_published_schema(path: Path) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    validator = jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text(encoding="utf-8")))
    assert [f"{error.json_path}: {error.message}" for error in validator.iter_errors(document)] == []


def test_parts_keep_to_the_published_schema() -> None:
    jsonschema = pytest.importorskip("jsonschema")
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    validator = jsonschema.Draft202012Validator({**schema, "required": ["about"]})
    for part in sorted((FOLDER / "_parts").glob("*.yaml")):
        document = yaml.safe_load(part.read_text(encoding="utf-8"))
        assert list(validator.iter_errors(document)) == [], part.name


def _write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


GOOD = """\
is: {maker: northcam, brand: northcam, kind: camera, model: NC-2, firmware: V7.31}
origin: composed
listens:
  - {transport: tcp, port: 80, protocol: http, otherwise: "HTTP/1.0 200 OK\\n\\nNC-2 V7.31"}
"""


def test_a_sound_file_has_no_problems(tmp_path: Path) -> None:
    _write(tmp_path, "northcam-northcam-nc-2-v7.31.yaml", GOOD)
    assert check_all(tmp_path) == ()


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("NC-2 V7.31", "NC-2", "`is: firmware` says 'V7.31'"),
        ("origin: composed\n", "", "`origin:` is missing"),
        ("kind: camera", "kind: toaster", "kind 'toaster' is none of"),
        ("listens:", "lissens:", "unknown key lissens"),
        ("NC-2 V7.31", "${nothing}", "${nothing} is not a fact"),
        ("otherwise:", "exchanges: [{when: '(', reply: x}], otherwise:", "does not compile"),
        ("model: NC-2", "model: NC-3", "should be called northcam-northcam-nc-3-v7.31.yaml"),
        ("transport: tcp", "transport: tls", "has no `certificate:`"),
    ],
)
def test_a_wrong_file_is_told_what_is_wrong(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert old in GOOD
    _write(tmp_path, "northcam-northcam-nc-2-v7.31.yaml", GOOD.replace(old, new))
    assert said in "\n".join(str(problem) for problem in check_all(tmp_path))


def test_two_devices_cannot_have_the_same_mac(tmp_path: Path) -> None:
    text = GOOD.replace("model: NC-2, ", "").replace("firmware: V7.31", "mac: 00:00:5e:00:53:01")
    text = text.replace("NC-2 V7.31", "${mac}")
    _write(tmp_path, "northcam-northcam-camera.yaml", text)
    _write(tmp_path, "northcam-northcam-camera-b.yaml", text + "variant: b\n")
    assert "is also that of" in str(check_all(tmp_path)[0])


def test_a_missing_part_is_named(tmp_path: Path) -> None:
    path = _write(tmp_path, "x.yaml", GOOD + "uses: [no-such-part]\n")
    with pytest.raises(PersonaError, match="no-such-part"):
        read(path)


def test_https_says_what_http_says() -> None:
    recorder = next(one for one in PERSONAS if one.truth.model == "DS-7804HQH-K1")
    ports = {(entry.transport, entry.port): entry for entry in recorder.listens}
    plain, secret = ports[Transport.TCP, 80], ports[Transport.TLS, 443]
    assert secret.answers == plain.answers
    assert secret.certificate is not None
    assert "OU=DVRNVR" in secret.certificate.subject


def test_the_list_shows_every_persona_and_its_truth() -> None:
    shown = CliRunner().invoke(main, ["list", "--json"])
    assert shown.exit_code == 0
    listed = json.loads(shown.stdout)["personas"]
    assert {one["id"] for one in listed} == {one.id for one in PERSONAS}
    by_id: dict[str, Persona] = {one.id: one for one in PERSONAS}
    assert all(one["is"] == dict(by_id[one["id"]].truth.pairs()) for one in listed)


def test_the_check_command_is_content_with_ours_and_not_with_a_wrong_one(tmp_path: Path) -> None:
    assert CliRunner().invoke(main, ["check"]).exit_code == 0
    _write(tmp_path, "x.yaml", GOOD)
    refused = CliRunner().invoke(main, ["check", str(tmp_path)])
    assert refused.exit_code == 1
    assert "should be called" in refused.stdout


def test_no_serial_number_or_mac_of_a_capture_is_used() -> None:
    """The captures' own digits, as far as the notes quote them whole, must not be in any persona."""
    corpus = Path(__file__).resolve().parents[3] / "shared" / "corpus" / "dev.expected.jsonl"
    if not corpus.exists():
        pytest.skip("the recorded replies are not beside this checkout")
    known = set()
    for line in corpus.read_text(encoding="utf-8").splitlines():
        expected = json.loads(line)
        known |= {expected[name] for name in ("serial", "mac") if expected.get(name)}
    ours = {value for one in PERSONAS for value in (one.truth.serial, one.truth.mac) if value}
    assert not ours & known
