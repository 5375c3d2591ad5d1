"""What every test starts with: an empty default graph; and the tiers that run op cases."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import tidefall as tf


@pytest.fixture(autouse=True, scope="session")
def _cache_of_the_tests(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What is compiled is kept in a folder of the tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TIDEFALL_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(autouse=True)
def _fresh_graph() -> Iterator[None]:
    tf.reset_default_graph()
    yield
    tf.reset_default_graph()


@pytest.fixture(params=["reference", "numpy"])
def tier(request: pytest.FixtureRequest) -> str:
    """The ways to run a graph: node by node with every kernel watched, and a session's own."""
    return str(request.param)
