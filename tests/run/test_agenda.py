"""What a port is asked next follows from what was said there: with few questions, and none that an answer rules out."""

from collections.abc import Callable

import pytest

from auditor.model import Endpoint, Exchange, Method, Protocol, Status, Transport
from auditor.run.agenda import Port, questions_for
from auditor.run.named import Named
from auditor.run.plan import name_of
from auditor.run.target import is_left_alone

HOME = "192.0.2.7"
ALL = frozenset(Method)
PAGE = b"HTTP/1.1 200 OK\r\nServer: x\r\n\r\n<html></html>"
NOT_FOUND = b"HTTP/1.1 404 Not Found\r\nServer: gSOAP/2.8\r\n\r\n"
NO_METHOD = b"HTTP/1.1 405 Method Not Allowed\r\n\r\n"
ENVELOPE = b"HTTP/1.1 200 OK\r\n\r\n<s:Envelope></s:Envelope>"
RTSP = b"RTSP/1.0 400 Bad Request\r\nCSeq: 1\r\n\r\n"
ALERT = b"\x15\x03\x01\x00\x02\x02\x28"
PLAIN_TO_TLS = (
    b"HTTP/1.1 400 Bad Request\r\n\r\n<title>400 The plain HTTP request was sent to HTTPS port</title>"
)
HANDSHAKE = b"-----BEGIN CERTIFICATE-----"
SSH = b"SSH-2.0-OpenSSH_7.4\r\n"
Answer = bytes | str
"""What is said, or how it ended: words of the exchange's detail."""
SILENT = "no word within 5 s"
CLOSED = "closed without a word"
RESET = "reset by the other side"
NOBODY = "connection refused"


def played(number: int, device: Callable[[str, bool], Answer], **more: object) -> list[str]:
    """Ask a port to its end; `device` answers (probe, through TLS). Returns what was asked, `+` where through TLS."""
    allowed = more.pop("allowed", ALL)
    round_ = more.pop("round_", 1)
    said: list[Exchange] = list(more.pop("said", []))  # type: ignore[call-overload]
    asked: list[str] = []
    put = set()
    while True:
        port = Port(HOME, number, tuple(said), **more)  # type: ignore[arg-type]
        here: dict[Endpoint, list[Exchange]] = {}
        for one in said:
            here.setdefault(one.endpoint, []).append(one)
        question = next(
            (
                one
                for one in questions_for(port, allowed, round_=round_)  # type: ignore[arg-type]
                if one not in put and not is_left_alone(here.get(one.endpoint, ()))
            ),
            None,
        )
        if question is None:
            return asked
        put.add(question)
        name, is_tls = name_of(question.probe), question.endpoint.transport is Transport.TLS
        asked.append(f"{name}+" if is_tls else name)
        said.append(exchange(question.endpoint, name, question.probe.PROTOCOLS[0], device(name, is_tls)))
        assert len(asked) < 20


def exchange(endpoint: Endpoint, probe: str, protocol: Protocol, answer: Answer) -> Exchange:
    if isinstance(answer, bytes):
        is_plain = probe == "tls" and answer is not HANDSHAKE
        status = Status.GARBLED if is_plain else Status.ANSWERED
        return Exchange(f"hall/{HOME}", probe, protocol, endpoint, probe.encode(), answer, status)
    status = Status.REFUSED if answer in {RESET, NOBODY} else Status.SILENT
    return Exchange(f"hall/{HOME}", probe, protocol, endpoint, probe.encode(), b"", status, detail=answer)


def web(page: bytes, *, onvif: bytes = NOT_FOUND) -> Callable[[str, bool], Answer]:
    """A web server without TLS, which takes anything else for a bad request."""
    return lambda probe, is_tls: (
        CLOSED if is_tls else onvif if probe == "onvif" else page if probe == "http_root" else NOT_FOUND
    )


def secure(inside: Answer, *, to_plain: Answer = CLOSED) -> Callable[[str, bool], Answer]:
    """A server that speaks TLS only."""
    return lambda probe, is_tls: to_plain if not is_tls else HANDSHAKE if probe == "tls" else inside


def always(answer: Answer) -> Callable[[str, bool], Answer]:
    return lambda _, __: answer


@pytest.mark.parametrize(
    ("number", "device", "asked"),
    [
        # A port of no known use: one try where the first hits, two or three where not.
        (8085, web(PAGE), ["http_root", "favicon", "http_challenge", "onvif"]),
        (2020, web(NOT_FOUND, onvif=ENVELOPE), ["http_root", "onvif"]),
        (9443, secure(PAGE), ["http_root", "tls+", "http_root+", "favicon+", "http_challenge+"]),
        (9443, secure(PAGE, to_plain=ALERT), ["http_root", "tls+", "http_root+", "favicon+", "http_challenge+"]),
        (9443, secure(PAGE, to_plain=PLAIN_TO_TLS),
         ["http_root", "tls+", "http_root+", "favicon+", "http_challenge+"]),
        (9443, secure(RTSP), ["http_root", "tls+", "http_root+"]),
        (8555, always(RTSP), ["http_root", "rtsp"]),
        (8555, lambda probe, _: RTSP if probe == "rtsp" else SILENT, ["http_root", "rtsp"]),
        (8555, lambda probe, _: RTSP if probe == "rtsp" else CLOSED, ["http_root", "tls+", "rtsp"]),
        (8555, lambda probe, _: RTSP if probe == "rtsp" else NO_METHOD, ["http_root", "onvif", "rtsp"]),
        (8555, lambda probe, _: RTSP if probe == "rtsp" else NO_METHOD.replace(b"\r\n\r\n", b"\r\nServer: x\r\n\r\n"), ["http_root", "onvif", "rtsp"]),
        (2222, always(SSH), ["http_root", "ssh"]),
        (35000, always(SILENT), ["http_root", "rtsp"]),
        (35000, always(RESET), ["http_root", "tls+", "rtsp"]),
        # The usual ports: as ever where they are what they stand for.
        (80, web(PAGE), ["http_root", "favicon", "http_challenge", "onvif"]),
        (80, web(NOT_FOUND), ["http_root", "favicon", "http_challenge", "onvif"]),
        (443, secure(PAGE), ["tls+", "http_root+", "favicon+", "http_challenge+"]),
        (8443, secure(PAGE), ["tls+"]),
        (37776, secure(PAGE), ["tls+"]),
        (554, always(RTSP), ["rtsp"]),
        (554, always(SILENT), ["rtsp"]),
        (22, always(SSH), ["ssh"]),
        (8000, always(SILENT), ["sdk"]),
        # And where they are something else.
        (80, secure(PAGE), ["http_root", "tls+", "http_root+", "favicon+", "http_challenge+"]),
        (8080, secure(PAGE, to_plain=ALERT), ["http_root", "tls+", "http_root+", "favicon+", "http_challenge+"]),
        (80, always(RTSP), ["http_root", "rtsp"]),
        (443, lambda probe, is_tls: NOT_FOUND if is_tls else PAGE,
         ["tls+", "http_root", "favicon", "http_challenge", "onvif"]),
        (443, web(PAGE), ["tls+", "http_root", "favicon", "http_challenge", "onvif"]),
        (443, always(SSH), ["tls+", "ssh"]),
        (554, always(PAGE), ["rtsp", "http_root", "favicon", "http_challenge", "onvif"]),
        (8000, always(PAGE), ["sdk", "http_root", "favicon", "http_challenge", "onvif"]),
        # A front page that is never answered says nothing of ONVIF.
        (80, lambda probe, _: ENVELOPE if probe == "onvif" else SILENT, ["http_root", "onvif"]),
        (80, always(SILENT), ["http_root", "onvif"]),
        (80, always(RESET), ["http_root", "tls+", "onvif"]),
    ],
)  # fmt: skip
def test_a_port_is_asked_by_what_it_speaks(
    number: int, device: Callable[[str, bool], Answer], asked: list[str]
) -> None:
    assert played(number, device) == asked


@pytest.mark.parametrize(
    ("named", "number", "device", "asked"),
    [
        ([Named(2020, Protocol.ONVIF, path="/x")], 2020, web(NOT_FOUND, onvif=ENVELOPE), ["onvif", "http_root"]),
        ([Named(2020, Protocol.ONVIF, is_tls=True)], 2020, secure(NOT_FOUND), ["tls+", "onvif+", "http_root+"]),
        ([Named(8443, Protocol.ONVIF, is_tls=True)], 8443, secure(NOT_FOUND), ["tls+", "onvif+", "http_root+"]),
        ([Named(10443, Protocol.HTTP, is_tls=True)], 10443, secure(PAGE),
         ["tls+", "http_root+", "favicon+", "http_challenge+", "onvif+"]),
        ([Named(10080, Protocol.HTTP, path="/a.asp")], 10080, web(PAGE),
         ["http_root", "favicon", "http_challenge", "onvif"]),
        ([Named(49152, Protocol.HTTP, path="/d.xml", is_page=True)], 49152, web(NOT_FOUND),
         ["http_root", "onvif", "http_pages"]),
        ([Named(8005, Protocol.SDK)], 8005, always(SILENT), ["sdk"]),
        ([Named(8005, Protocol.SDK)], 8005, always(RTSP), ["sdk", "rtsp"]),
        ([Named(8445, Protocol.TLS)], 8445, secure(PAGE), ["tls+"]),
        ([Named(8000, Protocol.ONVIF)], 8000, web(NOT_FOUND, onvif=ENVELOPE), ["onvif", "http_root"]),
        ([Named(443, Protocol.ONVIF, is_tls=True)], 443, secure(PAGE),
         ["tls+", "http_root+", "favicon+", "http_challenge+", "onvif+"]),
        # The word was wrong.
        ([Named(2020, Protocol.ONVIF)], 2020, always(NOBODY), ["onvif"]),
        ([Named(2020, Protocol.HTTP, is_tls=True)], 2020, always(NOBODY), ["tls+"]),
        ([Named(2020, Protocol.HTTP)], 2020, always("no connection within 5 s"), ["http_root"]),
    ],
)  # fmt: skip
def test_a_port_is_asked_by_the_devices_word(
    named: list[Named], number: int, device: Callable[[str, bool], Answer], asked: list[str]
) -> None:
    assert played(number, device, named=tuple(named), is_open=False) == asked


def test_only_a_device_that_nothing_names_is_asked_in_vain() -> None:
    for number, device, more in (
        (8000, web(PAGE), ["http_root", "favicon", "http_challenge", "onvif"]),
        (554, web(PAGE), ["http_root", "favicon", "http_challenge", "onvif"]),
        (8000, always(SILENT), ["http_root"]),
        (554, always(SILENT), ["http_root"]),
    ):
        first = ["sdk" if number == 8000 else "rtsp"]

        def answer(probe: str, is_tls: bool, device: Callable[[str, bool], Answer] = device) -> Answer:
            return SILENT if probe in {"sdk", "rtsp"} else device(probe, is_tls)

        assert played(number, answer) == first
        asked = played(number, answer, is_nobodys=True)
        assert asked[: 1 + len(more)] == first + more


def test_onvif_is_asked_through_tls_where_there_is_no_other_web_server() -> None:
    assert played(443, secure(PAGE), is_only_tls=True)[-1] == "onvif+"
    assert "onvif+" not in played(443, secure(PAGE))
    sent = (Named(443, Protocol.HTTP, is_tls=True),)
    assert played(443, secure(PAGE), named=sent)[-1] == "onvif+"


def test_what_the_scope_does_not_allow_is_left_out_and_hinders_nothing() -> None:
    assert played(443, secure(PAGE), allowed=ALL - {Method.TLS})[0] == "http_root+"
    assert played(8085, always(RTSP), allowed=frozenset({Method.RTSP})) == ["rtsp"]
    assert played(554, always(RTSP), allowed=frozenset({Method.HTTP})) == []


def test_pages_are_asked_of_web_servers_alone_wherever_they_are() -> None:
    plain, through_tls = Endpoint(HOME, 8000), Endpoint(HOME, 9443, Transport.TLS)

    def later(number: int, *said: Exchange) -> list[str]:
        return played(number, web(NOT_FOUND), said=said, round_=2)

    assert "http_pages" in later(8000, exchange(plain, "http_root", Protocol.HTTP, PAGE))
    assert later(8000, exchange(plain, "http_root", Protocol.HTTP, NOT_FOUND)) == []
    assert later(8000, exchange(plain, "sdk", Protocol.SDK, SILENT)) == []
    asked = later(
        9443,
        exchange(through_tls, "tls", Protocol.TLS, HANDSHAKE),
        exchange(through_tls, "http_root", Protocol.HTTP, PAGE),
    )
    assert asked[0] == "http_pages+"
    usual = Endpoint(HOME, 80)
    assert "http_pages" in later(80, exchange(usual, "http_root", Protocol.HTTP, NOT_FOUND))
    assert later(80, exchange(usual, "onvif", Protocol.ONVIF, ENVELOPE)) == []
