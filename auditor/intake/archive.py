"""Files that are packed (zip, gzip): each file in them by name, unpacked within bounds, whatever their heads promise.

Source: APPNOTE.TXT of the zip format, RFC 1952. Bounds: far above what reports have, far below what fills a memory.
"""

import gzip
import io
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from auditor.intake.evidence import EvidenceError, Problem, Tell

MOST_FILES = 1000
LARGEST = 1024 * 1024 * 1024
"""Bytes unpacked of one file within a packed one."""
LARGEST_TOGETHER = 4 * LARGEST
_TAIL = 66_000
"""Bytes at the end of a zip within which its last record stands."""
_LONGEST_LIST = 16 * 1024 * 1024
_RATIO = 1100
"""Deflate packs no more than 1,032 to one; what promises more lies."""
WORKBOOK = "xl/workbook.xml"
_ZIP = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
_GZIP = b"\x1f\x8b"
BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, OSError)
"""What unpacking raises for damage, encryption and methods unknown."""
_IGNORED = ("__MACOSX/", ".DS_Store", "Thumbs.db")


@dataclass(frozen=True, slots=True)
class Part:
    """One file that can be read: its name, the name of the file it came in where it is packed, and how it is opened."""

    name: str
    within: str
    open: Callable[[], BinaryIO]

    @property
    def told(self) -> str:
        """The name by which people are told of it."""
        return f"{self.within} ({self.name})" if self.within else self.name


class Bounded(io.RawIOBase):
    """The bytes of a packed file up to a bound; what breaks in unpacking ends it. `broken` then says why."""

    def __init__(self, file: io.BufferedIOBase, most: int) -> None:
        self._file = file
        self._left = most
        self._most = most
        self.broken = ""

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def close(self) -> None:
        """Close the packed file, too."""
        self._file.close()
        super().close()

    def readinto(self, buffer: object) -> int:
        """Fill a buffer; 0 at the end, at the bound, and at damage."""
        view = memoryview(buffer)  # type: ignore[arg-type]  # whatever the buffered reader hands over
        if self._left <= 0:
            self.broken = self.broken or f"unpacks to more than {self._most} bytes"
        if self.broken:
            return 0
        try:
            piece = self._file.read1(min(len(view), self._left))  # what there is, also of a file cut short
        except BROKEN as error:
            self.broken = f"cannot be unpacked any further ({error})"
            return 0
        view[: len(piece)] = piece
        self._left -= len(piece)
        return len(piece)


def parts(path: Path, tell: Tell) -> Iterator[Part]:
    """Yield the files a file holds: itself where it is not packed. EvidenceError where it is damaged from the start."""
    with path.open("rb") as file:
        start = file.read(4)
    if start in _ZIP:
        yield from _of_zip(path, tell)
    elif start.startswith(_GZIP):
        name = path.name.removesuffix(".gz")
        yield Part(name, path.name, lambda: _unpacked(gzip.GzipFile(path), path.name, tell))
    else:
        yield Part(path.name, "", lambda: path.open("rb"))


def opened_zip(file: BinaryIO) -> zipfile.ZipFile:
    """Open a zip whose list of files is no longer than a memory should hold; BadZipFile for another."""
    file.seek(0, io.SEEK_END)
    size = file.tell()
    file.seek(max(0, size - _TAIL))
    tail = file.read(_TAIL)
    at = tail.rfind(b"PK\x05\x06")
    listed = int.from_bytes(tail[at + 12 : at + 16], "little") if at >= 0 else 0
    # Where the list's size does not fit this field, it stands in a record before it (APPNOTE 4.3.14): the file bounds it.
    if min(listed, size) > _LONGEST_LIST:
        raise zipfile.BadZipFile(f"its list of files is {listed} bytes long")
    return zipfile.ZipFile(file)


def _of_zip(path: Path, tell: Tell) -> Iterator[Part]:
    try:
        with path.open("rb") as file, opened_zip(file) as archive:
            members = archive.infolist()
    except BROKEN as error:
        raise EvidenceError(
            f"{path.name}: is no Excel file that can be opened, nor a zip ({error}); save or pack it again"
        ) from error
    names = {one.filename for one in members}
    if WORKBOOK in names or "mimetype" in names or "[Content_Types].xml" in names:
        yield Part(path.name, "", lambda: path.open("rb"))
        return
    files = [one for one in members if not one.is_dir() and not _is_ignored(one.filename)]
    if len(files) > MOST_FILES:
        tell(
            Problem(
                path.name, "zip", f"holds {len(files)} files; those after the first {MOST_FILES} are left out"
            )
        )
    left = LARGEST_TOGETHER
    for one in files[:MOST_FILES]:
        left -= one.file_size
        refused = _refusal(one) or ("the files before it unpack to enough" if left < 0 else "")
        if refused:
            tell(Problem(path.name, f"{one.filename[:128]}", f"{refused}; it is left out"))
            continue
        yield Part(PurePosixPath(one.filename).name[:128], path.name, _opener(path, one, tell))


def _is_ignored(name: str) -> bool:
    return any(word in name for word in _IGNORED)


def _refusal(member: zipfile.ZipInfo) -> str:
    """Return why a file of a zip is not unpacked, or an empty text."""
    if member.flag_bits & 1:
        return "is encrypted; unpack it first"
    if member.file_size > LARGEST or member.file_size > _RATIO * max(member.compress_size, 1024):
        return f"would unpack to {member.file_size} bytes"
    return ""


def _opener(path: Path, member: zipfile.ZipInfo, tell: Tell) -> Callable[[], BinaryIO]:
    def opened() -> BinaryIO:
        archive = zipfile.ZipFile(path)
        try:
            return _unpacked(archive.open(member), f"{path.name} ({member.filename[:128]})", tell)  # type: ignore[arg-type]
        except BROKEN as error:
            archive.close()
            raise EvidenceError(
                f"{path.name}: {member.filename[:128]}: cannot be unpacked ({error})"
            ) from error

    return opened


def _unpacked(file: io.BufferedIOBase, name: str, tell: Tell) -> BinaryIO:
    bounded = Bounded(file, LARGEST)

    class Reader(io.BufferedReader):
        """Says once, when it is closed, why its file was not read to the end."""

        def close(self) -> None:
            if bounded.broken and not self.closed:
                tell(Problem(name, "end", f"{bounded.broken}; what stands before is kept"))
            super().close()

    return Reader(bounded, 1024 * 1024)
