"""Put one discovery question to a field: on its interfaces, then to every address, and hear the answers."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

from auditor.model import Endpoint, Exchange, Grant, Sighting, Status, Transport
from auditor.net.cast import Cast, Datagram
from auditor.net.door import BROADCAST, NotSentError, Segment
from auditor.net.field import Field
from auditor.net.front import Block, Stretch
from auditor.net.links import NO_LINK
from auditor.net.owed import is_owed
from auditor.net.question import Heard, Question

_MOST_PER_SOURCE = 16
"""Different datagrams kept from one address; odd stacks send several, a reflector any number."""
_TOGETHER = 32
"""Blocks of addresses asked in turn, so that no subnet gets a stretch of packets of its own."""
_BEHIND = 2
"""Stretches that wait for the next request at most."""
_BREATH = 64
"""Datagrams after which others get to run, where the pace makes nobody wait."""

Emit = Callable[[Sighting], None]


async def streamed(work: Callable[[Emit], Awaitable[None]]) -> AsyncIterator[Sighting]:
    """Yield the sightings that the work emits, as they come; its exceptions are raised at the end."""
    queue: asyncio.Queue[Sighting | None] = asyncio.Queue()

    async def working() -> None:
        try:
            await work(queue.put_nowait)
        finally:
            queue.put_nowait(None)

    task = asyncio.create_task(working())
    try:
        while (sighting := await queue.get()) is not None:
            yield sighting
        await task
    finally:
        task.cancel()
        await asyncio.wait((task,))


def inquire(field: Field, question: Question) -> AsyncIterator[Sighting]:
    """Ask everybody the question and yield a Sighting for each different answer, with its exchange.

    An answer from an address that the scope does not grant is yielded with `granted` false and left alone.
    """
    return streamed(_Inquiry(field, question).run)


def alternating(blocks: Iterator[Block], together: int = _TOGETHER) -> Iterator[str]:
    """Walk the addresses of many blocks, taking one of each in turn, a limited number of blocks at a time."""
    active: list[Iterator[str]] = []
    while True:
        while len(active) < together and (block := next(blocks, None)) is not None:
            active.append(iter(block))
        if not active:
            return
        remaining = []
        for addresses in active:
            address = next(addresses, None)
            if address is not None:
                remaining.append(addresses)
                yield address
        active = remaining


class _Inquiry:
    """One question under way."""

    def __init__(self, field: Field, question: Question) -> None:
        self._field = field
        self._question = question
        self._seen: set[tuple[str, bytes]] = set()
        self._count: Counter[str] = Counter()
        self._answered: dict[str, set[bytes]] = {}
        self._sent = field.monotonic()
        self._sent_to: dict[str, float] = {}
        self._sent_on: list[tuple[Segment, float]] = []
        self._asked: list[tuple[float, Stretch]] = []
        """Stretches asked everything, with when that was, until they are heard out."""

    async def run(self, emit: Emit) -> None:
        """Ask and listen until `wait` seconds after the last request, or until we stop."""
        with Cast() as cast:
            sending = asyncio.create_task(self._ask(cast))
            try:
                while not self._field.stopped:
                    if sending.done() and self._field.monotonic() >= self._sent + self._question.wait:
                        break
                    datagram = await cast.next(0.1)
                    self._hear(datagram, emit)
                    self._leave()
                # Where our own loop was late, answers that came in time lie unread.
                for datagram in await cast.unread():
                    self._hear(datagram, emit)
            finally:
                sending.cancel()
                await asyncio.wait((sending,))
        if not sending.cancelled():
            sending.result()
        self._withhold_unheard()

    def _leave(self) -> None:
        """Leave the stretches of which no answer is waited for any more."""
        while self._asked and self._field.monotonic() >= self._asked[0][0] + self._question.wait:
            self._field.heard_out(self._asked.pop(0)[1])

    def _withhold_unheard(self) -> None:
        """Count whom a link that was down kept from answering."""
        for address, sent in self._sent_to.items():
            if not self._count[address] and self._field.was_down(address, sent):
                self._field.withhold(NO_LINK, address)
        for segment, sent in self._sent_on:
            if self._field.was_without(segment, sent):
                self._field.withhold(NO_LINK, f"everybody on {segment.interface.name}")

    def _hear(self, datagram: Datagram | None, emit: Emit) -> None:
        sighting = self._sighting(datagram) if datagram else None
        if sighting:
            emit(sighting)

    async def _ask(self, cast: Cast) -> None:
        segments = self._field.segments() if self._question.group or self._question.broadcast else ()
        for segment in segments:
            self._listen(cast, segment)
        for request in self._question.requests:
            if segments and request is not self._question.requests[0]:
                await asyncio.sleep(self._question.gap)
            for segment in segments:
                await self._ask_segment(cast, segment, request)
        if segments:
            await asyncio.sleep(self._question.gap)  # who has answered by then is not asked again
        # Each request follows the one before, a gap behind it, so that the gaps cost no time in all.
        queues = [asyncio.Queue[tuple[float, Stretch] | None](_BEHIND) for _ in self._question.requests]
        async with asyncio.TaskGroup() as walkers:
            walkers.create_task(self._lead(queues[0]))
            for number, request in enumerate(self._question.requests):
                following = queues[number + 1] if number + 1 < len(queues) else None
                walkers.create_task(self._follow(cast, request, queues[number], following))

    async def _lead(self, to: "asyncio.Queue[tuple[float, Stretch] | None]") -> None:
        async for stretch in self._field.stretches():
            if self._field.stopped:
                break
            await to.put((0.0, stretch))
            await to.join()
        await to.put(None)

    async def _follow(
        self,
        cast: Cast,
        request: bytes,
        stretches: "asyncio.Queue[tuple[float, Stretch] | None]",
        following: "asyncio.Queue[tuple[float, Stretch] | None] | None",
    ) -> None:
        """Put one request to stretch after stretch, none before its time, and hand each on."""
        while (one := await stretches.get()) is not None:
            due, stretch = one
            await asyncio.sleep(max(0.0, due - self._field.monotonic()))
            await self._ask_stretch(cast, request, stretch)
            now = self._field.monotonic()
            if following is None:
                self._asked.append((now, stretch))
            else:
                await following.put((now + self._question.gap, stretch))
            stretches.task_done()
        if following is not None:
            await following.put(None)

    async def _ask_stretch(self, cast: Cast, request: bytes, stretch: Stretch) -> None:
        for number, address in enumerate(stretch.addresses()):
            if self._field.stopped:
                return
            if number % _BREATH == 0:
                await asyncio.sleep(0)
            if not self._has_answered(address, request) and not self._field.is_absent(address):
                await self._ask_address(cast, address, request)

    def _has_answered(self, address: str, request: bytes) -> bool:
        answered = self._answered.get(address)
        return answered is not None and (self._question.retry or request in answered)

    def _listen(self, cast: Cast, segment: Segment) -> None:
        port = self._field.listening_port(segment, self._question.port)
        if not self._question.listen or port is None:
            return
        try:
            cast.listen(segment, self._question.group, port)
        except (NotSentError, OSError) as error:
            words = f"cannot listen on UDP port {port}, answers sent there are missed: {_plain(error)}"
            self._field.note(words)
            if is_owed(str(error)):
                self._field.withhold(str(error), f"port {port} on {segment.interface.name}")

    async def _ask_segment(self, cast: Cast, segment: Segment, request: bytes) -> None:
        question = self._question
        groups = [question.group] if question.group else []
        if question.broadcast and segment.interface.broadcast:
            groups.append(BROADCAST)
        for group in groups:
            try:
                passage = await self._field.group(segment, group, question.port, question.method)
                await cast.send_segment(segment, passage, request)
                self._sent_on.append((segment, self._field.monotonic()))
            except (NotSentError, OSError) as error:
                self._field.note(
                    f"{question.method} was not sent to {group} on {segment.interface.name}: {error}"
                )
                if is_owed(str(error)):
                    self._field.withhold(str(error), f"{group} on {segment.interface.name}")
            self._sent = self._field.monotonic()

    async def _ask_address(self, cast: Cast, address: str, request: bytes) -> None:
        grant = self._field.grant(address)
        if grant is None:
            return
        try:
            passage = await self._field.single(grant, self._question.port, self._question.method)
            await cast.send(passage, request)
        except NotSentError as error:
            self._field.withhold(str(error), address)
        except OSError:
            return  # nobody there, says a router or the neighbour table: silence
        self._sent = self._sent_to[address] = self._field.monotonic()

    def _sighting(self, datagram: Datagram) -> Sighting | None:
        """Judge one datagram: ours come back, a repetition, noise, or an answer."""
        key = (datagram.source, datagram.payload)
        if datagram.payload in self._question.requests or key in self._seen:
            return None
        heard = self._question.read(datagram.payload)
        if (heard is None and datagram.unasked) or self._count[datagram.source] >= _MOST_PER_SOURCE:
            return None
        self._seen.add(key)
        self._count[datagram.source] += 1
        if heard is not None and heard.request:
            self._answered.setdefault(datagram.source, set()).add(heard.request)
        return self._recorded(datagram, heard)

    def _recorded(self, datagram: Datagram, heard: Heard | None) -> Sighting:
        question, field = self._question, self._field
        mac = heard.mac if heard else None
        admitted = field.admit(datagram.source, mac=mac)
        granted = isinstance(admitted, Grant)
        now = field.monotonic()
        began = self._sent_to.get(datagram.source, self._sent)
        exchange = Exchange(
            device=admitted.device if isinstance(admitted, Grant) else f"{field.site}/{datagram.source}",
            probe=str(question.method),
            protocol=question.protocol,
            endpoint=Endpoint(datagram.source, question.port, Transport.UDP),
            request=heard.request if heard else question.requests[0],
            reply=datagram.payload,
            status=Status.ANSWERED if heard else Status.GARBLED,
            at=field.now(),
            seconds=max(0.0, now - began),
            detail=_words(heard, None if isinstance(admitted, Grant) else admitted.reason),
        )
        return Sighting(
            address=datagram.source,
            method=str(question.method),
            at=field.now(),
            port=question.port,
            transport=Transport.UDP,
            mac=mac,
            exchange=exchange,
            granted=granted,
        )


def _plain(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)


def _words(heard: Heard | None, refusal: str | None) -> str:
    words = "" if heard and heard.request else "came unasked" if heard else "not an answer this protocol has"
    return "; ".join(part for part in (words, f"not contacted: {refusal}" if refusal else "") if part)
