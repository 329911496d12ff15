"""`auditor scan` and the commands that read what it kept, as somebody at a shell runs them."""

import asyncio
import json
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from auditor.cli import run
from auditor.cli._words import Exit
from auditor.store import Access, Store

HERE = f"127.{1 + os.getpid() % 90}.{os.getpid() // 90 % 250}.201"
SHIFT = "24000"
HOSTILE = b"HTTP/1.1 200 OK\r\nServer: \x1b[2J\x1b]0;owned\x07Evil\r\nContent-Length: 2\r\n\r\nhi"

SCOPE = """\
schema_version = 1
[authorisation]
reference = "Order 7"
issued_by = "Town"
contact = "cert@town.example"
valid_from = 2020-01-01T00:00:00Z
valid_until = {until}
[[site]]
name = "hall"
networks = ["127.3.0.0/24"]
[retention]
days = 30
"""


@pytest.fixture(scope="module")
def served() -> Iterator[None]:
    """One hostile web server, on a thread of its own."""
    loop = asyncio.new_event_loop()
    ready = threading.Event()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if await reader.read(4096):
            writer.write(HOSTILE)
            await writer.drain()
        writer.close()

    async def serve() -> None:
        await asyncio.start_server(answer, HERE, 80 + int(SHIFT))
        ready.set()

    serving = loop.create_task(serve())
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    assert ready.wait(5)
    yield
    loop.call_soon_threadsafe(loop.stop)
    thread.join(5)
    assert serving.done()


@pytest.fixture(scope="module")
def db(served: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("cli") / "audit.sqlite"
    words = [
        "scan",
        HERE,
        "--db",
        str(path),
        "-p",
        "80,554",
        "--port-shift",
        SHIFT,
        "--methods",
        "tcp-sweep,http",
    ]
    assert run(words) == Exit.DONE
    return path


def test_devices_lists_them_with_hostile_text_shown(db: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["devices", "--db", str(db)]) == Exit.DONE
    said = capsys.readouterr()
    assert HERE in said.out
    assert "1 device" in said.err
    assert "\x1b" not in said.out + said.err


def test_devices_can_be_chosen(db: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["devices", "--db", str(db), "--site", "elsewhere", "--json"]) == Exit.DONE
    assert json.loads(capsys.readouterr().out) == {"schema_version": 1, "devices": []}
    assert run(["devices", "--db", str(db), "--maker", "none", "--jsonl"]) == Exit.DONE
    (line,) = capsys.readouterr().out.splitlines()
    device = json.loads(line)
    assert (device["address"], device["site"], device["maker"]) == (HERE, "loopback", None)
    assert {"transport": "tcp", "port": 80} in device["ports"]


def test_show_gives_the_bytes_escaped(db: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["show", HERE, "--db", str(db), "--all"]) == Exit.DONE
    said = capsys.readouterr().out
    assert "\x1b" not in said
    assert "\\x1b]0;owned\\x07Evil" in said
    assert "> GET / HTTP/1.1" in said
    assert run(["show", HERE, "--db", str(db), "--json"]) == Exit.DONE
    device = json.loads(capsys.readouterr().out)
    assert device["exchanges"]
    assert all(one["sha256"] for one in device["exchanges"])


def test_show_of_nobody_says_where_to_look(db: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["show", "192.0.2.1", "--db", str(db)]) == Exit.USAGE
    assert "auditor devices" in capsys.readouterr().err


def test_runs_say_how_far_they_got(db: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["runs", "--db", str(db), "--jsonl"]) == Exit.DONE
    (line,) = capsys.readouterr().out.splitlines()
    found = json.loads(line)
    assert (found["state"], found["complete"], found["coverage"]["swept"]) == ("complete", True, 1)


def test_a_run_exported_as_transcript_is_identified_alike(
    db: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["identify", "--db", str(db), "--jsonl"]) == Exit.DONE
    stored = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    file = tmp_path / "t.jsonl"
    assert run(["export", "transcript", "--db", str(db), "-o", str(file)]) == Exit.DONE
    capsys.readouterr()
    assert run(["identify", "--transcript", str(file), "--jsonl"]) == Exit.DONE
    again = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [one["device"] for one in again] == [one["device"] for one in stored] == [f"loopback/{HERE}"]
    first = (
        "schema_version",
        "device",
        "maker",
        "brand",
        "kind",
        "model",
        "firmware",
        "build_date",
        "serial",
        "mac",
        "web_version",
    )
    assert set(first) <= set(again[0])


def test_without_a_scope_only_loopback_is_granted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    db = tmp_path / "a.sqlite"
    assert run(["scan", "192.0.2.1", "--db", str(db)]) == Exit.REFUSED
    assert "not granted" in capsys.readouterr().err
    assert run(["scan", "--db", str(db)]) == Exit.USAGE
    assert run(["scan", "camera.example", "--db", str(db)]) == Exit.USAGE
    assert not db.exists()


def test_targets_only_narrow_a_scope(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    scope = tmp_path / "scope.toml"
    scope.write_text(SCOPE.format(until="2999-01-01T00:00:00Z"))
    words = ["scan", "--scope", str(scope), "--db", str(tmp_path / "a.sqlite")]
    listed = tmp_path / "targets.txt"
    listed.write_text("127.3.0.1  # the hall\n127.4.0.1\n")
    assert run([*words, "-iL", str(listed)]) == Exit.REFUSED
    assert "127.4.0.1" in capsys.readouterr().err
    listed.write_text("127.3.0.1\nnonsense/99\n")
    assert run([*words, "-iL", str(listed)]) == Exit.USAGE
    assert "targets.txt:2" in capsys.readouterr().err
    assert run([*words, "--methods", "credentials"]) == Exit.REFUSED
    assert run([*words, "--site", "school"]) == Exit.REFUSED


def test_a_dry_run_says_what_would_be_sent_and_makes_no_database(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scope, db = tmp_path / "scope.toml", tmp_path / "a.sqlite"
    scope.write_text(SCOPE.format(until="2999-01-01T00:00:00Z"))
    words = ["scan", "--scope", str(scope), "--db", str(db), "--exclude", "127.3.0.0/25", "--dry-run"]
    assert run([*words, "--json"]) == Exit.DONE
    said = json.loads(capsys.readouterr().out)
    sweep = next(one for one in said["discovery"] if one["method"] == "tcp-sweep")
    assert sweep["packets"] == said["addresses"] * len(sweep["ports"])
    assert said["addresses"] + said["excluded"] >= 254
    assert run(words) == Exit.DONE
    assert "nothing was sent" in capsys.readouterr().err
    assert not db.exists()


def test_an_expired_scope_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    scope = tmp_path / "scope.toml"
    scope.write_text(SCOPE.format(until="2021-01-01T00:00:00Z"))
    assert run(["scan", "--scope", str(scope), "--db", str(tmp_path / "a.sqlite")]) == Exit.REFUSED
    assert "Order 7" in capsys.readouterr().err


def test_a_broken_scope_is_named_with_its_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    scope = tmp_path / "scope.toml"
    scope.write_text(SCOPE.format(until="2999-01-01T00:00:00Z").replace("networks", "network"))
    assert run(["scan", "--scope", str(scope), "--db", str(tmp_path / "a.sqlite")]) == Exit.USAGE
    assert "scope.toml:10" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words", [["-p", "0"], ["-p", "80-"], ["-p", "x"], ["--host-timeout", "soon"], ["--max-rate", "0"]]
)
def test_nonsense_options_are_wrong_usage(words: list[str], tmp_path: Path) -> None:
    assert run(["scan", "127.0.0.1", "--db", str(tmp_path / "a.sqlite"), *words]) == Exit.USAGE


def test_a_stop_file_ends_a_scan_as_partial(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    stop, db = tmp_path / "stop", tmp_path / "a.sqlite"
    stop.touch()
    words = [
        "scan",
        HERE,
        "--db",
        str(db),
        "--stop-file",
        str(stop),
        "-p",
        "80",
        "--methods",
        "tcp-sweep,http",
    ]
    assert run(words) == Exit.PARTIAL
    assert "--resume" in capsys.readouterr().err
    stop.unlink()
    assert run([*words, "--resume"]) == Exit.DONE
    with Store.open(db, Access.READ) as store:
        assert [one.state for one in store.runs()] == ["complete"]


def test_purge_takes_its_days_from_the_scope(
    db: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scope = tmp_path / "scope.toml"
    scope.write_text(SCOPE.format(until="2999-01-01T00:00:00Z"))
    assert run(["purge", "--db", str(db), "--scope", str(scope), "--json"]) == Exit.DONE
    assert json.loads(capsys.readouterr().out)["runs"] == []
    assert run(["purge", "--db", str(db), "--days", "0", "--dry-run", "--json"]) == Exit.DONE
    assert len(json.loads(capsys.readouterr().out)["runs"]) == 1
    assert run(["purge", "--db", str(db)]) == Exit.USAGE


def test_a_line_of_a_device_says_all_that_is_known_of_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "t.jsonl"
    told = [
        {"device": "built-on-a-kit", "observed": {"onvif.manufacturer": "HISILICON"}},
        {"device": "silent", "protocol": "http", "reply": "HTTP/1.1 200 OK\r\n\r\n"},
    ]
    file.write_text("".join(json.dumps(one) + "\n" for one in told))
    assert run(["identify", "--transcript", str(file)]) == Exit.DONE
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith("built-on-a-kit: maker not identified")
    assert "platform HiSilicon" in first
    assert second == "silent: not identified"


def test_a_transcript_with_bad_lines_says_so_and_goes_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "t.jsonl"
    good = {"device": "a", "protocol": "http", "reply": "HTTP/1.1 200 OK\r\n\r\n"}
    file.write_text(json.dumps(good) + "\nnot json\n")
    assert run(["identify", "--transcript", str(file), "--jsonl"]) == Exit.DONE
    said = capsys.readouterr()
    assert json.loads(said.out)["device"] == "a"
    assert "t.jsonl:2: not JSON" in said.err
    file.write_text("not json\n")
    assert run(["identify", "--transcript", str(file), "--jsonl"]) == Exit.USAGE
    assert run(["identify", "--transcript", str(tmp_path / "absent")]) == Exit.USAGE
    assert run(["identify"]) == Exit.USAGE
