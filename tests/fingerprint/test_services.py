"""What nmap knows of thousands of other makers' services: none is taken for sure for one of the three makers."""

import pytest

from auditor import probes
from auditor.fingerprint import identify
from auditor.model import Certainty, Claim, Endpoint, Exchange, Protocol, Status, Transport
from tests.fingerprint import services

GET = b"GET / HTTP/1.1\r\n\r\n"
ASKED = {
    "http": (Protocol.HTTP, GET, 80),
    "upnp": (Protocol.HTTP, GET, 80),
    "rtsp": (Protocol.RTSP, b"OPTIONS rtsp://d/ RTSP/1.0\r\nCSeq: 1\r\n\r\n", 554),
    "ftp": (Protocol.FTP, b"", 21),
    "ssh": (Protocol.SSH, b"", 22),
    "telnet": (Protocol.TELNET, b"", 23),
}
OURS = {"hikvision", "dahua", "huawei"}
BUILT_BY_THEM = ("hikvision", "dahua", "huawei", "lorex", "amcrest", "intelbras", "cp plus", "lts", "dopra")
"""Words of nmap's descriptions that mean one of the three, or a label on what they build."""
MANY = 5_000


def maker_of(service: services.Service) -> Claim | None:
    protocol, request, port = ASKED[service.protocol]
    is_open = service.protocol in {"http", "upnp", "rtsp"} and "\r\n\r\n" not in service.text
    text = service.text + ("\r\n\r\n" if is_open and "<" not in service.text else "")
    heard = Exchange(
        device="d",
        probe="test",
        protocol=protocol,
        endpoint=Endpoint("192.0.2.9", port, Transport.TCP),
        request=request,
        reply=text.encode("latin1"),
        status=Status.ANSWERED,
    )
    return identify("d", probes.read(heard)).claim("maker")


@pytest.mark.skipif(not services.PROBES.is_file(), reason="nmap is not installed")
def test_no_service_of_others_is_surely_one_of_the_three() -> None:
    looked_at, alarms = 0, []
    for service in services.services(frozenset(ASKED)):
        looked_at += 1
        maker = maker_of(service)
        if maker is None or maker.value not in OURS or maker.certainty is Certainty.TENTATIVE:
            continue
        if not any(word in service.described.lower() for word in BUILT_BY_THEM):
            alarms.append((maker.value, [match.rule for match in maker.because], service.described))
    assert alarms == []
    assert looked_at > MANY
