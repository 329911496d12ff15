"""How the owner's account is shown in a request: the one place where a secret is put on the wire."""

import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from auditor.model import Protocol, Reason
from auditor.net.answers import UNAUTHORIZED, wants_token
from auditor.scope import Entry
from auditor.wire import digest, http, wsse


@dataclass(slots=True)
class Showing:
    """The form of login that a device asked for, and its nonce with how often that was answered."""

    entry: Entry = field(repr=False)
    now: Callable[[], datetime]
    """The device's clock."""
    answered: int = 0
    """How often the nonce at hand was answered."""
    _demand: digest.Demand | None = field(default=None, repr=False)
    _how: Callable[[bytes], bytes] | None = field(default=None, repr=False)

    @property
    def is_chosen(self) -> bool:
        """Whether a form of login was chosen."""
        return self._how is not None

    @property
    def is_digest(self) -> bool:
        """Whether it is HTTP Digest."""
        return self._demand is not None

    @property
    def is_readable(self) -> bool:
        """Whether it is HTTP Basic, which shows user and password to whoever it is sent to."""
        return self._how == self._with_basic

    def choose(self, raw: bytes, protocol: Protocol, *, basic: Reason | None) -> Reason | None:
        """Choose the form from what the device said without a login; say why not where it wants one that cannot be used.

        Nothing is chosen, and None returned, where no login is wanted. `basic` says why Basic may not be used, if so.
        """
        response = http.parse(raw)
        if response is None:
            return None
        headers = response.headers_named("www-authenticate")
        demand = digest.demand(headers) if response.status == UNAUTHORIZED else None
        if demand is not None:
            self._demand, self._how = demand, self._with_digest
        elif protocol is Protocol.ONVIF and wants_token(response):
            self._how = self._with_token
        elif response.status == UNAUTHORIZED and digest.wants_basic(headers):
            if basic is not None:
                return basic
            self._how = self._with_basic
        elif response.status == UNAUTHORIZED:
            return Reason.FORM
        return None

    def renew(self, demand: digest.Demand) -> None:
        """Answer this challenge from now on."""
        self._demand, self.answered = demand, 0

    def open(self, shown: bytes) -> None:
        """Show the header line of a session from now on, no longer the account."""
        self._demand = None
        self._how = lambda request: with_header(request, shown)

    def shown(self, request: bytes) -> bytes:
        """Return a request with the login in it; a form was chosen before."""
        assert self._how is not None
        return self._how(request)

    def _with_digest(self, request: bytes) -> bytes:
        assert self._demand is not None
        self.answered += 1
        value = digest.answer(
            self._demand,
            method=http.request_method(request),
            uri=request.split(b" ", 2)[1].decode("latin-1"),
            user=self.entry.user.reveal(),
            password=self.entry.password.reveal(),
            cnonce=secrets.token_hex(8),
            count=self.answered,
        )
        return with_header(request, f"Authorization: {value}\r\n".encode())

    def _with_basic(self, request: bytes) -> bytes:
        value = digest.basic(self.entry.user.reveal(), self.entry.password.reveal())
        return with_header(request, f"Authorization: {value}\r\n".encode())

    def _with_token(self, request: bytes) -> bytes:
        head, _, body = request.partition(b"\r\n\r\n")
        header = wsse.token(
            self.entry.user.reveal(),
            self.entry.password.reveal(),
            nonce=secrets.token_bytes(16),
            created=self.now(),
        )
        whole = wsse.with_token(body, header)
        length = re.sub(rb"(?im)^content-length:[^\r\n]*", b"Content-Length: %d" % len(whole), head)
        return length + b"\r\n\r\n" + whole


def with_header(request: bytes, line: bytes) -> bytes:
    """Return a request with a header line more, which ends in CR LF."""
    head, gap, body = request.partition(b"\r\n\r\n")
    return head + b"\r\n" + line[:-2] + gap + body
