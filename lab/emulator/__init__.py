"""The emulator: personas at addresses, answering over real sockets or in memory."""

from lab.emulator.clock import Clock, wall_clock
from lab.emulator.device import Device, Speech
from lab.emulator.place import NetworkTooSmallError, place
from lab.emulator.town import Town, TownError

__all__ = ["Clock", "Device", "NetworkTooSmallError", "Speech", "Town", "TownError", "place", "wall_clock"]
