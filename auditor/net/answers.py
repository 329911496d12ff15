"""What a device's answers say about an account: its challenge, a lock, too few rights, a refused token."""

import re
from enum import StrEnum

from auditor.model import Exchange, Protocol, Status
from auditor.wire import digest, http, soap
from auditor.wire.sieve import Sieve, sift

UNAUTHORIZED = 401
FORBIDDEN = 403
NOT_FOUND = 404
OK = 200
_REDIRECTED = 300
LOCKED = re.compile(
    rb"\b(?:user|account)[ _-]?(?:is |has been )?lock(?:ed)?\b(?!\W{1,8}(?:false|0|no|unlock))|\buser_locked|\blockStatus\W{1,8}lock\b|\block(?:ed)? ?out\b"
    rb"|\bhas been locked\b",
    re.IGNORECASE,
)
NO_RIGHT = re.compile(
    rb"\blow ?privilege|\binsufficient (?:privilege|permission|right)s?|\bno ?(?:permission|privilege)\b",
    re.IGNORECASE,
)
"""An account that is told it has too few rights was recognised."""
_NOT_AUTHORIZED = re.compile(r"NotAuthorized|FailedAuthentication|InvalidSecurity", re.IGNORECASE)


class Answer(StrEnum):
    """What came of one call."""

    READ = "read"
    BARRED = "barred"
    """The device does not allow it to this account."""
    UNKNOWN = "unknown"
    """The device has no such call, or answers in a way of its own."""
    UNANSWERED = "unanswered"


class Heard:
    """Keeps an answer as received until it has been judged, and lets through what the sieve keeps."""

    __slots__ = ("_sieve", "raw")

    def __init__(self, sieve: Sieve) -> None:
        self._sieve = sieve
        self.raw = b""

    def __call__(self, reply: bytes) -> bytes:
        """Return what may be kept."""
        self.raw = reply
        return sift(reply, self._sieve)


def demanded(raw: bytes) -> digest.Demand | None:
    """Return the Digest challenge of a refusal."""
    response = http.parse(raw)
    if response is None or response.status != UNAUTHORIZED:
        return None
    return digest.demand(response.headers_named("www-authenticate"))


def answer_of(made: Exchange, raw: bytes) -> Answer:
    """Say what an answer is worth."""
    response = http.parse(raw) if made.status is Status.ANSWERED else None
    if response is None:
        return Answer.UNANSWERED
    status = response.status
    if status in {UNAUTHORIZED, FORBIDDEN} or refuses_token(response, made):
        return Answer.BARRED
    return Answer.READ if status is None or status < _REDIRECTED else Answer.UNKNOWN


def wants_token(response: http.Response) -> bool:
    """Tell whether an answer asks for a WS-Security token."""
    return response.status == UNAUTHORIZED or _has_no_right(response)


def refuses_token(response: http.Response, made: Exchange) -> bool:
    """Tell whether an ONVIF answer refuses the token, or the operation to the account."""
    return made.protocol is Protocol.ONVIF and _has_no_right(response)


def _has_no_right(response: http.Response) -> bool:
    """Tell whether an answer is a SOAP fault about who asks."""
    fault = soap.fault(response.text())
    return fault is not None and bool(_NOT_AUTHORIZED.search(fault) or "authoriz" in fault.lower())
