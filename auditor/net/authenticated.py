"""A line that asks with the owner's account: when it is shown, and what the answers make of it.

One account, one attempt. The first request goes without a login; the device's challenge says which form of login it
wants. What is recorded of a request says that a login was shown and not which; what is recorded of an answer has gone
through a sieve. After a refusal or a lock-out notice nothing more is sent; a device that says it is locked before the
account was shown is not shown it. Once the account is proven, a nonce that was good for one request is renewed, and a
call the device does not allow the account is passed over.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import timedelta

from auditor.model import Call, Exchange, Outcome, Plan, Protocol, Reason, Status, Transport
from auditor.net.answers import (
    FORBIDDEN,
    LOCKED,
    NO_RIGHT,
    NOT_FOUND,
    OK,
    UNAUTHORIZED,
    Answer,
    Heard,
    answer_of,
    demanded,
    refuses_token,
)
from auditor.net.line import Confidence, Line
from auditor.net.showing import Showing, with_header
from auditor.net.trust import UNTRUSTED, Trust
from auditor.scope import Entry
from auditor.wire import digest, http, session
from auditor.wire.sieve import Sieve

NOTE = b"Authorization: (withheld)\r\n"
"""Stands in a recorded request where the login was."""

_MOST_LOST = 2
"""Calls in a row without an answer after which a device is taken to be gone."""
_MOST_BARRED = 3
"""Refusals in a row after which a proven account is shown no more: some devices lock at the fifth."""
_WAITED = "while waiting for the answer"
"""So ends the detail of an exchange that was stopped after it had been sent."""


@dataclass(frozen=True, slots=True)
class Ears:
    """Who is told, and asked, by a line that logs in."""

    keep: Callable[[Exchange], None]
    """Is given every exchange."""
    recall: Callable[[bytes], Exchange | None] = lambda _: None
    """Returns the exchange of such a request in an earlier process of the run."""
    attempt: Callable[["LoggedLine"], AbstractAsyncContextManager[bool]] = lambda _: nullcontext(True)
    """Is held while the account is tried for the first time; gives whether it may be tried."""
    fits: Callable[[Call], bool] = lambda _: True
    """Tells whether a call for some kinds of device is for this one, as far as is known by now."""


@dataclass(slots=True)
class LoggedLine:
    """Stands where a login probe expects a line; the account stays inside."""

    line: Line
    entry: Entry = field(repr=False)
    ears: Ears
    probe: str
    basic_without_tls: bool = False
    trust: Trust = field(default_factory=Trust)
    """To which certificates Basic may be sent inside TLS."""
    clock_offset: timedelta = timedelta()
    """The device's clock minus ours."""
    outcome: Outcome = Outcome.UNTRIED
    reason: str = ""
    """Why the outcome is what it is, in words of `Reason`, where the outcome alone does not say."""
    answers: dict[str, Answer] = field(default_factory=dict)
    """What came of each call so far, by its path."""
    is_shown: bool = False
    """Whether the account was shown, by this line or by an earlier process of the run."""
    _showing: Showing = field(init=False, repr=False)
    _is_short: bool = False
    """Whether nonces turned out to be good for one request: each call then asks for one first."""
    _proven: bytes = b""
    """A request that an earlier process of the run saw answered to the account: the device wants a login there."""
    _lost: int = 0
    """Calls in a row without an answer."""
    _barred: int = 0
    """Calls in a row refused in a form that a device may count as failed logins."""
    _opens: bool = False
    """The answer to the login is to open a session, which then stands for the account."""

    def __post_init__(self) -> None:
        self._showing = Showing(self.entry, lambda: self.line.now() + self.clock_offset)

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

    def calls(self) -> Iterator[Call]:
        """Yield the calls of the plan that are for this device, as known when each one's turn comes."""
        for call in self.plan.calls:
            if self.is_over:
                return
            if self._is_due(call):
                yield call

    @property
    def due(self) -> int:
        """How many calls the device was to be asked, as known by now."""
        return sum(self._is_due(call) for call in self.plan.calls)

    def _is_due(self, call: Call) -> bool:
        return call.path in self.answers or not call.kinds or self.ears.fits(call)

    @property
    def answered(self) -> int:
        """How many calls came to an answer."""
        return sum(one is not Answer.UNANSWERED for one in self.answers.values())

    @property
    def barred(self) -> tuple[str, ...]:
        """The calls that the device does not allow this account."""
        return tuple(path for path, one in self.answers.items() if one is Answer.BARRED)

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
            self.is_shown = True
            self._note(call, known, known.reply)
            if self.answers[call.path] is Answer.READ:
                self.outcome, self._proven = Outcome.ACCEPTED, request
            return known
        if not self._showing.is_chosen or self._is_short:
            heard = Heard(sieve)
            bare = await self._send(request, request, heard, protocol)
            is_wanted = self._is_wanted(bare, heard.raw, protocol)
            if not is_wanted and not await self._is_asked_again(bare, heard.raw, protocol):
                self._note(call, bare, heard.raw)
                return bare
        if self.is_in:
            return await self._shown(request, call, sieve, protocol)
        return await self._first(request, call, sieve, protocol)

    def _is_wanted(self, bare: Exchange, raw: bytes, protocol: Protocol) -> bool:
        """Tell whether the account is to be shown, after what the device said without one."""
        if self._showing.is_chosen:
            fresh = demanded(raw)
            if bare.status is Status.ANSWERED and self._says_locked(raw):
                self.outcome, self.reason = Outcome.BROKEN_OFF, Reason.LOCKED
                return False
            if fresh is not None:
                self._showing.renew(fresh)
            return fresh is not None
        if bare.status is Status.WITHHELD:
            self.outcome, self.reason = Outcome.WITHHELD, Reason.STOPPED
            return False
        if bare.status is Status.ANSWERED and self._says_locked(raw):
            self.outcome, self.reason = Outcome.LOCKED, Reason.ALREADY_LOCKED
            return False
        if why := self._showing.choose(raw, protocol, basic=self._bar_to_basic()):
            self.outcome, self.reason = Outcome.NOT_OFFERED, self._with_certificate(why)
        return self._showing.is_chosen

    def _bar_to_basic(self) -> Reason | None:
        """Return why Basic may not be shown here at all; whether the certificate is the right one is seen when it is."""
        if self.basic_without_tls:
            return None
        if self.line.endpoint.transport is not Transport.TLS:
            return Reason.BASIC
        return None if self.trust else Reason.CERTIFICATE

    def _with_certificate(self, why: Reason) -> str:
        """Add the fingerprint that was shown, for the owner to compare and record."""
        shown = self.line.certificate
        return f"{why} (it shows sha256:{shown})" if why is Reason.CERTIFICATE and shown else why

    async def _is_asked_again(self, bare: Exchange, raw: bytes, protocol: Protocol) -> bool:
        """Ask for a challenge where an earlier process had one, before what a stranger is told is taken for all there is.

        Once, and only after an answer that gives nothing: what is told to everybody needs no account.
        """
        proven, self._proven = self._proven, b""
        if not proven or self._showing.is_chosen or self.is_over or bare.status is not Status.ANSWERED:
            return False
        if answer_of(bare, raw) is Answer.READ:
            self._proven = proven
            return False
        heard = Heard(Sieve(frozenset(), frozenset(), self.entry.hidden))
        return self._is_wanted(await self._send(proven, proven, heard, protocol), heard.raw, protocol)

    def _says_locked(self, raw: bytes) -> bool:
        """Tell whether an answer given without a login says that there is none to be had; pages speak of it, too."""
        response = http.parse(raw)
        is_page = response is None or response.status == OK
        return (self._opens or not is_page) and bool(LOCKED.search(raw))

    async def _first(self, request: bytes, call: Call, sieve: Sieve, protocol: Protocol) -> Exchange | None:
        """Try the account, when its turn comes and it is still to be tried."""
        async with self.ears.attempt(self) as allowed:
            if not allowed:
                self.outcome = Outcome.WITHHELD
                return None
            self.is_shown = True
            return await self._shown(request, call, sieve, protocol)

    def _request(
        self, method: str, path: str, headers: tuple[tuple[str, str], ...] = (), body: bytes = b""
    ) -> bytes:
        return http.request(
            method, path, self.host, user_agent=self.plan.user_agent, headers=headers, body=body
        )

    async def _shown(self, request: bytes, call: Call, sieve: Sieve, protocol: Protocol) -> Exchange:
        """Ask with the login; once more where only the nonce was old."""
        made, raw = await self._once(request, sieve, protocol)
        fresh = self._renewed(raw)
        if fresh is not None:
            self._is_short = self._is_short or not fresh.stale
            self._showing.renew(fresh)
            made, raw = await self._once(request, sieve, protocol)
        self._judge(made, raw, call)
        return made

    async def _once(self, request: bytes, sieve: Sieve, protocol: Protocol) -> tuple[Exchange, bytes]:
        heard = Heard(sieve)
        return await self._send(_noted(request), self._showing.shown(request), heard, protocol), heard.raw

    async def _send(self, noted: bytes, sent: bytes, heard: "Heard", protocol: Protocol) -> Exchange:
        made = await self.line.exchange(
            noted,
            probe=self.probe,
            protocol=protocol,
            done=http.is_complete,
            secret=Confidence(sent, heard, self._needed_trust(sent is not noted)),
        )
        self.ears.keep(made)
        return made

    def _needed_trust(self, is_shown: bool) -> Trust | None:
        """Return what a certificate must meet: a readable login goes to nobody else, where anything is recorded."""
        is_readable = is_shown and self._showing.is_readable
        is_bound = self.trust and self.line.endpoint.transport is Transport.TLS
        return self.trust if is_readable and (is_bound or not self.basic_without_tls) else None

    def _renewed(self, raw: bytes) -> digest.Demand | None:
        """Return the new challenge of a device that took the account before and now refuses an old nonce.

        It may say so, or its nonces are good for one request and it does not; a fresh one that is refused was not old.
        """
        may_be = self.is_in and self._showing.is_digest and not LOCKED.search(raw)
        demand = demanded(raw) if may_be else None
        is_old = demand is not None and (demand.stale or self._showing.answered > 1)
        return demand if is_old else None

    def _judge(self, made: Exchange, raw: bytes, call: Call) -> None:
        response = http.parse(raw) if made.status is Status.ANSWERED else None
        status = response.status if response is not None else None
        refuses = status == UNAUTHORIZED or (response is not None and refuses_token(response, made))
        if made.status is Status.WITHHELD:
            self._stopped(made)
        elif self.is_in:
            self._barred = self._barred + 1 if refuses else 0
            self._judge_proven(made, raw, status, call)
        elif LOCKED.search(raw):
            self.outcome, self.reason = Outcome.LOCKED, Reason.LOCKED
        elif refuses:
            self.outcome = Outcome.REFUSED
        elif status is not None and status < FORBIDDEN:
            self.outcome = self._entered(raw)
        else:
            had_no_right = status == FORBIDDEN and bool(NO_RIGHT.search(raw))
            is_in = (status == NOT_FOUND or had_no_right) and not self._opens
            self.outcome = Outcome.ACCEPTED if is_in else Outcome.UNCLEAR
            self.reason = Reason.SILENT if response is None else self.reason
        if self.is_in:
            self._note(call, made, raw)

    def _judge_proven(self, made: Exchange, raw: bytes, status: int | None, call: Call) -> None:
        """Judge an answer of a device that took the account before: only a refusal by its web server ends it."""
        if status is not None and status > OK and LOCKED.search(raw):
            self.outcome, self.reason = Outcome.BROKEN_OFF, Reason.LOCKED
        elif self._is_turned_away(made, raw, status):
            self.outcome, self.reason = Outcome.BROKEN_OFF, f"{Reason.REVOKED}, {call.path}"
        elif self._barred >= _MOST_BARRED:
            self.outcome, self.reason = Outcome.BROKEN_OFF, Reason.RISKY

    def _is_turned_away(self, made: Exchange, raw: bytes, status: int | None) -> bool:
        """Tell whether a web server refused a proven account; a token or a word about rights bars one call alone."""
        by_server = made.protocol is not Protocol.ONVIF or self._showing.is_digest
        return status == UNAUTHORIZED and by_server and not NO_RIGHT.search(raw)

    def _stopped(self, made: Exchange) -> None:
        """Take note that nothing more may be sent; what was sent before may have been refused."""
        self.reason = Reason.STOPPED
        if made.detail.startswith(UNTRUSTED):
            self.reason = self._with_certificate(Reason.CERTIFICATE)
            self.outcome = Outcome.BROKEN_OFF if self.is_in else Outcome.NOT_OFFERED
            self.is_shown = self.outcome is Outcome.BROKEN_OFF
        elif not self.is_in:
            was_sent = made.detail.endswith(_WAITED)
            self.is_shown = was_sent
            self.outcome = Outcome.UNCLEAR if was_sent else Outcome.WITHHELD

    def _note(self, call: Call, made: Exchange, raw: bytes) -> None:
        """Write down what came of a call."""
        if made.status is Status.WITHHELD:
            return
        found = answer_of(made, raw)
        is_bare = not self.is_shown and found is Answer.BARRED
        self.answers[call.path] = Answer.UNKNOWN if is_bare else found
        self._lost = self._lost + 1 if found is Answer.UNANSWERED else 0
        if self._lost >= _MOST_LOST and not self.is_over:
            self.outcome = Outcome.BROKEN_OFF if self.is_in else Outcome.WITHHELD
            self.reason = Reason.SILENT

    def _entered(self, raw: bytes) -> Outcome:
        """Take up the session where one was to be opened; an answer that opens none is a refusal."""
        if not self._opens:
            return Outcome.ACCEPTED
        shown = session.opened(raw)
        if not shown:
            return Outcome.REFUSED
        self._opens = False
        self._showing.open(shown)
        return Outcome.ACCEPTED


def _noted(request: bytes) -> bytes:
    return with_header(request, NOTE)
