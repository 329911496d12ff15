#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""auditor-nmap: tell by python-nmap which nmap there is.

A program of its own, without imports of auditor. It reads lines on standard input and answers each with one:

    > version PATH
    < version MAJOR MINOR       of the nmap at this path
    < missing                   nothing there is nmap
    < error WORDS               the line was not understood, or python-nmap is not there

It starts nothing but that nmap, with the one word -V, and ends when its standard input closes or its parent dies.
"""

import ctypes
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import suppress
from typing import BinaryIO, NoReturn

LONGEST_LINE = 4096 + 16
_PR_SET_PDEATHSIG = 1


def reply(line: bytes) -> str:
    """Return the answer to a line."""
    word, _, path = line.rstrip(b"\n").partition(b" ")
    if word != b"version" or not path or b"\0" in path:
        return "error not understood; the one line there is: version PATH"
    try:
        import nmap  # noqa: PLC0415  its absence is an answer, too
    except ImportError:
        return "error python-nmap cannot be loaded; install auditor with its packages"
    try:
        major, minor = nmap.PortScanner(nmap_search_path=(os.fsdecode(path),)).nmap_version()
    except (nmap.PortScannerError, ValueError):  # ValueError: what it says of itself is no text
        return "missing"
    return f"version {int(major)} {int(minor)}"


def lines(file: BinaryIO) -> Iterator[bytes | None]:
    """Yield lines until they end; None for one that is too long."""
    is_long = False
    while piece := file.readline(LONGEST_LINE + 1):
        if len(piece) > LONGEST_LINE and not piece.endswith(b"\n"):
            is_long = True
            continue
        yield None if is_long else piece
        is_long = False
    if is_long:
        yield None


def main() -> NoReturn:
    """Answer lines until they end."""
    parent = os.getppid()
    sys.dont_write_bytecode = True
    with suppress(AttributeError, OSError):  # Linux, prctl(2)
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    with suppress(BrokenPipeError):
        for line in lines(sys.stdin.buffer):
            if os.getppid() != parent:
                break
            said = f"error a line of more than {LONGEST_LINE} bytes" if line is None else reply(line)
            os.write(1, said.encode("ascii", "replace") + b"\n")
    sys.exit(0)


if __name__ == "__main__":
    main()
