"""auditor-frames: two questions and no other frame, no right left, and an end with whoever started it."""

import os
import random
import select
import shutil
import signal
import socket  # noqa: TID251  the name of an interface
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.apart.frames import program
from auditor.wire import arp, neighbour
from tests.apart.cable import Cable, cable

PROGRAM = Path(program.__file__)
MAC, OWN, OWN_V6 = "02:00:00:00:00:01", IPv4Address("192.0.2.1"), IPv6Address("fe80::1")
THEIRS = "58:50:ed:00:00:0a"
HEAR = """
import socket, sys
ear = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
ear.bind(("veth-there", 0))
print("ready", flush=True)
while True:
    frame, origin = ear.recvfrom(65535)
    if origin[2] != 4:
        print(frame.hex(), flush=True)
"""

in_namespaces = [
    pytest.mark.netns,
    pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("ip"), reason="needs root and ip"),
]


class Socket:
    """Stands in for a packet socket: keeps what is sent."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []

    def send(self, frame: bytes) -> None:
        self.sent.append(frame)


def asker() -> tuple[program.Asker, Socket]:
    out = Socket()
    build = program.builders(MAC, OWN, [OWN_V6])
    by = cast("Any", {program._ARP: out, program._IPV6: out})
    return program.Asker(by, build, {OWN, OWN_V6}), out


def is_question(frame: bytes) -> bool:
    """Tell whether a frame is one of the two, from our own address, to whom they go."""
    if frame[6:12].hex(":") != MAC:
        return False
    if frame[12:14] == b"\x08\x06":
        told = arp.parse(frame[14:])
        ours = told is not None and (told.operation, told.mac, told.address) == (1, MAC, str(OWN))
        return ours and len(frame) == 42 and frame[:6] == b"\xff" * 6
    group = frame[:2] == b"\x33\x33" and frame[54:55] == bytes((135,)) and frame[20] == 58
    return group and len(frame) == 86 and frame[22:38] == OWN_V6.packed and frame[21] == 255


def test_the_question_is_one_any_host_asks() -> None:
    frame = program.builders(MAC, OWN, [])[0](ip_address("192.0.2.7"))
    told = arp.parse(frame[14:])
    assert frame[:6] == b"\xff" * 6
    assert told is not None
    assert (told.operation, told.mac, told.address, told.target) == (1, MAC, "192.0.2.1", "192.0.2.7")


def test_a_solicitation_goes_to_the_few_that_can_have_the_address() -> None:
    frame = program.builders(MAC, OWN, [OWN_V6])[1](ip_address("2001:db8::aabb:ccdd"))
    assert frame[:6].hex(":") == "33:33:ff:bb:cc:dd"
    assert frame[12:14] == b"\x86\xdd"
    assert frame[62:78] == IPv6Address("2001:db8::aabb:ccdd").packed
    assert neighbour.parse(frame[14:]) is None
    assert is_question(frame)


@pytest.mark.parametrize(
    "line",
    [
        b"", b"ask", b"ask 192.0.2.7", b"send ffffffffffff0200", b"ask 192.0.2.7 nan", b"ask 192.0.2.7 inf", b"ask 192.0.2.7 1e300",
        b"ask 224.0.0.1 1", b"ask ff02::1 1", b"ask 0.0.0.0 1", b"ask 255.255.255.255 1", b"ask 127.0.0.1 1", b"ask fe80::2%eth1 1",
        b"ask ::ffff:192.0.2.7 1", b"ask 192.0.2.7 1 1", b"ask  192.0.2.7 1", b"ASK 192.0.2.7 1", b"ask 192.0.2.0/24 1",
        b"ask 192.0.2.1 1", b"ask fe80::1 1", "ask ١٩٢.0.2.7 1".encode(), b"\xff\xfe\x00", None,
    ],
)  # fmt: skip
def test_a_line_that_is_none_is_an_error_and_sends_nothing(
    line: bytes | None, capfd: pytest.CaptureFixture[str]
) -> None:
    asking, out = asker()
    asking.ask(line)
    assert out.sent == []
    said = capfd.readouterr().out
    assert said.startswith("error ")
    assert said.count("\n") == 1
    assert "192.0.2.7" not in said, "nothing of a line comes back"


def test_a_question_whose_time_is_over_is_not_sent(capfd: pytest.CaptureFixture[str]) -> None:
    asking, out = asker()
    asking.ask(b"ask 192.0.2.7 %f" % (time.monotonic() - 0.01))
    assert (out.sent, capfd.readouterr().out) == ([], "unsent 192.0.2.7 late\n")


def test_whatever_is_said_to_it_nothing_but_the_two_questions_leaves(
    capfd: pytest.CaptureFixture[str],
) -> None:
    chance = random.Random(11)
    asking, out = asker()
    lines = program.Lines()
    parts = (
        b"ask ",
        b"\n",
        b" ",
        b"192.0.2.",
        b"2001:db8::",
        b"%f" % (time.monotonic() + 5),
        b"7",
        b"\x00\xff",
        b"send ",
        b"-1",
    )
    said = 0
    for _ in range(3000):
        noise = b"".join(chance.choice(parts) for _ in range(chance.randrange(12)))
        if chance.random() < 0.3:
            noise += b"\nask %s9%d %f\n" % (
                chance.choice(parts[3:5]),
                chance.randrange(60),
                time.monotonic() + 1,
            )
        for line in lines.add(noise + chance.randbytes(chance.randrange(3))):
            asking.ask(line)
            said += 1
    answers = capfd.readouterr().out.splitlines()
    assert len(answers) == said > 1000
    assert all(one.split(" ")[0] in {"sent", "unsent", "error"} for one in answers)
    assert len(out.sent) == sum(one.startswith("sent ") for one in answers) > 100
    assert all(is_question(frame) for frame in out.sent)


@given(st.lists(st.binary(max_size=400) | st.sampled_from([b"\n", b"ask ", b"x" * 200])))
def test_lines_are_bounded_however_they_come(pieces: list[bytes]) -> None:
    lines = program.Lines()
    found = [line for piece in pieces for line in lines.add(piece)]
    assert all(line is None or len(line) <= program.LONGEST_LINE for line in found)
    assert len(lines._held) <= program.LONGEST_LINE
    whole = program.Lines()
    assert [one for one in whole.add(b"".join(pieces)) if one is not None] == [
        one for one in found if one is not None
    ]
    for line in found:
        with suppress(ValueError):
            program.read_line(line, 0.0)


@given(st.binary(max_size=120), st.sampled_from([program._ARP, program._IPV6]))
def test_only_answers_are_passed_on(frame: bytes, protocol: int) -> None:
    told = program.answer(protocol, frame)
    assert told is None or frame[14:].startswith(told[1])


def test_an_answer_is_known_by_its_form() -> None:
    body = struct.pack("!HHBBH6s4s6s4s", 1, 0x0800, 6, 4, 2, bytes.fromhex("5850ed00000a"), IPv4Address("192.0.2.3").packed, bytes(6), OWN.packed)  # fmt: skip
    assert program.answer(program._ARP, bytes(14) + body + b"padding") == (IPv4Address("192.0.2.3"), body)
    assert program.answer(program._ARP, bytes(14) + body.replace(b"\0\x02", b"\0\x01", 1)) is None


def test_the_part_that_listens_has_no_call_that_sends() -> None:
    text = PROGRAM.read_text(encoding="utf-8")
    begun, ended = text.index("# Listening\n"), text.index("# The program\n")
    for call in ("send", "connect", "Asker", "ask("):
        assert call not in text[begun:ended], call


@contextmanager
def started(at: Cable, *words: str) -> Iterator[subprocess.Popen[bytes]]:
    called = ["ip", "netns", "exec", at.here, sys.executable, "-P", str(PROGRAM), *words]
    with subprocess.Popen(called, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0) as process:
        try:
            yield process
        finally:
            process.kill()


def line_of(process: "subprocess.Popen[bytes]", seconds: float = 20) -> str:
    assert process.stdout is not None
    assert select.select([process.stdout], [], [], seconds)[0], "it says nothing"
    return process.stdout.readline().decode().rstrip("\n")


def status(process: int) -> dict[str, str]:
    rows = Path(f"/proc/{process}/status").read_text(encoding="utf-8").splitlines()
    return {name: value.strip() for name, _, value in (row.partition(":") for row in rows)}


def assert_without_any_right(process: int, sockets: int) -> None:
    told = status(process)
    assert {name: int(told[name], 16) for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")} == dict.fromkeys(
        ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"), 0
    )  # fmt: skip
    assert told["NoNewPrivs"] == "1"
    assert set(told["Uid"].split() + told["Gid"].split()) == {"65534"}
    assert told["Groups"] == ""
    opened = sorted(str(one.readlink()).partition(":")[0] for one in Path(f"/proc/{process}/fd").iterdir())
    assert opened.count("socket") == sockets
    assert len(opened) == 3 + sockets
    limits = Path(f"/proc/{process}/limits").read_text(encoding="utf-8")
    assert next(row for row in limits.splitlines() if row.startswith("Max open files")).split()[3:5] == [
        "0",
        "0",
    ]


class TestInANamespace:
    pytestmark = in_namespaces

    def test_it_asks_and_passes_on_answers_with_no_right_left(self) -> None:
        with cable() as at:
            at.up(at.there, "192.0.2.3/28", "2001:db8::7/124", mac=THEIRS)
            at.up(at.here, "192.0.2.1/28", "2001:db8::1/124")
            with started_ear(at) as ear, started(at, "ask", "veth-here") as process:
                ready = line_of(process).split(" ")
                assert (ready[0], ready[2]) == ("ready", "192.0.2.1")
                assert_without_any_right(process.pid, sockets=2)
                assert process.stdin is not None
                until = time.monotonic() + 5
                process.stdin.write(
                    b"ask 192.0.2.3 %f\nask 192.0.2.4 0\nsend ffff\nask 2001:db8::7 %f\n" % (until, until)
                )
                said = [line_of(process) for _ in range(6)]
                assert_without_any_right(process.pid, sockets=2)
                process.stdin.close()
                assert process.wait(5) == 0
                time.sleep(0.1)
                heard = [bytes.fromhex(line) for line in ear()]
        settled = [one.split(" ")[:2] for one in said if not one.startswith("heard")]
        assert [one[0] for one in settled] == ["sent", "unsent", "error", "sent"]
        answers = [one.split(" ") for one in said if one.startswith("heard")]
        by_arp = arp.parse(bytes.fromhex(next(one[2] for one in answers if one[1] == "arp")))
        by_ndp = neighbour.parse(bytes.fromhex(next(one[2] for one in answers if one[1] == "ndp")))
        assert by_arp is not None
        assert by_ndp is not None
        assert (by_arp.address, by_arp.mac) == ("192.0.2.3", THEIRS)
        assert (by_ndp.address, by_ndp.mac) == ("2001:db8::7", THEIRS)
        ours = [frame for frame in heard if frame[6:12].hex(":") == ready[1]]
        requests = [arp.parse(frame[14:]) for frame in ours if frame[12:14] == b"\x08\x06"]
        asked = [one.target for one in requests if one is not None and one.operation == 1]
        solicited = [
            str(IPv6Address(frame[62:78])) for frame in ours if frame[54:55] == b"\x87" and frame[22:38] != bytes(16)
        ]  # fmt: skip
        assert (asked, solicited) == (["192.0.2.3"], ["2001:db8::7"])

    def test_it_hears_with_no_right_left_and_sends_nothing(self) -> None:
        with cable() as at:
            for name in (at.here, at.there):
                subprocess.run(
                    ["ip", "netns", "exec", name, "sysctl", "-qw", "net.ipv6.conf.all.disable_ipv6=1"],
                    check=True,
                )
            at.up(at.there, "192.0.2.3/28", mac=THEIRS)
            at.up(at.here)
            with started(at, "listen", "veth-here") as process:
                assert line_of(process) == "ready"
                assert_without_any_right(process.pid, sockets=1)
                subprocess.run(
                    ["ip", "netns", "exec", at.there, sys.executable, "-c",
                     "import socket;socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('192.0.2.9', 9))"],
                    check=True,
                )  # fmt: skip
                word, when, length = line_of(process).split(" ")
                assert process.stdout is not None
                frame = process.stdout.read(int(length))
            assert word == "frame"
            assert abs(float(when) - time.monotonic()) < 30
            told = arp.parse(frame[14:])
            assert told is not None
            assert (told.mac, told.target) == (THEIRS, "192.0.2.9")

    def test_it_dies_with_its_parent_though_its_input_stays_open(self) -> None:
        starter = (
            "import subprocess, sys\n"
            "p = subprocess.Popen(sys.argv[1:], stdout=subprocess.PIPE)\n"
            "p.stdout.readline(); print(p.pid, flush=True); p.wait()\n"
        )
        read, write = os.pipe()
        with cable() as at:
            at.up(at.there, "192.0.2.3/28")
            at.up(at.here, "192.0.2.1/28")
            words = ["ip", "netns", "exec", at.here, sys.executable, "-c", starter, sys.executable, "-P", str(PROGRAM), "ask", "veth-here"]  # fmt: skip
            with subprocess.Popen(words, stdin=read, stdout=subprocess.PIPE) as parent:
                number = int(line_of(parent))
                assert status(number)["State"][0] in "SR"
                parent.send_signal(signal.SIGKILL)
                parent.wait()
            end = time.monotonic() + 3
            while Path(f"/proc/{number}").exists() and status(number)["State"][0] not in "ZX":
                assert time.monotonic() < end, "it outlives its parent"
                time.sleep(0.02)
        os.close(read)
        os.close(write)

    @pytest.mark.parametrize(
        ("words", "said"),
        [
            (("ask", "nix"), "failed interface there is no interface 'nix'"),
            (("ask", "lo"), "failed unfit lo: is no Ethernet"),
            (("listen", "veth-here", "and more"), "failed program use: "),
            ((), "failed program use: "),
        ],
    )
    def test_where_it_cannot_begin_it_says_so_in_a_line(self, words: tuple[str, ...], said: str) -> None:
        with cable() as at:
            at.up(at.here)
            with started(at, *words) as process:
                assert line_of(process).startswith(said)
                assert process.wait(5) == 1


@contextmanager
def started_ear(at: Cable) -> Iterator[Any]:
    """Hear what comes to the far end; gives what was heard when asked."""
    words = ["ip", "netns", "exec", at.there, sys.executable, "-c", HEAR]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as ear:
        assert ear.stdout is not None
        ear.stdout.readline()

        def heard() -> list[str]:
            ear.terminate()
            assert ear.stdout is not None
            return ear.stdout.read().split()

        try:
            yield heard
        finally:
            ear.kill()


def test_without_the_right_it_says_so() -> None:
    if os.geteuid() == 0 and not shutil.which("setpriv"):
        pytest.skip("root has the right")
    without = (
        ("setpriv", "--bounding-set=-net_raw", "--inh-caps=-net_raw", "--ambient-caps=-all") if os.geteuid() == 0 else ()
    )  # fmt: skip
    interface = socket.if_nameindex()[0][1]
    done = subprocess.run(
        [*without, sys.executable, "-P", str(PROGRAM), "ask", interface],
        check=False, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=30,
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (
        1,
        "failed permission CAP_NET_RAW is needed\n",
        "",
    )
