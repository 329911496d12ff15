"""What an open port is asked: as its number or the device's own word suggests at first, then by what it has spoken.

Pure: from what was said at a port follows what is asked there next. Nothing is tried that an answer has ruled out.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from types import ModuleType

from auditor import probes
from auditor.discovery import printing_ports
from auditor.model import Endpoint, Exchange, Method, Protocol, Status, Transport
from auditor.run.named import Named
from auditor.run.plan import Question, claimed, name_of, probe_named
from auditor.run.target import Target
from auditor.wire import http
from auditor.wire.speech import spoken

_WEB = frozenset({Method.HTTP, Method.ONVIF})
_BANNERS = frozenset({Protocol.SSH, Protocol.TELNET, Protocol.FTP})
_HUNG_UP = ("closed", "reset by", "TLS:")
"""How the detail begins of a connection that was made and ended by the other side without an answer."""
_CONNECTED = ("no word", *_HUNG_UP)
_SERVED = frozenset({*range(200, 400), 401})

Voices = dict[Transport, set[Protocol]]


@dataclass(frozen=True, slots=True)
class Port:
    """One TCP port of a device, and everything that was said at it so far."""

    address: str
    number: int
    said: tuple[Exchange, ...] = ()
    named: tuple[Named, ...] = ()
    """What the device says of this port."""
    is_open: bool = True
    """A sweep found it; else only the device's word is known."""
    is_only_tls: bool = False
    """The device has no web server without TLS, as far as known: ONVIF is asked through TLS then."""
    is_nobodys: bool = False
    """All else was asked and nothing points to any maker: more is tried then."""
    voices: Voices = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "voices", heard(self.said))

    @property
    def is_dead(self) -> bool:
        """Tell whether a port that only the device's word made us ask took no connection."""
        return not self.is_open and bool(self.said) and not any(was_connected(one) for one in self.said)

    def asked(self, probe: str, transport: Transport = Transport.TCP) -> tuple[Exchange, ...]:
        """Return what came of a probe's questions over this transport."""
        return tuple(one for one in self.said if one.probe == probe and one.endpoint.transport is transport)

    def paths(self, protocol: Protocol) -> tuple[str, ...]:
        """Return the paths that the device names for a protocol; of pages only those that are to be read."""
        return tuple(
            dict.fromkeys(
                one.path
                for one in self.named
                if one.path
                and one.speaks is protocol
                and (protocol is not Protocol.HTTP or one.is_page or self.is_nobodys)
            )
        )

    def says(self, *protocols: Protocol) -> bool:
        """Tell whether the device names this port for any of these."""
        return any(one.speaks in protocols for one in self.named)


def port_of(target: Target, number: int) -> Port:
    """Return one port of a target as known now."""
    said = target.memory.exchanges
    has_plain_web = any(
        one.status is Status.ANSWERED
        and one.endpoint.transport is Transport.TCP
        and one.protocol in {Protocol.HTTP, Protocol.ONVIF}
        for one in said
    )
    return Port(
        target.address,
        number,
        target.said_at(number),
        tuple(one for one in target.named if one.port == number),
        is_open=number in target.open_ports(),
        is_only_tls=target.closed and not has_plain_web,
        is_nobodys=target.is_nobodys,
    )


def heard(said: Iterable[Exchange]) -> Voices:
    """Return the protocols in which a port has answered, by what carried them."""
    voices: Voices = {Transport.TCP: set(), Transport.TLS: set()}
    for one in said:
        if one.status not in {Status.ANSWERED, Status.GARBLED}:
            continue
        if one.protocol is Protocol.TLS and one.status is Status.ANSWERED:
            voices[Transport.TLS].add(Protocol.TLS)
            continue
        # A server that answers a handshake in plain words has none of it.
        carrier = Transport.TCP if one.status is Status.GARBLED else one.endpoint.transport
        protocol = spoken(one.reply)
        if protocol is not None and carrier in voices:
            voices[carrier].add(protocol)
    return voices


def was_connected(exchange: Exchange) -> bool:
    """Tell whether the other side took the connection, whatever it said."""
    return exchange.status in {Status.ANSWERED, Status.GARBLED} or exchange.detail.startswith(_CONNECTED)


def questions_for(port: Port, allowed: frozenset[Method], *, round_: int = 1) -> tuple[Question, ...]:
    """Return everything the port is worth as known now, in order; asked before or not."""
    if port.is_dead or port.number in printing_ports():
        return ()
    chosen = _first(port) if round_ == 1 else _later(port, round_)
    found = {
        Question(module, Endpoint(port.address, port.number, carrier)): None
        for module, carrier in chosen
        if module.METHOD in allowed
    }
    return tuple(found)


Choice = tuple[ModuleType, Transport]


def _first(port: Port) -> Iterator[Choice]:
    yield from (choice for choice in _expected(port) if _fits(port, *choice))
    yield from _found(port)
    yield from _tried(port)


def _later(port: Port, round_: int) -> Iterator[Choice]:
    """Later rounds go to web servers only, and not to those that have no page."""
    modules = claimed(round_).get(port.number)
    if modules is None and port.number in claimed(1) and probe_named("http_root") in claimed(1)[port.number]:
        return
    for carrier in (Transport.TLS, Transport.TCP):
        is_worth = _has_front(port, carrier) if modules is not None else _serves(port, carrier)
        if Protocol.HTTP in port.voices[carrier] and is_worth:
            for module in modules if modules is not None else claimed(round_).get(80, ()):
                yield module, carrier


def _expected(port: Port) -> Iterator[Choice]:
    """What the device says of the port, then what its number stands for, else a web server."""
    by_number = claimed(1).get(port.number, ())
    if probe_named("http_root") not in by_number:
        yield from _by_word(port.named)
    for module in by_number:
        yield module, probes.transport(module, port.number)
    if not by_number and not port.named:
        yield probe_named("http_root"), Transport.TCP


def _by_word(named: tuple[Named, ...]) -> Iterator[Choice]:
    """What a device says it speaks: through TLS where it says so, ONVIF first, since that tells most."""
    for one in sorted(named, key=lambda one: (not one.is_tls, one.speaks is not Protocol.ONVIF)):
        if one.is_tls or one.speaks is Protocol.TLS:
            yield probe_named("tls"), Transport.TLS
        if one.speaks is not Protocol.TLS:
            probe = "http_root" if one.speaks is Protocol.HTTP else one.speaks.value
            yield probe_named(probe), Transport.TLS if one.is_tls else Transport.TCP


def _fits(port: Port, module: ModuleType, carrier: Transport) -> bool:
    """Tell whether what was heard so far leaves a sense to a question."""
    plain, secure = port.voices[Transport.TCP], port.voices[Transport.TLS]
    if carrier is Transport.TLS:
        if plain - {Protocol.TLS}:
            return False
        if module.METHOD is Method.TLS:
            return True
        inside = secure - {Protocol.TLS}
        is_web = not inside or Protocol.HTTP in inside
        return _may_be_tls(port) and is_web and _is_worth_asking(port, module, carrier)
    if secure:
        return False
    if module.METHOD in _WEB:
        return (not plain or Protocol.HTTP in plain) and _is_worth_asking(port, module, carrier)
    return not plain or bool(plain & set(module.PROTOCOLS))


def _may_be_tls(port: Port) -> bool:
    """Tell whether a handshake came about, or was not tried yet, be it that the scope does not allow to."""
    return bool(port.voices[Transport.TLS]) or not port.asked("tls", Transport.TLS)


def _is_worth_asking(port: Port, module: ModuleType, carrier: Transport) -> bool:
    """Of a web server that left the front page unanswered, ONVIF alone is asked; that hung up on us, TLS before."""
    root, name = port.asked("http_root", carrier), name_of(module)
    if not root or name == "http_root" or _has_front(port, carrier):
        return True
    return name == "onvif" and not _hung_up(root)


def _hung_up(said: Iterable[Exchange]) -> bool:
    return any(one.detail.startswith(_HUNG_UP) for one in said)


def _has_front(port: Port, carrier: Transport) -> bool:
    return any(one.status is Status.ANSWERED for one in port.asked("http_root", carrier))


def _found(port: Port) -> Iterator[Choice]:
    """What follows from the protocols heard."""
    plain, secure = port.voices[Transport.TCP], port.voices[Transport.TLS]
    if Protocol.TLS in plain or secure:
        yield probe_named("tls"), Transport.TLS
        if _may_be_tls(port) and not _is_private(port):
            yield from _web(port, Transport.TLS)
    if Protocol.HTTP in plain:
        yield from _web(port, Transport.TCP)
        if _is_bare_refusal(port):
            yield probe_named("rtsp"), Transport.TCP
    for protocol in sorted(plain & {*_BANNERS, Protocol.RTSP}):
        yield probe_named(protocol.value), Transport.TCP


def _web(port: Port, carrier: Transport) -> Iterator[Choice]:
    """A web server's questions: the front page, then ONVIF, and the rest where there is a page."""
    yield probe_named("http_root"), carrier
    if Protocol.HTTP not in port.voices[carrier]:
        return
    if _serves(port, carrier):
        yield probe_named("favicon"), carrier
        yield probe_named("http_challenge"), carrier
    if carrier is Transport.TCP or port.is_only_tls or _is_sent_to(port):
        yield probe_named("onvif"), carrier
    if port.paths(Protocol.HTTP):
        yield probe_named("http_pages"), carrier


def _is_sent_to(port: Port) -> bool:
    """Tell whether the device names this port as ONVIF's, or sends who comes without TLS there."""
    return port.says(Protocol.ONVIF) or any(one.speaks is Protocol.HTTP and one.is_tls for one in port.named)


def _is_private(port: Port) -> bool:
    """Tell whether TLS there carries a private protocol, where a request may count as a login; see http_root."""
    if port.says(Protocol.HTTP, Protocol.ONVIF):
        return False
    modules = claimed(1).get(port.number, ())
    is_claimed = probe_named("tls") in modules and probe_named("http_root") not in modules
    return is_claimed or port.says(Protocol.TLS, Protocol.SDK)


def _serves(port: Port, carrier: Transport) -> bool:
    """Tell whether there is a page or a login, not only refusals without a word."""
    return any(_served(one) for one in port.asked("http_root", carrier))


def _served(exchange: Exchange) -> bool:
    reply = http.parse(exchange.reply) if exchange.status is Status.ANSWERED else None
    return reply is not None and (reply.status in _SERVED or (reply.bare and bool(reply.body)))


def _is_bare_refusal(port: Port) -> bool:
    """Tell whether a port of no known use refuses in HTTP and says no more: RTSP servers that tunnel do so.

    Source: Live555 RTSPServer, handleHTTPCmd_notSupported.
    """
    if claimed(1).get(port.number) or port.named:
        return False
    replies = [http.parse(one.reply) for one in port.said if one.status is Status.ANSWERED]
    return bool(replies) and all(
        one is not None and one.status in {400, 405, 501} and not one.body for one in replies
    )


def _tried(port: Port) -> Iterator[Choice]:
    """What is tried where the first questions brought nothing we know."""
    if any(port.voices.values()) or not _is_worth_trying(port):
        return
    names = ["http_root", "rtsp"]  # what waits for more of our words is no TLS server: it would have hung up
    if _hung_up(port.asked("http_root")):
        is_web = probe_named("onvif") in claimed(1).get(port.number, ())
        names = ["http_root", "tls", *(["onvif"] if is_web else []), "rtsp"]
    for module in map(probe_named, names):
        yield module, Transport.TLS if module.METHOD is Method.TLS else Transport.TCP


def _is_worth_trying(port: Port) -> bool:
    """Tell whether other protocols are tried at a silent port."""
    by_number = claimed(1).get(port.number, ())
    if port.is_nobodys or (not by_number and not port.named):
        return True
    if _hung_up(port.asked("http_root")):
        return True
    return bool(port.asked("tls", Transport.TLS)) and not _is_private(port)
