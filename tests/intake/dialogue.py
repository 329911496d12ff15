"""A TCP connection written with right numbers, of which tests leave out, double or disorder packets."""

from typing import Any

from scapy.layers.inet import IP, TCP
from scapy.layers.l2 import Ether
from scapy.packet import Raw

from tests.intake.speech import CAMERA, CAMERA_MAC, VIEWER, VIEWER_MAC


class Dialogue:
    """Frames of one connection between a viewer and a camera, in `frames`, each as it would be sent."""

    def __init__(
        self, port: int = 80, *, viewer_port: int = 40000, viewer_at: int = 7_000, camera_at: int = 0xFFFFFF00
    ) -> None:
        self.port, self.viewer_port = port, viewer_port
        self.mine, self.its = viewer_at, camera_at
        self.frames: list[Any] = []

    def open(self) -> "Dialogue":
        """Shake hands."""
        self._from_viewer("S", acked=False)
        self.mine += 1
        self._from_camera("SA")
        self.its += 1
        self._from_viewer("A")
        return self

    def asks(self, said: bytes, segment: int = 1400) -> "Dialogue":
        """The viewer says something."""
        for at in range(0, len(said), segment):
            part = said[at : at + segment]
            self._from_viewer("PA", part)
            self.mine += len(part)
        return self

    def says(self, said: bytes, segment: int = 1400) -> "Dialogue":
        """The camera says something."""
        for at in range(0, len(said), segment):
            part = said[at : at + segment]
            self._from_camera("PA", part)
            self.its += len(part)
        return self

    def close(self) -> "Dialogue":
        """Both sides end."""
        self._from_camera("FA")
        self.its += 1
        self._from_viewer("FA")
        self.mine += 1
        return self

    def _from_viewer(self, flags: str, part: bytes = b"", *, acked: bool = True) -> None:
        head = TCP(sport=self.viewer_port, dport=self.port, flags=flags, seq=self.mine % 2**32)
        head.ack = self.its % 2**32 if acked else 0
        frame = Ether(src=VIEWER_MAC, dst=CAMERA_MAC) / IP(src=VIEWER, dst=CAMERA) / head
        self.frames.append(frame / Raw(part) if part else frame)

    def _from_camera(self, flags: str, part: bytes = b"") -> None:
        head = TCP(sport=self.port, dport=self.viewer_port, flags=flags, seq=self.its % 2**32)
        head.ack = self.mine % 2**32
        frame = Ether(src=CAMERA_MAC, dst=VIEWER_MAC) / IP(src=CAMERA, dst=VIEWER) / head
        self.frames.append(frame / Raw(part) if part else frame)


def get(path: str, verb: str = "GET", more: str = "") -> bytes:
    """Return a request without a body."""
    return f"{verb} {path} HTTP/1.1\r\nHost: {CAMERA}\r\n{more}\r\n".encode()


def reply(
    body: bytes = b"", status: str = "200 OK", kind: str = "text/html", server: str = "App-webs/"
) -> bytes:
    """Return an answer that announces its length."""
    head = f"HTTP/1.1 {status}\r\nServer: {server}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body
