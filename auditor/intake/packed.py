"""Packed capture files as the bytes within: gzip, bzip2, xz and zstd, piece by piece and in bounded memory.

Source: RFC 1952, RFC 8878, the file formats of bzip2 and xz.
"""

import bz2
import gzip
import importlib
import lzma
import zlib
from collections.abc import Callable
from functools import partial
from io import BufferedIOBase
from types import ModuleType
from typing import BinaryIO, Protocol, cast

from auditor.intake.evidence import EvidenceError

MOST_MEMORY = 192 * 1024 * 1024
"""Bytes an unpacker may use for its window; xz -9 needs 65 MiB, zstd --ultra up to 128."""
_WINDOW = 128 * 1024 * 1024
_PIECE = 16 * 1024
_SIP = 512
_ZSTD_MODULES = ("compression.zstd", "backports.zstd", "zstandard")
"""Where a zstd may be: in Python from 3.14 on, in its backport, in an older library."""

BROKEN = (OSError, EOFError, zlib.error, lzma.LZMAError, ValueError)
"""What reading a damaged packed file raises; zstd's own errors are made OSErrors."""


class Pieces(Protocol):
    """What a reader needs of a file."""

    def read1(self, size: int, /) -> bytes:
        """Return some bytes, none at the end."""
        ...


class _Unpacker(Protocol):
    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int = -1, /) -> bytes: ...


class _Unpacked:
    """A packed file of one part or several, unpacked no further than it is read."""

    def __init__(self, file: BinaryIO, unpacker: Callable[[], _Unpacker], error: type[Exception]) -> None:
        self._file, self._new, self._error = file, unpacker, error
        self._unpacker: _Unpacker | None = unpacker()
        self._rest = b""

    def read1(self, size: int, /) -> bytes:
        """Return some unpacked bytes, none at the end; EOFError where the file ends before its end."""
        while self._unpacker is not None:
            if self._unpacker.eof:
                self._rest = self._unpacker.unused_data or self._file.read(_PIECE)
                self._unpacker = self._new() if self._rest else None
                continue
            given = self._rest
            if self._unpacker.needs_input and not given:
                given = self._file.read(_PIECE)
                if not given:
                    raise EOFError("the packed file ends before its end")
            self._rest = b""
            try:
                found = self._unpacker.decompress(given, size)
            except self._error as error:
                raise OSError(str(error)) from error
            if found:
                return found
        return b""


def opened(file: BinaryIO, name: str) -> Pieces:
    """Return what is within a file, or the file itself. EvidenceError where it cannot be unpacked here."""
    start = file.read(6)
    file.seek(0)
    if start[:2] == b"\x1f\x8b":
        return cast("BufferedIOBase", gzip.GzipFile(fileobj=file))
    if start[:3] == b"BZh":
        return _Unpacked(file, bz2.BZ2Decompressor, OSError)
    if start == b"\xfd7zXZ\x00":
        return _Unpacked(file, lambda: lzma.LZMADecompressor(memlimit=MOST_MEMORY), lzma.LZMAError)
    if start[:4] == b"\x28\xb5\x2f\xfd" or (start[1:4] == b"\x2a\x4d\x18" and start[0] >> 4 == 5):
        return _zstd(file, name)
    for sign, kind in _OTHERS.items():
        if start.startswith(sign):
            raise EvidenceError(f"{name}: is packed as {kind}: unpack it, and give the capture within")
    return cast("BufferedIOBase", file)


def _zstd(file: BinaryIO, name: str) -> Pieces:
    for found in _ZSTD_MODULES:
        try:
            module = importlib.import_module(found)
        except ImportError:
            continue
        return _Unpacked(file, partial(_zstd_unpacker, module), module.ZstdError)
    raise EvidenceError(
        f"{name}: is packed with zstd, for which this Python has no library: unpack it (zstd -d), or install zstandard"
    )


def _zstd_unpacker(module: ModuleType) -> _Unpacker:
    if hasattr(module, "DecompressionParameter"):
        options = {module.DecompressionParameter.window_log_max: _WINDOW.bit_length() - 1}
        return cast("_Unpacker", module.ZstdDecompressor(options=options))
    return _Sipping(module.ZstdDecompressor(max_window_size=_WINDOW).decompressobj())


class _Sipping:
    """An unpacker that cannot be told how much to give, and so is given little at a time."""

    def __init__(self, unpacker: _Unpacker) -> None:
        self._unpacker, self._rest = unpacker, b""

    @property
    def eof(self) -> bool:
        """The part has ended."""
        return self._unpacker.eof

    @property
    def needs_input(self) -> bool:
        """Everything given has been unpacked."""
        return not self._rest

    @property
    def unused_data(self) -> bytes:
        """Return what was given behind the end of the part."""
        return self._unpacker.unused_data + self._rest

    def decompress(self, data: bytes, _max_length: int = -1, /) -> bytes:
        """Unpack a sip: a block of zstd gives 128 KiB at most and takes three bytes at least."""
        given = self._rest + data
        self._rest = given[_SIP:]
        return self._unpacker.decompress(given[:_SIP])


_OTHERS = {b"PK\x03\x04": "zip", b"7z\xbc\xaf": "7-Zip", b"Rar!": "RAR", b"\x04\x22\x4d\x18": "lz4"}
