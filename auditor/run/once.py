"""Warnings that a command says once, however often it comes upon the reason."""

import logging

logger = logging.getLogger(__name__)

_said: set[str] = set()
_MOST = 1_000
"""Warnings remembered; after so many they begin anew."""


def warn_once(words: str, *, about: str = "") -> None:
    """Say something, unless it was said just so before; with `about`, unless something was said of that."""
    if len(_said) >= _MOST:
        _said.clear()
    if (about or words) not in _said:
        _said.add(about or words)
        logger.warning("%s", words)


def forget_what_was_said() -> None:
    """Begin anew, as another command does."""
    _said.clear()
