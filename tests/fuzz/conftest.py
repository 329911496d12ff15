"""Load the fuzzing program once, and give every test here each of its targets in turn."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest


def _harness() -> ModuleType:
    spec = importlib.util.spec_from_file_location("auditor_fuzz_all", Path(__file__).with_name("fuzz_all.py"))
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


HARNESS = _harness()


@pytest.fixture(scope="session")
def harness() -> ModuleType:
    return HARNESS


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "target" in metafunc.fixturenames:
        metafunc.parametrize("target", HARNESS.targets(), ids=lambda target: target.name)
