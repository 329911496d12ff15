"""The same three months behind a router, on segments of their own: every test of test_three_months, told to another stage."""

import pytest

from tests.lab import test_three_months as told
from tests.lab.schools import Story, played
from tests.lab.stage import town_on_segments

pytestmark = [pytest.mark.slow, pytest.mark.netns]


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    return played(town_on_segments, tmp_path_factory.mktemp("schools"))


globals().update({name: test for name, test in vars(told).items() if name.startswith("test_")})
