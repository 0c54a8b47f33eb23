"""Real Kubernetes clusters for these tests: scripts/kubernetes, one node for each region, real kubelets.

Where no node can run (no root, no Go, another kernel) the whole tier is left out, and the end of the run says so; in
CI that is a failure.
"""

from __future__ import annotations

import os
import sys

import pytest

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path += [os.path.join(ROOT, *path) for path in (("tests",), ("scripts",), ("scripts", "kubernetes"))]

import go_build  # noqa: E402 - scripts are no package
import parts  # noqa: E402 - same
from building import build_for  # noqa: E402 - same

_PARTS = pytest.StashKey[parts.Parts]()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with these tests: the longest one takes minutes, in which other workers do all the rest."""
    items.sort(key=lambda item: item.get_closest_marker("kubernetes") is None)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Install and build what nodes need."""
    build_for(session, "built", _PARTS, parts.build, (parts.NoNodeError, go_build.NoGoError), "the tests on real nodes")


@pytest.fixture(scope="session")
def built(request) -> parts.Parts:
    """The programs of a node."""
    return request.config.stash[_PARTS]
