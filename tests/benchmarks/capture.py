"""A large mixed capture, video included: our reader beside tshark's, one after the other in the same run."""

import os
import random
import resource
import shutil
import struct
import subprocess
import sys
import time
from pathlib import Path

from scapy.layers.inet import IP, TCP
from scapy.layers.l2 import Ether

from tests.intake import speech

SIZE = int(os.environ.get("AUDITOR_BENCH_BYTES", "1000000000"))
READ = """
import sys
from pathlib import Path
from auditor.intake import kinds
print(sum(1 for _ in kinds()["pcap"].read(Path(sys.argv[1]), lambda _: None, None)))
"""


def run(out: Path) -> dict[str, object]:
    """Write the capture, have both read it, and compare seconds and memory."""
    path = out / "mixed.pcap"
    packets = _write(path)
    try:
        ours, memory, found = _measured([sys.executable, "-c", READ, str(path)])
        result: dict[str, object] = {
            "bytes": path.stat().st_size, "packets": packets, "exchanges": int(found),
            "our seconds": round(ours, 2), "our MiB": memory,
        }  # fmt: skip
        if tshark := shutil.which("tshark"):
            theirs, their_memory, _ = _measured([tshark, "-q", "-z", "io,phs", "-r", str(path)])
            result |= {
                "tshark seconds": round(theirs, 2), "tshark MiB": their_memory,
                "times as fast": round(theirs / ours, 2),
            }  # fmt: skip
    finally:
        path.unlink()
    return result


def _measured(words: list[str]) -> tuple[float, int, str]:
    began = time.perf_counter()
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        said = process.stdout.read()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    assert isinstance(used, resource.struct_rusage)
    return time.perf_counter() - began, used.ru_maxrss // 1024, said.strip()[-32:]


def _write(path: Path) -> int:
    """Write about `SIZE` bytes: RTP, RTSP-interleaved video, acknowledgements, and now and then a device that speaks."""
    chance = random.Random(1)
    rtp = bytes(speech.video(1)[0])
    media = bytearray(bytes(speech.talk(speech.OPTIONS, b"$\x00\x05\x74" + bytes(1396), 554, close=False)[3]))
    small = bytes(
        Ether(src=speech.VIEWER_MAC, dst=speech.CAMERA_MAC)
        / IP(src=speech.CAMERA, dst=speech.VIEWER)
        / TCP(sport=554, dport=40000, flags="A")
    )
    talks = [_talk(f"192.0.2.{10 + number}") for number in range(50)]
    count, size = 0, 24
    with path.open("wb") as file:
        file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262_144, 1))
        while size < SIZE:
            roll = chance.random()
            media[38:42] = chance.randrange(2**32).to_bytes(4, "big")
            frames = (
                (rtp,)
                if roll < 0.45
                else (bytes(media),)
                if roll < 0.9
                else (small,)
                if roll < 0.997
                else chance.choice(talks)
            )
            for frame in frames:
                at = count // 5_000
                file.write(
                    struct.pack("<IIII", 1_750_000_000 + at, count % 5_000 * 200, len(frame), len(frame))
                    + frame
                )
                count, size = count + 1, size + 16 + len(frame)
    return count


def _talk(server: str) -> tuple[bytes, ...]:
    frames = [
        *speech.talk(b"GET / HTTP/1.1\r\n\r\n", speech.PAGE, 80, server=server),
        *speech.talk(speech.OPTIONS, speech.OPTIONS_ANSWER, 554, server=server, close=False),
        speech.datagram(speech.SADP, 37020, source=server),
    ]
    return tuple(bytes(frame) for frame in frames)
