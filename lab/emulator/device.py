"""One device: a persona at an address. Pure: bytes in, bytes out, time handed in."""

import hashlib
import re
from dataclasses import dataclass, replace
from string import ascii_uppercase, digits

from lab.emulator import frames, snmp
from lab.emulator.clock import Clock, device_time
from lab.emulator.login import may_enter, shows_login
from lab.persona import Answer, Listener, Newlines, Persona, Reply, Truth
from lab.persona.facts import Facts, fill

_LINE_FEED = re.compile(rb"(?<!\r)\n")
_METHOD = re.compile(r"^([A-Z_]+) ")
_CSEQ = re.compile(r"^cseq:\s*(\S+)", re.IGNORECASE | re.MULTILINE)
_LENGTH = b"${length}"


@dataclass(frozen=True, slots=True)
class Speech:
    """What a device says to one request, and how the login went if one was shown."""

    replies: tuple[bytes, ...] = ()
    login: str = ""
    """`accepted`, `refused`, `locked`, or empty when none was shown or wanted."""

    def __bool__(self) -> bool:
        return bool(self.replies)


class Device:
    """A persona at an address, the n-th copy of it: copies differ in serial number and MAC only."""

    __slots__ = (
        "_clock",
        "_facts",
        "_opened",
        "_refusals",
        "address",
        "copy",
        "elsewhere",
        "persona",
        "truth",
    )

    def __init__(
        self, persona: Persona, address: str, *, clock: Clock, copy: int = 0, elsewhere: str = "127.99.0.1"
    ) -> None:
        self.persona = persona
        self.address = address
        self.copy = copy
        self.elsewhere = elsewhere
        self.truth = _copied(persona.truth, copy)
        self._clock = clock
        self._opened = clock()
        self._facts: Facts | None = None
        self._refusals: list[float] = []

    @property
    def key(self) -> str:
        """The persona's id, with the number of the copy from the second on."""
        return f"{self.persona.id}#{self.copy + 1}" if self.copy else self.persona.id

    @property
    def facts(self) -> Facts:
        """The resolved facts, `is:` and `login:` values included."""
        if self._facts is None:
            stated: dict[str, object] = dict(self.persona.facts)
            if isinstance(mac := stated.get("mac"), str):
                stated["mac"] = _next_copy("mac", mac, self.copy)
            stated.update((name, value) for name, value in self.truth.pairs() if value is not None)
            stated.update(
                (name, _next_copy(name, value, self.copy)) for name, value in self.persona.known_after_login
            )
            stated.update(address=self.address, elsewhere=self.elsewhere)
            self._facts = Facts(stated, str(self.persona.path))
        return self._facts

    def greet(self, listener: Listener) -> bytes:
        """Give what the listener says on connecting, empty when it waits."""
        return self.render(listener, listener.greets) if listener.greets else b""

    def hear(self, listener: Listener, request: bytes) -> Speech:
        """Answer one whole request."""
        if listener.protocol == "snmp":
            said = snmp.answer(request, listener.oids, listener.communities, self._fill_oid)
            return Speech((said,) if said else ())
        text = self._readable(listener, request)
        if text is None:
            return Speech()
        for answer in listener.answers:
            match = answer.when.search(text)
            if match is not None:
                return self._give(listener, answer, match, text)
        if listener.otherwise is None:
            return Speech()
        return Speech((self.render(listener, listener.otherwise, request=text),))

    def _give(self, listener: Listener, answer: Answer, match: re.Match[str], text: str) -> Speech:
        login = ""
        if answer.login is not None:
            login = self._admit(answer, text)
            if login != "accepted":
                replies = (answer.refusal,) if answer.refusal else ()
                return Speech(tuple(self.render(listener, one, match, text) for one in replies), login)
        return Speech(tuple(self.render(listener, one, match, text) for one in answer.replies), login)

    def _admit(self, answer: Answer, text: str) -> str:
        assert answer.login is not None
        quirks, now = self.persona.quirks, self._clock()
        self._refusals = [at for at in self._refusals if now - at < quirks.lock_seconds]
        if quirks.lock_after and len(self._refusals) >= quirks.lock_after:
            return "locked" if shows_login(text) else ""
        method = _METHOD.search(text)
        if may_enter(answer.login, text, method[1] if method else "", self.persona.accounts):
            return "accepted"
        if shows_login(text):
            self._refusals.append(now)
            return "refused"
        return ""

    def _readable(self, listener: Listener, request: bytes) -> str | None:
        if listener.protocol == "dhip":
            body = frames.dhip_body(request)
            return None if body is None else body.decode("latin-1")
        if listener.protocol == "dahua-5050":
            return request.hex()
        return request.decode("latin-1")

    def render(
        self, listener: Listener, reply: Reply, match: re.Match[str] | None = None, request: str = ""
    ) -> bytes:
        """Turn a reply into the bytes on the wire, placeholders filled and framed for the protocol."""
        if reply.raw is not None:
            return reply.raw
        heard = match.groupdict(default="") if match else {}
        cseq = _CSEQ.search(request)
        moment = device_time(self._clock, self._opened, self.persona.quirks.clock)

        def look(name: str) -> str | None:
            if name in heard:
                return str(heard[name])
            if name == "length":
                return "${length}"
            if name == "port":
                return str(listener.port)
            if name == "cseq":
                return cseq[1] if cseq else "0"
            if name == "nonce":
                return self._nonce(listener)
            return moment.fact(name) or self.facts.get(name)

        text = fill(reply.text, look, f"{self.persona.path}: {listener.protocol} on port {listener.port}")
        return frames.framed(listener.protocol, _wired(text.encode(), reply.newlines))

    def _nonce(self, listener: Listener) -> str:
        seed = f"{self.key} {self.address} {listener.port} {self._opened}"
        return hashlib.sha256(seed.encode()).hexdigest()[:32]

    def _fill_oid(self, text: str) -> str:
        return fill(text, self.facts.get, f"{self.persona.path}: snmp")


def _wired(body: bytes, newlines: Newlines) -> bytes:
    """Make the line ends those of the wire and state the body's length where the head asks for it."""
    if newlines is Newlines.ALL:
        body = _LINE_FEED.sub(b"\r\n", body)
    elif newlines is Newlines.HEAD:
        head, gap, rest = body.partition(b"\n\n")
        body = _LINE_FEED.sub(b"\r\n", head + gap) + rest if gap else _LINE_FEED.sub(b"\r\n", body)
    if _LENGTH in body:
        _, _, content = body.partition(b"\r\n\r\n")
        body = body.replace(_LENGTH, str(len(content)).encode(), 1)
    return body


_WHEELS = digits + ascii_uppercase


def _copied(truth: Truth, copy: int) -> Truth:
    if not copy:
        return truth
    mac = truth.mac and _next_copy("mac", truth.mac, copy)
    serial = truth.serial and _next_copy("serial", truth.serial, copy)
    if truth.mac and mac and truth.serial == truth.mac.replace(":", "").upper():
        serial = mac.replace(":", "").upper()
    return replace(truth, serial=serial, mac=mac)


def _next_copy(name: str, value: str, copy: int) -> str:
    """Count a serial number's digits on, or a MAC's last three octets, keeping the form."""
    if not copy:
        return value
    if name == "mac":
        octets = value.split(":")
        tail = (int("".join(octets[3:]), 16) + copy) % (1 << 24)
        return ":".join([*octets[:3], f"{tail >> 16:02x}", f"{tail >> 8 & 255:02x}", f"{tail & 255:02x}"])
    if name == "serial":
        return _counted_on(value, copy)
    return value


def _counted_on(serial: str, copy: int) -> str:
    """Count on in the last run of four digits or more, else the last one; what is too much goes to others, letters last."""
    runs = list(re.finditer(r"\d+", serial))
    if not runs:
        return serial
    end = max(runs, key=lambda run: (len(run[0]) >= 4, run.start())).end()
    wheels = sorted(
        (place for place, sign in enumerate(serial) if sign in _WHEELS),
        key=lambda place: (serial[place] not in digits, place >= end, -place),
    )
    signs = list(serial)
    for place in wheels:
        wheel = digits if signs[place] in digits else ascii_uppercase
        copy, turned = divmod(wheel.index(signs[place]) + copy, len(wheel))
        signs[place] = wheel[turned]
        if not copy:
            break
    return "".join(signs)
