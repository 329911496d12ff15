"""Commands that hold a whole run until they end, and so have no garbage worth looking for."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def held() -> Iterator[None]:
    """Look for no garbage meanwhile: all of it is kept, and looking through it again and again costs a third of the time."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()
