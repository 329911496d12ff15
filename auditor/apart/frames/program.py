#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""auditor-frames: ask one segment who has an address, by ARP and IPv6 neighbour discovery, or hear what passes there.

A program of its own, by scapy and without imports of auditor; in one file, so that this file is all that ever gets the
right. It alone needs CAP_NET_RAW, to open its sockets; then it gives up every right for good, before a line is read. It can
be made to send two questions and nothing else, and ends when its standard input closes or its parent dies.

`auditor-frames ask INTERFACE` reads lines and answers in lines:

    > ask ADDRESS UNTIL             UNTIL: seconds of the monotonic clock after which it is not to be sent any more
    < ready MAC ADDRESS             what it asks as, said once, when it has no right left
    < sent ADDRESS HEX              the question behind its Ethernet head
    < unsent ADDRESS NUMBER|late    the kernel's error number, or the line came too late
    < heard arp|ndp HEX             an answer to one of its questions behind its Ethernet head
    < error WORDS                   the line was not understood; nothing was sent

`auditor-frames listen INTERFACE [promiscuous]` reads nothing and has no call that sends; it says `ready`, and then

    < frame WHEN LENGTH             and so many bytes, WHEN by the monotonic clock
    < lost NUMBER                   frames that came too fast, since the last such line

Either says `failed permission|unfit|interface|program WORDS` and ends with 1 where it cannot begin.
"""

import ctypes
import errno
import fcntl
import ipaddress
import math
import os
import resource
import select
import signal
import socket  # noqa: TID251 - this program owns its sockets
import struct
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from typing import NoReturn

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Build = Callable[[Address], bytes]

LONGEST_LINE = 128
FARTHEST = 10.0
"""Seconds ahead that a question may be sent at the latest."""
_MOST_ASKED = 1 << 20
_MOST_ANSWERS = 16
"""Different answers passed on for one address."""

_ARP, _IPV6, _ALL = 0x0806, 0x86DD, 0x0003
_LARGEST = 65_535 + 64
_BUFFER = 16 * 1024 * 1024
_AT_ONCE = 256
_ETHERNET = 1
_SIOCGIFADDR, _SIOCGIFHWADDR = 0x8915, 0x8927
_SOL_PACKET, _ADD_MEMBERSHIP, _STATISTICS, _IGNORE_OUTGOING = 263, 1, 6, 23
_PROMISCUOUS, _ALL_MULTICAST = 1, 2
_SO_RCVBUFFORCE = 33
_F_SETPIPE_SZ = 1031

# Linux: prctl(2), capabilities(7), capset(2)
_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_KEEPCAPS = 1, 4, 8
_PR_CAPBSET_DROP, _PR_SET_NO_NEW_PRIVS, _PR_CAP_AMBIENT, _CLEAR_ALL = 24, 38, 47, 4
_CAP_DAC_READ_SEARCH = 1 << 2
_VERSION_3 = 0x20080522
_NOBODY = 65_534


class CannotError(Exception):
    """It cannot begin: of which kind, and why in words."""

    def __init__(self, kind: str, words: str) -> None:
        super().__init__(words)
        self.kind = kind


# Rights


class _Header(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _Half(ctypes.Structure):
    _fields_ = (
        ("effective", ctypes.c_uint32),
        ("permitted", ctypes.c_uint32),
        ("inheritable", ctypes.c_uint32),
    )


def _prctl(option: int, *values: int) -> None:
    words = [ctypes.c_ulong(value) for value in (*values, 0, 0, 0, 0)[:4]]
    if ctypes.CDLL(None, use_errno=True).prctl(option, *words):
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))


def _permitted() -> int:
    header, halves = _Header(_VERSION_3, 0), (_Half * 2)()
    if ctypes.CDLL(None).capget(ctypes.byref(header), halves):
        raise CannotError("program", "the kernel does not tell its rights")
    return int(halves[0].permitted | halves[1].permitted << 32)


def _keep_only(mask: int) -> None:
    """Give up every capability that is not in a mask, for good; none is passed on to anybody."""
    header, halves = _Header(_VERSION_3, 0), (_Half * 2)()
    for number, half in enumerate(halves):
        half.effective = half.permitted = mask >> 32 * number & 0xFFFF_FFFF
    if ctypes.CDLL(None).capset(ctypes.byref(header), halves) or _permitted() != mask:
        raise CannotError("program", "its rights could not be given up")


def give_up_most() -> None:
    """Give up what only opening the sockets needed; whoever could read every file can still load scapy from his home."""
    kept = _permitted() & _CAP_DAC_READ_SEARCH
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)
    with suppress(OSError):  # before Linux 4.3 there is no ambient set
        _prctl(_PR_CAP_AMBIENT, _CLEAR_ALL)
    with suppress(OSError):  # behind the last capability, or without CAP_SETPCAP; no_new_privs holds then
        for number in range(64):
            _prctl(_PR_CAPBSET_DROP, number)
    if os.geteuid() == 0:
        _prctl(_PR_SET_KEEPCAPS, 1)
        with suppress(OSError):  # a user namespace may know no other user
            os.setgroups([])
            os.setresgid(_NOBODY, _NOBODY, _NOBODY)
            os.setresuid(_NOBODY, _NOBODY, _NOBODY)
    _keep_only(kept)


def give_up_all(parent: int) -> None:
    """Give up what is left: every capability, opening any file or socket, outliving the parent, being looked into."""
    _keep_only(0)
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))
    _prctl(_PR_SET_DUMPABLE, 0)
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)  # last: a change of user forgets it
    if os.getppid() != parent:
        sys.exit(0)


# The interface


def _socket(interface: str, protocol: int) -> socket.socket:
    """Return a packet socket that hears one protocol on one interface."""
    try:
        sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW | socket.SOCK_NONBLOCK, 0)
    except PermissionError as error:
        raise CannotError("permission", "CAP_NET_RAW is needed") from error
    except OSError as error:
        raise CannotError("program", f"no socket: {error.strerror}") from error
    try:
        sock.bind((interface, protocol))
    except OSError as error:
        raise CannotError(
            "interface", f"{interface}: {(error.strerror or 'cannot be used').lower()}"
        ) from error
    return sock


def _of_kernel(sock: socket.socket, question: int, interface: str) -> bytes:
    try:
        return fcntl.ioctl(sock.fileno(), question, struct.pack("256s", interface.encode()))
    except OSError as error:
        raise CannotError(
            "interface", f"{interface}: {(error.strerror or 'cannot be used').lower()}"
        ) from error


def _addresses_v6(interface: str) -> list[ipaddress.IPv6Address]:
    """Return the interface's IPv6 addresses, link-local ones first. Source: Linux, if_inet6_seq_show."""
    try:
        with open("/proc/net/if_inet6", encoding="utf-8", errors="surrogateescape") as lines:  # noqa: PTH123  one import less before rights are given up
            rows = [line.split() for line in lines]
    except OSError:
        return []
    found = [ipaddress.IPv6Address(bytes.fromhex(row[0])) for row in rows if row[5] == interface]
    return sorted(found, key=lambda one: not one.is_link_local)


def builders(mac: str, own: Address, own_v6: list[ipaddress.IPv6Address]) -> tuple[Build, Build]:
    """Return what builds the two questions, by ARP (RFC 826) and by a neighbour solicitation (RFC 4861, section 4.3)."""
    try:
        from scapy.layers.inet6 import (  # noqa: PLC0415  loaded when hardly a right is left
            ICMPv6ND_NS,
            ICMPv6NDOptSrcLLAddr,
            IPv6,
        )
        from scapy.layers.l2 import ARP, Ether  # noqa: PLC0415
    except ImportError as error:
        raise CannotError("program", f"scapy cannot be loaded: {error}") from error

    # Made once: the address asked for is its last four bytes, and making a frame takes scapy half a millisecond.
    mould = bytes(
        Ether(src=mac, dst="ff:ff:ff:ff:ff:ff") / ARP(op=1, hwsrc=mac, psrc=str(own), pdst=str(own))
    )

    def question(target: Address) -> bytes:
        return mould[:-4] + target.packed

    def solicitation(target: Address) -> bytes:
        if not own_v6:
            raise OSError(errno.EADDRNOTAVAIL, "no IPv6 address here")
        group = ipaddress.IPv6Address(int(ipaddress.IPv6Address("ff02::1:ff00:0")) | int(target) & 0xFFFFFF)
        head = Ether(src=mac, dst="33:33:" + group.packed[-4:].hex(":"))
        packet = IPv6(src=str(own_v6[0]), dst=str(group), hlim=255) / ICMPv6ND_NS(tgt=str(target))
        return bytes(head / packet / ICMPv6NDOptSrcLLAddr(lladdr=mac))

    return question, solicitation


# Lines


def say(*words: object, payload: bytes = b"") -> None:
    """Write a line, and what belongs to it, on standard output."""
    rest = memoryview((" ".join(map(str, words)) + "\n").encode("ascii", "replace") + payload)
    while rest:
        rest = rest[os.write(1, rest) :]


class Lines:
    """Bytes put together to lines of bounded length; a longer one is None, once."""

    def __init__(self) -> None:
        self._held = b""
        self._is_skipping = False

    def add(self, data: bytes) -> list[bytes | None]:
        """Return the lines that have ended."""
        *ended, rest = (self._held + data).split(b"\n")
        found: list[bytes | None] = []
        for line in ended:
            if not self._is_skipping:
                found.append(line if len(line) <= LONGEST_LINE else None)
            self._is_skipping = False
        if len(rest) > LONGEST_LINE:
            if not self._is_skipping:
                found.append(None)
            self._is_skipping, rest = True, b""
        self._held = rest
        return found


def read_line(line: bytes | None, now: float) -> tuple[Address, float]:
    """Read who is asked for, and until when; ValueError in words that hold nothing of the line."""
    if line is None:
        raise ValueError(f"a line of more than {LONGEST_LINE} bytes")
    words = line.split(b" ")
    if len(words) != 3 or words[0] != b"ask":
        raise ValueError("not understood; the one line there is: ask ADDRESS UNTIL")
    try:
        target, until = ipaddress.ip_address(words[1].decode("ascii")), float(words[2])
    except ValueError as error:
        raise ValueError("ask: no address, or no moment") from error
    if not math.isfinite(until) or until > now + FARTHEST:
        raise ValueError("ask: a moment too far ahead")
    if isinstance(target, ipaddress.IPv6Address) and (target.scope_id or target.ipv4_mapped):
        raise ValueError("ask: not an address of one host")
    if target.is_multicast or target.is_unspecified or target.is_loopback or int(target) == 0xFFFF_FFFF:
        raise ValueError("ask: not an address of one host")
    return target, until


def answer(protocol: int, frame: bytes) -> tuple[Address, bytes] | None:
    """Return for whom a frame answers, and what stands behind its head; None for everything else that passes."""
    body = frame[14:]
    if protocol == _ARP and len(body) >= 28 and body[:8] == b"\0\x01\x08\0\x06\x04\0\x02":
        return ipaddress.IPv4Address(body[14:18]), body[:28]
    # An advertisement that came through a router (hop limit below 255) is forged: RFC 4861 section 7.1.2.
    if protocol == _IPV6 and len(body) >= 64 and body[6:8] == b"\x3a\xff" and body[40] == 136:
        return ipaddress.IPv6Address(body[48:64]), body
    return None


# Asking


class Asker:
    """What was asked, and the sockets it is asked by."""

    def __init__(self, by: dict[int, socket.socket], build: tuple[Build, Build], own: set[Address]) -> None:
        self._by = by
        self._build = {4: build[0], 6: build[1]}
        self._own = own
        self._asked: dict[Address, set[bytes]] = {}

    def ask(self, line: bytes | None) -> None:
        """Ask what a line says, if it may be asked."""
        try:
            target, until = read_line(line, time.monotonic())
            self._admit(target)
        except ValueError as error:
            say("error", error)
            return
        if time.monotonic() > until:
            say("unsent", target, "late")
            return
        try:
            frame = self._build[target.version](target)
            self._by[_ARP].send(frame)
        except OSError as error:
            say("unsent", target, error.errno or errno.EIO)
            return
        self._asked.setdefault(target, set())
        say("sent", target, frame[14:].hex())

    def _admit(self, target: Address) -> None:
        if target in self._own:  # asked for one's own address, others take it for news of where that is
            raise ValueError("ask: this host's own address")
        if len(self._asked) >= _MOST_ASKED:
            raise ValueError("ask: too many addresses")

    def hear(self, protocol: int) -> None:
        """Pass on what answers a question of ours."""
        for _ in range(_AT_ONCE):
            try:
                frame = self._by[protocol].recv(_LARGEST)
            except OSError:
                return
            told = answer(protocol, frame)
            before = self._asked.get(told[0]) if told is not None else None
            if told is None or before is None or told[1] in before or len(before) >= _MOST_ANSWERS:
                continue
            before.add(told[1])
            say("heard", "arp" if protocol == _ARP else "ndp", told[1].hex())


def ask(interface: str, parent: int) -> None:
    """Open the sockets, give up every right, and answer lines until they end."""
    by = {protocol: _socket(interface, protocol) for protocol in (_ARP, _IPV6)}
    give_up_most()
    hardware = _of_kernel(by[_ARP], _SIOCGIFHWADDR, interface)
    if struct.unpack_from("H", hardware, 16)[0] != _ETHERNET:
        raise CannotError("unfit", f"{interface}: is no Ethernet, and has no neighbours to ask")
    mac = hardware[18:24].hex(":")
    own = ipaddress.IPv4Address(_of_kernel(by[_ARP], _SIOCGIFADDR, interface)[20:24])
    own_v6 = _addresses_v6(interface)
    question, solicitation = builders(mac, own, own_v6)
    for one in own_v6[:1]:
        solicitation(one)  # what scapy loads with its first frame it loads before no file can be opened
    give_up_all(parent)
    asker = Asker(by, (question, solicitation), {own, *own_v6})
    say("ready", mac, own)
    lines = Lines()
    sources: list[int | socket.socket] = [0, *by.values()]
    while True:
        readable = select.select(sources, [], [])[0]
        for protocol, sock in by.items():
            if sock in readable:
                asker.hear(protocol)
        if 0 in readable:
            data = os.read(0, 65_536)
            if not data:
                return
            for line in lines.add(data):
                asker.ask(line)


# Listening


def listen(interface: str, parent: int, *, promiscuous: bool) -> None:
    """Open a socket, give up every right, and pass on what is heard until standard input closes."""
    sock = _socket(interface, 0)
    try:
        sock.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, _BUFFER)
    except OSError:  # more than the system allows everybody needs CAP_NET_ADMIN
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
    # A setting of the card that puts nothing on the wire, unlike joining a group.
    member = struct.pack(
        "iHH8s", socket.if_nametoindex(interface), _PROMISCUOUS if promiscuous else _ALL_MULTICAST, 0, b""
    )
    sock.setsockopt(_SOL_PACKET, _ADD_MEMBERSHIP, member)
    sock.setsockopt(_SOL_PACKET, _IGNORE_OUTGOING, 1)  # what this machine says is not evidence
    sock.bind((interface, _ALL))
    with suppress(OSError):
        fcntl.fcntl(1, _F_SETPIPE_SZ, 1 << 20)
    give_up_most()
    give_up_all(parent)
    say("ready")
    told = time.monotonic()
    sources: list[int | socket.socket] = [0, sock]
    room = memoryview(bytearray(_LARGEST))
    while True:
        readable = select.select(sources, [], [], 0.25)[0]
        if 0 in readable and not os.read(0, 4096):
            return
        if sock in readable:
            pass_on(sock, room, interface)
        if time.monotonic() >= told + 0.25:
            told = time.monotonic()
            if dropped := struct.unpack("II", sock.getsockopt(_SOL_PACKET, _STATISTICS, 8))[1]:
                say("lost", dropped)


def pass_on(sock: socket.socket, room: memoryview, interface: str) -> None:
    """Write down what has come, a bounded number of frames together; `room` holds the longest."""
    heard = bytearray()
    try:
        for _ in range(_AT_ONCE):
            length = sock.recv_into(room)
            heard += b"frame %.6f %d\n" % (time.monotonic(), length)
            heard += room[:length]
    except BlockingIOError:
        pass
    except OSError as error:
        raise CannotError("interface", f"{interface}: {(error.strerror or 'gone').lower()}") from error
    finally:
        rest = memoryview(heard)
        while rest:
            rest = rest[os.write(1, rest) :]


# The program


def main() -> NoReturn:
    """Do what the words say until standard input closes."""
    parent = os.getppid()
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    os.closerange(3, most if 0 < most < 65_536 else 65_536)  # -1: no limit
    os.environ.clear()
    os.chdir("/")
    sys.dont_write_bytecode = True
    for number in (signal.SIGINT, signal.SIGTSTP, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # a terminal's are for whoever started us
    try:
        _do(sys.argv[1:], parent)
    except CannotError as error:
        with suppress(OSError):
            say("failed", error.kind, str(error).replace("\n", " ")[:400])
        sys.exit(1)
    except BrokenPipeError:
        pass
    sys.exit(0)


def _do(words: list[str], parent: int) -> None:
    match words:
        case ["ask", interface]:
            ask(_named(interface), parent)
        case ["listen", interface, *more] if more in ([], ["promiscuous"]):
            listen(_named(interface), parent, promiscuous=bool(more))
        case _:
            raise CannotError("program", "use: auditor-frames ask INTERFACE | listen INTERFACE [promiscuous]")


def _named(interface: str) -> str:
    try:
        socket.if_nametoindex(interface)
    except (OSError, ValueError) as error:
        raise CannotError("interface", f"there is no interface {ascii(interface)[:40]}") from error
    return interface


if __name__ == "__main__":
    main()
