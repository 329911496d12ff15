"""One TCP or TLS connection to a device, with the device's moods."""

import asyncio
import socket  # noqa: TID251 - the lab emulates devices; this is its side of the socket
import struct
from typing import cast

from lab.emulator import frames
from lab.emulator.device import Speech
from lab.emulator.unit import Unit
from lab.persona import Listener, Transport
from lab.sensor.event import EventKind

ENDLESS_LIMIT = 1 << 30
_FILLER = b"<!-- and so on -->\n" * 1024
_RESET = struct.pack("ii", 1, 0)


class Conversation(asyncio.Protocol):
    """Reads whole requests and says what the device answers."""

    __slots__ = ("_buffer", "_listener", "_peer", "_ready", "_talk", "_transport", "_unit", "_writable")

    def __init__(self, unit: Unit, listener: Listener) -> None:
        self._unit = unit
        self._listener = listener
        self._buffer = b""
        self._ready = False
        self._transport: asyncio.Transport | None = None
        self._peer = ("", 0)
        self._talk: asyncio.Task[None] | None = None
        self._writable: asyncio.Event | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the connection, or drop it when the device is down; begin TLS where the port speaks it."""
        self._transport = cast("asyncio.Transport", transport)
        peer = transport.get_extra_info("peername")
        self._peer = (str(peer[0]), int(peer[1])) if peer else ("", 0)
        if self._unit.is_down(self._listener, self._peer):
            self._reset()
            return
        self._unit.tell(EventKind.CONNECT, self._listener, self._peer)
        if self._listener.transport is Transport.TLS and not self._unit.device.persona.quirks.tarpit:
            self._talk = asyncio.ensure_future(self._secure())
        else:
            self._begin()

    async def _secure(self) -> None:
        loop = asyncio.get_running_loop()
        plain = self._transport
        assert plain is not None
        # Not in connection_made: up to Python 3.11.3 asyncio begins to read after it all the same.
        plain.pause_reading()
        try:
            context = await self._unit.tls(self._listener)
            if plain.is_closing():
                return
            secured = await loop.start_tls(plain, self, context, server_side=True)
        except (OSError, asyncio.CancelledError):
            plain.abort()
            return
        self._transport = secured
        self._talk = None
        self._begin()

    def _begin(self) -> None:
        self._ready = True
        if self._unit.device.persona.quirks.tarpit:
            self._talk = asyncio.ensure_future(self._drip_for_ever())
            return
        greeting = self._unit.device.greet(self._listener)
        if greeting and not self._unit.device.persona.quirks.silent:
            self._say(Speech((greeting,)), close=False)
        self._hear_all()

    def data_received(self, data: bytes) -> None:
        """Collect bytes and answer every whole request in them."""
        self._buffer += data
        # The end of a TLS handshake and the first request may come in one piece, before the secured
        # transport is in our hands; the answer must not go out on the plain one.
        if self._ready:
            self._hear_all()

    def _hear_all(self) -> None:
        while length := frames.request_length(self._listener.protocol, self._buffer):
            request, self._buffer = self._buffer[:length], self._buffer[length:]
            self._hear(request)

    def _hear(self, request: bytes) -> None:
        unit, quirks = self._unit, self._unit.device.persona.quirks
        speech = unit.device.hear(self._listener, request)
        unit.tell(EventKind.REQUEST, self._listener, self._peer, request, speech.login)
        if quirks.tarpit or quirks.silent:
            return
        if quirks.resets:
            self._reset()
        elif speech:
            self._say(speech, close=not self._listener.keeps)
        elif not self._listener.keeps:
            self._close()

    def _say(self, speech: Speech, *, close: bool) -> None:
        quirks = self._unit.device.persona.quirks
        if not (quirks.delay or quirks.drip or quirks.endless):
            self._write(b"".join(speech.replies))
            if close:
                self._close()
            return
        before = self._talk
        self._talk = asyncio.ensure_future(self._say_oddly(b"".join(speech.replies), before, close=close))

    async def _say_oddly(self, said: bytes, before: asyncio.Task[None] | None, *, close: bool) -> None:
        quirks = self._unit.device.persona.quirks
        if before is not None:
            await before
        if quirks.delay:
            await asyncio.sleep(quirks.delay)
        step = max(1, quirks.drip // 10) if quirks.drip else max(1, len(said))
        for start in range(0, len(said), step):
            self._write(said[start : start + step])
            if quirks.drip:
                await asyncio.sleep(step / quirks.drip)
        if quirks.endless:
            await self._never_end()
        if close:
            self._close()

    async def _never_end(self) -> None:
        self._writable = asyncio.Event()
        self._writable.set()
        for _ in range(ENDLESS_LIMIT // len(_FILLER)):
            await self._writable.wait()
            if self._transport is None or self._transport.is_closing():
                return
            self._write(_FILLER)
            await asyncio.sleep(0)

    async def _drip_for_ever(self) -> None:
        while self._transport is not None and not self._transport.is_closing():
            self._write(b"\0")
            await asyncio.sleep(1.0)

    def _write(self, said: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(said)

    def _close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def _reset(self) -> None:
        """Close so that the other side sees a reset, as when a device reboots."""
        if self._transport is None:
            return
        raw = self._transport.get_extra_info("socket")
        if raw is not None:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self._transport.abort()

    def pause_writing(self) -> None:
        """Stop filling the wire while the other side does not read."""
        if self._writable is not None:
            self._writable.clear()

    def resume_writing(self) -> None:
        """Go on filling the wire."""
        if self._writable is not None:
            self._writable.set()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """Stop whatever was being said."""
        self._transport = None
        if self._writable is not None:
            self._writable.set()
        if self._talk is not None:
            self._talk.cancel()
