"""The files of a ring are one recording: conversations go on from file to file, and what is missing is said of each."""

import bz2
import gzip
import importlib.util
import lzma
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from auditor import cli
from auditor.intake import EvidenceError, Problem, kinds, packed
from auditor.model import Exchange
from auditor.store import Store
from tests.intake import speech
from tests.intake.dialogue import Dialogue, get, reply


def conversation() -> list[Any]:
    talk = Dialogue().open()
    for page in range(6):
        talk.asks(get(f"/{page}")).says(reply(b"<p>" + b"x" * 3000, server=f"/{page}"))
    return talk.close().frames


def cut(folder: Path, frames: list[Any], count: int, *, lost: frozenset[int] = frozenset()) -> list[Path]:
    """Write frames into so many files, some of them nowhere."""
    for number, frame in enumerate(frames):
        frame.time = speech.AT + number
    size = -(-len(frames) // count)
    paths = []
    for part in range(count):
        places = range(part * size, min(len(frames), (part + 1) * size))
        kept = [frames[place] for place in places if place not in lost]
        path = speech.written(folder / f"ring{part}.pcap", kept)
        data = bytearray(path.read_bytes())
        at = 24  # speech.written sets times of its own
        for place in (place for place in places if place not in lost):
            data[at : at + 4] = int(speech.AT + place).to_bytes(4, "little")
            at += 16 + int.from_bytes(data[at + 8 : at + 12], "little")
        path.write_bytes(data)
        paths.append(path)
    return paths


def together(paths: list[Path]) -> tuple[list[Exchange], list[str], list[Path]]:
    told: list[Problem] = []
    refused: list[Path] = []
    read = kinds()["pcap"].read_together
    assert read is not None
    found = list(read(paths, told.append, lambda path, _: refused.append(path)))
    return found, [str(one) for one in told], refused


def told_apart(exchanges: list[Exchange]) -> list[tuple[bytes, bytes, bool]]:
    return [(one.request, one.reply, one.cut) for one in exchanges]


@pytest.mark.parametrize("count", [2, 5, 23])
def test_files_given_in_any_order_tell_what_the_whole_told(tmp_path: Path, count: int) -> None:
    frames = conversation()
    whole = list(kinds()["pcap"].read(speech.written(tmp_path / "whole.pcap", frames), print, None))
    paths = cut(tmp_path, frames, count)
    found, told, refused = together(paths[::-1])
    assert told_apart(found) == told_apart(whole)
    assert len(found) == 6
    assert (told, refused) == ([], [])
    assert found[0].source.startswith("pcap ring")


def test_a_gap_is_said_of_the_file_it_shows_in(tmp_path: Path) -> None:
    frames = conversation()
    paths = cut(tmp_path, frames, 3, lost=frozenset({14}))
    found, told, _ = together(paths)
    assert len(found) >= 5
    assert len([one for one in told if "1 gap, " in one]) == 1
    assert not [one for one in told if one.startswith("ring0")]


def test_recordings_of_two_places_at_one_time_are_merged(tmp_path: Path) -> None:
    frames = conversation()
    for number, frame in enumerate(frames):
        frame.time = number
    mine = [frame for frame in frames if frame.src == speech.VIEWER_MAC]
    its = [frame for frame in frames if frame.src != speech.VIEWER_MAC]
    from scapy.utils import wrpcap

    wrpcap(str(tmp_path / "a.pcap"), mine)
    wrpcap(str(tmp_path / "b.pcap"), its)
    found, told, _ = together([tmp_path / "a.pcap", tmp_path / "b.pcap"])
    assert [one.request[:6] for one in found] == [b"GET /%d" % page for page in range(6)]
    assert told == []


def test_a_file_that_is_no_capture_keeps_the_others_from_nothing(tmp_path: Path) -> None:
    paths = cut(tmp_path, conversation(), 2)
    (tmp_path / "no.pcap").write_bytes(b"<html>" * 9)
    found, _, refused = together([paths[0], tmp_path / "no.pcap", tmp_path / "missing.pcap", paths[1]])
    assert len(found) == 6
    assert refused == [tmp_path / "no.pcap", tmp_path / "missing.pcap"]


def test_the_command_reads_a_ring_and_the_run_remembers_what_is_missing(tmp_path: Path) -> None:
    paths = cut(tmp_path, conversation(), 3, lost=frozenset({14}))
    (tmp_path / "no.pcap").write_bytes(b"<html>" * 9)
    words = ["import", "pcap", "--no-scope", "--db", str(tmp_path / "a.sqlite")]
    done = CliRunner().invoke(
        cli.program, [*words, *map(str, paths), str(tmp_path / "no.pcap")], standalone_mode=False
    )
    assert done.return_value == 2, done.output
    assert "no.pcap: byte 0: begins with" in done.output
    assert done.output.count(" gap, ") == 1
    with Store.open(tmp_path / "a.sqlite") as store:
        (run,) = store.runs()
        (device,) = store.devices()
        assert any("1 gap, " in note for note in run.notes)
        asked = {one.request.split(b" ")[1] for one in store.said(run.id, device.key)}
    assert len(asked - {b""}) >= 5


PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "bzip2": bz2.compress,
    "xz": lzma.compress,
}


@pytest.mark.parametrize("name", PACKERS)
def test_packed_files_are_read_and_those_cut_short_say_so(tmp_path: Path, name: str) -> None:
    pack = PACKERS[name]
    plain = speech.written(tmp_path / "x.pcap", [speech.datagram(speech.SADP, 37020)]).read_bytes()
    path = tmp_path / "x.packed"
    path.write_bytes(pack(plain[:100]) + pack(plain[100:]))
    assert len(list(kinds()["pcap"].read(path, print, None))) == 1
    path.write_bytes(pack(plain) + pack(bytes(1000))[:-12])
    told: list[Problem] = []
    assert len(list(kinds()["pcap"].read(path, told.append, None))) == 1
    assert "cannot be unpacked or read any further" in str(told[0])
    damaged = bytearray(pack(plain))
    damaged[len(damaged) // 2 :] = bytes(len(damaged) - len(damaged) // 2)
    path.write_bytes(damaged)
    told.clear()
    said = ""
    try:
        list(kinds()["pcap"].read(path, told.append, None))
    except EvidenceError as error:
        said = str(error)
    assert told or "x.packed: byte 0: cannot be unpacked or read (" in said


class _Nothing:
    """Finds no library of zstd."""

    def find_spec(self, name: str, _path: object = None, _target: object = None) -> None:
        if name in {"compression", "compression.zstd", "backports.zstd", "zstandard"}:
            raise ImportError(name)


ZSTD = bytes.fromhex("28b52ffd") + bytes(20)


def test_zstd_without_a_library_is_refused_with_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "meta_path", [_Nothing(), *sys.meta_path])
    for name in ("zstandard", "backports.zstd", "compression.zstd"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    (tmp_path / "x.pcap.zst").write_bytes(ZSTD)
    with pytest.raises(EvidenceError, match=r"x\.pcap\.zst: is packed with zstd.*zstd -d.*install zstandard"):
        list(kinds()["pcap"].read(tmp_path / "x.pcap.zst", print, None))


class _Slow:
    """A decompressor as zstandard's, for the way it is fed: it gives twice what it is given."""

    eof = False
    needs_input = True
    unused_data = b""

    def __init__(self) -> None:
        self.sips: list[int] = []

    def decompress(self, data: bytes, _max_length: int = -1, /) -> bytes:
        self.sips.append(len(data))
        return data * 2


def test_a_library_that_cannot_be_bounded_is_given_little_at_a_time() -> None:
    inner = _Slow()
    sipping = packed._Sipping(inner)
    out = sipping.decompress(bytes(2000))
    while not sipping.needs_input:
        out += sipping.decompress(b"")
    assert len(out) == 4000
    assert max(inner.sips) == 512


@pytest.mark.skipif(
    not any(importlib.util.find_spec(name) for name in ("zstandard",)), reason="no zstd library here"
)
def test_zstd_is_read_where_the_library_is_there(tmp_path: Path) -> None:
    zstandard = importlib.import_module("zstandard")
    plain = speech.written(tmp_path / "x.pcap", [speech.datagram(speech.SADP, 37020)]).read_bytes()
    path = tmp_path / "x.pcap.zst"
    path.write_bytes(zstandard.ZstdCompressor().compress(plain))
    assert len(list(kinds()["pcap"].read(path, print, None))) == 1


@pytest.mark.parametrize(
    ("start", "name"), [(b"PK\x03\x04", "zip"), (b"7z\xbc\xaf\x27\x1c", "7-Zip"), (b"Rar!\x1a\x07", "RAR")]
)
def test_archives_are_refused_with_what_to_do(tmp_path: Path, start: bytes, name: str) -> None:
    (tmp_path / "x").write_bytes(start + bytes(100))
    with pytest.raises(EvidenceError, match=f"x: is packed as {name}: unpack it"):
        list(kinds()["pcap"].read(tmp_path / "x", print, None))
