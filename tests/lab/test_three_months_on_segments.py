"""The same three months behind a router, on segments of their own: every test of test_three_months, told to another stage."""

import pytest

from tests.lab.schools import Story, played
from tests.lab.stage import town_on_segments
from tests.lab.test_three_months import *  # noqa: F403  the tests themselves, which take `story` from here

pytestmark = [pytest.mark.slow, pytest.mark.netns]


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    return played(town_on_segments, tmp_path_factory.mktemp("schools"))
