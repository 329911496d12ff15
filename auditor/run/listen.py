"""Listening: a run filled from what devices on a segment say unasked. Nothing is sent, and nothing here could."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from auditor.intake import Problem
from auditor.intake.capture import Dissector
from auditor.model import Exchange
from auditor.net import Stop
from auditor.net.ear import Ear, Frame
from auditor.run.imports import Importer

_SETTLE_EVERY = 60.0
"""Seconds after which what waits for the end (ARP, open conversations) is settled on the way."""


@dataclass(frozen=True, slots=True)
class Listening:
    """How listening is going."""

    seconds: float
    frames: int
    exchanges: int
    addresses: int
    lost: int


@dataclass(slots=True)
class Listener:
    """Hears one interface for one run."""

    interface: str
    importer: Importer
    stop: Stop
    clock: Callable[[], datetime]
    watch: Callable[[Listening], None] = lambda _: None
    promiscuous: bool = False
    frames: int = 0
    lost: int = 0

    def listen(self, seconds: float | None) -> None:
        """Listen for so long, or until we are told to stop; EarError when we cannot."""
        dissector = Dissector(f"listen {self.interface}", self.interface)
        with Ear(self.interface, promiscuous=self.promiscuous) as ear:
            heard = ear.frames(seconds, clock=self.clock, ended=self.stop.is_set)
            self.importer.take_all(self._exchanges(dissector, heard, ear))
            self.lost += ear.lost()
        if self.lost:
            self.importer.note(f"{self.lost} frames on {self.interface} came too fast to be heard")

    def _exchanges(self, dissector: Dissector, heard: Iterator[Frame | None], ear: Ear) -> Iterator[Exchange]:
        began = settled = shown = self.clock()
        for frame in heard:
            now = self.clock()
            if frame is not None:
                self.frames += 1
                if dissector.packet(frame):
                    yield from dissector.ready()
            if (now - settled).total_seconds() >= _SETTLE_EVERY:
                yield from dissector.settle(settled.timestamp())
                settled = now
            if (now - shown).total_seconds() >= 1.0:
                self.lost += ear.lost()
                self.watch(self._listening((now - began).total_seconds()))
                shown = now
        yield from dissector.finish()
        dissector.tally.tell(self._tell)

    def _listening(self, seconds: float) -> Listening:
        return Listening(seconds, self.frames, self.importer.exchanges, self.importer.subjects, self.lost)

    def _tell(self, problem: Problem) -> None:
        self.importer.note(str(problem))
