"""A line that asks with the owner's account: the one place where a secret is put on the wire.

One account, one attempt. The first request goes without a login; the device's challenge says which form of login it
wants. What is recorded of a request says that a login was shown and not which; what is recorded of an answer has gone
through a sieve. After a refusal or a lock-out notice nothing more is sent.
"""

import re
import secrets
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from auditor.model import Call, Exchange, Plan, Protocol, Status, Transport
from auditor.net.line import Confidence, Line
from auditor.scope import Entry
from auditor.wire import digest, http, session, soap, wsse
from auditor.wire.sieve import Sieve, sift

NOTE = b"Authorization: (withheld)\r\n"
"""Stands in a recorded request where the login was."""

_UNAUTHORIZED = 401
_FORBIDDEN = 403
_NOT_FOUND = 404
_LOCKED = re.compile(
    rb"\buser_locked|<lockStatus>\s*lock\s*<|\block(?:ed)? ?out\b|account(?: is| has been)? locked|\bhas been locked\b",
    re.IGNORECASE,
)
_NOT_AUTHORIZED = re.compile(r"NotAuthorized|FailedAuthentication|InvalidSecurity", re.IGNORECASE)


class Outcome(StrEnum):
    """How the account fares at this device."""

    UNTRIED = "untried"
    """No login was shown: nobody asked for one."""
    ACCEPTED = "accepted"
    REFUSED = "refused"
    LOCKED = "locked"
    """The device says that the account is locked out."""
    NOT_OFFERED = "not offered"
    """The device wants a form of login that we do not use here, as Basic without TLS."""
    WITHHELD = "withheld"
    """We did not try: the entry has ended, or nothing may be sent any more."""
    UNCLEAR = "unclear"
    """The login was shown and the answer says neither yes nor no."""

    @property
    def is_final(self) -> bool:
        """Whether nothing more may be asked of the device with this account."""
        return self not in {Outcome.UNTRIED, Outcome.ACCEPTED}


@dataclass(frozen=True, slots=True)
class Ears:
    """Who is told, and asked, by a line that logs in."""

    keep: Callable[[Exchange], None]
    """Is given every exchange."""
    recall: Callable[[bytes], Exchange | None] = lambda _: None
    """Returns the exchange of such a request in an earlier process of the run."""
    attempt: Callable[["LoggedLine"], AbstractAsyncContextManager[bool]] = lambda _: nullcontext(True)
    """Is held while the account is tried for the first time; gives whether it may be tried."""


@dataclass(slots=True)
class LoggedLine:
    """Stands where a login probe expects a line; the account stays inside."""

    line: Line
    entry: Entry = field(repr=False)
    ears: Ears
    probe: str
    basic_without_tls: bool = False
    clock_offset: timedelta = timedelta()
    """The device's clock minus ours."""
    outcome: Outcome = Outcome.UNTRIED
    _demand: digest.Demand | None = field(default=None, repr=False)
    _how: Callable[[bytes], bytes] | None = field(default=None, repr=False)
    _answered: int = 0
    """How often the nonce at hand was answered."""
    _opens: bool = False
    """The answer to the login is to open a session, which then stands for the account."""

    @property
    def plan(self) -> Plan:
        """The calls chosen for the device."""
        return self.line.plan

    @property
    def host(self) -> str:
        """The endpoint as a Host header names it."""
        return self.line.host

    @property
    def rest(self) -> float:
        """Seconds between two requests to the device, at the pace granted."""
        return self.line.rest

    @property
    def is_over(self) -> bool:
        """Whether nothing more may be asked."""
        return self.outcome.is_final

    @property
    def is_in(self) -> bool:
        """Whether the device took the account."""
        return self.outcome is Outcome.ACCEPTED

    async def get(self, call: Call) -> Exchange | None:
        """Ask for the path of a call; None when nothing more may be asked."""
        return await self.ask(self._request("GET", call.path), call, Protocol.HTTP)

    async def post(
        self, path: str, body: bytes, kind: str, call: Call, protocol: Protocol
    ) -> Exchange | None:
        """Post a body of some content type; None when nothing more may be asked."""
        request = self._request("POST", path, (("Content-Type", kind),), body)
        return await self.ask(request, call, protocol)

    async def open(self, path: str, body: bytes, kind: str, call: Call) -> Exchange | None:
        """Log in by a call that opens a session; what is asked after it shows the session, no longer the account."""
        self._opens = True
        return await self.post(path, body, kind, call, Protocol.HTTP)

    async def ask(self, request: bytes, call: Call, protocol: Protocol) -> Exchange | None:
        """Ask, showing the login where the device wants one."""
        if self.is_over:
            return None
        sieve = Sieve(call.keep, call.hashed, self.entry.hidden)
        if not self._opens and (known := self.ears.recall(_noted(request))):
            return known
        if self._how is None:
            heard = _Heard(sieve)
            bare = await self._send(request, request, heard, protocol)
            if self._opens and _LOCKED.search(heard.raw):
                self.outcome = Outcome.LOCKED
                return bare
            if not self._choose(heard.raw, protocol):
                return bare
        if self.outcome is Outcome.ACCEPTED:
            return await self._shown(request, sieve, protocol)
        return await self._first(request, sieve, protocol)

    async def _first(self, request: bytes, sieve: Sieve, protocol: Protocol) -> Exchange | None:
        """Try the account, when its turn comes and it is still to be tried."""
        async with self.ears.attempt(self) as allowed:
            if not allowed:
                self.outcome = Outcome.WITHHELD
                return None
            return await self._shown(request, sieve, protocol)

    def _request(
        self, method: str, path: str, headers: tuple[tuple[str, str], ...] = (), body: bytes = b""
    ) -> bytes:
        return http.request(
            method, path, self.host, user_agent=self.plan.user_agent, headers=headers, body=body
        )

    async def _shown(self, request: bytes, sieve: Sieve, protocol: Protocol) -> Exchange:
        """Ask with the login; once more where the device says that only its nonce was old."""
        made, raw = await self._once(request, sieve, protocol)
        fresh = self._renewed(raw)
        if fresh is not None:
            self._demand, self._answered = fresh, 0
            made, raw = await self._once(request, sieve, protocol)
        self._judge(made, raw)
        return made

    async def _once(self, request: bytes, sieve: Sieve, protocol: Protocol) -> tuple[Exchange, bytes]:
        assert self._how is not None
        heard = _Heard(sieve)
        return await self._send(_noted(request), self._how(request), heard, protocol), heard.raw

    async def _send(self, noted: bytes, sent: bytes, heard: "_Heard", protocol: Protocol) -> Exchange:
        made = await self.line.exchange(
            noted,
            probe=self.probe,
            protocol=protocol,
            done=http.is_complete,
            secret=Confidence(sent, heard),
        )
        self.ears.keep(made)
        return made

    def _choose(self, raw: bytes, protocol: Protocol) -> bool:
        """Choose the form of login from what the device said without one; False when none is wanted or possible."""
        response = http.parse(raw)
        if response is None:
            return False
        headers = response.headers_named("www-authenticate")
        demand = digest.demand(headers) if response.status == _UNAUTHORIZED else None
        if demand is not None:
            self._demand, self._how = demand, self._with_digest
        elif protocol is Protocol.ONVIF and _wants_token(response):
            self._how = self._with_token
        elif response.status == _UNAUTHORIZED and digest.wants_basic(headers):
            safe = self.line.endpoint.transport is Transport.TLS or self.basic_without_tls
            self._how = self._with_basic if safe else None
            self.outcome = self.outcome if safe else Outcome.NOT_OFFERED
        return self._how is not None

    def _renewed(self, raw: bytes) -> digest.Demand | None:
        """Return the new challenge of a device that says our answer was right and its nonce old."""
        response = http.parse(raw)
        if response is None or response.status != _UNAUTHORIZED or self._answered < 2:
            return None
        demand = digest.demand(response.headers_named("www-authenticate"))
        return demand if demand is not None and demand.stale else None

    def _judge(self, made: Exchange, raw: bytes) -> None:
        response = http.parse(raw) if made.status is Status.ANSWERED else None
        status = response.status if response is not None else None
        is_proven = self.outcome is Outcome.ACCEPTED
        if made.status is Status.WITHHELD:
            self.outcome = Outcome.ACCEPTED if is_proven else Outcome.WITHHELD
        elif _LOCKED.search(raw):
            self.outcome = Outcome.LOCKED
        elif status == _UNAUTHORIZED or (response is not None and _refuses_token(response, made)):
            self.outcome = Outcome.REFUSED
        elif status is not None and status < _FORBIDDEN:
            self.outcome = self._entered(raw)
        elif not is_proven:
            is_in = status == _NOT_FOUND and not self._opens
            self.outcome = Outcome.ACCEPTED if is_in else Outcome.UNCLEAR

    def _entered(self, raw: bytes) -> Outcome:
        """Take up the session where one was to be opened; an answer that opens none is a refusal."""
        if not self._opens:
            return Outcome.ACCEPTED
        shown = session.opened(raw)
        if not shown:
            return Outcome.REFUSED
        self._opens = False
        self._how = lambda request: _with_header(request, shown)
        return Outcome.ACCEPTED

    def _with_digest(self, request: bytes) -> bytes:
        assert self._demand is not None
        self._answered += 1
        value = digest.answer(
            self._demand,
            method=http.request_method(request),
            uri=request.split(b" ", 2)[1].decode("latin-1"),
            user=self.entry.user.reveal(),
            password=self.entry.password.reveal(),
            cnonce=secrets.token_hex(8),
            count=self._answered,
        )
        return _with_header(request, f"Authorization: {value}\r\n".encode())

    def _with_basic(self, request: bytes) -> bytes:
        value = digest.basic(self.entry.user.reveal(), self.entry.password.reveal())
        return _with_header(request, f"Authorization: {value}\r\n".encode())

    def _with_token(self, request: bytes) -> bytes:
        head, _, body = request.partition(b"\r\n\r\n")
        header = wsse.token(
            self.entry.user.reveal(),
            self.entry.password.reveal(),
            nonce=secrets.token_bytes(16),
            created=self.line.now() + self.clock_offset,
        )
        whole = wsse.with_token(body, header)
        length = re.sub(rb"(?im)^content-length:[^\r\n]*", b"Content-Length: %d" % len(whole), head)
        return length + b"\r\n\r\n" + whole


class _Heard:
    """Keeps an answer as received until it has been judged, and lets through what the sieve keeps."""

    __slots__ = ("_sieve", "raw")

    def __init__(self, sieve: Sieve) -> None:
        self._sieve = sieve
        self.raw = b""

    def __call__(self, reply: bytes) -> bytes:
        self.raw = reply
        return sift(reply, self._sieve)


def _wants_token(response: http.Response) -> bool:
    fault = soap.fault(response.text())
    return response.status == _UNAUTHORIZED or (
        fault is not None and bool(_NOT_AUTHORIZED.search(fault) or "authoriz" in fault.lower())
    )


def _refuses_token(response: http.Response, made: Exchange) -> bool:
    if made.protocol is not Protocol.ONVIF:
        return False
    fault = soap.fault(response.text())
    return fault is not None and bool(_NOT_AUTHORIZED.search(fault) or "authoriz" in fault.lower())


def _noted(request: bytes) -> bytes:
    return _with_header(request, NOTE)


def _with_header(request: bytes, line: bytes) -> bytes:
    head, gap, body = request.partition(b"\r\n\r\n")
    return head + b"\r\n" + line[:-2] + gap + body
