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
sys.path += [os.path.join(ROOT, "scripts"), os.path.join(ROOT, "scripts", "kubernetes")]

import go_build  # noqa: E402 - scripts are no package
import parts  # noqa: E402 - same

_PARTS = pytest.StashKey[parts.Parts]()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with these tests: the longest one takes minutes, in which other workers do all the rest."""
    items.sort(key=lambda item: item.get_closest_marker("kubernetes") is None)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Install and build what nodes need before the first test: no test's timeout should have to cover that."""
    wanted = [item for item in session.items if "built" in getattr(item, "fixturenames", ())]
    if not wanted or session.config.option.collectonly:
        return
    capture = session.config.pluginmanager.getplugin("capturemanager")
    with capture.global_and_fixture_disabled():  # minutes of silence look like a hang
        try:
            session.config.stash[_PARTS] = parts.build()
        except (parts.NoNodeError, go_build.NoGoError) as error:
            why = f"LEFT OUT: the tests on real nodes. {error}"
            for item in wanted:
                item.add_marker(pytest.mark.skip(reason=why))


@pytest.fixture(scope="session")
def built(request) -> parts.Parts:
    """The programs of a node."""
    return request.config.stash[_PARTS]
