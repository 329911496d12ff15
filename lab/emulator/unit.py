"""A device that is switched on: its sockets' shared state, and what the sensor is told about it."""

import asyncio
import ssl
from collections import deque

from lab.emulator.clock import Clock
from lab.emulator.device import Device
from lab.persona import Listener
from lab.persona.facts import fill
from lab.sensor.event import KEPT, Event, EventKind, Recorder


class Unit:
    """One device in service."""

    __slots__ = ("_clock", "_contacts", "_contexts", "_down_until", "_recorder", "device")

    def __init__(self, device: Device, recorder: Recorder, clock: Clock) -> None:
        self.device = device
        self._recorder = recorder
        self._clock = clock
        self._contacts: deque[float] = deque()
        self._down_until = 0.0
        self._contexts: dict[int, ssl.SSLContext] = {}

    def is_down(self, listener: Listener, peer: tuple[str, int]) -> bool:
        """Count a contact and tell whether the device is rebooting, now or because of this contact."""
        quirks, now = self.device.persona.quirks, self._clock()
        if not quirks.fragile_rate:
            return False
        if now < self._down_until:
            return True
        self._contacts.append(now)
        while now - self._contacts[0] >= 1.0:
            self._contacts.popleft()
        if len(self._contacts) <= quirks.fragile_rate:
            return False
        self._contacts.clear()
        self._down_until = now + quirks.reboot_seconds
        self.tell(EventKind.REBOOT, listener, peer)
        return True

    def tell(
        self,
        kind: EventKind,
        listener: Listener,
        peer: tuple[str, int],
        request: bytes = b"",
        login: str = "",
    ) -> None:
        """Tell the sensor what happened."""
        self._recorder.record(
            Event(
                kind=kind,
                at=self._clock(),
                device=self.device.key,
                address=self.device.address,
                source=peer[0],
                source_port=peer[1],
                transport=str(listener.transport),
                port=listener.port,
                protocol=listener.protocol,
                size=len(request),
                request=request[:KEPT].decode("latin-1"),
                login=login,
            )
        )

    async def tls(self, listener: Listener) -> ssl.SSLContext:
        """Return the listener's TLS context, made when first asked for."""
        if listener.port not in self._contexts:
            stated = listener.certificate
            assert stated is not None, f"{self.device.key}: port {listener.port} has no certificate"
            # Imported when first needed: a device without TLS saves a third of its memory.
            from lab.emulator import certificates  # noqa: PLC0415 - see above

            place, facts = f"{self.device.persona.path}: certificate", self.device.facts
            self._contexts[listener.port] = await asyncio.to_thread(
                certificates.context,
                stated,
                lambda text: fill(text, facts.get, place),
                self.device.persona.quirks.tls_at_most,
            )
        return self._contexts[listener.port]
