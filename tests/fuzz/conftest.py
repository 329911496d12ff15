"""Give every test here each of the targets in turn: `target` those that take microseconds, `slow_target` the others."""

import pytest

from tests.fuzz.target import targets


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    for name, slow in (("target", False), ("slow_target", True)):
        if name in metafunc.fixturenames:
            metafunc.parametrize(
                name, [one for one in targets() if one.slow is slow], ids=lambda one: str(one.name)
            )
