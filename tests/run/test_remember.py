"""What was asked is not asked again, but for a silence that was our own."""

from dataclasses import replace

from auditor.model import Endpoint, Exchange, Protocol, Status
from auditor.net import ASKED_AGAIN
from auditor.run.remember import Memory

SILENT = Exchange(
    "hall/192.0.2.7", "http_root", Protocol.HTTP, Endpoint("192.0.2.7", 80), b"GET / HTTP/1.1\r\n\r\n", b"",
    Status.SILENT, detail="no word within 5 s",
)  # fmt: skip
NAME = (SILENT.endpoint, SILENT.probe, SILENT.protocol, SILENT.request)


def test_the_devices_silence_is_remembered_and_ours_is_not() -> None:
    ours = replace(SILENT, detail=f"{SILENT.detail}, 2.0 s of which we were late ourselves: {ASKED_AGAIN}")
    answered = replace(SILENT, status=Status.ANSWERED, reply=b"HTTP/1.1 200 OK\r\n\r\n", detail="", id="")
    assert Memory([SILENT]).recall(NAME) == (SILENT,)
    assert Memory([replace(ours, id="")]).recall(NAME) == ()
    assert Memory([replace(ours, id=""), answered]).recall(NAME) == (answered,)


def test_what_was_withheld_may_be_asked_later() -> None:
    assert Memory([replace(SILENT, status=Status.WITHHELD, id="")]).recall(NAME) == ()
