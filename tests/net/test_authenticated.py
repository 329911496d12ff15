"""Lines that log in (authenticated, managed): one try, the device's own form of login, and nothing kept of the secret."""

import asyncio
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import count
from typing import Any

import pytest

from auditor.model import Call, Endpoint, Exchange, Method, Outcome, Protocol, Reason, Status, Transport
from auditor.net import MAX_ROWS, Ears, LoggedLine, ManagedLine
from auditor.net.answers import Answer
from auditor.scope import Entry, Place, Secret, Snmp
from auditor.wire import snmp_ask

USER, WORD = "gate-keeper", "Pl4nted-Word"
CALL = Call("/ISAPI/System/deviceInfo", "test", frozenset({"model"}))
BODY = b"<DeviceInfo><model>NC-2</model><password>s3cr3t</password></DeviceInfo>"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(BODY), BODY)


def refusal(nonce: str = "n1", **extra: str) -> bytes:
    more = "".join(f', {name}="{value}"' for name, value in extra.items())
    return f'HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Digest realm="x", qop="auth", nonce="{nonce}"{more}\r\nContent-Length: 0\r\n\r\n'.encode()


class Script:
    """A device that gives one answer after the other."""

    def __init__(self, *answers: bytes) -> None:
        self.answers = list(answers)
        self.heard: list[bytes] = []

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
        self.heard.append(head + (await reader.readexactly(int(length[1])) if length else b""))
        writer.write(self.answers.pop(0))
        await writer.drain()


def entry() -> Entry:
    return Entry("lab", Place(sites=frozenset({"loopback"})), Secret(USER), Secret(WORD))


def talk(
    bench: Any, serve: Callable[..., Any], script: Script, calls: int, *, allowed: bool = True, **options: Any
) -> tuple[LoggedLine, list[Exchange]]:
    kept: list[Exchange] = []

    async def main() -> LoggedLine:
        made = bench()
        async with serve(script) as port:
            methods = made.grant().methods - (set() if allowed else {Method.CREDENTIALS})
            line = LoggedLine(
                made.line(port, methods=methods), entry(), Ears(kept.append), "login_isapi", **options
            )
            for _ in range(calls):
                await line.get(CALL)
            return line

    return asyncio.run(main()), kept


def test_the_first_request_shows_no_login_and_the_second_answers_the_challenge(
    bench: Any, serve: Any
) -> None:
    script = Script(refusal(), OK, OK)
    line, kept = talk(bench, serve, script, 2)
    assert line.outcome is Outcome.ACCEPTED
    assert b"Authorization" not in script.heard[0]
    assert b"nc=00000001" in script.heard[1]
    assert b"nc=00000002" in script.heard[2]
    assert len(kept) == 3
    for one in kept:
        assert USER.encode() not in one.request + one.reply
        assert b"s3cr3t" not in one.reply
    assert b"Authorization: (withheld)" in kept[1].request
    assert b"<model>NC-2</model>" in kept[1].reply


def test_a_refusal_is_the_end(bench: Any, serve: Any) -> None:
    script = Script(refusal(), refusal("n2"))
    line, kept = talk(bench, serve, script, 5)
    assert line.outcome is Outcome.REFUSED
    assert len(script.heard) == len(kept) == 2


def test_a_lock_out_notice_is_the_end_whatever_its_status(bench: Any, serve: Any) -> None:
    body = b"<userCheck><lockStatus>lock</lockStatus><unlockTime>1800</unlockTime></userCheck>"
    locked = b"HTTP/1.1 403 Forbidden\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)
    line, kept = talk(bench, serve, Script(refusal(), locked), 3)
    assert line.outcome is Outcome.LOCKED
    assert len(kept) == 2


def test_an_old_nonce_is_renewed_once_and_is_no_refusal(bench: Any, serve: Any) -> None:
    script = Script(refusal(), OK, refusal("n2", stale="true"), OK)
    line, _ = talk(bench, serve, script, 2)
    assert line.outcome is Outcome.ACCEPTED
    assert b'nonce="n2"' in script.heard[3]
    assert b"nc=00000001" in script.heard[3]


USERS, CLOCK, CHANNELS = (
    Call(path, "test") for path in ("/ISAPI/Security/users", "/ISAPI/System/time", "/x")
)


def recorded(request: bytes, reply: bytes) -> Exchange:
    return Exchange(
        device="loopback/127.0.0.1",
        probe="login_isapi",
        protocol=Protocol.HTTP,
        endpoint=Endpoint("127.0.0.1", 80),
        request=request,
        reply=reply,
        status=Status.ANSWERED,
    )


def ask_all(
    bench: Any, serve: Callable[..., Any], script: Script, calls: tuple[Call, ...], **ears: Any
) -> LoggedLine:
    """Ask different calls, as a probe does."""

    async def main() -> LoggedLine:
        made = bench()
        async with serve(script) as port:
            line = made.line(port)
            line.plan = replace(line.plan, calls=calls)
            logged = LoggedLine(line, entry(), Ears(lambda _: None, **ears), "login_isapi")
            for call in logged.calls():
                if await logged.get(call) is None:
                    break
            return logged

    return asyncio.run(main())


def test_a_nonce_good_for_one_request_is_renewed_and_then_asked_for_first(bench: Any, serve: Any) -> None:
    script = Script(refusal("n1"), OK, refusal("n2"), OK, refusal("n3"), OK)
    line = ask_all(bench, serve, script, (CALL, USERS, CLOCK))
    assert line.outcome is Outcome.ACCEPTED
    assert line.answered == line.due == 3
    assert b'nonce="n2"' in script.heard[3]
    assert b"Authorization" not in script.heard[4]
    assert b'nonce="n3"' in script.heard[5]


MISSING = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"


def test_a_login_taken_up_again_asks_where_the_device_wanted_it_before_a_strangers_answer_counts(
    bench: Any, serve: Any
) -> None:
    script = Script(MISSING, refusal("n2"), OK, OK)

    def recall(request: bytes) -> Exchange | None:
        return recorded(request, OK) if b"/Security/users" in request else None

    line = ask_all(bench, serve, script, (USERS, CLOCK, CHANNELS), recall=recall)
    assert line.outcome is Outcome.ACCEPTED
    asked = [(one.split(b" ")[1].decode(), b"Authorization" in one) for one in script.heard]
    assert asked == [(CLOCK.path, False), (USERS.path, False), (CLOCK.path, True), (CHANNELS.path, True)]
    assert line.answered == 3


def test_a_login_taken_up_again_takes_what_everybody_is_told_as_it_is(bench: Any, serve: Any) -> None:
    script = Script(OK, MISSING, MISSING)

    def recall(request: bytes) -> Exchange | None:
        return recorded(request, OK) if b"/Security/users" in request else None

    line = ask_all(bench, serve, script, (USERS, CLOCK, CHANNELS), recall=recall)
    asked = [one.split(b" ")[1].decode() for one in script.heard]
    assert asked == [CLOCK.path, CHANNELS.path, USERS.path]
    assert not any(b"Authorization" in one for one in script.heard)
    assert line.answers[CLOCK.path] is Answer.READ


@pytest.mark.parametrize("already_short", [False, True])
def test_a_lock_out_notice_with_a_fresh_nonce_ends_a_proven_login(
    bench: Any, serve: Any, already_short: bool
) -> None:
    body = b"<userCheck><lockStatus>lock</lockStatus></userCheck>"
    head = refusal("n9").replace(b"Length: 0", b"Length: %d" % len(body))
    before = (refusal("n1"), OK, *((refusal("n2"), OK) if already_short else ()))
    script = Script(*before, head + body)
    line = ask_all(bench, serve, script, (CALL, USERS, CLOCK))
    assert (line.outcome, line.reason) == (Outcome.BROKEN_OFF, Reason.LOCKED)
    assert len(script.heard) == len(before) + 1
    assert (b"Authorization" in script.heard[-1]) is not already_short


def test_a_fresh_nonce_that_is_refused_breaks_off_and_says_where(bench: Any, serve: Any) -> None:
    script = Script(refusal("n1"), OK, refusal("n2"), refusal("n3"))
    line = ask_all(bench, serve, script, (CALL, USERS, CLOCK))
    assert line.outcome is Outcome.BROKEN_OFF
    assert line.reason == f"{Reason.REVOKED}, {USERS.path}"
    assert (line.answered, line.due, len(script.heard)) == (1, 3, 4)


@pytest.mark.parametrize("status", [401, 403])
def test_a_device_that_says_it_is_locked_is_not_shown_the_account(
    bench: Any, serve: Any, status: int
) -> None:
    body = b"<userCheck><lockStatus>lock</lockStatus><unlockTime>1800</unlockTime></userCheck>"
    head = b'HTTP/1.1 %d X\r\nWWW-Authenticate: Digest realm="x", nonce="n1"\r\nContent-Length: %d\r\n\r\n'
    tried: list[LoggedLine] = []
    script = Script(head % (status, len(body)) + body)
    line = ask_all(bench, serve, script, (CALL, USERS), attempt=tried.append)
    assert (line.outcome, line.reason) == (Outcome.LOCKED, Reason.ALREADY_LOCKED)
    assert not tried
    assert not line.is_shown
    assert len(script.heard) == 1


@pytest.mark.parametrize("status", [401, 403])
def test_a_call_the_account_may_not_see_is_passed_over(bench: Any, serve: Any, status: int) -> None:
    body = b"<ResponseStatus><subStatusCode>lowPrivilege</subStatusCode></ResponseStatus>"
    barred = b"HTTP/1.1 %d X\r\nContent-Length: %d\r\n\r\n%s" % (status, len(body), body)
    line = ask_all(bench, serve, Script(refusal(), OK, barred, OK), (CALL, USERS, CLOCK))
    assert line.outcome is Outcome.ACCEPTED
    assert line.barred == (USERS.path,)
    assert line.answered == 3


def test_a_proven_account_is_shown_no_more_after_three_refused_calls_in_a_row(bench: Any, serve: Any) -> None:
    body = (
        b"<s:Envelope><s:Body><s:Fault><s:Value>ter:NotAuthorized</s:Value></s:Fault></s:Body></s:Envelope>"
    )
    fault = b"HTTP/1.1 400 X\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)
    told = b"HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n<Envelope/>\n"
    script = Script(fault, told, fault, fault, told, fault, fault, fault)
    calls = [Call(f"Get{number}", "test") for number in range(8)]

    async def main() -> LoggedLine:
        made = bench()
        async with serve(script) as port:
            line = made.line(port)
            line.plan = replace(line.plan, calls=tuple(calls))
            logged = LoggedLine(line, entry(), Ears(lambda _: None), "login_onvif")
            for call in logged.calls():
                await logged.post("/onvif", b"<Envelope><Body/></Envelope>", "text/xml", call, Protocol.ONVIF)
            return logged

    line = asyncio.run(main())
    assert (line.outcome, line.reason) == (Outcome.BROKEN_OFF, Reason.RISKY)
    assert line.barred == ("Get1", "Get2", "Get4", "Get5")
    assert (line.answered, line.due, len(script.heard)) == (6, 8, 8)


def test_a_device_that_stops_answering_is_left_after_two_calls(bench: Any, serve: Any) -> None:
    calls = (CALL, USERS, CLOCK, CHANNELS, Call("/y", "test"))
    script = Script(refusal(), OK, OK, b"", b"")
    line = ask_all(bench, serve, script, calls)
    assert (line.outcome, line.reason) == (Outcome.BROKEN_OFF, Reason.SILENT)
    assert (line.answered, line.due) == (2, 5)


@pytest.mark.parametrize(
    ("answer", "outcome"), [(OK, Outcome.ACCEPTED), (refusal("n2"), Outcome.REFUSED), (b"", Outcome.UNCLEAR)]
)
def test_a_stop_waits_a_moment_for_the_answer_to_a_login_that_is_out(
    bench: Any, serve: Any, answer: bytes, outcome: Outcome
) -> None:
    async def main() -> tuple[LoggedLine, float]:
        made = bench()

        async def device(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            head = await reader.readuntil(b"\r\n\r\n")
            if b"Authorization" in head:
                made.stop.set("stopped by the test")
                await asyncio.sleep(0.1 if answer else 5)
            writer.write(answer if b"Authorization" in head else refusal())
            await writer.drain()

        async with serve(device) as port:
            line = LoggedLine(made.line(port), entry(), Ears(lambda _: None), "login_isapi")
            began = asyncio.get_running_loop().time()
            await line.get(CALL)
            return line, asyncio.get_running_loop().time() - began

    line, seconds = asyncio.run(main())
    assert line.outcome is outcome
    assert seconds < 1.6


def test_a_form_of_login_nobody_here_speaks_is_named_and_gets_nothing(bench: Any, serve: Any) -> None:
    script = Script(b"HTTP/1.1 401 X\r\nWWW-Authenticate: NTLM\r\nContent-Length: 0\r\n\r\n")
    line = ask_all(bench, serve, script, (CALL, USERS))
    assert (line.outcome, line.reason) == (Outcome.NOT_OFFERED, Reason.FORM)
    assert len(script.heard) == 1


def test_a_call_for_some_kinds_is_asked_by_what_is_known_when_its_turn_comes(bench: Any, serve: Any) -> None:
    of_recorders = replace(CHANNELS, kinds=frozenset({"nvr"}))
    script = Script(refusal(), OK, OK, OK)
    calls = (CALL, of_recorders, CLOCK)
    line = ask_all(bench, serve, script, calls, fits=lambda _: len(script.heard) > 1)
    asked = [one.split(b" ")[1].decode() for one in script.heard]
    assert asked == [CALL.path, *(call.path for call in calls)]
    assert line.due == 3


def test_a_stale_mark_on_the_first_answer_is_taken_for_a_refusal(bench: Any, serve: Any) -> None:
    line, kept = talk(bench, serve, Script(refusal(), refusal("n2", stale="true")), 2)
    assert line.outcome is Outcome.REFUSED
    assert len(kept) == 2


def test_silence_after_a_login_is_not_tried_again(bench: Any, serve: Any) -> None:
    line, kept = talk(bench, serve, Script(refusal(), b""), 3)
    assert line.outcome is Outcome.UNCLEAR
    assert len(kept) == 2


def test_what_is_open_without_login_gets_none(bench: Any, serve: Any) -> None:
    script = Script(OK, OK)
    line, _ = talk(bench, serve, script, 2)
    assert line.outcome is Outcome.UNTRIED
    assert not any(b"Authorization" in one for one in script.heard)


@pytest.mark.parametrize(("agreed", "outcome"), [(False, Outcome.NOT_OFFERED), (True, Outcome.ACCEPTED)])
def test_basic_goes_readable_only_where_that_was_agreed(
    bench: Any, serve: Any, agreed: bool, outcome: Outcome
) -> None:
    basic = b'HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm="x"\r\nContent-Length: 0\r\n\r\n'
    script = Script(basic, OK)
    line, kept = talk(bench, serve, script, 1, basic_without_tls=agreed)
    assert line.outcome is outcome
    assert any(b"Authorization: Basic" in one for one in script.heard) is agreed
    assert not any(b"Basic Z" in one.request for one in kept)


def test_without_a_grant_for_credentials_nothing_is_sent(bench: Any, serve: Any) -> None:
    script = Script(refusal(), OK)
    _, kept = talk(bench, serve, script, 1, allowed=False)
    assert not script.heard
    assert [one.status for one in kept] == [Status.WITHHELD]


def test_an_account_shows_itself_nowhere(bench: Any, serve: Any) -> None:
    line, kept = talk(bench, serve, Script(refusal(), OK), 1)
    assert WORD not in repr(line) + repr(kept) + repr(line.entry)
    assert USER not in repr(line) + repr(kept)


def test_a_community_goes_on_the_wire_and_into_no_record(bench: Any) -> None:
    heard: list[bytes] = []
    kept: list[Exchange] = []

    class Agent(asyncio.DatagramProtocol):
        def connection_made(self, transport: Any) -> None:
            self.transport = transport

        def datagram_received(self, data: bytes, addr: Any) -> None:
            heard.append(data)
            self.transport.sendto(data.replace(b"\xa0", b"\xa2", 1), addr)

    async def main() -> ManagedLine:
        made = bench()
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(Agent, ("127.0.0.1", 0))
        port = transport.get_extra_info("sockname")[1]
        grant = replace(made.grant(), methods=made.grant().methods | {Method.CREDENTIALS, Method.SNMP})
        line = made.network.line(grant, Endpoint("127.0.0.1", port, Transport.UDP), made.budget)
        managed = ManagedLine(line, Snmp(Secret(WORD)), kept.append, "login_snmp")
        await managed.get(["1.3.6.1.2.1.1.1.0"])
        transport.close()
        return managed

    managed = asyncio.run(main())
    assert managed.outcome is Outcome.ACCEPTED
    assert WORD.encode() in heard[0]
    assert kept[0].protocol is Protocol.SNMP
    assert WORD.encode() not in kept[0].request + kept[0].reply


SIGN_IN = Call("/API/Web/Login", "test", frozenset({"result"}))
OPENED = (
    b"HTTP/1.1 200 OK\r\nSet-Cookie: session=a1; Path=/\r\nX-csrftoken: t2\r\nContent-Length: 2\r\n\r\n{}"
)
LOCKED = b'HTTP/1.1 200 OK\r\nContent-Length: 34\r\n\r\n{"error_code":"user_locked_login"}'
NO_SESSION = b'HTTP/1.1 200 OK\r\nContent-Length: 19\r\n\r\n{"result":"failed"}'


def open_session(bench: Any, serve: Callable[..., Any], script: Script) -> tuple[LoggedLine, list[Exchange]]:
    kept: list[Exchange] = []

    async def main() -> LoggedLine:
        made = bench()
        async with serve(script) as port:
            line = LoggedLine(
                made.line(port, methods=made.grant().methods), entry(), Ears(kept.append), "login_session"
            )
            await line.open(SIGN_IN.path, b"{}", "application/json", SIGN_IN)
            await line.post("/x", b"{}", "application/json", SIGN_IN, Protocol.HTTP)
            return line

    return asyncio.run(main()), kept


def test_a_session_stands_for_the_account_after_one_login(bench: Any, serve: Callable[..., Any]) -> None:
    script = Script(refusal(), OPENED, OK)
    line, kept = open_session(bench, serve, script)
    assert line.is_in
    assert b"Authorization: Digest" in script.heard[1]
    assert b"Cookie: session=a1\r\nX-csrftoken: t2\r\n" in script.heard[2]
    assert b"Authorization" not in script.heard[2]
    assert not any(b"session=a1" in one.request + one.reply for one in kept)


@pytest.mark.parametrize(
    ("answers", "outcome"),
    [
        ((refusal(), NO_SESSION), Outcome.REFUSED),
        ((refusal(), refusal()), Outcome.REFUSED),
        ((refusal(), LOCKED), Outcome.LOCKED),
        ((LOCKED,), Outcome.LOCKED),
    ],
)
def test_without_a_session_nothing_more_is_asked(
    bench: Any, serve: Callable[..., Any], answers: tuple[bytes, ...], outcome: Outcome
) -> None:
    script = Script(*answers)
    line, _ = open_session(bench, serve, script)
    assert line.outcome is outcome
    assert len(script.heard) == len(answers)


COLUMN = "1.3.6.1.4.1.1004849.2.10.2.2.1.2"


class Table(asyncio.DatagramProtocol):
    """An agent whose table has rows of these numbers, whatever was asked; then it says nothing in the column."""

    def __init__(self, rows: Iterator[int]) -> None:
        self.rows = rows
        self.heard: list[bytes] = []

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:
        self.heard.append(data)
        row = next(self.rows, None)
        name = f"{COLUMN}.{row}" if row is not None else "1.3.6.1.4.1.1004849.2.11.0"
        reply = (
            snmp_ask.get([name], "Pl4nted-Word", 1)
            .replace(b"\x05\x00", b"\x04\x00")
            .replace(b"\xa0", b"\xa2")
        )
        self.transport.sendto(reply, addr)


@pytest.mark.parametrize(
    ("rows", "asked"), [(iter([1, 2, 5]), 4), (count(0), MAX_ROWS), (iter([3, 3, 4]), 2), (iter(()), 1)]
)
def test_a_table_is_walked_to_its_end_and_never_for_ever(bench: Any, rows: Iterator[int], asked: int) -> None:
    kept: list[Exchange] = []
    table = Table(rows)

    async def main() -> None:
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(lambda: table, local_addr=("127.0.0.1", 0))
        made = bench()
        grant = replace(made.grant(), methods=made.grant().methods | {Method.CREDENTIALS, Method.SNMP})
        endpoint = Endpoint("127.0.0.1", transport.get_extra_info("sockname")[1], Transport.UDP)
        line = made.network.line(grant, endpoint, made.budget)
        await ManagedLine(line, Snmp(Secret("Pl4nted-Word")), kept.append, "login_snmp").walk([COLUMN])
        transport.close()

    asyncio.run(main())
    assert len(table.heard) == asked
    assert all(b"Pl4nted-Word" in one for one in table.heard)
    assert not any(b"Pl4nted-Word" in one.request + one.reply for one in kept)
