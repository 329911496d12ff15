"""Files are written whole or not at all, and stay the kind of file they were."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from auditor.cli._words import Failure
from auditor.cli._writing import write_whole


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_new_file_has_the_modes_of_the_mask_and_one_that_exists_keeps_its_own(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write_whole(tmp_path / "new", b"1", "")
        (tmp_path / "old").write_bytes(b"a longer text")
        (tmp_path / "old").chmod(0o664)
        write_whole(tmp_path / "old", b"2", "")
    finally:
        os.umask(before)
    assert (mode(tmp_path / "new"), mode(tmp_path / "old")) == (0o640, 0o664)
    assert (tmp_path / "old").read_bytes() == b"2"
    assert sorted(one.name for one in tmp_path.iterdir()) == ["new", "old"]


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"1")
    (tmp_path / "link").symlink_to("file")
    write_whole(tmp_path / "link", b"2", "")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "file").read_bytes() == b"2"


@pytest.mark.parametrize("name", ["a" * 255, "none/such", "file/below", ""])
def test_what_cannot_be_written_is_named_with_advice_and_leaves_nothing(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_bytes(b"1")
    path = tmp_path / name
    if name == "a" * 255:
        write_whole(path, b"2", "")
        assert path.read_bytes() == b"2"
        return
    with pytest.raises(Failure, match=r"cannot be written \(.+\); go elsewhere"):
        write_whole(path, b"2", "go elsewhere")
    assert [one.name for one in tmp_path.iterdir()] == ["file"]
    assert (tmp_path / "file").read_bytes() == b"1"


@pytest.mark.parametrize("where", ["> out", "| cat > out"])
def test_what_is_no_plain_file_is_written_to_as_it_is(tmp_path: Path, where: str) -> None:
    script = "from pathlib import Path; from auditor.cli._writing import write_whole; write_whole(Path('/dev/stdout'), b'text', '')"
    line = f'(echo before; "$0" -c "$1"; echo after) {where}'
    root = str(Path(__file__).resolve().parents[2])
    subprocess.run(
        ["bash", "-c", line, sys.executable, script],
        cwd=tmp_path,
        check=True,
        env={**os.environ, "PYTHONPATH": root},
    )
    said = (tmp_path / "out").read_text()
    assert "text" in said
    assert "after" in said
