"""What the masking of one part asks of the redactor that knows the whole run."""

from collections.abc import Iterable
from typing import Protocol


class Masking(Protocol):
    """What a redactor offers; see `auditor.reporting.redaction`."""

    def learn(self, site: str, addresses: Iterable[str], serials: Iterable[str]) -> None:
        """Learn of a device that is not among those shown."""

    def text(self, text: str, names: tuple[str, ...] = ()) -> str:
        """Mask what a text holds."""

    def address(self, address: str) -> str:
        """Mask an address."""

    def site(self, site: str) -> str:
        """Mask a site."""

    def key(self, key: str) -> str:
        """Mask a key."""

    def next_number(self) -> int:
        """Return a running number: what an exchange is called whose digest would betray its content."""
