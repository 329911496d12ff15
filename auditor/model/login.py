"""What is asked of a device with the owner's account: documented, read-only calls, and what is kept of their answers."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Call:
    """One documented call that only reads. From fingerprints/login/*.yaml."""

    path: str
    """Path and query of a GET, or the name of an operation."""
    purpose: str
    keep: frozenset[str] = field(default_factory=frozenset)
    """Names, in lower case, whose values are kept; everything else in the answer is dropped before it is kept."""
    hashed: frozenset[str] = field(default_factory=frozenset)
    """Names whose values are kept as a digest only."""
    kinds: frozenset[str] = field(default_factory=frozenset)
    """Kinds of device that are asked; empty: all."""
    column: str = ""
    """SNMP: the path is a table's column and this is what its rows tell of the camera with that number, as `address`."""


@dataclass(frozen=True, slots=True)
class LoginForm:
    """How devices of some makers are asked after a login."""

    protocol: str
    """`isapi`, `cgi`, `sdc`, `session`, `onvif` or `snmp`: names the probe `login_<protocol>`."""
    makers: frozenset[str] = field(default_factory=frozenset)
    """Makers whose devices are asked so; empty: everybody who speaks the protocol."""
    calls: tuple[Call, ...] = ()
    """In order; the first is the one that tries the account."""


class Outcome(StrEnum):
    """How an account fares at a device."""

    UNTRIED = "untried"
    """No login was shown: nobody asked for one."""
    ACCEPTED = "accepted"
    REFUSED = "refused"
    LOCKED = "locked"
    """The device says that the account is locked out."""
    NOT_OFFERED = "not offered"
    """The device wants a form of login that we do not use here, as Basic without TLS."""
    WITHHELD = "withheld"
    """We did not try: the entry has ended, the bound maker is not confirmed, or nothing may be sent any more."""
    UNCLEAR = "unclear"
    """The login was shown and the answer says neither yes nor no."""
    BROKEN_OFF = "broken off"
    """The device took the account, and not all calls came to an answer."""

    @property
    def is_final(self) -> bool:
        """Whether nothing more may be asked of the device with this account."""
        return self not in {Outcome.UNTRIED, Outcome.ACCEPTED}

    @property
    def is_taken(self) -> bool:
        """Whether the device took the account."""
        return self in {Outcome.ACCEPTED, Outcome.BROKEN_OFF}


class Reason(StrEnum):
    """Why an account was not taken, or not to the end, in words that may follow a colon."""

    BASIC = "only Basic without TLS is offered, which would send the password readable"
    CERTIFICATE = (
        "only Basic is offered, by a certificate that is neither recorded in the entry nor signed by an authority of --ca, "
        "so that the password could be read by whoever shows it"
    )
    FORM = "the device wants a form of login that this program does not use"
    MAKER = "the maker the entry is bound to is not confirmed"
    ENDPOINT = "the endpoint did not itself show the maker the entry is bound to"
    ALREADY_LOCKED = "the device said that the login is locked before the account was shown"
    LOCKED = "the device answered that the account is locked"
    ENDED = "the entry had been refused too often in a row and was given up for the run"
    ELSEWHERE = "the entry was tried at another address of the same device"
    SCOPE = "the scope does not allow it at this address"
    STOPPED = "the run ended or its time for the device was spent"
    SILENT = "the device stopped answering"
    REVOKED = "the device refused the account at a later call"
    RISKY = "the device refused three calls in a row, and no more were risked"
    NO_INTERFACE = "no interface that asks for this account was found"
    OPEN = "the device answered without asking for a login"
    NO_AGENT = "no answer by SNMP, which is also what a wrong community gets"
    FAULT = "a fault of our own; see the events of kind `bug`"


@dataclass(frozen=True, slots=True)
class Account:
    """How one entry of the credentials fared at one device by one form of login. No secret is in it."""

    subject: str
    """`site/address` of the device when it was tried."""
    entry: str
    """The entry's name."""
    outcome: Outcome
    reason: str = ""
    """Words of `Reason`, or of an older or newer version."""
    protocol: str = ""
    """As in `LoginForm`; empty where no form was come to."""
    endpoint: str = ""
    """Where it was tried, as an Endpoint is written."""
    answered: int | None = None
    """How many calls came to an answer; None where nobody wrote it down, as after a kill."""
    calls: int = 0
    """How many calls the device was to be asked."""
    barred: tuple[str, ...] = ()
    """Calls the device does not allow this account."""
    run: str = ""
    at: datetime | None = None

    @property
    def lacks(self) -> bool:
        """Whether something that was to be asked came to no answer, or to none that the account may see."""
        is_counted = self.answered is not None and self.answered >= self.calls
        return self.outcome is Outcome.BROKEN_OFF or bool(self.barred) or not is_counted

    @property
    def is_whole(self) -> bool:
        """Whether the device took the account and everything that was to be asked came to an answer."""
        return self.outcome is Outcome.ACCEPTED and not self.lacks

    @property
    def kind(self) -> str:
        """A name for how it fared: `taken`, the reason's name such as `basic`, or the outcome."""
        if self.outcome.is_taken:
            return "taken"
        named = (
            one.name.lower().replace("_", "-")
            for one in Reason
            if one == self.reason or self.reason.startswith(f"{one} (")
        )
        is_unclear = self.outcome is Outcome.UNCLEAR and self.reason != Reason.NO_AGENT
        return self.outcome.value if is_unclear else next(named, self.outcome.value)

    @property
    def has_told(self) -> bool:
        """Whether settings were read with it, or without it where the device asked for no login."""
        return self.outcome.is_taken or self.reason == Reason.OPEN

    @property
    def words(self) -> str:
        """Say it in a sentence without its end."""
        return f"entry {self.entry!r} {self._told()}"

    def _told(self) -> str:
        where = f" ({self.protocol} at {self.endpoint})" if self.endpoint else ""
        match self.outcome:
            case Outcome.ACCEPTED if self.answered is None:
                return f"accepted{where}; how many of its calls were answered was not written down"
            case Outcome.ACCEPTED:
                return f"accepted{where}, {self.answered} of {self.calls} calls answered{self._barred()}"
            case Outcome.BROKEN_OFF:
                left = self.calls - (self.answered or 0)
                return (
                    f"accepted{where}, then broken off after {self.answered or 0} of {self.calls} calls: "
                    f"{self.reason}; {left} were not asked or not answered{self._barred()}"
                )
            case Outcome.UNCLEAR:
                why = self.reason or "the answer said neither yes nor no"
                return f"tried without a clear answer{where}: {why}; settings not read, calls after the login not asked"
            case Outcome.REFUSED:
                return f"refused by the device{where}; settings not read"
            case Outcome.LOCKED:
                return f"locked{where}: {self.reason or Reason.LOCKED}; settings not read"
            case Outcome.UNTRIED if self.reason == Reason.OPEN:
                return (
                    f"not needed{where}: {self.reason}, {self.answered or 0} of {self.calls} calls answered"
                )
            case Outcome.UNTRIED:
                return f"not asked for: {self.reason or Reason.NO_INTERFACE}; settings not read"
        return f"withheld{where}: {self.reason or 'it was not shown'}; settings not read"

    def _barred(self) -> str:
        return f"; not allowed to this account: {', '.join(self.barred)}" if self.barred else ""
