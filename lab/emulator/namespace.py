"""Enter a user and network namespace of our own: real ports for an ordinary user, and no way out."""

import ctypes
import fcntl
import os
import socket  # noqa: TID251 - switches the loopback interface on
import struct
from pathlib import Path

_NEW_USER, _NEW_NET = 0x1000_0000, 0x4000_0000
_SET_FLAGS = 0x8914
_UP_RUNNING_MULTICAST = 0x1 | 0x40 | 0x1000


class NamespaceRefusedError(Exception):
    """The kernel does not let this account have a namespace; the message says what to do instead."""


def enter() -> None:
    """Move this process into a fresh user and network namespace with its loopback switched on.

    Inside, the process has the caller's files but no network besides 127.0.0.0/8 and ::1.
    """
    user, group = os.getuid(), os.getgid()
    library = ctypes.CDLL(None, use_errno=True)
    if library.unshare(_NEW_USER | _NEW_NET) != 0:
        reason = os.strerror(ctypes.get_errno())
        raise NamespaceRefusedError(
            f"this kernel does not let you have a network namespace ({reason}): "
            "leave --namespace out; every port is then shifted by 20000"
        )
    try:
        Path("/proc/self/setgroups").write_text("deny", encoding="ascii")
        Path("/proc/self/uid_map").write_text(f"0 {user} 1", encoding="ascii")
        Path("/proc/self/gid_map").write_text(f"0 {group} 1", encoding="ascii")
        _loopback_up()
    except OSError as error:
        raise NamespaceRefusedError(
            f"the namespace was made but could not be set up ({error}): "
            "leave --namespace out; every port is then shifted by 20000"
        ) from error


def _loopback_up() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        request = struct.pack("16sh14x", b"lo", _UP_RUNNING_MULTICAST)
        fcntl.ioctl(control, _SET_FLAGS, request)
