"""Let one Python program make frames without root: usage: capable.py PROGRAM (a script of a virtual environment).

The program gets an interpreter of its own beside the environment's, with the file capability CAP_NET_RAW as
`setcap cap_net_raw+ep` writes it (Debian's minimal base has no setcap). Started where the capability is not in the
bounding set, such a file is refused by the kernel (capabilities(7)); so nothing else gets this interpreter.
"""

import os
import shutil
import struct
import sys
from pathlib import Path

REVISION_2, EFFECTIVE = 0x0200_0000, 0x1
CAP_NET_RAW = 13
"""Source: linux/capability.h, struct vfs_cap_data: magic, then permitted and inheritable twice, little endian."""


def capability(number: int) -> bytes:
    """Return the extended attribute `security.capability` that grants one capability below 32, effective at once."""
    return struct.pack("<5I", REVISION_2 | EFFECTIVE, 1 << number, 0, 0, 0)


def give(program: Path) -> None:
    """Give a script an interpreter of its own that may make frames."""
    own = program.with_name("python-frames")
    shutil.copy(Path(sys.executable).resolve(), own)
    os.setxattr(own, "security.capability", capability(CAP_NET_RAW))
    _, _, body = program.read_text(encoding="utf-8").partition("\n")
    program.write_text(f"#!{own}\n{body}", encoding="utf-8")


if __name__ == "__main__":
    give(Path(sys.argv[1]))
